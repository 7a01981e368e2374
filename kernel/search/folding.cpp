#include "folding.hpp"

#include <algorithm>
#include <memory>

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

void fold(const uint8_t* text, size_t size, std::vector<uint8_t>& out) {
    out.reserve(out.size() + size);
    for (size_t i = 0; i < size;) {
        if (text[i] < 0x80) {
            out.push_back(fold_ascii(text[i++]));
            continue;
        }
        uint8_t wide[4];
        size_t taken;
        const size_t length = fold_wide(text + i, size - i, wide, &taken);
        out.insert(out.end(), wide, wide + length);
        i += taken;
    }
}

}  // namespace drystone::search
