// Sketches and band keys of documents under one method.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "variants.hpp"

namespace drystone::dedup {

constexpr size_t kMaxSize = 4096;

class Sketcher {
  public:
    // `bands * rows` may not exceed `size`; `size` is 1 to 4096. Throws std::invalid_argument.
    Sketcher(bool one_permutation, size_t size, size_t bands, size_t rows, uint64_t seed, const std::string& variant);

    // `values` (`size` words) gets the sketch; returns the number of shingles, 0 (and no sketch) where there are none.
    size_t sketch(const uint8_t* text, size_t length, const uint8_t* limit, uint32_t* values) const;
    // `out` (`bands + 1` words) gets the number of shingles (at most 2^32 - 1) and the band keys, or zeros.
    void signature(const uint8_t* text, size_t length, const uint8_t* limit, uint32_t* out) const;

    const Variant& variant() const { return *variant_; }
    const Keys& keys() const { return keys_; }
    size_t size() const { return size_; }
    size_t words() const { return bands_ + 1; }

  private:
    void densify(uint32_t* values) const;

    const Variant* variant_;
    Keys keys_;
    bool one_permutation_;
    size_t size_, bands_, rows_;
    std::vector<uint64_t> weights_;
    std::vector<uint32_t> multiply_, add_;  // true permutations
    std::vector<uint16_t> order_, rank_;  // order_[t * size + i]: the i-th bin that empty bin t asks; rank_ its inverse
};

}  // namespace drystone::dedup
