// What characters beyond ASCII do to words: Unicode's categories as a table (words.inc).
#pragma once

#include <cstddef>
#include <cstdint>

namespace drystone::dedup {

// Separates words; joins to a word; extends what stands before it (marks); a word of its own (Han, Hiragana, Thai,
// ...).
enum class WordClass : uint8_t { Separates, Joins, Extends, Alone };

struct WordRange {
    uint32_t first;  // to the next range's first
    uint8_t kind;
};

extern const WordRange kWordRanges[];
extern const size_t kWordRangeCount;

// Of a character from U+0080.
WordClass word_class(uint32_t code);

}  // namespace drystone::dedup
