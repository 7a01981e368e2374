#include "folding.hpp"

#include <algorithm>
#include <memory>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace drystone::search {

namespace {

#include "folding.inc"

// Pages of 256 characters, so that nothing is searched for a character; pages in which nothing folds are not there.
struct Table {
    std::unique_ptr<uint32_t[]> pages[0x1100];
    Table() {
        for (const auto& pair : kFolded) {
            auto& page = pages[pair[0] >> 8];
            if (!page) {
                page.reset(new uint32_t[256]);
                for (uint32_t i = 0; i < 256; i++) page[i] = (pair[0] & ~0xffu) | i;
            }
            page[pair[0] & 0xff] = pair[1];
        }
    }
};

const Table& table() {
    static const Table made;
    return made;
}

size_t encode(uint32_t code, uint8_t* out) {
    if (code < 0x80) {
        out[0] = (uint8_t)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (uint8_t)(0xc0 | code >> 6);
        out[1] = (uint8_t)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (uint8_t)(0xe0 | code >> 12);
        out[1] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
        out[2] = (uint8_t)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | code >> 18);
    out[1] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
    out[2] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
    out[3] = (uint8_t)(0x80 | (code & 0x3f));
    return 4;
}

}  // namespace

size_t fold_wide(const uint8_t* text, size_t size, uint8_t* out, size_t* taken) {
    const uint8_t lead = text[0];
    const size_t length = lead >= 0xf0 && lead < 0xf5   ? 4
                          : lead >= 0xe0 && lead < 0xf0 ? 3
                          : lead >= 0xc2 && lead < 0xe0 ? 2
                                                        : 1;
    out[0] = lead;
    *taken = 1;
    if (length == 1 || length > size) return 1;
    uint32_t code = lead & (0x7f >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) return 1;
        code = code << 6 | (text[i] & 0x3f);
    }
    if (code > 0x10ffff) return 1;
    *taken = length;
    const auto& page = table().pages[code >> 8];
    const uint32_t to = page ? page[code & 0xff] : code;
    if (to == code) {
        std::copy(text, text + length, out);
        return length;
    }
    return encode(to, out);
}

size_t fold_until(const uint8_t* text, size_t size, size_t& at, size_t stop, uint8_t* out) {
    uint8_t* to = out;
    size_t i = at;
    while (i < stop) {
#ifdef __SSE2__
        const __m128i below = _mm_set1_epi8('A' - 1), above = _mm_set1_epi8('Z' + 1), lower = _mm_set1_epi8(32);
        while (i + 16 <= stop) {
            const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + i));
            const __m128i upper = _mm_and_si128(_mm_cmpgt_epi8(bytes, below), _mm_cmplt_epi8(bytes, above));
            const __m128i folded = _mm_add_epi8(bytes, _mm_and_si128(upper, lower));
            _mm_storeu_si128(reinterpret_cast<__m128i*>(to), folded);
            const auto wide = (uint32_t)_mm_movemask_epi8(bytes);
            const size_t taken = wide ? (size_t)__builtin_ctz(wide) : 16;
            i += taken;
            to += taken;
            if (wide) break;
        }
        if (i == stop) break;
#endif
        if (text[i] < 0x80) {
            *to++ = fold_ascii(text[i++]);
            continue;
        }
        size_t taken;
        to += fold_wide(text + i, size - i, to, &taken);
        i += taken;
    }
    at = i;
    return (size_t)(to - out);
}

void fold(const uint8_t* text, size_t size, std::vector<uint8_t>& out) {
    constexpr size_t kPiece = 1024;
    uint8_t folded[kMostFolded * (kPiece + 1) + kBeyond];
    for (size_t at = 0; at < size;) {
        const size_t length = fold_until(text, size, at, std::min(size, at + kPiece), folded);
        out.insert(out.end(), folded, folded + length);
    }
}

}  // namespace drystone::search
