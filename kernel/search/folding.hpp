// Case folding of UTF-8 text, one character to one character, so that equal-but-for-case texts fold to equal bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace drystone::search {

constexpr uint8_t fold_ascii(uint8_t c) { return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c; }

// Reads the character at `text[0]` >= 0x80. Writes its folded bytes (at most 4) to `out`; sets how many bytes it took.
// Bytes that are not UTF-8 are taken one by one and stay.
size_t fold_wide(const uint8_t* text, size_t size, uint8_t* out, size_t* taken);

// Bytes that a byte of text may fold to, and that are written beyond what was folded.
constexpr size_t kMostFolded = 4, kBeyond = 16;

// Writes the folded characters of a text from `at` on to `out`, until they reach `stop`, and moves `at` behind the
// last, which may end after it. Returns how many bytes they fold to.
size_t fold_until(const uint8_t* text, size_t size, size_t& at, size_t stop, uint8_t* out);

// Appends the folded text.
void fold(const uint8_t* text, size_t size, std::vector<uint8_t>& out);

}  // namespace drystone::search
