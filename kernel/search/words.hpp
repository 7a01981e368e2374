// Text to search terms: identifiers whole and in parts, words by their stem, ideographs in pairs; and text to passages.
// docs/search.md has the rules. Knows nothing of files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "postings.hpp"

namespace drystone::search {

constexpr int kTermBits = 40;

// The key of a term: 40 bits over its bytes.
uint64_t term_key(const uint8_t* term, size_t size);

// Shortens an English word in lower-case ASCII letters to its stem, in place (Porter 1980). Returns the new length.
size_t stem(uint8_t* word, size_t size);

// Keys of words to keys of their stems, as far as they were asked for lately: most words come again and again.
class Stems {
  public:
    Stems() : slots_(1 << 14, {kNone, 0}) {}
    // The key of the stem of a word of `size` lower-case ASCII letters, after which seven more bytes may be read.
    uint64_t key(const uint8_t* word, size_t size);

  private:
    static constexpr uint64_t kNone = ~0ull;
    std::vector<std::pair<uint64_t, uint64_t>> slots_;
};

// Appends the keys of all terms of a text, in order, repetitions included.
void terms_of(const uint8_t* text, size_t size, Stems& stems, std::vector<uint64_t>& keys);

// Where a part of a text begins that belongs together, a function or a section; `outer` ones are in no other.
struct Beginning {
    size_t at;
    bool outer;
};

// Appends where each passage of a text ends; the last end is `size`. An empty text has none. `beginnings` ascend.
void passages_of(const uint8_t* text, size_t size, const std::vector<Beginning>& beginnings, std::vector<size_t>& ends);

}  // namespace drystone::search
