// Postings of one segment: files come in any order, each with its number; memory grows with the segment, not the
// release.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "postings.hpp"
#include "symbols.hpp"
#include "words.hpp"

namespace drystone::search {

// Which trigrams of a text were seen, a bit for each, its first byte the lowest. Those over a line end always are, so
// that none of them is new.
struct Seen {
    Seen();
    std::vector<uint64_t> words;
};

// Appends the distinct trigrams of a text, folded, none over a line end; `seen` is left as it was.
void trigrams_of(const uint8_t* text, size_t size, Seen& seen, std::vector<uint32_t>& found);

// Appends where each stretch of a text ends: whole lines, kStretch bytes or a little more. An empty text has none.
constexpr size_t kStretch = 4096;
void stretches_of(const uint8_t* text, size_t size, std::vector<size_t>& ends);

// The trigram postings of the stretches of texts that come one by one.
class Trigrams {
  public:
    // For texts of so many bytes; of more it takes longer.
    explicit Trigrams(uint32_t documents, size_t bytes = 0);
    void add(uint32_t document, const uint8_t* text, size_t size);
    std::vector<uint8_t> finish();

    std::vector<uint32_t> lengths;  // of each stretch, documents in order

  private:
    struct Of {
        uint64_t start = 0;
        uint32_t count = 0;
    };
    std::vector<Of> documents_;
    std::vector<uint64_t> ends_;   // of stretches as they came: where their trigrams end
    std::vector<uint32_t> sizes_;  // of stretches as they came
    std::vector<size_t> cuts_;
    std::vector<uint32_t> found_;
    Seen seen_;
};

// The term postings of passages; `levels` beside each say how often.
class Terms {
  public:
    explicit Terms(uint32_t documents);
    void add(uint32_t document, const uint8_t* text, size_t size, const std::vector<size_t>& ends);
    // Terms over whole documents: passages are documents.
    std::vector<uint8_t> finish();

    // For each passage, documents in order: its bytes, and its terms.
    std::vector<uint32_t> lengths, terms;
    std::vector<uint32_t> passages;  // of each document

  private:
    struct Slot {
        uint64_t key;
        uint32_t term, last;
    };
    struct Of {
        uint64_t start = 0;
        uint32_t count = 0;
    };
    void grow();

    std::vector<Of> documents_;
    std::vector<uint64_t> ends_;            // of passages as they came: where their entries end
    std::vector<uint32_t> sizes_, counts_;  // of passages as they came
    std::vector<uint32_t> entries_;         // term
    std::vector<uint8_t> times_;            // beside it
    std::vector<Slot> table_;
    std::vector<uint64_t> keys_, scratch_;
    Stems stems_;
};

}  // namespace drystone::search
