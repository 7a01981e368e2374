#include "comparable_words.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <tuple>
#include <unordered_map>

namespace drystone::detect {
namespace {

bool is_alnum(unsigned char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(unsigned char c) { return c >= '0' && c <= '9'; }
unsigned char lower(unsigned char c) { return c >= 'A' && c <= 'Z' ? c | 0x20 : c; }

// FNV-1a with a final mix, so that neighbouring words differ in all bits.
uint64_t hash_bytes(const char* p, size_t n) {
    uint64_t h = 0xcbf29ce484222325ULL;
    for (size_t i = 0; i < n; ++i) h = (h ^ static_cast<unsigned char>(p[i])) * 0x100000001b3ULL;
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdULL;
    return h ^ (h >> 33);
}

// Length of a multi-byte sequence that is not part of a word (quotes, dashes, bullets, no-break space, (c) sign).
// `apostrophe` is set for the two single quotes that may stand within a word.
size_t separator(const unsigned char* p, size_t left, bool& apostrophe) {
    apostrophe = false;
    if (left >= 2 && p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0xbf) return 2;
    if (left >= 3 && p[0] == 0xe2 && p[1] >= 0x80 && p[1] <= 0x9f) {
        apostrophe = p[1] == 0x80 && (p[2] == 0x98 || p[2] == 0x99);
        return 3;
    }
    if (left >= 3 && p[0] == 0xe3 && p[1] == 0x80) return 3;
    if (left >= 3 && p[0] == 0xef && ((p[1] == 0xbb && p[2] == 0xbf) || p[1] == 0xbc)) return 3;
    return 0;
}

constexpr std::array<std::string_view, 34> kTags = {
    "a",  "b",  "i",    "p",   "br",  "dd",     "dl",   "dt",     "em",   "h1",        "h2",   "h3",
    "h4", "hr", "li",   "ol",  "td",  "tr",     "tt",   "ul",     "div",  "pre",       "code", "font",
    "s",  "u",  "span", "sup", "var", "center", "para", "strong", "body", "blockquote"};

// Length of an HTML tag of running text at `p`, or 0. Looks at most 200 bytes ahead.
size_t html_tag(const unsigned char* p, size_t left) {
    size_t i = 1;
    if (i < left && p[i] == '/') ++i;
    char name[12];
    size_t n = 0;
    while (i < left && is_alnum(p[i]) && n < sizeof name) name[n++] = static_cast<char>(lower(p[i++]));
    if (std::find(kTags.begin(), kTags.end(), std::string_view(name, n)) == kTags.end()) return 0;
    const size_t end = std::min<size_t>(left, 200);
    if (i < end && p[i] != '>' && p[i] != ' ' && p[i] != '/' && p[i] != '\n') return 0;
    for (; i < end; ++i)
        if (p[i] == '>') return i + 1;
    return 0;
}

size_t html_entity(const unsigned char* p, size_t left) {
    size_t i = 1;
    while (i < left && i < 9 && (is_alnum(p[i]) || p[i] == '#')) ++i;
    return i > 2 && i < left && p[i] == ';' ? i + 1 : 0;
}

// Whether a lead byte begins a character of Chinese, Japanese or Korean (U+3000 to U+DFFF).
bool is_cjk(unsigned char c) { return c >= 0xe3 && c <= 0xed; }

// Words after which a full stop seldom ends a sentence.
constexpr std::array<std::string_view, 14> kShortened = {"inc", "ltd", "co", "corp", "vs", "ver", "mr",
                                                         "dr",  "st",  "eg", "ie",   "cf", "no",  "gmbh"};

// What stands between two words: the strongest of the marks seen since the last one.
class Joint {
  public:
    explicit Joint(const std::string& words) : words_(words) {}

    char value() const { return words_.empty() || lines_ > 1 ? '\n' : kMarks[rank_]; }
    void clear() { rank_ = 0, lines_ = 0; }
    void newline() { ++lines_; }

    // Take in the separator at `p`, of `length` bytes.
    void add(const unsigned char* p, size_t length, size_t left) {
        if (length == 3) {
            const uint32_t c = uint32_t(p[0]) << 16 | uint32_t(p[1]) << 8 | p[2];
            mark(c == 0xe38082 || c == 0xefbc81 || c == 0xefbc8e ? kSentence
                 : c == 0xefbc9f                                 ? kQuestion
                 : c == 0xefbc9a                                 ? kColon
                 : c == 0xe38081 || c == 0xefbc8c                ? kComma
                                                                 : 0);
            return;
        }
        switch (*p) {
            case '.':
                if (ends(p, left) && !shortened()) mark(kSentence);
                break;
            case '!':
            case ';':
                if (ends(p, left)) mark(kSentence);
                break;
            case '?':
                if (ends(p, left)) mark(kQuestion);
                break;
            case '|':
                mark(kCell);
                break;
            case ':':
                mark(kColon);
                break;
            case ',':
            case '(':
            case ')':
                mark(kComma);
                break;
            case '/':
            case '\\':
                mark(kSlash);
                break;
            case '-':
                mark(kHyphen);
                break;
            default:
                break;
        }
    }

  private:
    static constexpr char kMarks[] = " -/,:|.?";
    enum : int { kHyphen = 1, kSlash, kComma, kColon, kCell, kSentence, kQuestion };

    void mark(int rank) { rank_ = std::max(rank_, rank); }

    // Whether white space follows, after quotes and closing marks.
    static bool ends(const unsigned char* p, size_t left) {
        for (size_t i = 1; i < left && i < 8; ++i) {
            if (p[i] <= ' ') return true;
            if (is_alnum(p[i]) || p[i] == '/' || p[i] == '.' || p[i] >= 0x80) return false;
        }
        return true;
    }

    bool shortened() const {
        const size_t space = words_.rfind(' ');
        const std::string_view last =
            space == std::string::npos ? std::string_view(words_) : std::string_view(words_).substr(space + 1);
        return (last.size() == 1 && !is_digit(static_cast<unsigned char>(last[0]))) ||
               std::find(kShortened.begin(), kShortened.end(), last) != kShortened.end();
    }

    const std::string& words_;
    int rank_ = 0, lines_ = 0;
};

}  // namespace

ComparableWords split_words(std::string_view input) {
    ComparableWords out;
    out.text.reserve(input.size() + 1);
    const auto* data = reinterpret_cast<const unsigned char*>(input.data());
    const size_t size = input.size();
    uint32_t line = 1;
    bool first = true;  // no word on this line yet
    std::string word;
    Joint joint(out.text);
    size_t i = 0;
    while (i < size) {
        const unsigned char c = data[i];
        if (c == '\n') {
            ++line;
            joint.newline();
            first = true;
            ++i;
            continue;
        }
        bool apostrophe;
        if (c == '<') {
            const size_t n = html_tag(data + i, size - i);
            i += n ? n : 1;
            continue;
        }
        if (c == '&') {
            const size_t n = html_entity(data + i, size - i);
            i += n ? n : 1;
            continue;
        }
        if (c == '\\' && i + 1 < size && (data[i + 1] == 'n' || data[i + 1] == 't' || data[i + 1] == 'r')) {
            i += 2;  // an escape within a string, as in a licence inside JSON
            continue;
        }
        if (!is_alnum(c)) {
            if (c < 0x80) {
                joint.add(data + i, 1, size - i);
                ++i;
                continue;
            }
            const size_t n = separator(data + i, size - i, apostrophe);
            if (n) {
                joint.add(data + i, n, size - i);
                i += n;
                continue;
            }
        }
        const size_t begin = i;
        word.clear();
        bool cjk = is_cjk(c);
        while (i < size && word.size() < 256) {
            const unsigned char d = data[i];
            const bool other = !word.empty() && d != '\'' && (d < 0x80 || d >= 0xc0) && cjk != is_cjk(d);
            if (other && (cjk || is_cjk(d))) break;
            if (d < 0x80 || d >= 0xc0) cjk = is_cjk(d);
            if (is_alnum(d)) {
                word.push_back(static_cast<char>(lower(d)));
                ++i;
            } else if (d == '\'' || d == '`') {
                if (i + 1 < size && is_alnum(data[i + 1]) && !word.empty() && d == '\'')
                    ++i;
                else
                    break;
            } else if (d == '.') {
                if (i + 1 < size && is_digit(data[i + 1]) && is_digit(static_cast<unsigned char>(word.back()))) {
                    word.push_back('.');
                    ++i;
                } else
                    break;
            } else if (d == '+') {
                if (is_digit(static_cast<unsigned char>(word.back())) || word.size() >= 3) word.push_back('+');
                ++i;
                break;
            } else if (d >= 0x80) {
                const size_t n = separator(data + i, size - i, apostrophe);
                if (!n) {
                    word.push_back(static_cast<char>(d));
                    ++i;
                } else if (apostrophe && i + n < size && is_alnum(data[i + n])) {
                    i += n;
                } else
                    break;
            } else
                break;
        }
        // Words that only open a comment line: m4's dnl, batch's rem, Fortran's c in the first column.
        if (first && (word == "dnl" || word == "rem" || (word == "c" && (begin == 0 || data[begin - 1] == '\n')))) {
            first = false;
            continue;
        }
        first = false;
        const size_t spelling = word.find("licenc");
        if (spelling != std::string::npos) word[spelling + 5] = 's';
        out.joints.push_back(joint.value());
        joint.clear();
        if (!out.text.empty()) out.text.push_back(' ');
        out.starts.push_back(static_cast<uint32_t>(out.text.size()));
        out.lines.push_back(line);
        out.hashes.push_back(hash_bytes(word.data(), word.size()));
        out.text += word;
    }
    return out;
}

}  // namespace drystone::detect
