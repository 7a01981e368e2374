// AVX2: 32 bytes are classified at once by two table look-ups on their halves; loops are vectorised by the compiler.
#include <immintrin.h>

#include "rule.hpp"

namespace drystone::dedup {
namespace {

// A byte is a token byte where the bits of its lower and of its upper half meet: bit 0 for digits (3x), 1 for 4x and 6x
// (letters from 1), 2 for 5x (letters to A, and underscore), 3 for 7x (letters to A), 4 for everything from 0x80.
inline uint32_t token_mask32(const uint8_t* p) {
    const __m256i lower = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0x1d, 0x1f, 0x1f, 0x1f, 0x1f, 0x1f, 0x1f, 0x1f, 0x1f, 0x1f, 0x1e, 0x12, 0x12, 0x12, 0x12, 0x16));
    const __m256i upper = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 0, 0, 0x01, 0x02, 0x04, 0x02, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10));
    const __m256i half = _mm256_set1_epi8(0x0f);
    __m256i bytes = _mm256_loadu_si256((const __m256i*)p);
    __m256i a = _mm256_shuffle_epi8(lower, _mm256_and_si256(bytes, half));
    __m256i b = _mm256_shuffle_epi8(upper, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), half));
    __m256i outside = _mm256_cmpeq_epi8(_mm256_and_si256(a, b), _mm256_setzero_si256());
    return ~(uint32_t)_mm256_movemask_epi8(outside);
}

inline uint64_t token_mask(const uint8_t* p) { return token_mask32(p) | (uint64_t)token_mask32(p + 32) << 32; }

}  // namespace
}  // namespace drystone::dedup

#include "scan.hpp"

namespace drystone::dedup {
constexpr Variant avx2_variant = table(&kAvx2);
}
