// AVX-512: as variant_avx2.cpp with 64 bytes at once; the comparison gives the mask directly.
#include <immintrin.h>

#include "rule.hpp"

namespace drystone::dedup {
namespace {

inline uint64_t token_mask(const uint8_t* p) {  // the two tables are those of variant_avx2.cpp
    const __m512i lower = _mm512_broadcast_i32x4(
        _mm_setr_epi8(0x1d, 0x1f, 0x1f, 0x1f, 0x1f, 0x1f, 0x1f, 0x1f, 0x1f, 0x1f, 0x1e, 0x12, 0x12, 0x12, 0x12, 0x16));
    const __m512i upper = _mm512_broadcast_i32x4(
        _mm_setr_epi8(0, 0, 0, 0x01, 0x02, 0x04, 0x02, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10));
    const __m512i half = _mm512_set1_epi8(0x0f);
    __m512i bytes = _mm512_loadu_si512(p);
    __m512i a = _mm512_shuffle_epi8(lower, _mm512_and_si512(bytes, half));
    __m512i b = _mm512_shuffle_epi8(upper, _mm512_and_si512(_mm512_srli_epi16(bytes, 4), half));
    return _mm512_test_epi8_mask(a, b);
}

}  // namespace
}  // namespace drystone::dedup

#include "scan.hpp"

namespace drystone::dedup {
constexpr Variant avx512_variant = table(&kAvx512);
}
