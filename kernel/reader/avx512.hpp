// AVX-512 with VNNI: four products of bytes are added into 32 bits at once, so weights and activations keep 8 bits
// (-127..127; 128 is an activation's zero).
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "x86.hpp"

namespace drystone::reader {
namespace {

using Floats = __m512;
using Ints = __m512i;
constexpr int kLanes = 16;
constexpr int kStep = 4;       // inputs that the int8 loop takes at once
constexpr int kRows = 8;       // in int8: rows whose sums fit the registers
constexpr int kFloatRows = 8;  // in float32
constexpr int kQueries = 12;   // of attention
constexpr int kDeep = 384;     // inputs of a panel that stay in the first cache while rows go by
constexpr int kWeight = 127, kMost = 127, kZero = 128;

inline __mmask16 some(int n) { return n >= 16 ? 0xffff : (__mmask16)((1u << n) - 1); }

inline Floats all(float x) { return _mm512_set1_ps(x); }
inline Floats load(const float* p) { return _mm512_loadu_ps(p); }
inline Floats load(const float* p, int n) { return _mm512_maskz_loadu_ps(some(n), p); }
inline void store(float* p, Floats v) { _mm512_storeu_ps(p, v); }
inline void store(float* p, Floats v, int n) { _mm512_mask_storeu_ps(p, some(n), v); }
inline Floats first_of(int n, Floats v) { return _mm512_maskz_mov_ps(some(n), v); }
inline Floats fma(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
inline Floats fnma(Floats a, Floats b, Floats c) { return _mm512_fnmadd_ps(a, b, c); }
inline Floats larger(Floats a, Floats b) { return _mm512_max_ps(a, b); }
inline Floats smaller(Floats a, Floats b) { return _mm512_min_ps(a, b); }
inline Floats magnitude(Floats x) { return _mm512_andnot_ps(_mm512_set1_ps(-0.0f), x); }
inline Floats signed_as(Floats magnitude, Floats x) {
    return _mm512_or_ps(magnitude, _mm512_and_ps(_mm512_set1_ps(-0.0f), x));
}
inline Floats where_negative(Floats x, Floats a, Floats b) {
    return _mm512_mask_blend_ps(_mm512_movepi32_mask(_mm512_castps_si512(x)), b, a);
}
inline Floats nearest(Floats x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
inline Floats times_two_to(Floats y, Floats n) { return _mm512_scalef_ps(y, n); }  // y 2^n for whole n
inline float sum(Floats v) { return _mm512_reduce_add_ps(v); }
inline float greatest(Floats v) { return _mm512_reduce_max_ps(v); }

inline Ints no_ints() { return _mm512_setzero_si512(); }
inline Ints load_ints(const int32_t* p) { return _mm512_load_si512(p); }
inline Floats less(Ints a, Ints b) { return _mm512_cvtepi32_ps(_mm512_sub_epi32(a, b)); }

// Writes the first n of 16 numbers of -kMost..kMost, rounded, plus kZero.
inline void store_bytes(uint8_t* p, Floats x, int n) {
    const Ints v = _mm512_add_epi32(_mm512_cvtps_epi32(x), _mm512_set1_epi32(kZero));
    _mm_mask_storeu_epi8(p, some(n), _mm512_cvtepi32_epi8(v));
}

// Adds R rows of activations by `deep` inputs of one panel to sums, in place: left to itself the compiler moves sums
// about.
template <int R>
inline void tile(const uint8_t* a, size_t stride, const int8_t* b, int deep, Ints (&sums)[R][3]) {
    for (int i = 0; i < deep; i += 4, b += 192, a += 4) {
        const Ints w[3] = {_mm512_load_si512(b), _mm512_load_si512(b + 64), _mm512_load_si512(b + 128)};
#pragma GCC unroll 8
        for (int r = 0; r < R; r++) {
            int32_t value;
            __builtin_memcpy(&value, a + r * stride, 4);
            const Ints x = _mm512_set1_epi32(value);
#pragma GCC unroll 3
            for (int c = 0; c < 3; c++) asm("vpdpbusd %2, %1, %0" : "+v"(sums[r][c]) : "v"(x), "v"(w[c]));
        }
    }
}

// A measurement needs the value.
inline void keep(Ints v) { asm volatile("" : : "v"(v)); }

}  // namespace
}  // namespace drystone::reader
