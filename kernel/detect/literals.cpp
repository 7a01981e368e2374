// Whether spans lie within string literals and comments of Python, or within strings of JSON, so that other letters in
// their place cannot change how a text parses. Answers no wherever it is not sure. One pass, linear time.
#include "literals.hpp"

#include <nanobind/stl/pair.h>
#include <nanobind/stl/vector.h>

#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace nb = nanobind;

namespace drystone {
namespace {

using View = std::string_view;
using Spans = std::vector<std::pair<std::size_t, std::size_t>>;

char low(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// The longest escape, \U0010FFFF: what begins so near behind a backslash may be a part of one.
constexpr std::size_t kEscape = 10;

// Whether the span can be replaced within the literal [begin, end): it cuts no escape.
bool replaceable(View text, std::size_t begin, std::size_t end, std::size_t from, std::size_t to, bool raw) {
    if (from < begin || to > end || to <= from || text[to - 1] == '\\') return false;
    for (std::size_t p = from; p > begin && from - p < (raw ? 1 : kEscape); --p)
        if (text[p - 1] == '\\') return false;
    return true;
}

bool within_literals(View text, const Spans& spans, bool python) {
    std::size_t i = 0, k = 0;
    int lines = 0;  // ended lines, up to two: a comment there may name the encoding
    while (i < text.size() && k < spans.size()) {
        if (i >= spans[k].first) return false;  // code
        const char c = text[i];
        if (c == '\n') {
            ++lines;
            ++i;
        } else if (python && c == '#') {
            const std::size_t newline = text.find_first_of("\r\n", i);
            const std::size_t end = newline == View::npos ? text.size() : newline;
            for (; k < spans.size() && spans[k].first < end; ++k)
                if (lines < 2 || spans[k].first == i || spans[k].second > end) return false;
            i = end;
        } else if (c == '"' || (python && c == '\'')) {
            bool raw = false, formatted = false;
            for (std::size_t p = i; python && p > 0 && i - p < 2; --p) {
                raw |= low(text[p - 1]) == 'r';
                formatted |= low(text[p - 1]) == 'f' || low(text[p - 1]) == 't';
            }
            const bool triple = python && text.compare(i, 3, View(c == '"' ? "\"\"\"" : "'''")) == 0;
            const std::size_t begin = i + (triple ? 3 : 1);
            std::size_t end = begin;
            long braces = 0;
            for (; end < text.size(); ++end) {
                const char d = text[end];
                if (d == '\\') {
                    ++end;
                } else if (d == '\n') {
                    if (!triple) return false;
                    ++lines;
                } else if (d == '{') {
                    ++braces;
                } else if (d == '}') {
                    --braces;
                } else if (d == c && (!triple || (end + 2 < text.size() && text[end + 1] == c && text[end + 2] == c))) {
                    break;
                }
            }
            // Quotes within the braces of a formatted string may be nested, and then this is not its end.
            if (end >= text.size() || (formatted && braces != 0)) return false;
            for (; k < spans.size() && spans[k].first < end; ++k)
                if (formatted || !replaceable(text, begin, end, spans[k].first, spans[k].second, raw)) return false;
            i = end + (triple ? 3 : 1);
        } else {
            ++i;
        }
    }
    return k == spans.size();
}

}  // namespace

void bind_literals(nb::module_& m) {
    m.def(
        "within_literals",
        [](nb::bytes data, const Spans& spans, bool python) {
            return within_literals(View(data.c_str(), data.size()), spans, python);
        },
        nb::arg("data"), nb::arg("spans"), nb::arg("python"),
        "Whether all spans (start, end; sorted, apart) lie within plain string literals or comments of Python (else: "
        "within strings of JSON) such that other letters in their place (at least one) leave the parse as it is. False "
        "where unsure.");
}

}  // namespace drystone
