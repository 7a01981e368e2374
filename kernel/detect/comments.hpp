// Finds the heads of source files that may speak of licences, and takes the comments out of them.
//
// No grammar per language: comment syntaxes are told apart by how a line begins, with a few flags where two languages
// read the same line differently. Strings, here-documents and raw strings are not comments, so that a licence in a
// string literal is not taken for the file's own. Lines keep their numbers. One pass, linear time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "head_words.hpp"
#include "variants.hpp"

namespace drystone::detect {

// What the caller knows of a file's syntax, from its name.
enum CommentFlags : unsigned {
    kBackticks = 1,  // `...` is a string that may span lines (JavaScript, Go)
    kBraces = 2,     // { ... } is a comment (Pascal)
    kProse = 4,      // the whole text counts (plain text, Markdown)
    kNoHash = 8,     // a line that begins with # is not a comment (C, C++, Java)
    kOpaque = 16,    // no comments at all (JSON, CSV)
};

// Comments of the first `limit` bytes of a text, where they may speak of licences; empty otherwise. `words` are what
// `head_words` finds in these bytes; comments behind the last of them are left out.
std::string head_comments(std::string_view text, size_t limit, const HeadWords& words, unsigned flags,
                          const Variant& variant);

}  // namespace drystone::detect
