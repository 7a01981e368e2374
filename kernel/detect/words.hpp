// ComparableWords of a text in the form in which licence texts are compared, and an index over word grams.
#pragma once
#include <nanobind/nanobind.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace drystone {

// ComparableWords joined by single spaces; for each word its offset in `text`, its line (from 1) and its hash.
struct ComparableWords {
    std::string text;
    std::vector<uint32_t> starts, lines;
    std::vector<uint64_t> hashes;
};

ComparableWords split_words(std::string_view input);
void bind_words(nanobind::module_& m);
}  // namespace drystone
