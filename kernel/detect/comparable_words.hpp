// Splits text into comparable words.
//
// Case, punctuation, comment markers, HTML tags, typographic quotes and the spelling "licence" are levelled, so that
// one licence text reads the same in a C comment, in Markdown and in a Debian stanza. Words of Chinese, Japanese or
// Korean characters end where other letters begin ("GPL" within a sentence without spaces). One pass, linear time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace drystone::detect {

// Words joined by single spaces; for each its offset in `text`, its line (from 1) and its hash. `joints` has one
// character for each word, what stands before it: '\n' an empty line (or the text's start), '?' or '.' the end of a
// sentence, '|' the edge of a table's cell, ':', ',' (also parentheses), '/', '-' or ' '.
struct ComparableWords {
    std::string text, joints;
    std::vector<uint32_t> starts, lines;
    std::vector<uint64_t> hashes;
};

ComparableWords split_words(std::string_view input);

}  // namespace drystone::detect
