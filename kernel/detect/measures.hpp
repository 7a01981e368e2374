// Quality measures of many texts in one pass: lines, lengths, shares of letters, runs of encoded data.
//
// The three patterns of encoded data are those of StarCoder2 (arXiv:2402.19173, 4.1):
//   base64   [a-zA-Z0-9+/\n=]{64,}
//   hex      (?:\b(?:0x|\\x)?[0-9a-fA-F]{2}(?:,|\b\s*)){8,}
//   unicode  (?:\\u[0-9a-fA-F]{4}){8,}
// Of base64, lines below 32 characters end a run: encoded data is broken into long lines, and a list of words, one on a
// line, is none. They are matched here by hand, in linear time, with the result of a regular expression engine: each is
// a chain of elements that can be parsed in one way only, so a chain that ends early never hides a longer one.
#pragma once

#include <cstdint>

#include "variants.hpp"

namespace drystone::detect {

constexpr int kMeasures = 6;

// `row`: lines, characters of the longest line, characters outside line ends, letters, letters and digits, bytes of the
// longest run of encoded data. `encoded_share`: bytes of encoded data over bytes; apart, since it is not a count.
void measure(const uint8_t* first, const uint8_t* last, const Variant& variant, int64_t* row, double* encoded_share);

}  // namespace drystone::detect
