#include "measures.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <stdexcept>

namespace drystone::detect {
namespace {

enum : uint8_t {
    kBase64 = 1,
    kHex = 2,
    kWord = 4,
    kSpace = 8,
    kChain = 16
};  // kChain: may stand in a chain of hex elements

constexpr std::array<uint8_t, 256> make_classes() {
    std::array<uint8_t, 256> table{};
    for (int c = 0; c < 256; ++c) {
        uint8_t flags = 0;
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool digit = c >= '0' && c <= '9';
        if (letter || digit || c == '+' || c == '/' || c == '\n' || c == '=') flags |= kBase64;
        if (digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) flags |= kHex;
        if (letter || digit || c == '_') flags |= kWord;
        if (c == ' ' || (c >= '\t' && c <= '\r')) flags |= kSpace;
        if ((flags & (kHex | kSpace)) || c == 'x' || c == '\\' || c == ',') flags |= kChain;
        table[c] = flags;
    }
    return table;
}
constexpr auto kClasses = make_classes();

inline bool is(uint8_t c, uint8_t flag) { return (kClasses[c] & flag) != 0; }

// Whether a code point above ASCII counts as a letter: all but the blocks of symbols, punctuation, private use,
// specials and pictographs. An approximation of the Unicode property Alphabetic by ranges.
inline bool counts_as_letter(uint32_t point) {
    if (point < 0xC0) return point == 0xAA || point == 0xB5 || point == 0xBA;
    if (point == 0xD7 || point == 0xF7) return false;
    if (point >= 0x2000 && point <= 0x2BFF) return false;
    if (point >= 0x3000 && point <= 0x303F) return false;
    if (point >= 0xE000 && point <= 0xF8FF) return false;
    if (point >= 0xFE00 && point <= 0xFE6F) return false;
    if (point >= 0xFFE0 && point <= 0xFFFF) return false;
    return point < 0x1F000 || point > 0x1FAFF;
}

struct Encoded {
    int64_t longest = 0;
    int64_t total = 0;
    void add(int64_t length) {
        total += length;
        if (length > longest) longest = length;
    }
};

// The end of one hex element that starts at `p`, or nullptr. `first` is the start of the text.
inline const uint8_t* hex_element(const uint8_t* first, const uint8_t* p, const uint8_t* last) {
    const bool before = p > first && is(p[-1], kWord);
    const uint8_t* q = p;
    if (q < last && *q == '\\') {
        if (!before || last - q < 4 || q[1] != 'x') return nullptr;
        q += 2;
    } else {
        if (before) return nullptr;
        if (last - q >= 4 && q[0] == '0' && q[1] == 'x') q += 2;
    }
    if (last - q < 2 || !is(q[0], kHex) || !is(q[1], kHex)) return nullptr;
    q += 2;
    if (q < last && *q == ',') return q + 1;
    if (q < last && is(*q, kWord)) return nullptr;
    while (q < last && is(*q, kSpace)) ++q;
    return q;
}

// Adds the base64 of a run of its characters: lines of at least 32, and the one that follows them.
void base64_lines(const uint8_t* p, const uint8_t* last, Encoded& out) {
    const uint8_t* from = p;  // where the long lines begin that end at p
    while (p < last) {
        const void* newline = std::memchr(p, '\n', size_t(last - p));
        const uint8_t* end = newline ? static_cast<const uint8_t*>(newline) : last;
        const uint8_t* next = newline ? end + 1 : last;
        const bool longer = end - p >= 32;
        if (!longer || next == last) {
            if (longer) end = next;
            if ((longer || from < p) && end - from >= 64) out.add(end - from);
            from = next;
        }
        p = next;
    }
}

inline const uint8_t* hex_chain(const uint8_t* first, const uint8_t* p, const uint8_t* last, Encoded& out) {
    const uint8_t* q = p;
    int count = 0;
    while (const uint8_t* next = hex_element(first, q, last)) {
        q = next;
        ++count;
    }
    if (count >= 8) out.add(q - p);
    return count ? q : p + 1;
}

inline const uint8_t* unicode_chain(const uint8_t* p, const uint8_t* last, Encoded& out) {
    const uint8_t* q = p;
    int count = 0;
    while (last - q >= 6 && q[0] == '\\' && q[1] == 'u' && is(q[2], kHex) && is(q[3], kHex) && is(q[4], kHex) &&
           is(q[5], kHex)) {
        q += 6;
        ++count;
    }
    if (count >= 8) out.add(q - p);
    return count ? q : p + 1;
}

// The first byte above ASCII at or after p, or last.
const uint8_t* find_high(const uint8_t* p, const uint8_t* last) {
    for (; last - p >= 8; p += 8) {
        uint64_t word;
        std::memcpy(&word, p, 8);
        if (word & 0x8080808080808080u) break;
    }
    while (p < last && *p < 0x80) ++p;
    return p;
}

int64_t high_letters(const uint8_t* p, const uint8_t* last) {
    int64_t letters = 0;
    for (; p < last; ++p) {
        const uint8_t c = *p;
        if (c < 0x80) {
            p = find_high(p, last) - 1;
            continue;
        }
        if (c < 0xC0) continue;
        uint32_t point = c;
        if (c >= 0xF0 && last - p >= 4) {
            point = (c & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
        } else if (c >= 0xE0 && last - p >= 3) {
            point = (c & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
        } else if (last - p >= 2) {
            point = (c & 0x1Fu) << 6 | (p[1] & 0x3Fu);
        }
        letters += counts_as_letter(point);
    }
    return letters;
}

struct Lines {
    int64_t count = 0;
    int64_t longest = 0;
    int64_t characters = 0;
};

Lines count_lines(const uint8_t* p, const uint8_t* last, bool ascii, const Variant& variant) {
    Lines out;
    const uint8_t* high = ascii ? last : find_high(p, last);  // the next byte above ASCII at or after p, or last
    const uint8_t* carriage = p;                              // the next carriage return at or after p, or last
    const auto find = [last](const uint8_t* from, int c) {
        const void* at = from < last ? std::memchr(from, c, size_t(last - from)) : nullptr;
        return at ? static_cast<const uint8_t*>(at) : last;
    };
    carriage = find(p, '\r');
    while (p < last) {
        if (carriage < p) carriage = find(p, '\r');
        const uint8_t* newline =
            static_cast<const uint8_t*>(std::memchr(p, '\n', size_t((carriage < last ? carriage + 1 : last) - p)));
        const uint8_t* end = newline ? newline : carriage;
        int64_t length = end - p;
        if (high < p) high = find_high(p, last);
        if (high < end) length -= variant.count_classes(high, end).continuations;
        if (end < last || length) {
            ++out.count;
            out.characters += length;
            out.longest = std::max(out.longest, length);
        }
        if (end == last) break;
        p = end + 1;
        if (*end == '\r' && p < last && *p == '\n') ++p;
    }
    return out;
}

// Calls `found(begin, end)` for each maximal run of at least `least` bytes of a class. A run that long covers a
// multiple of `least`, so only those places are looked at.
template <typename Member, typename Found>
void long_runs(const uint8_t* first, const uint8_t* last, int64_t least, Member member, Found found) {
    const uint8_t* from = first;  // bytes before this belong to no further run
    for (const uint8_t* p = first + least - 1; p < last;) {
        if (!member(*p)) {
            from = p + 1;
            p += least;
            continue;
        }
        const uint8_t *begin = p, *end = p + 1;
        while (begin > from && member(begin[-1])) --begin;
        while (end < last && member(*end)) ++end;
        if (end - begin >= least) found(begin, end);
        from = end + 1;
        p = end + least;
    }
}

}  // namespace

void measure(const uint8_t* first, const uint8_t* last, const Variant& variant, int64_t* row, double* encoded_share) {
    const Classes counts = variant.count_classes(first, last);
    const Lines lines = count_lines(first, last, counts.high == 0, variant);
    const int64_t letters = counts.letters + (counts.high ? high_letters(first, last) : 0);

    Encoded base64, hex, unicode;
    long_runs(
        first, last, 64, [](uint8_t c) { return is(c, kBase64); },
        [&](const uint8_t* begin, const uint8_t* end) { base64_lines(begin, end, base64); });
    // Eight elements of a hex chain are 23 bytes at least, all of them hex digits, x, backslash, comma or space.
    long_runs(
        first, last, 23, [](uint8_t c) { return is(c, kChain); },
        [&](const uint8_t* begin, const uint8_t* end) {
            for (const uint8_t* p = begin; p < end;) {
                // An element begins with a backslash, or with a hex digit behind something that is no word.
                const bool may = *p == '\\' || (is(*p, kHex) && (p == first || !is(p[-1], kWord)));
                p = may ? hex_chain(first, p, last, hex) : p + 1;
            }
        });
    for (const uint8_t* p = first; p < last;) {
        p = static_cast<const uint8_t*>(std::memchr(p, '\\', size_t(last - p)));
        if (!p) break;
        p = unicode_chain(p, last, unicode);
    }
    row[0] = lines.count;
    row[1] = lines.longest;
    row[2] = lines.characters;
    row[3] = letters;
    row[4] = letters + counts.digits;
    row[5] = std::max(base64.longest, std::max(hex.longest, unicode.longest));
    const int64_t most = std::max(base64.total, std::max(hex.total, unicode.total));
    *encoded_share = last > first ? double(most) / double(last - first) : 0.0;
}

}  // namespace drystone::detect
