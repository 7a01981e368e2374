// Strings of bytes looked for in many texts side by side. Knows no index.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace drystone::search {

// Appends which of the texts data[starts[i] .. ends[i]) hold the literal, by their place i. Texts lie within `data`;
// throws std::invalid_argument for a literal of no bytes.
void holding(const uint8_t* data, const int64_t* starts, const int64_t* ends, size_t count, const uint8_t* literal,
             size_t size, std::vector<uint32_t>& found);

}  // namespace drystone::search
