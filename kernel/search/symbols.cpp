#include "symbols.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <unordered_map>

#include "words.hpp"

namespace drystone::search {

namespace {

constexpr size_t kLongestName = 200;
constexpr size_t kLongestLine = 2000;  // no definition is looked for further to the right

constexpr std::array<bool, 256> word_bytes() {
    std::array<bool, 256> table{};
    for (int c = 'a'; c <= 'z'; c++) table[c] = table[c - 32] = true;
    for (int c = '0'; c <= '9'; c++) table[c] = true;
    for (int c = 0x80; c < 0x100; c++) table[c] = true;
    table['_'] = table['$'] = true;
    return table;
}
constexpr auto kWordBytes = word_bytes();

bool word_byte(uint8_t c) { return kWordBytes[c]; }
bool blank(uint8_t c) { return c == ' ' || c == '\t'; }

struct Line {
    const uint8_t* begin;
    const uint8_t* end;
    const uint8_t* spaces(const uint8_t* at) const {
        while (at < end && blank(*at)) at++;
        return at;
    }
    const uint8_t* word(const uint8_t* at) const {
        while (at < end && word_byte(*at)) at++;
        return at;
    }
};

// What stands above a definition and belongs to it: a comment or a decorator, by how its line begins.
bool belongs_below(const uint8_t* at, const uint8_t* end) {
    return *at == '@' || *at == '#' || *at == '*' || (*at == '/' && at + 1 < end && (at[1] == '/' || at[1] == '*')) ||
           (*at == '-' && at + 1 < end && at[1] == '-');
}

struct Finder {
    const Family& family;
    uint32_t document;
    std::vector<Symbol>& symbols;
    std::vector<uint8_t>& names;
    std::vector<Beginning>& beginnings;
    const uint8_t* text;
    Line current{nullptr, nullptr}, before{nullptr, nullptr}, before2{nullptr, nullptr};
    const uint8_t* above = nullptr;  // the first of the comments and decorators that end before the current line
    bool fenced = false;

    void emit(const uint8_t* from, const uint8_t* to, uint32_t number, uint8_t kind) {
        const size_t size = (size_t)(to - from);
        if (!size || size > kLongestName || names.size() > UINT32_MAX - kLongestName) return;
        symbols.push_back(
            {document, number, (size_t)(current.begin - text), (uint32_t)names.size(), (uint32_t)size, kind});
        names.insert(names.end(), from, to);
        if (kind != kVariable) begins(above ? above : current.begin, !blank(*current.begin));
    }

    void begins(const uint8_t* at, bool outer) {
        const auto place = (size_t)(at - text);
        if (!beginnings.empty() && beginnings.back().at >= place) return;
        beginnings.push_back({place, outer});
    }

    // `# ...` or `== ...`
    bool marked(const Line& line, uint32_t number, uint8_t sign) {
        const uint8_t* to = line.begin;
        while (to < line.end && *to == sign) to++;
        if (to == line.begin || to - line.begin > 6 || to == line.end || !blank(*to)) return false;
        to = line.spaces(to);
        const uint8_t* end = line.end;
        while (end > to && (blank(end[-1]) || end[-1] == sign || end[-1] == '\r')) end--;
        above = nullptr;
        emit(to, end, number, family.heading());
        return true;
    }

    // A line of one sign, at least as long as the title above it (docutils, "Sections").
    static bool of_one_sign(const Line& line, size_t least) {
        const uint8_t* end = line.end;
        while (end > line.begin && (blank(end[-1]) || end[-1] == '\r')) end--;
        const auto size = (size_t)(end - line.begin);
        if (size < 3 || size < least || !std::memchr("=-~^\"'`+*#.:_", *line.begin, 13)) return false;
        for (const uint8_t* p = line.begin; p < end; p++) {
            if (*p != *line.begin) return false;
        }
        return true;
    }

    void underlined(const Line& line, uint32_t number) {
        if (!before.begin || before.begin == before.end || of_one_sign(before, 3)) return;
        const uint8_t* from = before.spaces(before.begin);
        const uint8_t* end = before.end;
        while (end > from && (blank(end[-1]) || end[-1] == '\r')) end--;
        size_t characters = 0;
        for (const uint8_t* p = before.begin; p < end; p++) characters += (*p & 0xc0) != 0x80;
        if (from == end || !of_one_sign(line, characters)) return;
        if (family.has(kHeadings) && ((*line.begin != '=' && *line.begin != '-') || *from == '|')) return;
        current = before;
        above = before2.begin && of_one_sign(before2, 3) && *before2.begin == *line.begin ? before2.begin : nullptr;
        emit(from, end, number - 1, family.heading());
    }

    void headings(const Line& line, uint32_t number) {
        if (family.has(kHeadings) && line.end - line.begin >= 3 &&
            (!std::memcmp(line.begin, "```", 3) || !std::memcmp(line.begin, "~~~", 3))) {
            fenced = !fenced;
        } else if (!fenced && !(family.has(kHeadings) && marked(line, number, '#')) &&
                   !(family.has(kEqualSigns) && marked(line, number, '=')) && family.has(kUnderlined) &&
                   line.begin < line.end) {
            underlined(line, number);
        }
        before2 = before;
        before = line;
    }

    void next(const Line& line, uint32_t number) {
        current = line;
        if (family.has(kHeadings) || family.has(kUnderlined) || family.has(kEqualSigns)) {
            headings(line, number);
            return;
        }
        const uint8_t* at = line.spaces(line.begin);
        if (at == line.end || *at == '\r') {
            above = nullptr;
            return;
        }
        const size_t had = symbols.size();
        definitions(line, at, number);
        if (symbols.size() > had || !belongs_below(at, line.end)) {
            above = nullptr;
        } else if (!above) {
            above = line.begin;
        }
    }

    // What may follow a name that a keyword announced.
    bool follows(const Line& line, const uint8_t* at) const {
        at = line.spaces(at);
        if (at == line.end) return true;
        if (std::memchr("({[<:=;,|", *at, 9)) return true;
        const uint8_t* to = line.word(at);
        return to > at && family.meaning(at, (size_t)(to - at)) != 0;
    }

    void named(const Line& line, const uint8_t* at, uint32_t number, uint8_t kind, bool at_left) {
        for (;;) {
            at = line.spaces(at);
            if (family.has(kReceivers) && at < line.end && *at == '(') {
                const auto* close = static_cast<const uint8_t*>(std::memchr(at, ')', (size_t)(line.end - at)));
                if (!close) return;
                at = close + 1;
                continue;
            }
            while (at < line.end && (*at == '*' || *at == '&' || *at == '!' || *at == ' ')) at++;
            const uint8_t* to = line.word(at);
            if (to == at) return;
            const uint8_t meaning = family.meaning(at, (size_t)(to - at));
            if (meaning > kControl || meaning == kModifier) {  // `enum class Name`
                if (meaning > kControl) kind = meaning;
                at = to;
                continue;
            }
            if (meaning || (kind == kVariable && !at_left)) return;
            // `A::B`, `A.b`: the last name is the symbol
            while (to + 1 < line.end && (*to == '.' || *to == ':' || *to == '\\') &&
                   (word_byte(to[1]) || (*to == ':' && to[1] == ':' && to + 2 < line.end && word_byte(to[2])))) {
                at = to + (word_byte(to[1]) ? 1 : 2);
                to = line.word(at);
            }
            if (to < line.end && (*to == '?' || *to == '!')) to++;
            if (at < line.end && (*at < '0' || *at > '9') && follows(line, to)) emit(at, to, number, kind);
            return;
        }
    }

    // A name before the first parenthesis.
    void called(const Line& line, const uint8_t* first, uint32_t number, bool at_left) {
        const auto* open = static_cast<const uint8_t*>(std::memchr(first, '(', (size_t)(line.end - first)));
        if (!open) return;
        const uint8_t* to = open;
        while (to > first && blank(to[-1])) to--;
        const uint8_t* at = to;
        while (at > first && (word_byte(at[-1]) || at[-1] == '~')) at--;
        if (at == to || (*at >= '0' && *at <= '9') || family.meaning(at, (size_t)(to - at)) == kControl) return;
        for (const uint8_t* p = first; p < at; p++) {
            if (!word_byte(*p) && !std::memchr(" \t*&:<>,~[]@?", *p, 13)) return;
        }
        const uint8_t* last = line.end;
        while (last > open && (blank(last[-1]) || last[-1] == '\r')) last--;
        if (family.has(kShellFunctions)) {
            if (to == open && open + 1 < line.end && open[1] == ')') emit(at, to, number, family.function());
            return;
        }
        if (family.has(kBracedMethods) && last[-1] == '{') {
            emit(at, to, number, family.function());
            return;
        }
        if (!family.has(kFunctionsAtLeft) || !at_left || at == first || last[-1] == ';') return;
        if (last[-1] == '{' || last[-1] == ')' || last[-1] == ',' || last[-1] == '(')
            emit(at, to, number, family.function());
    }

    void definitions(const Line& line, const uint8_t* at, uint32_t number) {
        const bool at_left = at == line.begin;
        const uint8_t* const first = at;
        for (int words = 0; words < 8; words++) {
            const uint8_t* to = line.word(at);
            if (to == at) {
                if (*at != '*' && *at != '&' && *at != '~' && *at != ':' && *at != '<' && *at != '@') return;
                break;
            }
            const uint8_t meaning = family.meaning(at, (size_t)(to - at));
            if (meaning == kControl) return;
            if (meaning >= kVariable) {
                named(line, to, number, meaning, at_left);
                return;
            }
            if (meaning != kModifier) break;
            at = line.spaces(to);
            if (at < line.end && *at == '(') {  // `pub(crate)`
                const auto* close = static_cast<const uint8_t*>(std::memchr(at, ')', (size_t)(line.end - at)));
                if (!close) return;
                at = line.spaces(close + 1);
            }
            if (at == line.end) return;
        }
        if (family.has(kAssignments) && at_left) {
            const uint8_t* to = line.word(first);
            const uint8_t* sign = line.spaces(to);
            if (sign < line.end && *sign == ':') {
                const auto* equals = static_cast<const uint8_t*>(std::memchr(sign, '=', (size_t)(line.end - sign)));
                if (equals) sign = equals;
            }
            if (to > first && sign < line.end && *sign == '=' && (sign + 1 == line.end || sign[1] != '=')) {
                emit(first, to, number, kVariable);
                return;
            }
        }
        if (family.has(kFunctionsAtLeft) || family.has(kBracedMethods) || family.has(kShellFunctions)) {
            called(line, first, number, at_left);
        }
    }
};

}  // namespace

Family::Family(const std::vector<std::pair<std::string, uint8_t>>& words, uint32_t shapes, uint8_t function,
               uint8_t heading)
    : used_(words.size()), shapes_(shapes), function_(function), heading_(heading) {
    size_t size = 16;
    while (size < words.size() * 4) size *= 2;
    table_.assign(size, {0, 0});
    for (const auto& [word, meaning] : words) {
        if (!meaning) throw std::invalid_argument("a word of a language means nothing");
        const uint64_t key = term_key(reinterpret_cast<const uint8_t*>(word.data()), word.size()) + 1;
        size_t slot = key & (size - 1);
        while (table_[slot].first && table_[slot].first != key) slot = (slot + 1) & (size - 1);
        table_[slot] = {key, meaning};
    }
}

uint8_t Family::meaning(const uint8_t* word, size_t size) const {
    if (size > 20) return 0;
    const uint64_t key = term_key(word, size) + 1;
    size_t slot = key & (table_.size() - 1);
    while (table_[slot].first) {
        if (table_[slot].first == key) return table_[slot].second;
        slot = (slot + 1) & (table_.size() - 1);
    }
    return 0;
}

void symbols_of(const Family& family, const uint8_t* text, size_t size, uint32_t document, std::vector<Symbol>& symbols,
                std::vector<uint8_t>& names, std::vector<Beginning>& beginnings) {
    if (family.empty()) return;
    Finder finder{family, document, symbols, names, beginnings, text};
    const uint8_t* at = text;
    const uint8_t* const end = text + size;
    for (uint32_t number = 1; at < end; number++) {
        const auto* stop = static_cast<const uint8_t*>(std::memchr(at, '\n', (size_t)(end - at)));
        if (!stop) stop = end;
        const uint8_t* const shown = (size_t)(stop - at) > kLongestLine ? at + kLongestLine : stop;
        finder.next(Line{at, shown}, number);
        at = stop + 1;
    }
}

void symbols_of_parsed(const Definition* definitions, size_t count, const uint8_t* text, size_t size, uint32_t document,
                       std::vector<Symbol>& symbols, std::vector<uint8_t>& names, std::vector<Beginning>& beginnings) {
    const auto line_begin = [&](size_t at) {
        while (at && text[at - 1] != '\n') at--;
        return at;
    };
    size_t counted = 0;
    uint32_t number = 1;
    for (size_t i = 0; i < count; i++) {
        const Definition& one = definitions[i];
        if (one.begin < 0 || one.name < one.begin || one.name_end <= one.name || (uint64_t)one.name_end > size ||
            (i && one.name < definitions[i - 1].name) || one.kind < kVariable || one.kind > UINT8_MAX) {
            throw std::invalid_argument("definitions are not in the order of their names, or not in the text");
        }
        const auto name = (size_t)one.name, name_size = (size_t)(one.name_end - one.name);
        if (name_size > kLongestName || names.size() > UINT32_MAX - kLongestName) continue;
        if (std::memchr(text + name, '\n', name_size)) continue;
        for (; counted < name; counted++) number += text[counted] == '\n';
        symbols.push_back(
            {document, number, line_begin(name), (uint32_t)names.size(), (uint32_t)name_size, (uint8_t)one.kind});
        names.insert(names.end(), text + name, text + name + name_size);
        if (one.kind == kVariable) continue;
        size_t begin = line_begin((size_t)one.begin);
        const bool outer = !blank(text[begin]);
        while (begin) {
            const size_t above = line_begin(begin - 1);
            const Line line{text + above, text + begin - 1};
            const uint8_t* at = line.spaces(line.begin);
            if (at == line.end || !belongs_below(at, line.end)) break;
            begin = above;
        }
        if (beginnings.empty() || beginnings.back().at < begin) beginnings.push_back({begin, outer});
    }
}

std::vector<uint8_t> lines_of(const std::vector<Symbol>& symbols, const std::vector<uint8_t>& names,
                              std::vector<uint32_t>& numbers) {
    std::unordered_map<std::string_view, uint32_t> known;  // to the place in `distinct`
    std::vector<std::pair<std::string_view, uint32_t>> distinct;
    for (const Symbol& one : symbols) {
        const std::string_view name(reinterpret_cast<const char*>(names.data()) + one.start, one.size);
        const auto [at, is_new] = known.emplace(name, (uint32_t)distinct.size());
        if (is_new) distinct.emplace_back(name, (uint32_t)distinct.size());
        numbers.push_back(at->second);
    }
    std::sort(distinct.begin(), distinct.end());
    std::vector<uint32_t> rank(distinct.size());
    std::vector<uint8_t> lines;
    for (uint32_t i = 0; i < distinct.size(); i++) {
        rank[distinct[i].second] = i;
        lines.insert(lines.end(), distinct[i].first.begin(), distinct[i].first.end());
        lines.push_back('\n');
    }
    for (uint32_t& number : numbers) number = rank[number];
    return lines;
}

}  // namespace drystone::search
