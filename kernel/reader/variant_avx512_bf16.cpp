// AVX-512 with VNNI and bfloat16: int8's attention multiplies bfloat16, two at once.
#include "avx512.hpp"

#define DRYSTONE_BFLOAT16

namespace drystone::reader {
namespace {

// Words of two bfloat16.
struct Halves {
    using Word = uint32_t;
    using Vector = __m512bh;
    static constexpr int kNumbers = 2;
    static Vector same(const Word* p) {
        int32_t value;
        __builtin_memcpy(&value, p, 4);
        return (Vector)_mm512_set1_epi32(value);
    }
    static Vector of(const Word* p) { return (Vector)_mm512_loadu_si512(p); }
    static Vector of(const Word* p, int n) { return (Vector)_mm512_maskz_loadu_epi32(some(n), p); }
    static Floats add(Vector x, Vector y, Floats sum) { return _mm512_dpbf16_ps(sum, x, y); }
    static void narrow(float* row, int size);
};

// n floats (a multiple of 2), two a word.
inline void to_halves(const float* x, int n, Halves::Word* out) {
    for (int i = 0; i < n; i += 16)
        _mm256_mask_storeu_epi16(out + i / 2, some(n - i), (__m256i)_mm512_cvtneps_pbh(load(x + i, n - i)));
}

// Words of a's number (low) and b's; without b, of zero.
inline void pair_up(const float* a, const float* b, int n, Halves::Word* out) {
    const auto word = [](Floats x) { return _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(x)); };
    for (int i = 0; i < n; i += 16) {
        const Ints low = word(load(a + i, n - i)), high = b ? word(load(b + i, n - i)) : no_ints();
        _mm512_mask_storeu_epi32(out + i, some(n - i), _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
    }
}

// In place: what is written never overtakes what is read.
inline void Halves::narrow(float* row, int size) { to_halves(row, size, (Word*)row); }

}  // namespace
}  // namespace drystone::reader

#include "forward.hpp"

namespace drystone::reader {
constexpr Variant avx512_bf16_variant = table(&kAvx512Bf16);
}
