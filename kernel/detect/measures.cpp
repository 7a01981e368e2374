// Quality measures of many texts in one pass: lines, lengths, shares of letters, runs of encoded data.
//
// The three patterns of encoded data are those of StarCoder2 (arXiv:2402.19173, 4.1):
//   base64   [a-zA-Z0-9+/\n=]{64,}
//   hex      (?:\b(?:0x|\\x)?[0-9a-fA-F]{2}(?:,|\b\s*)){8,}
//   unicode  (?:\\u[0-9a-fA-F]{4}){8,}
// They are matched here by hand, in linear time, with the result of a regular expression engine: each is a chain of
// elements that can be parsed in one way only, so a chain that ends early never hides a longer one.
#include "measures.hpp"

#include <nanobind/ndarray.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <stdexcept>

namespace nb = nanobind;

namespace {

enum : uint8_t { BASE64 = 1, HEX = 2, WORD = 4, SPACE = 8, CHAIN = 16 };  // CHAIN: may stand in a chain of hex elements

constexpr std::array<uint8_t, 256> make_classes() {
    std::array<uint8_t, 256> table{};
    for (int c = 0; c < 256; ++c) {
        uint8_t flags = 0;
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool digit = c >= '0' && c <= '9';
        if (letter || digit || c == '+' || c == '/' || c == '\n' || c == '=') flags |= BASE64;
        if (digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) flags |= HEX;
        if (letter || digit || c == '_') flags |= WORD;
        if (c == ' ' || (c >= '\t' && c <= '\r')) flags |= SPACE;
        if ((flags & (HEX | SPACE)) || c == 'x' || c == '\\' || c == ',') flags |= CHAIN;
        table[c] = flags;
    }
    return table;
}
constexpr auto CLASSES = make_classes();

inline bool is(uint8_t c, uint8_t flag) { return (CLASSES[c] & flag) != 0; }

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
    const bool before = p > first && is(p[-1], WORD);
    const uint8_t* q = p;
    if (q < last && *q == '\\') {
        if (!before || last - q < 4 || q[1] != 'x') return nullptr;
        q += 2;
    } else {
        if (before) return nullptr;
        if (last - q >= 4 && q[0] == '0' && q[1] == 'x') q += 2;
    }
    if (last - q < 2 || !is(q[0], HEX) || !is(q[1], HEX)) return nullptr;
    q += 2;
    if (q < last && *q == ',') return q + 1;
    if (q < last && is(*q, WORD)) return nullptr;
    while (q < last && is(*q, SPACE)) ++q;
    return q;
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
    while (last - q >= 6 && q[0] == '\\' && q[1] == 'u' && is(q[2], HEX) && is(q[3], HEX) && is(q[4], HEX) &&
           is(q[5], HEX)) {
        q += 6;
        ++count;
    }
    if (count >= 8) out.add(q - p);
    return count ? q : p + 1;
}

constexpr int COLUMNS = 6;

struct Classes {
    int64_t letters = 0;
    int64_t digits = 0;
    int64_t high = 0;           // bytes above ASCII
    int64_t continuations = 0;  // of those, the ones that do not begin a character
};

// Counts by class in blocks whose sums fit a byte, which is what compilers turn into vector instructions; blocks are a
// multiple of every vector's length.
__attribute__((always_inline)) inline Classes count_in_blocks(const uint8_t* p, const uint8_t* last) {
    constexpr int64_t BLOCK = 224;
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
    for (; last - p >= BLOCK; p += BLOCK) add(p, BLOCK);
    add(p, last - p);
    return out;
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) Classes count_with_avx2(const uint8_t* p, const uint8_t* last) {
    return count_in_blocks(p, last);
}
const bool AVX2 = __builtin_cpu_supports("avx2");
#endif

inline Classes count_classes(const uint8_t* p, const uint8_t* last) {
#if defined(__x86_64__)
    if (AVX2) return count_with_avx2(p, last);
#endif
    return count_in_blocks(p, last);
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

Lines count_lines(const uint8_t* p, const uint8_t* last, bool ascii) {
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
        if (high < end) length -= count_classes(high, end).continuations;
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

// lines, longest line, characters outside line ends, letters, letters and digits, longest run of encoded data; the
// share of encoded data is written apart since it is not a count.
void measure(const uint8_t* first, const uint8_t* last, int64_t* row, double* encoded_share) {
    const Classes counts = count_classes(first, last);
    const Lines lines = count_lines(first, last, counts.high == 0);
    const int64_t letters = counts.letters + (counts.high ? high_letters(first, last) : 0);

    Encoded base64, hex, unicode;
    long_runs(
        first, last, 64, [](uint8_t c) { return is(c, BASE64); },
        [&](const uint8_t* begin, const uint8_t* end) { base64.add(end - begin); });
    // Eight elements of a hex chain are 23 bytes at least, all of them hex digits, x, backslash, comma or space.
    long_runs(
        first, last, 23, [](uint8_t c) { return is(c, CHAIN); },
        [&](const uint8_t* begin, const uint8_t* end) {
            for (const uint8_t* p = begin; p < end;) {
                // An element begins with a backslash, or with a hex digit behind something that is no word.
                const bool may = *p == '\\' || (is(*p, HEX) && (p == first || !is(p[-1], WORD)));
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

using Bytes = nb::ndarray<const uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Offsets = nb::ndarray<const int64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Counts = nb::ndarray<int64_t, nb::shape<-1, COLUMNS>, nb::c_contig, nb::device::cpu>;
using Shares = nb::ndarray<double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

void measure_all(Bytes bytes, Offsets offsets, Counts counts, Shares shares) {
    const size_t n = offsets.shape(0) ? offsets.shape(0) - 1 : 0;
    if (counts.shape(0) != n || shares.shape(0) != n) throw std::invalid_argument("one row of results per text");
    const int64_t size = int64_t(bytes.shape(0));
    for (size_t i = 0; i < n; ++i) {
        const int64_t from = offsets.data()[i], to = offsets.data()[i + 1];
        if (from < 0 || to < from || to > size) throw std::invalid_argument("offsets leave the buffer");
    }
    nb::gil_scoped_release release;
    for (size_t i = 0; i < n; ++i) {
        measure(bytes.data() + offsets.data()[i], bytes.data() + offsets.data()[i + 1], counts.data() + i * COLUMNS,
                shares.data() + i);
    }
}

}  // namespace

namespace drystone {

void bind_measures(nb::module_& m) {
    m.def("measure", &measure_all, nb::arg("bytes"), nb::arg("offsets"), nb::arg("counts"), nb::arg("shares"),
          "Measure texts that lie one after the other in `bytes` (UTF-8), split at `offsets` (n + 1, int64).\n\n"
          "Fills `counts` (n x 6, int64): lines, characters of the longest line, characters outside line ends,\n"
          "letters, letters and digits, bytes of the longest run of encoded data; and `shares` (n, float64): bytes of "
          "encoded data over bytes. Releases the GIL.");
}

}  // namespace drystone
