// Loops that gain from longer vectors. All variants give equal results. NEON has none of its own: plain C++ compiled
// for AArch64 uses it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/instruction_sets.hpp"

namespace drystone::detect {

struct Classes {  // bytes of each
    int64_t letters = 0;
    int64_t digits = 0;
    int64_t high = 0;           // bytes above ASCII
    int64_t continuations = 0;  // of those, the ones that do not begin a character
};

constexpr size_t kFragmentBlock = 256;

struct Variant {
    const InstructionSet* set;
    Classes (*count_classes)(const uint8_t* first, const uint8_t* last);
    // Whether kFragmentBlock bytes may hold one of the words that speak of licences. Reads three bytes past them.
    bool (*has_fragment)(const uint8_t* block);
};

extern const Variant plain_variant, avx2_variant;

// All variants of this kind of processor, fastest first, ending with null.
extern const Variant* const kVariants[];

}  // namespace drystone::detect
