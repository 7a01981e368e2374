#include "words.hpp"

#include <algorithm>
#include <iterator>

namespace drystone::dedup {

const WordRange kWordRanges[] = {
#include "words.inc"
};
const size_t kWordRangeCount = std::size(kWordRanges);

WordClass word_class(uint32_t code) {
    // The commonest scripts of all that need more than two bytes.
    if (code - 0x4e00u < 0x5200u) return WordClass::Alone;
    if (code - 0xac00u < 0x2ba4u) return WordClass::Joins;
    const WordRange* next = std::upper_bound(kWordRanges, kWordRanges + kWordRangeCount, code,
                                             [](uint32_t c, const WordRange& range) { return c < range.first; });
    return static_cast<WordClass>(next[-1].kind);
}

}  // namespace drystone::dedup
