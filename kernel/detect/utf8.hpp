// Whether bytes are UTF-8, and what else of them tells an encoding.
#pragma once

#include <cstddef>
#include <cstdint>

namespace drystone::detect {

// Offset of the first byte that begins no well-formed sequence (Unicode 15, table 3-7), or -1.
int64_t utf8_error(const uint8_t* data, size_t size);

// What of kNul (a byte 0), kEscape (an escape and `$`, as in ISO-2022) and kTilde (`~{`, as in HZ) stands in bytes.
enum : unsigned { kNul = 1, kEscape = 2, kTilde = 4 };
unsigned encoding_signs(const uint8_t* data, size_t size);

}  // namespace drystone::detect
