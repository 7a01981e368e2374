// A map from keys to ascending lists of numbers, with a level (how often, roughly) beside each number where asked for.
// docs/search.md describes the bytes. Knows nothing of what keys and numbers stand for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "bits.hpp"

namespace drystone::search {

constexpr uint64_t kMostKey = 1ull << 48;  // keys are below
constexpr int kBlock = 32;                 // lists in a block
constexpr int kLevels = 6;                 // levels of how often: see level_of

// How often a term occurs, in six steps: 1, 2, 3, 4-5, 6-9, 10 and more.
inline uint8_t level_of(uint32_t times) {
    return times <= 3 ? (uint8_t)(times - 1) : times <= 5 ? 3 : times <= 9 ? 4 : 5;
}
constexpr float kTimes[kLevels] = {1, 2, 3, 4.5f, 7, 14};

class PostingsWriter {
  public:
    // Numbers are below `universe`; `key_bits` is a guess of the bits of a gap between keys.
    PostingsWriter(uint32_t universe, bool levels, size_t keys, uint64_t key_range);

    // Keys ascend; so do the `count` > 0 numbers.
    void add(uint64_t key, const uint32_t* numbers, const uint8_t* levels, size_t count);

    std::vector<uint8_t> finish();

  private:
    uint32_t universe_;
    bool levels_;
    int key_order_, width_;
    size_t keys_ = 0;
    uint64_t last_ = 0;
    std::vector<uint64_t> first_, offset_;
    std::vector<uint8_t> body_, scratch_;
    BitWriter bits_;
};

// One list found: where its bits begin, and how many numbers it has. `count` is 0 where the key has none.
struct List {
    uint32_t count = 0;
    uint64_t bit = 0;
};

class PostingsReader {
  public:
    // Keeps pointers into `data`. Throws std::invalid_argument where the head does not fit the size.
    PostingsReader(const uint8_t* data, size_t size);

    uint32_t universe() const { return universe_; }
    bool levels() const { return levels_; }
    uint64_t keys() const { return keys_; }

    List find(uint64_t key) const;

    // Numbers of a list, ascending and below the universe, appended to `numbers` (and `levels`, unless null).
    void read(const List& list, std::vector<uint32_t>& numbers, std::vector<uint8_t>* levels) const;

    // Of ascending `numbers` those in the list stay; `renamed`, unless null, has for each of the list's numbers what
    // stands for it, ascending too.
    void keep_common(const List& list, const uint32_t* renamed, std::vector<uint32_t>& numbers) const;

    // Every key with its list, in order, until `each` returns false.
    void each(const std::function<bool(uint64_t, const List&)>& each) const { between(0, kMostKey, each); }

    // Every key from `low` up to, not including, `high`, with its list, in order, until `each` returns false.
    void between(uint64_t low, uint64_t high, const std::function<bool(uint64_t, const List&)>& each) const;

  private:
    uint64_t blocks_to(uint64_t key) const;  // how many blocks begin with a key not above this one
    template <class See>
    void walk(const List& list, See&& see) const;
    template <class See>
    void scan(uint64_t block, See&& see) const;

    uint64_t first(uint64_t block) const;
    uint64_t offset(uint64_t block) const;

    const uint8_t* index_;
    const uint8_t* body_;
    uint64_t body_size_, blocks_, keys_;
    uint32_t universe_;
    bool levels_;
    int key_order_, width_;
};

}  // namespace drystone::search
