#include "literals.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace drystone::search {

namespace {

// How rare a byte is in source code, roughly: the later it stands here the more common; what is not here is rarest.
constexpr char kByRarity[] =
    "QZJXKY~`^@$%VHGWUBFMDLOPqj&?!|RN\\+<C98ITEASz76{}5]4[>3#;k*\"':2x/w1v-y0bg=,).(_hmfupdclonirsat\te ";

struct Rarity {
    uint8_t of[256] = {};
    Rarity() {
        for (size_t i = 0; i < sizeof kByRarity - 1; i++) of[(uint8_t)kByRarity[i]] = (uint8_t)(i + 1);
    }
};

const Rarity& rarities() {
    static const Rarity rarity;
    return rarity;
}

}  // namespace

// By two of its rarer bytes at once; only where both stand at their distance is the rest compared.
Literal::Literal(const uint8_t* bytes, size_t size) : bytes_(bytes), size_(size) {
    const Rarity& rarity = rarities();
    for (size_t i = 1; i < size; i++) {
        if (rarity.of[bytes[i]] < rarity.of[bytes[a_]]) a_ = i;
    }
    b_ = a_ ? 0 : size - 1;
    for (size_t i = 0; i < size; i++) {
        if (i != a_ && rarity.of[bytes[i]] < rarity.of[bytes[b_]]) b_ = i;
    }
}

size_t Literal::find(const uint8_t* text, size_t size) const {
    if (size < size_) return size;
    const size_t places = size - size_ + 1;
    size_t at = 0;
#ifdef __SSE2__
    const __m128i first = _mm_set1_epi8((char)bytes_[a_]), second = _mm_set1_epi8((char)bytes_[b_]);
    for (; at + 16 <= places; at += 16) {
        const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + at + a_));
        const __m128i y = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + at + b_));
        const __m128i both = _mm_and_si128(_mm_cmpeq_epi8(x, first), _mm_cmpeq_epi8(y, second));
        for (auto bits = (uint32_t)_mm_movemask_epi8(both); bits; bits &= bits - 1) {
            const size_t here = at + (size_t)__builtin_ctz(bits);
            if (!std::memcmp(text + here, bytes_, size_)) return here;
        }
    }
#endif
    while (at < places) {
        const auto* found = static_cast<const uint8_t*>(std::memchr(text + at + a_, bytes_[a_], places - at));
        if (!found) return size;
        at = (size_t)(found - text) - a_;
        if (!std::memcmp(text + at, bytes_, size_)) return at;
        at++;
    }
    return size;
}

int Literal::commonness() const {
    return rarities().of[bytes_[a_]] + rarities().of[bytes_[b_]] - 4 * (int)std::min<size_t>(size_, 16);
}

Row::Row(const std::vector<std::pair<const uint8_t*, size_t>>& strings, bool in_line) : in_line_(in_line) {
    for (const auto& [bytes, size] : strings) {
        if (!size) throw std::invalid_argument("nothing is looked for");
        literals_.emplace_back(bytes, size);
    }
    if (literals_.empty()) throw std::invalid_argument("nothing is looked for");
    for (size_t i = 1; i < literals_.size(); i++) {
        if (literals_[i].commonness() < literals_[rarest_].commonness()) rarest_ = i;
    }
}

bool Row::in(const uint8_t* text, size_t size) const {
    if (!in_line_ || literals_.size() == 1) return in_order(text, size);
    // A line that has the rarest is looked at whole, once.
    size_t line = 0;
    while (line < size) {
        const size_t at = line + literals_[rarest_].find(text + line, size - line);
        if (at == size) return false;
        size_t begin = at;
        while (begin > line && text[begin - 1] != '\n') begin--;
        const auto* stop = static_cast<const uint8_t*>(std::memchr(text + at, '\n', size - at));
        const size_t end = stop ? (size_t)(stop - text) : size;
        if (in_order(text + begin, end - begin)) return true;
        line = end + 1;
    }
    return false;
}

bool Row::in_order(const uint8_t* text, size_t size) const {
    for (const Literal& literal : literals_) {
        const size_t at = literal.find(text, size);
        if (at == size) return false;
        text += at + literal.size();
        size -= at + literal.size();
    }
    return true;
}

}  // namespace drystone::search
