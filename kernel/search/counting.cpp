#include "counting.hpp"

#include <cstring>
#include <stdexcept>

namespace drystone::search {

Needle::Needle(const uint8_t* string, size_t size) : string_(string, string + size), border_(size + 1) {
    if (!size) throw std::invalid_argument("an empty string cannot be counted");
    for (size_t i = 1, border = 0; i < size; i++) {
        while (border && string_[i] != string_[border]) border = border_[border];
        border += string_[i] == string_[border];
        border_[i + 1] = border;
    }
}

uint64_t Needle::times(const uint8_t* text, size_t size) const {
    const size_t whole = string_.size();
    const uint8_t *at = text, *const end = text + size;
    uint64_t found = 0;
    size_t have = 0;
    while (at < end) {
        if (!have) {
            at = static_cast<const uint8_t*>(std::memchr(at, string_[0], (size_t)(end - at)));
            if (!at) break;
        } else {
            while (have && *at != string_[have]) have = border_[have];
            if (*at != string_[have]) {
                at++;
                continue;
            }
        }
        at++;
        if (++have == whole) {
            found++;
            have = border_[have];
        }
    }
    return found;
}

}  // namespace drystone::search
