#include "literals.hpp"

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

// Finds a string by two of its rarer bytes at once; only where both stand at their distance is the rest compared.
class Literal {
  public:
    Literal(const uint8_t* bytes, size_t size) : bytes_(bytes), size_(size) {
        static const Rarity rarity;
        for (size_t i = 1; i < size; i++) {
            if (rarity.of[bytes[i]] < rarity.of[bytes[a_]]) a_ = i;
        }
        b_ = a_ ? 0 : size - 1;
        for (size_t i = 0; i < size; i++) {
            if (i != a_ && rarity.of[bytes[i]] < rarity.of[bytes[b_]]) b_ = i;
        }
    }

    bool in(const uint8_t* text, size_t size) const {
        if (size < size_) return false;
        const size_t places = size - size_ + 1;
        size_t at = 0;
#ifdef __SSE2__
        const __m128i first = _mm_set1_epi8((char)bytes_[a_]), second = _mm_set1_epi8((char)bytes_[b_]);
        for (; at + 16 <= places; at += 16) {
            const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + at + a_));
            const __m128i y = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + at + b_));
            const __m128i both = _mm_and_si128(_mm_cmpeq_epi8(x, first), _mm_cmpeq_epi8(y, second));
            for (auto bits = (uint32_t)_mm_movemask_epi8(both); bits; bits &= bits - 1) {
                if (!std::memcmp(text + at + __builtin_ctz(bits), bytes_, size_)) return true;
            }
        }
#endif
        while (at < places) {
            const auto* found = static_cast<const uint8_t*>(std::memchr(text + at + a_, bytes_[a_], places - at));
            if (!found) return false;
            at = (size_t)(found - text) - a_;
            if (!std::memcmp(text + at, bytes_, size_)) return true;
            at++;
        }
        return false;
    }

  private:
    const uint8_t* bytes_;
    size_t size_, a_ = 0, b_ = 0;
};

}  // namespace

void holding(const uint8_t* data, const int64_t* starts, const int64_t* ends, size_t count, const uint8_t* literal,
             size_t size, std::vector<uint32_t>& found) {
    if (!size) throw std::invalid_argument("nothing is looked for");
    const Literal looked_for(literal, size);
    for (size_t i = 0; i < count; i++) {
        if (looked_for.in(data + starts[i], (size_t)(ends[i] - starts[i]))) found.push_back((uint32_t)i);
    }
}

}  // namespace drystone::search
