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

// Fragments of words, at most four bytes each: what a text is looked through for before anything else is asked of it.
enum class FragmentSet {
    kLicensing,  // words that speak of licences (head_words.cpp)
    kHead,       // these, and what may stand beside comments
    kAnywhere,   // what counts in a whole file
};

struct Variant {
    const InstructionSet* set;
    Classes (*count_classes)(const uint8_t* first, const uint8_t* last);
    // The first place from `from` on where a fragment of the set stands, letters in either case; `size` if there is
    // none.
    size_t (*next_fragment)(FragmentSet set, const uint8_t* text, size_t from, size_t size);
};

extern const Variant plain_variant, avx2_variant;

// All variants of this kind of processor, fastest first, ending with null.
extern const Variant* const kVariants[];

}  // namespace drystone::detect
