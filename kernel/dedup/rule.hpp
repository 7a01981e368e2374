// The rule for tokens and shingles, in one place: what every variant computes, to the last bit.
//
// Token: a word by Unicode's categories (words.hpp). A maximal run of letters, numbers, connectors and marks; of
// scripts written without spaces, one letter with its marks. Bytes that are no UTF-8 count as letters. Shingle: five
// consecutive tokens. Everything here has internal linkage: variants are compiled with different flags, and the linker
// must not merge them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "variants.hpp"
#include "words.hpp"
#ifdef __AVX2__
#include <immintrin.h>
#endif

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the sketch is defined on little-endian words"
#endif

namespace drystone::dedup {
namespace {

constexpr int kRuleVersion = 2;
constexpr size_t kShingle = 5;
constexpr uint32_t kEmpty = 0xffffffffu;  // a bin of the sketch that no shingle fell into

__extension__ typedef unsigned __int128 uint128;

// Steele, Lea, Flood: Fast splittable pseudorandom number generators (OOPSLA 2014).
inline uint64_t splitmix64(uint64_t& state) {
    uint64_t z = (state += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

// The first byte of `low` and of `high` is a space. No token holds a space, so neither factor below is ever zero for a
// token of at most 16 bytes: nobody can choose tokens that all hash to nothing.
inline Keys make_keys(uint64_t seed) {
    uint64_t state = seed;
    Keys keys;
    keys.low = (splitmix64(state) & ~0xffull) | 0x20;
    keys.high = (splitmix64(state) & ~0xffull) | 0x20;
    keys.odd = splitmix64(state) | 1;
    return keys;
}

inline bool is_token_byte(uint8_t c) {  // of ASCII
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

// Bytes of the character at `p`, which begins with a byte from 0x80 and has `left` bytes to the end of the text; its
// code in `code`. 1 and a letter's code where the bytes are no UTF-8.
inline size_t decode(const uint8_t* p, size_t left, uint32_t& code) {
    const auto follows = [p](size_t i) { return (p[i] & 0xc0) == 0x80; };
    const uint8_t c = p[0];
    if (c >= 0xc2 && c <= 0xdf && left >= 2 && follows(1)) {
        code = (uint32_t)(c & 0x1f) << 6 | (p[1] & 0x3f);
        return 2;
    }
    if ((c & 0xf0) == 0xe0 && left >= 3 && follows(1) && follows(2)) {
        code = (uint32_t)(c & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
        if (code >= 0x800 && (code < 0xd800 || code > 0xdfff)) return 3;
    }
    if (c >= 0xf0 && c <= 0xf4 && left >= 4 && follows(1) && follows(2) && follows(3)) {
        code =
            (uint32_t)(c & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 | (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
        if (code >= 0x10000 && code <= 0x10ffff) return 4;
    }
    code = 0xe0;
    return 1;
}

inline uint64_t load64(const uint8_t* p) {
    uint64_t word;
    std::memcpy(&word, p, 8);
    return word;
}

inline uint64_t fold(uint64_t a, uint64_t b) {
    uint128 product = (uint128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

// Bytes of a word that belong to a token with `length` bytes left, as a mask; index is min(length, 8).
constexpr uint64_t kBytes[9] = {0,
                                0xff,
                                0xffff,
                                0xffffff,
                                0xffffffff,
                                0xffffffffffull,
                                0xffffffffffffull,
                                0xffffffffffffffull,
                                0xffffffffffffffffull};
constexpr uint8_t kLow[17] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8, 8, 8, 8, 8, 8};
constexpr uint8_t kHigh[17] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};

inline uint64_t finish(uint64_t h, const Keys& keys) {
    h ^= h >> 32;
    h *= keys.odd;
    return h ^ (h >> 29);
}

// Up to 16 bytes at `p`; may read 16 bytes whatever the length, as long as that stays below `limit`.
inline void load_token(const uint8_t* p, size_t length, const uint8_t* limit, uint64_t& low, uint64_t& high) {
    if (__builtin_expect((size_t)(limit - p) >= 16, 1)) {
        low = load64(p) & kBytes[kLow[length]];
        high = load64(p + 8) & kBytes[kHigh[length]];
    } else {
        uint8_t padded[16] = {0};
        std::memcpy(padded, p, length);
        low = load64(padded);
        high = load64(padded + 8);
    }
}

// Hash of one token: a folded 128-bit product of its bytes and the keys, sixteen bytes at a time.
inline uint64_t hash_token(const uint8_t* p, size_t length, const uint8_t* limit, const Keys& keys) {
    uint64_t low, high;
    if (__builtin_expect(length <= 16, 1)) {
        load_token(p, length, limit, low, high);
        return finish(fold(low ^ keys.low, high ^ keys.high), keys);
    }
    uint64_t state = 0;
    while (length > 0) {
        size_t step = length < 16 ? length : 16;
        load_token(p, step, limit, low, high);
        state = fold(low ^ keys.low ^ state, high ^ keys.high ^ (state << 32 | state >> 32));
        p += step;
        length -= step;
    }
    return finish(state, keys);
}

// The same for tokens of at most 16 bytes where 16 bytes may be read.
inline uint64_t hash_short(const uint8_t* p, size_t length, const Keys& keys) {
#ifdef __AVX2__
    alignas(32) static constexpr uint8_t masks[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    const __m128i bytes = _mm_loadu_si128((const __m128i*)p);
    const __m128i mask = _mm_loadu_si128((const __m128i*)(masks + 16 - length));
    const __m128i key = _mm_set_epi64x((long long)keys.high, (long long)keys.low);
    const __m128i word = _mm_xor_si128(_mm_and_si128(bytes, mask), key);
    return finish(fold((uint64_t)_mm_cvtsi128_si64(word), (uint64_t)_mm_extract_epi64(word, 1)), keys);
#else
    const uint64_t low = load64(p) & kBytes[kLow[length]], high = load64(p + 8) & kBytes[kHigh[length]];
    return finish(fold(low ^ keys.low, high ^ keys.high), keys);
#endif
}

inline uint64_t rotate(uint64_t x, int by) { return x << by | x >> (64 - by); }

// Hash of five consecutive tokens. Rotations by multiples of 13 (Cohen 1997, cyclic polynomials): an odd number of
// terms is invertible over GF(2)[x]/(x^64 - 1), so five equal tokens keep all 64 bits.
inline uint64_t hash_shingle(const uint64_t* t) {
    return t[0] ^ rotate(t[1], 13) ^ rotate(t[2], 26) ^ rotate(t[3], 39) ^ rotate(t[4], 52);
}

}  // namespace
}  // namespace drystone::dedup
