// The body of every variant: loops without branches, which the compiler turns into vector instructions.
#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

#include "fragments.hpp"
#include "variants.hpp"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace drystone::detect {
namespace {

[[maybe_unused]] constexpr size_t kFragmentBlock = 256;

// Counts by class in blocks whose sums fit a byte; blocks are a multiple of every vector's length.
Classes count_classes(const uint8_t* p, const uint8_t* last) {
    constexpr int64_t kBlock = 224;
    Classes out;
    const auto add = [&out](const uint8_t* q, int64_t length) __attribute__((always_inline)) {
        uint8_t letters = 0, digits = 0, high = 0, continuations = 0;
        for (int64_t i = 0; i < length; ++i) {
            letters += uint8_t((q[i] | 0x20) - 'a') < 26;
            digits += uint8_t(q[i] - '0') < 10;
            high += q[i] >> 7;
            continuations += uint8_t(q[i] & 0xC0) == 0x80;
        }
        out.letters += letters;
        out.digits += digits;
        out.high += high;
        out.continuations += continuations;
    };
    for (; last - p >= kBlock; p += kBlock) add(p, kBlock);
    add(p, last - p);
    return out;
}

// Whether a fragment begins in a block; reads three bytes past it.
template <const auto& F, size_t... I>
bool any_begins(const uint8_t* p, std::index_sequence<I...>) {
    uint8_t any = 0;
    for (size_t k = 0; k < kFragmentBlock; ++k) {
        const uint8_t a = p[k] | 0x20, b = p[k + 1] | 0x20, c = p[k + 2] | 0x20, d = p[k + 3] | 0x20;
        any |= (... | ((a == F.byte(I, 0)) & (b == F.byte(I, 1)) & ((F.width[I] < 3) | (c == F.byte(I, 2))) &
                       ((F.width[I] < 4) | (d == F.byte(I, 3)))));
    }
    return any != 0;
}

#if defined(__AVX2__)
// Which of 32 places may begin a fragment: both halves of four bytes are looked up, and one group must have them all.
template <const auto& F>
uint32_t may_begin(const uint8_t* p) {
    const __m256i fold = _mm256_set1_epi8(0x20), half = _mm256_set1_epi8(0x0f);
    __m256i groups = _mm256_set1_epi8(-1);
    for (size_t k = 0; k < 4; ++k) {
        const __m256i bytes = _mm256_or_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + k)), fold);
        const __m256i low = _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(F.low[k])));
        const __m256i high = _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(F.high[k])));
        const __m256i upper = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), half);
        groups = _mm256_and_si256(groups, _mm256_and_si256(_mm256_shuffle_epi8(low, _mm256_and_si256(bytes, half)),
                                                           _mm256_shuffle_epi8(high, upper)));
    }
    return ~uint32_t(_mm256_movemask_epi8(_mm256_cmpeq_epi8(groups, _mm256_setzero_si256())));
}
#endif

template <const auto& F>
size_t next_of(const uint8_t* text, size_t at, size_t size) {
#if defined(__AVX2__)
    const auto first_of = [&](uint32_t places) __attribute__((always_inline)) {
        for (; places; places &= places - 1)
            if (const size_t place = at + size_t(__builtin_ctz(places)); F.stands(text, place, size)) return place;
        return size;
    };
    for (; at + 35 <= size; at += 32)
        if (const uint32_t places = may_begin<F>(text + at))
            if (const size_t place = first_of(places); place < size) return place;
    for (; at < size; at += 32) {
        uint8_t rest[35] = {};
        std::memcpy(rest, text + at, std::min<size_t>(size - at, sizeof rest));
        if (const size_t place = first_of(may_begin<F>(rest)); place < size) return place;
    }
    return size;
#else
    while (at + kFragmentBlock + 3 <= size &&
           !any_begins<F>(text + at, std::make_index_sequence<std::decay_t<decltype(F)>::kCount>()))
        at += kFragmentBlock;
    while (at < size && !F.stands(text, at, size)) ++at;
    return at;
#endif
}

size_t next_fragment(FragmentSet set, const uint8_t* text, size_t from, size_t size) {
    switch (set) {
        case FragmentSet::kLicensing:
            return next_of<kLicensingFragments>(text, from, size);
        case FragmentSet::kHead:
            return next_of<kHeadFragments>(text, from, size);
        default:
            return next_of<kAnywhereFragments>(text, from, size);
    }
}

constexpr Variant table(const InstructionSet* set) { return {set, count_classes, next_fragment}; }

}  // namespace
}  // namespace drystone::detect
