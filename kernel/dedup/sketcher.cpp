#include "sketcher.hpp"

#include <stdexcept>

#include "common/dispatch.hpp"
#include "rule.hpp"

namespace drystone::dedup {

Sketcher::Sketcher(bool one_permutation, size_t size, size_t bands, size_t rows, uint64_t seed,
                   const std::string& variant)
    : variant_(&choose(kVariants, variant)),
      keys_(keys_of(seed)),
      one_permutation_(one_permutation),
      size_(size),
      bands_(bands),
      rows_(rows) {
    if (size < 1 || size > kMaxSize) throw std::invalid_argument("the sketch's size must be 1 to 4096");
    if (bands < 1 || rows < 1 || bands * rows > size) throw std::invalid_argument("bands * rows must be 1 to size");
    uint64_t state = ~seed;
    for (size_t r = 0; r < rows; r++) weights_.push_back(splitmix64(state));
    if (!one_permutation) {
        for (size_t i = 0; i < size; i++) {
            uint64_t word = splitmix64(state);
            multiply_.push_back((uint32_t)word | 1);
            add_.push_back((uint32_t)(word >> 32));
        }
        return;
    }
    order_.resize(size * size);
    rank_.resize(size * size);
    for (size_t t = 0; t < size; t++) {
        uint16_t* order = &order_[t * size];
        for (size_t i = 0; i < size; i++) order[i] = (uint16_t)i;
        for (size_t i = size - 1; i > 0; i--) {  // Fisher-Yates
            size_t j = (size_t)(((splitmix64(state) >> 32) * (i + 1)) >> 32);
            uint16_t swap = order[i];
            order[i] = order[j];
            order[j] = swap;
        }
        for (size_t i = 0; i < size; i++) rank_[order[i] * size + t] = (uint16_t)i;
    }
}

// Optimal densification (Shrivastava 2017): an empty bin asks other bins in an order of its own and takes the value of
// the first that is not empty. With few full bins the first is found for all empty bins at once, as the least rank.
void Sketcher::densify(uint32_t* values) const {
    uint32_t bins[kMaxSize], before[kMaxSize];  // on the stack: several threads may share one sketcher
    uint16_t best[kMaxSize];
    size_t full = 0;
    for (size_t i = 0; i < size_; i++) {
        bins[full] = (uint32_t)i;
        full += values[i] != kEmpty;
    }
    if (full == size_ || full == 0) return;
    std::memcpy(before, values, size_ * 4);
    if (full * 2 > size_) {
        for (size_t t = 0; t < size_; t++) {
            if (before[t] != kEmpty) continue;
            const uint16_t* order = &order_[t * size_];
            size_t i = 0;
            while (before[order[i]] == kEmpty) i++;
            values[t] = before[order[i]];
        }
        return;
    }
    std::memcpy(best, &rank_[bins[0] * size_], size_ * 2);
    for (size_t i = 1; i < full; i++) variant_->least(best, &rank_[bins[i] * size_], size_);
    for (size_t t = 0; t < size_; t++) {
        if (before[t] == kEmpty) values[t] = before[order_[t * size_ + best[t]]];
    }
}

size_t Sketcher::sketch(const uint8_t* text, size_t length, const uint8_t* limit, uint32_t* values) const {
    if (!one_permutation_) {
        return variant_->permutations(text, length, limit, keys_, size_, multiply_.data(), add_.data(), values);
    }
    size_t count = variant_->one_permutation(text, length, limit, keys_, size_, values);
    if (count > 0) densify(values);
    return count;
}

void Sketcher::signature(const uint8_t* text, size_t length, const uint8_t* limit, uint32_t* out) const {
    uint32_t values[kMaxSize];
    size_t count = sketch(text, length, limit, values);
    if (count == 0) {
        std::memset(out, 0, words() * 4);
        return;
    }
    out[0] = count > 0xffffffffu ? 0xffffffffu : (uint32_t)count;
    variant_->band_keys(values, bands_, rows_, weights_.data(), out + 1);
}

}  // namespace drystone::dedup
