// How often a string stands in a text. Knows nothing of files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace drystone::search {

// A string ready to be counted (Knuth, Morris, Pratt 1977): linear in the text, whatever the two are made of.
class Needle {
  public:
    Needle(const uint8_t* string, size_t size);  // Throws std::invalid_argument for an empty string.

    // At how many places of the text the string begins; places may overlap: "aa" begins twice in "aaa".
    uint64_t times(const uint8_t* text, size_t size) const;

  private:
    std::vector<uint8_t> string_;
    std::vector<size_t> border_;  // of each beginning of the string: how much of it is its end as well
};

}  // namespace drystone::search
