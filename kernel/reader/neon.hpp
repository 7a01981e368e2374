// What both variants of AArch64 share.
#include <arm_neon.h>

#include "four.hpp"

namespace drystone::reader {
namespace {

constexpr int kRows = 6;       // in int8: rows whose sums fit the registers
constexpr int kFloatRows = 6;  // in float32
constexpr int kQueries = 12;   // of attention

inline Floats fma(Floats a, Floats b, Floats c) { return vfmaq_f32(c, a, b); }
inline Floats fnma(Floats a, Floats b, Floats c) { return vfmsq_f32(c, a, b); }

inline int8x16_t four_times(const uint8_t* p) {
    int32_t value;
    __builtin_memcpy(&value, p, 4);
    return vreinterpretq_s8_s32(vdupq_n_s32(value));
}

inline Ints add_products(Ints sum, int8x16_t a, int8x16_t b);  // four neighbours to a lane

// Adds R rows of activations by `deep` inputs of one panel to sums.
template <int R>
inline void tile(const uint8_t* a, size_t stride, const int8_t* b, int deep, Ints (&sums)[R][3]) {
    for (int i = 0; i < deep; i += 4, b += 48, a += 4) {
        const int8x16_t w[3] = {vld1q_s8(b), vld1q_s8(b + 16), vld1q_s8(b + 32)};
#pragma GCC unroll 6
        for (int r = 0; r < R; r++) {
            const int8x16_t x = four_times(a + r * stride);
#pragma GCC unroll 3
            for (int c = 0; c < 3; c++) sums[r][c] = add_products(sums[r][c], x, w[c]);
        }
    }
}

}  // namespace
}  // namespace drystone::reader
