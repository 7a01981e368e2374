#include "utf8.hpp"

#include <cstdint>
#include <cstring>

namespace drystone::detect {
namespace {

inline bool continues(uint8_t byte) { return (byte & 0xC0) == 0x80; }

}  // namespace

int64_t utf8_error(const uint8_t* data, size_t size) {
    size_t i = 0;
    while (i < size) {
        // Blocks of 64 ASCII bytes; the compiler turns the OR into vector instructions.
        while (i + 64 <= size) {
            uint64_t words[8];
            std::memcpy(words, data + i, 64);
            uint64_t any = 0;
            for (uint64_t word : words) any |= word;
            if (any & 0x8080808080808080ULL) break;
            i += 64;
        }
        const size_t stop = i + 64 < size ? i + 64 : size;
        while (i < stop) {
            const uint8_t lead = data[i];
            if (lead < 0x80) {
                ++i;
                continue;
            }
            const size_t left = size - i;
            if (lead >= 0xC2 && lead <= 0xDF) {
                if (left < 2 || !continues(data[i + 1])) return static_cast<int64_t>(i);
                i += 2;
            } else if ((lead & 0xF0) == 0xE0) {
                if (left < 3 || !continues(data[i + 1]) || !continues(data[i + 2])) return static_cast<int64_t>(i);
                if (lead == 0xE0 && data[i + 1] < 0xA0) return static_cast<int64_t>(i);
                if (lead == 0xED && data[i + 1] > 0x9F) return static_cast<int64_t>(i);
                i += 3;
            } else if (lead >= 0xF0 && lead <= 0xF4) {
                if (left < 4 || !continues(data[i + 1]) || !continues(data[i + 2]) || !continues(data[i + 3]))
                    return static_cast<int64_t>(i);
                if (lead == 0xF0 && data[i + 1] < 0x90) return static_cast<int64_t>(i);
                if (lead == 0xF4 && data[i + 1] > 0x8F) return static_cast<int64_t>(i);
                i += 4;
            } else {
                return static_cast<int64_t>(i);
            }
        }
    }
    return -1;
}

unsigned encoding_signs(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    uint8_t nul = 0, escape = 0, tilde = 0;
    // Without branches, so that the compiler turns it into vector instructions.
    for (size_t i = 0; i + 1 < size; ++i) {
        const uint8_t here = data[i], next = data[i + 1];
        nul |= here == 0;
        escape |= (here == 0x1B) & (next == '$');
        tilde |= (here == '~') & (next == '{');
    }
    nul |= data[size - 1] == 0;
    return (nul ? kNul : 0u) | (escape ? kEscape : 0u) | (tilde ? kTilde : 0u);
}

}  // namespace drystone::detect
