// Comments at the head of source files.
#pragma once
#include <nanobind/nanobind.h>

#include <string>
#include <string_view>

namespace drystone {

// What the caller knows of a file's syntax, from its name.
enum CommentFlags : unsigned {
    kBackticks = 1,  // `...` is a string that may span lines (JavaScript, Go)
    kBraces = 2,     // { ... } is a comment (Pascal)
    kProse = 4,      // the whole text counts (plain text, Markdown)
    kNoHash = 8,     // a line that begins with # is not a comment (C, C++, Java)
    kOpaque = 16,    // no comments at all (JSON, CSV)
};

bool speaks_of_licenses(std::string_view head);
std::string comments(std::string_view head, unsigned flags);
void bind_comments(nanobind::module_& m);
}  // namespace drystone
