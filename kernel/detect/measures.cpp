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

enum : uint8_t { LETTER = 1, DIGIT = 2, BASE64 = 4, HEX = 8, WORD = 16, SPACE = 32, HIGH = 64, CONTINUATION = 128 };

constexpr std::array<uint8_t, 256> make_classes() {
    std::array<uint8_t, 256> table{};
    for (int c = 0; c < 256; ++c) {
        uint8_t flags = 0;
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool digit = c >= '0' && c <= '9';
        if (letter) flags |= LETTER;
        if (digit) flags |= DIGIT;
        if (letter || digit || c == '+' || c == '/' || c == '\n' || c == '=') flags |= BASE64;
        if (digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) flags |= HEX;
        if (letter || digit || c == '_') flags |= WORD;
        if (c == ' ' || (c >= '\t' && c <= '\r')) flags |= SPACE;
        if (c >= 0x80) flags |= HIGH;
        if (c >= 0x80 && c < 0xC0) flags |= CONTINUATION;
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
inline const uint8_t *hex_element(const uint8_t *first, const uint8_t *p, const uint8_t *last) {
    const bool before = p > first && is(p[-1], WORD);
    const uint8_t *q = p;
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

inline const uint8_t *hex_chain(const uint8_t *first, const uint8_t *p, const uint8_t *last, Encoded &out) {
    const uint8_t *q = p;
    int count = 0;
    while (const uint8_t *next = hex_element(first, q, last)) {
        q = next;
        ++count;
    }
    if (count >= 8) out.add(q - p);
    return count ? q : p + 1;
}

inline const uint8_t *unicode_chain(const uint8_t *p, const uint8_t *last, Encoded &out) {
    const uint8_t *q = p;
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

// lines, longest line, characters outside line ends, letters, letters and digits, longest run of encoded data; the
// share of encoded data is written apart since it is not a count.
void measure(const uint8_t *first, const uint8_t *last, int64_t *row, double *encoded_share) {
    int64_t lines = 0, longest = 0, line = 0, characters = 0, letters = 0, digits = 0;
    Encoded base64, hex, unicode;
    const uint8_t *run = first;       // start of the current run of base64 characters
    const uint8_t *hex_from = first;  // before this no hex chain can start
    uint8_t previous = 0;
    for (const uint8_t *p = first; p < last; ++p) {
        const uint8_t c = *p;
        const uint8_t flags = CLASSES[c];
        if (!(flags & BASE64)) {
            if (p - run >= 64) base64.add(p - run);
            run = p + 1;
        }
        line += !(flags & CONTINUATION);
        letters += flags & LETTER;
        digits += (flags & DIGIT) >> 1;
        if ((flags & HEX) && !(previous & WORD) && p >= hex_from) {
            // Most words are longer than a pair of hex digits: look before calling.
            if (last - p >= 2 && (is(p[1], HEX) || p[1] == 'x')) hex_from = hex_chain(first, p, last, hex);
        } else if (c == '\\') {
            if (last - p >= 2 && p[1] == 'u') {
                if (!(p > first + 5 && p[-6] == '\\' && p[-5] == 'u')) unicode_chain(p, last, unicode);
            } else if ((previous & WORD) && p >= hex_from && last - p >= 2 && p[1] == 'x') {
                hex_from = hex_chain(first, p, last, hex);
            }
        } else if (c == '\n' || c == '\r') {
            --line;
            if (c == '\r' && p + 1 < last && p[1] == '\n') {
                ++p;  // one line end; the carriage return ended the run of base64, the newline begins the next
            }
            ++lines;
            characters += line;
            if (line > longest) longest = line;
            line = 0;
            previous = CLASSES['\n'];
            continue;
        } else if ((flags & HIGH) && !(flags & CONTINUATION)) {
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
        previous = flags;
    }
    if (last - run >= 64) base64.add(last - run);
    if (line > 0) {
        ++lines;
        characters += line;
        if (line > longest) longest = line;
    }
    row[0] = lines;
    row[1] = longest;
    row[2] = characters;
    row[3] = letters;
    row[4] = letters + digits;
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
        measure(bytes.data() + offsets.data()[i], bytes.data() + offsets.data()[i + 1],
                counts.data() + i * COLUMNS, shares.data() + i);
    }
}

}  // namespace

namespace drystone {

void bind_measures(nb::module_ &m) {
    m.def("measure", &measure_all, nb::arg("bytes"), nb::arg("offsets"), nb::arg("counts"), nb::arg("shares"),
          "Measure texts that lie one after the other in `bytes` (UTF-8), split at `offsets` (n + 1, int64).\n\n"
          "Fills `counts` (n x 6, int64): lines, characters of the longest line, characters outside line ends,\n"
          "letters, letters and digits, bytes of the longest run of encoded data; and `shares` (n, float64): bytes of encoded data over bytes. Releases the GIL.");
}

}  // namespace drystone
