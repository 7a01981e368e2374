// What each instruction set offers under one interface. All variants give equal results to the last bit.
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/instruction_sets.hpp"

namespace drystone::dedup {

struct Keys {  // of the hash of tokens; rule.hpp makes them out of a seed
    uint64_t low, high, odd;
};

// Called with the next run of shingle hashes of a document, in order, repetitions included.
using ShingleSink = void (*)(void* state, const uint64_t* shingles, size_t count);

struct Variant {
    const InstructionSet* set;
    // Number of tokens; `digest` gets the sum of their hashes. Tokenising alone, for measurement.
    size_t (*tokens)(const uint8_t* text, size_t size, const uint8_t* limit, const Keys& keys, uint64_t* digest);
    // Token hashes into `out` (room for (size + 1) / 2); returns how many.
    size_t (*token_hashes)(const uint8_t* text, size_t size, const uint8_t* limit, const Keys& keys, uint64_t* out);
    // Shingle hashes to a sink; returns how many.
    size_t (*shingles)(const uint8_t* text, size_t size, const uint8_t* limit, const Keys& keys, ShingleSink sink,
                       void* state);
    // One permutation: `mins` (`bins` words) gets the least value of each bin, 0xffffffff where it is empty.
    size_t (*one_permutation)(const uint8_t* text, size_t size, const uint8_t* limit, const Keys& keys, size_t bins,
                              uint32_t* mins);
    // True permutations x -> multiply * x + add (mod 2^32), `multiply` odd: `mins` gets the least value of each.
    size_t (*permutations)(const uint8_t* text, size_t size, const uint8_t* limit, const Keys& keys, size_t count,
                           const uint32_t* multiply, const uint32_t* add, uint32_t* mins);
    // target[i] = min(target[i], row[i]).
    void (*least)(uint16_t* target, const uint16_t* row, size_t count);
    // keys[b] = upper half of the sum over r of values[b * rows + r] * weights[r] (mod 2^64).
    void (*band_keys)(const uint32_t* values, size_t bands, size_t rows, const uint64_t* weights, uint32_t* keys);
};

extern const Variant plain_variant, avx2_variant, avx512_variant, neon_variant;

// All variants of this kind of processor, fastest first, ending with null.
extern const Variant* const kVariants[];

Keys keys_of(uint64_t seed);

}  // namespace drystone::dedup
