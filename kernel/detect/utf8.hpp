// Whether bytes are UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>

namespace drystone::detect {

// Offset of the first byte that begins no well-formed sequence (Unicode 15, table 3-7), or -1.
int64_t utf8_error(const uint8_t* data, size_t size);

}  // namespace drystone::detect
