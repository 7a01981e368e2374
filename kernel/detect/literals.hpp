// Whether spans lie within string literals and comments of Python, or within strings of JSON, so that other letters in
// their place cannot change how a text parses. Answers no wherever it is not sure. One pass, linear time.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace drystone::detect {

// (start, end) of each; sorted, apart.
using Spans = std::vector<std::pair<size_t, size_t>>;

// Whether all spans lie within plain string literals or comments of Python (else: within strings of JSON) such that
// other letters in their place (at least one) leave the parse as it is. False where unsure.
bool within_literals(std::string_view text, const Spans& spans, bool python);

}  // namespace drystone::detect
