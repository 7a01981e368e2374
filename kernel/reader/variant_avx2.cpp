// AVX2: bytes are multiplied in pairs whose sums have 16 bits. Weights of -64..64 and activations of 1..127 (64 is
// zero) keep two products of two within them, so that one multiplication of 16-bit numbers serves 8 products a lane.
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "x86.hpp"

namespace drystone::reader {
namespace {

using Floats = __m256;
using Ints = __m256i;
constexpr int kLanes = 8;
constexpr int kStep = 8;       // inputs that the int8 loop takes at once
constexpr int kRows = 3;       // in int8: rows whose sums fit the registers
constexpr int kFloatRows = 4;  // in float32
constexpr int kQueries = 6;    // of attention
constexpr int kDeep = 768;     // inputs of a panel that stay in the first cache while rows go by
constexpr int kWeight = 64, kMost = 63, kZero = 64;

inline Floats all(float x) { return _mm256_set1_ps(x); }
inline Floats load(const float* p) { return _mm256_loadu_ps(p); }
inline Floats load(const float* p, int) { return _mm256_loadu_ps(p); }  // sizes are multiples of 8
inline void store(float* p, Floats v) { _mm256_storeu_ps(p, v); }
inline void store(float* p, Floats v, int) { _mm256_storeu_ps(p, v); }
inline Floats first_of(int, Floats v) { return v; }
inline Floats fma(Floats a, Floats b, Floats c) { return _mm256_fmadd_ps(a, b, c); }
inline Floats fnma(Floats a, Floats b, Floats c) { return _mm256_fnmadd_ps(a, b, c); }
inline Floats larger(Floats a, Floats b) { return _mm256_max_ps(a, b); }
inline Floats smaller(Floats a, Floats b) { return _mm256_min_ps(a, b); }
inline Floats magnitude(Floats x) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x); }
inline Floats signed_as(Floats magnitude, Floats x) {
    return _mm256_or_ps(magnitude, _mm256_and_ps(_mm256_set1_ps(-0.0f), x));
}
inline Floats where_negative(Floats x, Floats a, Floats b) { return _mm256_blendv_ps(b, a, x); }
inline Floats nearest(Floats x) { return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
// y 2^n for whole n of at most 0; 0 for n below -126.
inline Floats times_two_to(Floats y, Floats n) {
    const Ints exponent = _mm256_add_epi32(_mm256_cvtps_epi32(larger(n, all(-127.0f))), _mm256_set1_epi32(127));
    return y * _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23));
}

inline float sum(Floats v) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
}

inline float greatest(Floats v) {
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_shuffle_ps(s, s, 1)));
}

inline Ints no_ints() { return _mm256_setzero_si256(); }
inline Ints load_ints(const int32_t* p) { return _mm256_load_si256(reinterpret_cast<const Ints*>(p)); }
inline Floats less(Ints a, Ints b) { return _mm256_cvtepi32_ps(_mm256_sub_epi32(a, b)); }

// Writes 8 numbers of -kMost..kMost, rounded, plus kZero.
inline void store_bytes(uint8_t* p, Floats x, int) {
    const Ints v = _mm256_add_epi32(_mm256_cvtps_epi32(x), _mm256_set1_epi32(kZero));
    const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packus_epi16(words, words));
}

inline Ints four(const uint8_t* p) {
    int32_t value;
    __builtin_memcpy(&value, p, 4);
    return _mm256_set1_epi32(value);
}

// Products of unsigned and signed bytes, added in pairs. The operand stays in memory: 9 sums leave no register for it.
inline Ints products(Ints a, const int8_t* b) {
    Ints out;
    asm("vpmaddubsw %2, %1, %0" : "=x"(out) : "x"(a), "m"(*reinterpret_cast<const Ints*>(b)));
    return out;
}

// sum += v in place: left to itself the compiler moves sums about, and some of them through memory.
inline void add(Ints& sum, Ints v) { asm("vpaddd %1, %0, %0" : "+x"(sum) : "x"(v)); }

// Adds R rows of activations by `deep` inputs of one panel to sums.
template <int R>
inline void tile(const uint8_t* a, size_t stride, const int8_t* b, int deep, Ints (&sums)[R][3]) {
    const Ints ones = _mm256_set1_epi16(1);
    for (int i = 0; i < deep; i += 8, b += 192, a += 8) {
#pragma GCC unroll 4
        for (int r = 0; r < R; r++) {
            const Ints low = four(a + r * stride), high = four(a + r * stride + 4);
#pragma GCC unroll 3
            for (int c = 0; c < 3; c++) {
                const Ints pairs = _mm256_add_epi16(products(low, b + c * 32), products(high, b + 96 + c * 32));
                add(sums[r][c], _mm256_madd_epi16(pairs, ones));
            }
        }
    }
}

// A measurement needs the value.
inline void keep(Ints v) { asm volatile("" : : "x"(v)); }

}  // namespace
}  // namespace drystone::reader

#include "forward.hpp"

namespace drystone::reader {
constexpr Variant avx2_variant = table(&kAvx2);
}
