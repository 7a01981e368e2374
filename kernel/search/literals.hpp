// Strings of bytes looked for in many texts side by side. Knows no index.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace drystone::search {

// Appends which of the texts data[starts[i] .. ends[i]) hold all literals, each after the end of the one before; with
// `in_line` in one line, in which no literal has its end. By their place i. Texts lie within `data`; throws
// std::invalid_argument for no literal, or one of no bytes.
void holding(const uint8_t* data, const int64_t* starts, const int64_t* ends, size_t count,
             const std::vector<std::pair<const uint8_t*, size_t>>& literals, bool in_line,
             std::vector<uint32_t>& found);

}  // namespace drystone::search
