#include "symbols.hpp"

#include <cstring>
#include <stdexcept>

#include "words.hpp"

namespace drystone::search {

namespace {

constexpr size_t kLongestName = 200;
constexpr size_t kLongestLine = 2000;  // no definition is looked for further to the right

bool word_byte(uint8_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
           c >= 0x80;
}
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

struct Finder {
    const Family& family;
    uint32_t document;
    std::vector<Symbol>& symbols;
    std::vector<uint8_t>& names;

    void emit(const uint8_t* from, const uint8_t* to, uint32_t line, uint8_t kind) {
        const size_t size = (size_t)(to - from);
        if (!size || size > kLongestName || names.size() > UINT32_MAX - kLongestName) return;
        symbols.push_back({document, line, (uint32_t)names.size(), (uint32_t)size, kind});
        names.insert(names.end(), from, to);
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

    void line(const Line& line, uint32_t number) {
        const uint8_t* at = line.spaces(line.begin);
        if (at == line.end) return;
        const bool at_left = at == line.begin;
        if (family.has(kHeadings)) {
            const uint8_t* to = at;
            while (to < line.end && *to == '#') to++;
            if (!at_left || to == at || to - at > 6 || to == line.end || !blank(*to)) return;
            to = line.spaces(to);
            const uint8_t* end = line.end;
            while (end > to && (blank(end[-1]) || end[-1] == '#' || end[-1] == '\r')) end--;
            emit(to, end, number, family.heading());
            return;
        }
        const uint8_t* const first = at;
        for (int words = 0; words < 8; words++) {
            const uint8_t* to = line.word(at);
            if (to == at) {
                if (!std::memchr("*&~:<@", *at, 6)) return;
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
                std::vector<uint8_t>& names) {
    if (family.empty()) return;
    Finder finder{family, document, symbols, names};
    const uint8_t* at = text;
    const uint8_t* const end = text + size;
    for (uint32_t number = 1; at < end; number++) {
        const auto* stop = static_cast<const uint8_t*>(std::memchr(at, '\n', (size_t)(end - at)));
        if (!stop) stop = end;
        const uint8_t* const shown = (size_t)(stop - at) > kLongestLine ? at + kLongestLine : stop;
        finder.line(Line{at, shown}, number);
        at = stop + 1;
    }
}

}  // namespace drystone::search
