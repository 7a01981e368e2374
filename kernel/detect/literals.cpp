#include "literals.hpp"

#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace drystone::detect {
namespace {

using View = std::string_view;

char low(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// The longest escape, \U0010FFFF: what begins so near behind a backslash may be a part of one.
constexpr size_t kEscape = 10;

// Whether the span can be replaced within the literal [begin, end): it cuts no escape.
bool replaceable(View text, size_t begin, size_t end, size_t from, size_t to, bool raw) {
    if (from < begin || to > end || to <= from || text[to - 1] == '\\') return false;
    for (size_t p = from; p > begin && from - p < (raw ? 1 : kEscape); --p)
        if (text[p - 1] == '\\') return false;
    return true;
}

}  // namespace

bool within_literals(View text, const Spans& spans, bool python) {
    size_t i = 0, k = 0;
    int lines = 0;  // ended lines, up to two: a comment there may name the encoding
    while (i < text.size() && k < spans.size()) {
        if (i >= spans[k].first) return false;  // code
        const char c = text[i];
        if (c == '\n') {
            ++lines;
            ++i;
        } else if (python && c == '#') {
            const size_t newline = text.find_first_of("\r\n", i);
            const size_t end = newline == View::npos ? text.size() : newline;
            for (; k < spans.size() && spans[k].first < end; ++k)
                if (lines < 2 || spans[k].first == i || spans[k].second > end) return false;
            i = end;
        } else if (c == '"' || (python && c == '\'')) {
            bool raw = false, formatted = false;
            for (size_t p = i; python && p > 0 && i - p < 2; --p) {
                raw |= low(text[p - 1]) == 'r';
                formatted |= low(text[p - 1]) == 'f' || low(text[p - 1]) == 't';
            }
            const bool triple = python && text.compare(i, 3, View(c == '"' ? "\"\"\"" : "'''")) == 0;
            const size_t begin = i + (triple ? 3 : 1);
            size_t end = begin;
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

}  // namespace drystone::detect
