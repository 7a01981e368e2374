// The body of every variant: loops without branches, which the compiler turns into vector instructions.
#include "variants.hpp"

namespace drystone::detect {
namespace {

// Counts by class in blocks whose sums fit a byte; blocks are a multiple of every vector's length.
Classes count_classes(const uint8_t* p, const uint8_t* last) {
    constexpr int64_t kBlock = 224;
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
    for (; last - p >= kBlock; p += kBlock) add(p, kBlock);
    add(p, last - p);
    return out;
}

// Compares fragments of comments.cpp's words.
bool has_fragment(const uint8_t* p) {
    uint8_t any = 0;
    for (size_t k = 0; k < kFragmentBlock; ++k) {
        const uint8_t a = p[k] | 0x20, b = p[k + 1] | 0x20, c = p[k + 2] | 0x20, d = p[k + 3] | 0x20;
        any |=
            ((a == 'i') & (b == 'c') & (c == 'e') & (d == 'n')) | ((a == 's') & (b == 'p') & (c == 'd')) |
            ((a == 'e') & (b == 'd') & (c == 'i') & (d == 's')) | ((a == 'i') & (b == 's') & (c == 's') & (d == 'i')) |
            ((a == 'g') & (b == 'p') & (c == 'l')) | ((a == 'c') & (b == ' ') & (c == 'd') & (d == 'o')) |
            ((a == 'r') & (b == 'i') & (c == 'e') & (d == 't')) | ((a == 'n') & (b == 'f') & (c == 'i') & (d == 'd')) |
            ((a == 'n') & (b == 'a') & (c == 'u') & (d == 't')) | ((a == 'm') & (b == 'm') & (c == 'e') & (d == 'r')) |
            ((a == 'o') & (b == 'h') & (c == 'i') & (d == 'b')) | ((a == 'h') & (b == 't') & (c == 's') & (d == ' '));
    }
    return any != 0;
}

constexpr Variant table(const InstructionSet* set) { return {set, count_classes, has_fragment}; }

}  // namespace
}  // namespace drystone::detect
