// Which of some known texts other texts hold: each known text's distinct shingles, looked up for every shingle that
// passes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "code.hpp"

namespace drystone::dedup {

struct Shared {
    uint32_t part, shared;
};

class Overlap {
  public:
    // `sizes[i]` bytes of `texts[i]` are part i, of the task `tasks[i]`. Shingles that more than `common` tasks have
    // are anybody's and count for nothing. Throws std::invalid_argument where there are 2^32 parts.
    Overlap(Measure measure, const std::vector<const uint8_t*>& texts, const std::vector<size_t>& sizes,
            const std::vector<uint32_t>& tasks, size_t common);

    // The parts of which the text holds at least `least` (a share of their distinct shingles), by number.
    std::vector<Shared> match(const uint8_t* text, size_t size, double least);

    // Distinct shingles of each part, but those that are anybody's.
    const std::vector<uint32_t>& totals() const { return totals_; }
    size_t shingles() const { return starts_.empty() ? 0 : starts_.size() - 1; }

  private:
    Measure measure_;
    std::vector<uint64_t> filter_;  // one bit for what may be there
    unsigned filter_shift_ = 63, table_shift_ = 63;
    std::vector<uint64_t> hashes_;           // of entry i
    std::vector<uint32_t> table_;            // entry + 1 by hash, 0 where none
    std::vector<uint32_t> starts_, owners_;  // parts of entry i: owners_[starts_[i] .. starts_[i + 1]]
    std::vector<uint32_t> totals_;
    // What one text after the other leaves behind; `mutex_` keeps threads apart.
    std::mutex mutex_;
    std::vector<Place> places_;
    std::vector<uint32_t> seen_, counts_, touched_;
    uint32_t round_ = 0;
};

}  // namespace drystone::dedup
