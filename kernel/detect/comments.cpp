#include "comments.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

namespace drystone::detect {
namespace {

using View = std::string_view;

char low(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
bool space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v'; }
bool word(char c) { return (c >= '0' && c <= '9') || (low(c) >= 'a' && low(c) <= 'z') || c == '_'; }

// Most lines begin with something else: the first byte decides without a call.
inline bool begins(View s, View prefix) {
    return s.size() >= prefix.size() && s[0] == prefix[0] && std::memcmp(s.data(), prefix.data(), prefix.size()) == 0;
}
bool begins_nocase(View s, View prefix) {
    if (s.size() < prefix.size()) return false;
    for (size_t i = 0; i < prefix.size(); ++i)
        if (low(s[i]) != prefix[i]) return false;
    return true;
}

// A preprocessor directive directly after "#"; prose comments have a space there.
bool directive(View after_hash) {
    static constexpr std::array<View, 16> kNames = {"include", "define", "ifdef",  "ifndef",   "if",    "endif",
                                                    "else",    "elif",   "undef",  "pragma",   "error", "warning",
                                                    "import",  "line",   "region", "endregion"};
    for (View name : kNames)
        if (begins(after_hash, name) && (after_hash.size() == name.size() || !word(after_hash[name.size()])))
            return true;
    return false;
}

// Bytes at which `Scanner::code` looks twice: they may open a comment or a string.
constexpr std::array<bool, 256> make_opens() {
    std::array<bool, 256> table{};
    for (const char c : {'/', '<', '"', '\'', 'R', 'r', '`', '@'}) table[static_cast<unsigned char>(c)] = true;
    return table;
}
constexpr auto kOpens = make_opens();

// Walks the lines of a head; `out` receives comment text and one newline per line.
class Scanner {
  public:
    // What follows `last` is read only where it belongs to the comment there.
    Scanner(View head, size_t last, unsigned flags, const Variant& variant)
        : head_(head), last_(last), flags_(flags), variant_(variant) {
        out_.reserve(std::min(head.size(), last + 1024));
    }

    std::string run() {
        while (at_ < head_.size()) {
            const size_t end = line_end(at_);
            if (!close_.empty())
                inside(end);
            else
                line(end);
            if (at_ <= end) at_ = end;
            if (at_ < head_.size()) {
                out_.push_back('\n');
                lines_.push_back(code_line_);
                code_line_ = false;
                ++at_;
                if (at_ > last_ && lines_.back() && close_.empty()) break;
            }
        }
        lines_.push_back(code_line_);
        return relevant();
    }

    // Comments without code between them belong together; those that do not speak of licences are emptied, but for
    // their copyright lines, so that the same header reads the same in every file that has it.
    std::string relevant() const {
        std::string kept;
        kept.reserve(out_.size());
        size_t begin = 0, line = 0;
        while (begin < out_.size()) {
            size_t end = begin, next = line;
            do {
                const size_t stop = out_.find('\n', end);
                end = stop == std::string::npos ? out_.size() : stop + 1;
                ++next;
            } while (end < out_.size() && next < lines_.size() && !lines_[next] && !lines_[next - 1]);
            const View group = View(out_).substr(begin, end - begin);
            if (speaks_of_licenses(group, variant_))
                kept += group;
            else
                for (size_t at = 0; at < group.size();) {
                    const size_t stop = std::min(group.find('\n', at), group.size());
                    const View text = group.substr(at, stop - at);
                    if (text.find("opyright") != View::npos) kept += text;
                    if (stop < group.size()) kept.push_back('\n');
                    at = stop + 1;
                }
            begin = end;
            line = next;
        }
        return kept;
    }

  private:
    size_t line_end(size_t from) const {
        const void* p = std::memchr(head_.data() + from, '\n', head_.size() - from);
        return p ? static_cast<const char*>(p) - head_.data() : head_.size();
    }

    // Within a block: up to `close_`, which is kept as comment or skipped as a string.
    void inside(size_t end) {
        const size_t found = find(close_, at_, end);
        const size_t stop = found == View::npos ? end : found;
        if (keep_) out_.append(head_.substr(at_, stop - at_));
        at_ = stop;
        if (found == View::npos) return;
        at_ += close_.size();
        const bool was_string = !keep_;
        close_.clear();
        if (was_string) last_code_ = '"';
        code(end);
    }

    size_t find(View what, size_t from, size_t end) const {
        if (whole_line_) {  // closes only as a line of its own (here-documents, POD)
            View rest = head_.substr(from, end - from);
            size_t k = 0;
            while (k < rest.size() && space(rest[k])) ++k;
            if (!begins(rest.substr(k), what)) return View::npos;
            const size_t after = k + what.size();
            return after >= rest.size() || !word(rest[after]) ? from + k : View::npos;
        }
        const size_t found = head_.substr(0, end).find(what, from);
        return found;
    }

    void open(size_t skip, View close, bool keep, size_t end, bool whole_line = false) {
        at_ += skip;
        close_ = std::string(close);
        keep_ = keep;
        whole_line_ = whole_line;
        if (whole_line) {  // the rest of the opening line belongs to neither
            at_ = end;
            return;
        }
        inside(end);
    }

    void take(size_t skip, size_t end) {
        at_ += skip;
        if (at_ < end) out_.append(head_.substr(at_, end - at_));
        at_ = end;
    }

    // A line outside blocks: a comment by its beginning, else code.
    void line(size_t end) {
        size_t k = at_;
        while (k < end && space(head_[k])) ++k;
        const bool column0 = k == at_;
        const size_t indent = k - at_;
        const View s = head_.substr(k, end - k);
        if (s.empty()) return;
        at_ = k;
        if (begins(s, "\xef\xbb\xbf")) {
            at_ += 3;
            return line(end);
        }
        if (begins(s, "//") || begins(s, "--[[") || begins(s, "--[=")) {
            if (s[0] == '-') return open(4, "]]", true, end);
            return take(2, end);
        }
        if (begins(s, "#|")) return open(2, "|#", true, end);
        if (begins(s, "<#")) return open(2, "#>", true, end);
        if (begins(s, "{-")) return open(2, "-}", true, end);
        if (begins(s, "{#")) return open(2, "#}", true, end);
        if (begins(s, "(*")) return open(2, "*)", true, end);
        if (begins(s, "%{") && s.size() == 2) return open(2, "%}", true, end);
        if (begins(s, "<%--")) return open(4, "--%>", true, end);
        if ((flags_ & kBraces) && s[0] == '{') return open(1, "}", true, end);
        if (s[0] == '#' && !(flags_ & kNoHash)) {
            if (!directive(s.substr(1))) return take(1, end);
            return code(end);
        }
        if (s[0] == ';' || s[0] == '%') return take(1, end);
        if (begins(s, "--")) return take(2, end);
        if (begins(s, "::")) return take(2, end);
        if (begins(s, ".\\\"") || begins(s, "'\\\"")) return take(3, end);
        if (s[0] == '!' && (s.size() == 1 || space(s[1]) || s[1] == '!' || s[1] == '*')) return take(1, end);
        if (begins_nocase(s, "dnl") && (s.size() == 3 || space(s[3]))) return take(3, end);
        if (begins_nocase(s, "rem") && (s.size() == 3 || space(s[3]))) return take(3, end);
        if (begins(s, "@c ")) return take(3, end);
        if (begins(s, "@comment")) return take(8, end);
        if (begins(s, ".. ")) return take(3, end);
        if (column0 && s[0] == 'C' && (s.size() == 1 || space(s[1]))) return take(1, end);
        if (s[0] == '*' && (indent == 6 || column0) && (s.size() == 1 || space(s[1]) || s[1] == '*'))
            return take(1, end);
        if (s[0] == '"' && s.size() > 1 && space(s[1]) && s.find('"', 1) == View::npos) return take(1, end);
        if (s[0] == '\'' && s.size() > 1 && space(s[1]) && s.find_last_of('\'') == 0) return take(1, end);
        if (column0 && s[0] == '=' && s.size() > 1 && low(s[1]) >= 'a' && low(s[1]) <= 'z' &&
            (begins(s, "=pod") || begins(s, "=head") || begins(s, "=over") || begins(s, "=item"))) {
            take(0, end);
            close_ = "=cut", keep_ = true, whole_line_ = true;
            return;
        }
        if (column0 && begins(s, "=begin")) return open(6, "=end", true, end, true);
        code(end);
    }

    // Code up to `end`: passes over strings, enters blocks and trailing comments.
    void code(size_t end) {
        while (at_ < end) {
            const char c = head_[at_];
            const View s = head_.substr(at_, end - at_);
            if (space(c)) {
                ++at_;
                continue;
            }
            if (!kOpens[static_cast<unsigned char>(c)]) {
                code_line_ = true;
                last_code_ = c;
                ++at_;
                continue;
            }
            if (begins(s, "/*")) return open(2, "*/", true, end);
            if (begins(s, "<!--")) return open(4, "-->", true, end);
            if (begins(s, "//") && (at_ == 0 || head_[at_ - 1] != ':')) return take(2, end);
            if (begins(s, "\"\"\"") || begins(s, "'''")) {
                // A documentation string stands where a statement may begin; elsewhere it is data.
                const bool argument =
                    std::strchr("(,=[\\+{:%", last_code_) != nullptr && last_code_ != ':' && last_code_ != '\0';
                const bool documented = doc_attribute_;
                const bool statement = statement_begins() && !argument;
                return open(3, s.substr(0, 3), statement || documented, end);
            }
            if (c == 'R' && s.size() > 1 && s[1] == '"') {
                const size_t paren = s.substr(0, 20).find('(');
                if (paren != View::npos) {
                    const std::string close = ")" + std::string(s.substr(2, paren - 2)) + "\"";
                    if (within_reach(close, at_)) return open(paren + 1, close, false, end);
                }
            }
            if (c == 'r' && begins(s, "r#\"") && within_reach("\"#", at_)) return open(3, "\"#", false, end);
            code_line_ = true;
            if (c == '`' && (flags_ & kBackticks)) return open(1, "`", false, end);
            if (begins(s, "<<")) {
                if (here_document(end)) return;
                at_ += 2;
                last_code_ = '<';
                continue;
            }
            if (c == '"' || c == '\'') {
                size_t k = at_ + 1;
                while (k < end && head_[k] != c) k += head_[k] == '\\' ? 2 : 1;
                at_ = k < end ? k + 1 : at_ + 1;
                last_code_ = '"';
                continue;
            }
            if (c == '@') doc_attribute_ = begins(s, "@moduledoc") || begins(s, "@doc");
            last_code_ = c;
            ++at_;
        }
        doc_attribute_ = false;
    }

    bool statement_begins() const {
        size_t k = at_;
        // A prefix such as r or u belongs to the string.
        if (k > 0 && (low(head_[k - 1]) == 'r' || low(head_[k - 1]) == 'u')) --k;
        while (k > 0 && space(head_[k - 1])) --k;
        return k == 0 || head_[k - 1] == '\n';
    }

    // Whether `what` closes within the head; looked up at most 64 times, so that many openings stay linear.
    bool within_reach(View what, size_t from) {
        if (++lookups_ > 64) return false;
        return head_.find(what, from) != View::npos;
    }

    bool here_document(size_t end) {
        size_t k = at_ + 2;
        while (k < end && (head_[k] == '-' || head_[k] == '~' || head_[k] == '<')) ++k;
        if (k < end && (head_[k] == '"' || head_[k] == '\'' || head_[k] == '\\')) ++k;
        const size_t from = k;
        while (k < end && word(head_[k])) ++k;
        if (k == from || (head_[from] >= '0' && head_[from] <= '9')) return false;
        const std::string name(head_.substr(from, k - from));
        // Only where a line of that name follows: "a << b" is a shift.
        bool closes = false;
        if (++lookups_ <= 64)
            for (size_t at = head_.find(name, end); at != View::npos; at = head_.find(name, at + 1)) {
                size_t b = at;
                while (b > 0 && (space(head_[b - 1]))) --b;
                if (b > 0 && head_[b - 1] == '\n') {
                    closes = true;
                    break;
                }
            }
        if (!closes) return false;
        open(k - at_, name, false, end, true);
        return true;
    }

    View head_;
    size_t last_;
    unsigned flags_;
    const Variant& variant_;
    size_t at_ = 0;
    std::string out_, close_;
    bool keep_ = false, whole_line_ = false, doc_attribute_ = false;
    char last_code_ = '\0';
    int lookups_ = 0;
    bool code_line_ = false;
    std::vector<bool> lines_;
};

// UTF-16 with a byte order mark, reduced to its ASCII characters.
std::string narrow(View data) {
    const bool little = static_cast<unsigned char>(data[0]) == 0xff;
    std::string out;
    for (size_t i = 2; i + 1 < data.size(); i += 2) {
        const unsigned char a = data[i], b = data[i + 1];
        const unsigned char high = little ? b : a, small = little ? a : b;
        out.push_back(high == 0 && small < 0x80 && small ? static_cast<char>(small) : ' ');
    }
    return out;
}

}  // namespace

std::string head_comments(View data, size_t limit, const HeadWords& words, unsigned flags, const Variant& variant) {
    if (flags & kOpaque) return {};
    std::string wide;
    View head = data.substr(0, limit);
    HeadWords found = words;
    if (head.size() >= 2 && (begins(head, "\xff\xfe") || begins(head, "\xfe\xff"))) {
        wide = narrow(head);
        head = wide;
        found = head_words(head, limit, variant);
    }
    if (!found.licensing) return {};
    if (std::memchr(head.data(), 0, head.size())) return {};
    if (flags & kProse) return std::string(head);
    std::string text;
    if (head.find('\n') == View::npos && head.find('\r') != View::npos) {  // lines of the old Macintosh
        text.assign(head);
        for (char& c : text)
            if (c == '\r') c = '\n';
        head = text;
    }
    std::string comments = Scanner(head, found.last, flags, variant).run();
    return speaks_of_licenses(comments, variant) ? comments : std::string();
}

}  // namespace drystone::detect
