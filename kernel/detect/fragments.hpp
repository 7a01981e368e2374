// Sets of short fragments that texts are looked through for, many bytes at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace drystone::detect {
namespace {  // each variant compiles its own

// Upper-case letters become lower-case ones; some other bytes become like each other, so a find is a candidate only.
constexpr uint8_t folded(uint8_t c) { return c | 0x20; }

template <size_t Count>
struct Fragments {
    static constexpr size_t kCount = Count;
    uint32_t value[Count] = {}, mask[Count] = {};  // folded bytes, the first one lowest
    uint8_t width[Count] = {};
    // For each of four bytes and each half of it, in which of eight groups a fragment has that half there.
    alignas(16) uint8_t low[4][16] = {}, high[4][16] = {};

    constexpr explicit Fragments(const std::string_view (&texts)[Count]) {
        for (size_t i = 0; i < Count; ++i) put(i, texts[i]);
    }

    // Those of `first`, then those of `more`.
    template <size_t First, size_t More>
    constexpr Fragments(const std::string_view (&first)[First], const std::string_view (&more)[More]) {
        static_assert(First + More == Count);
        for (size_t i = 0; i < First; ++i) put(i, first[i]);
        for (size_t i = 0; i < More; ++i) put(First + i, more[i]);
    }

    constexpr void put(size_t i, std::string_view text) {
        width[i] = uint8_t(text.size());
        for (size_t k = 0; k < 4; ++k) {
            const uint8_t group = uint8_t(1u << (i % 8));
            if (k >= text.size()) {
                for (size_t half = 0; half < 16; ++half) low[k][half] |= group, high[k][half] |= group;
                continue;
            }
            const uint8_t c = folded(uint8_t(text[k]));
            value[i] |= uint32_t(c) << (8 * k);
            mask[i] |= 0xffu << (8 * k);
            low[k][c & 15] |= group;
            high[k][c >> 4] |= group;
        }
    }

    constexpr uint8_t byte(size_t i, size_t k) const { return uint8_t(value[i] >> (8 * k)); }

    // Whether a fragment stands at a place.
    bool stands(const uint8_t* text, size_t at, size_t size) const {
        uint32_t word = 0;
        if (at + 4 <= size) {
            std::memcpy(&word, text + at, 4);
        } else {
            for (size_t k = 0; at + k < size; ++k) word |= uint32_t(text[at + k]) << (8 * k);
        }
        word |= 0x20202020u;
        for (size_t i = 0; i < Count; ++i)
            if (((word ^ value[i]) & mask[i]) == 0 && at + width[i] <= size) return true;
        return false;
    }
};

constexpr std::string_view kLicensing[] = {"icen",
                                           "spdx",
                                           "edis",
                                           "rmis",
                                           "gpl",
                                           "c do",
                                           "riet",
                                           "nfid",
                                           "naut",
                                           "mmer",
                                           "ohib",
                                           "hts ",
                                           "rope",
                                           "iscl",
                                           "t di",
                                           "r di",
                                           "se o",
                                           "ly b",
                                           "cade",
                                           "bscr",
                                           "rbid",
                                           "sold",
                                           "rtra",
                                           "\xb8\xa5\xe7\xa6",
                                           "\x9c\xba\xe5\xaf",
                                           "\xa9\x9f\xe5\xaf",
                                           "\xa4\xbe\xe5\xa4"};
constexpr std::string_view kOfHeads[] = {"euse", "rdf:", "(c)", "\xc2\xa9", "opyr", "snip"};
constexpr Fragments<27> kLicensingFragments(kLicensing);
constexpr Fragments<33> kHeadFragments(kLicensing, kOfHeads);
constexpr Fragments<2> kAnywhereFragments({"e_li", "snip"});

}  // namespace
}  // namespace drystone::detect
