// Hashed token features of source text in any language, and a sparse linear classifier over them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace drystone::detect {

// Hashed features of a text, in order, with repeats.
std::vector<uint32_t> token_features(const uint8_t* data, size_t size);

class TokenClassifier {
  public:
    // `features` keys; feature k weighs weights[p] * unit for classes[p], p from starts[k] to starts[k + 1]. Throws
    // std::invalid_argument where the parts do not fit each other.
    TokenClassifier(const uint32_t* keys, size_t features, std::vector<uint32_t> starts, std::vector<uint16_t> classes,
                    std::vector<uint8_t> weights, float unit, size_t count);

    // Sums the weights of each distinct known feature into `count()` scores; returns how many were known, and how many
    // features there were.
    std::pair<size_t, size_t> score(const uint8_t* data, size_t size, float* scores) const;

    size_t count() const { return count_; }

  private:
    struct Slot {
        uint32_t key, index;
    };
    std::vector<uint32_t> starts_;
    std::vector<uint16_t> classes_;
    std::vector<uint8_t> weights_;
    std::vector<Slot> table_;
    uint32_t mask_ = 0;
    float unit_;
    size_t count_;
};

}  // namespace drystone::detect
