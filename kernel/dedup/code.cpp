#include "code.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "rule.hpp"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace drystone::dedup {
namespace {

const Keys kKeys = make_keys(0x636f6465);  // "code"

enum : uint8_t { Sign = 0, Space = 1, Line = 2, Letter = 3, Digit = 4, Quote = 5 };

constexpr std::array<uint8_t, 256> classes() {
    std::array<uint8_t, 256> of{};
    for (int c = 0; c < 256; c++) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || c >= 0x80;
        const bool space = c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v' || c == ';' || c == '\\';
        of[(size_t)c] = letter                  ? Letter
                        : c >= '0' && c <= '9'  ? Digit
                        : c == '\n'             ? Line
                        : space                 ? Space
                        : c == '"' || c == '\'' ? Quote
                                                : Sign;
    }
    return of;
}
constexpr std::array<uint8_t, 256> kClass = classes();

constexpr std::array<uint8_t, 256> word_bytes() {
    std::array<uint8_t, 256> of{};
    for (int c = 0; c < 256; c++) {
        of[(size_t)c] = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80;
    }
    return of;
}
constexpr std::array<uint8_t, 256> kWord = word_bytes();

#ifdef __SSE2__
// Bit i: whether byte i of sixteen is a letter, a digit or no ASCII; with `name`, also `_` and `$`.
template <bool name>
inline unsigned word_mask(const uint8_t* p) {
    const __m128i bytes = _mm_loadu_si128((const __m128i*)p);
    const auto within = [](__m128i from, char size) {
        return _mm_cmpeq_epi8(_mm_min_epu8(from, _mm_set1_epi8(size)), from);
    };
    const __m128i lower = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
    __m128i is = _mm_or_si128(within(_mm_sub_epi8(lower, _mm_set1_epi8('a')), 25),
                              within(_mm_sub_epi8(bytes, _mm_set1_epi8('0')), 9));
    is = _mm_or_si128(is, bytes);  // the sign bit is that of what is no ASCII
    if (name) {
        is = _mm_or_si128(is, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('_')));
        is = _mm_or_si128(is, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('$')));
    }
    return (unsigned)_mm_movemask_epi8(is);
}
#endif

// The first byte from `p` on that belongs to no word or, with `name`, to no name and no number.
template <bool name>
inline const uint8_t* end_of_word(const uint8_t* p, const uint8_t* end) {
#ifdef __SSE2__
    for (; end - p >= 16; p += 16) {
        const unsigned other = ~word_mask<name>(p) & 0xffff;
        if (other) return p + __builtin_ctz(other);
    }
#endif
    while (p < end && (name ? kClass[*p] == Letter || kClass[*p] == Digit : kWord[*p])) p++;
    return p;
}

// The first byte from `p` on that belongs to a word.
inline const uint8_t* next_word(const uint8_t* p, const uint8_t* end) {
#ifdef __SSE2__
    for (; end - p >= 16; p += 16) {
        const unsigned word = word_mask<false>(p);
        if (word) return p + __builtin_ctz(word);
    }
#endif
    while (p < end && !kWord[*p]) p++;
    return p;
}

// The names of the last 16 tokens, 0 where one is no name.
class Recent {
  public:
    // How many tokens ago a name stood last, 0 where none of the last kBack; it becomes the newest.
    uint8_t put(uint32_t name) {
        const uint32_t* window = twice_ + at_;
        unsigned equal = 0;
        if (name) {
#ifdef __SSE2__
            const __m128i wanted = _mm_set1_epi32((int)name);
            for (int i = 0; i < 4; i++) {
                const __m128i here = _mm_loadu_si128((const __m128i*)(window + 4 * i));
                equal |= (unsigned)_mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(here, wanted))) << (4 * i);
            }
#else
            for (unsigned i = 0; i < 16; i++) equal |= (unsigned)(window[i] == name) << i;
#endif
        }
        equal &= ~0u << (16 - kBack);
        twice_[at_] = twice_[at_ + 16] = name;
        at_ = (at_ + 1) & 15;
        return equal ? (uint8_t)(16 - (31 - __builtin_clz(equal))) : 0;
    }

  private:
    uint32_t twice_[32] = {0};  // the ring, and once more behind it
    size_t at_ = 0;
};

// Names that say what a program does rather than what somebody called a thing: keywords of the common languages, and
// what Python, JavaScript and C bring along.
constexpr std::string_view kKept[] = {
    "abs",        "abstract",   "all",      "and",      "any",      "append",     "as",      "assert",    "async",
    "auto",       "await",      "bin",      "bool",     "boolean",  "break",      "case",    "catch",     "chr",
    "class",      "const",      "continue", "def",      "default",  "defer",      "del",     "delete",    "dict",
    "divmod",     "do",         "double",   "elif",     "else",     "elsif",      "enum",    "enumerate", "esac",
    "except",     "export",     "extern",   "False",    "false",    "filter",     "finally", "float",     "fn",
    "for",        "foreach",    "from",     "func",     "function", "global",     "goto",    "hex",       "if",
    "impl",       "implements", "import",   "in",       "inline",   "instanceof", "int",     "interface", "is",
    "isinstance", "lambda",     "len",      "let",      "list",     "long",       "map",     "max",       "min",
    "mut",        "namespace",  "new",      "nil",      "None",     "nonlocal",   "not",     "NULL",      "null",
    "nullptr",    "open",       "or",       "ord",      "override", "pass",       "pow",     "print",     "printf",
    "private",    "protected",  "pub",      "public",   "raise",    "range",      "return",  "reversed",  "round",
    "self",       "set",        "signed",   "sizeof",   "sorted",   "static",     "str",     "struct",    "sum",
    "super",      "switch",     "template", "then",     "this",     "throw",      "throws",  "True",      "true",
    "try",        "tuple",      "typedef",  "typename", "typeof",   "union",      "unless",  "unsigned",  "until",
    "var",        "virtual",    "void",     "volatile", "while",    "with",       "yield",   "zip"};

// Hash of a name of at most 16 bytes; longer ones are never kept.
uint64_t hash_name(const uint8_t* p, size_t length, const uint8_t* limit) {
    return hash_token(p, length, limit, kKeys);
}

class Kept {
  public:
    Kept() {
        slots_.fill(0);
        for (std::string_view word : kKept) {
            const uint8_t* p = reinterpret_cast<const uint8_t*>(word.data());
            const uint64_t hash = hash_name(p, word.size(), p + word.size());
            size_t at = hash % slots_.size();
            while (slots_[at]) at = (at + 1) % slots_.size();
            slots_[at] = hash;
        }
    }
    bool has(uint64_t hash) const {
        for (size_t at = hash % slots_.size(); slots_[at]; at = (at + 1) % slots_.size()) {
            if (slots_[at] == hash) return true;
        }
        return false;
    }

  private:
    std::array<uint64_t, 2048> slots_;
};

const Kept& kept() {
    static const Kept words;
    return words;
}

// Words in a row on one line without a sign between them, and literals in a row, that are still code.
constexpr size_t kProse = 2, kTable = 3;

enum class Kind : uint8_t { Name, Known, Number, String };

struct Token {
    Kind kind;
    uint8_t back;  // of a name: how many tokens ago it stood last, 0 where none of the last 15
    uint32_t start, end;
    uint64_t hash;   // of a name or a known word; of a literal in a table of data, else 0
    uint64_t signs;  // up to the next token
};

// Folds signs into one number; the last seven stay readable.
struct Signs {
    uint64_t last = 0;
    void put(uint8_t c) {
        // A comma before a bracket that closes is there or not by the taste of a formatter.
        if ((c == ')' || c == ']' || c == '}') && (last & 0xff) == ',') last >>= 8;
        if (last >> 56) last = (last * 0x9e3779b97f4a7c15ull) >> 16;
        last = last << 8 | c;
    }
};

// Calls `sink(token)` for each token of a text, in order.
template <class Sink>
void each_code(const uint8_t* text, size_t size, Sink&& sink) {
    const Kept& known = kept();
    const uint8_t *p = text, *end = text + size;
    Recent recent;
    size_t words = 0, bare = 0;  // names without a sign between them on this line; literals since a word
    bool new_line = true;
    Token open{};
    bool some = false, blank = true, dotted = false;  // `blank`: nothing but spaces stood on the line so far
    bool block_open = true, single_open = true, double_open = true;  // whether the end of such a thing is to be sought
    // Up to where no `'`, and no `"`, ends a string: one that was sought in vain saw each of them behind a backslash.
    const uint8_t* unended[2] = {text, text};
    Signs signs;

    const auto emit = [&](Kind kind, const uint8_t* from, const uint8_t* to, uint64_t hash) {
        if (some) {
            open.signs = signs.last;
            sink(open);
        }
        const bool signless = signs.last == 0;
        signs.last = 0;
        const bool word = kind == Kind::Name || kind == Kind::Known;
        words = kind != Kind::Name ? 0 : signless && !new_line ? words + 1 : 1;
        bare = word ? 0 : bare + 1;
        new_line = false;
        // Prose, and what stands in a table of data, is told by what it says.
        if (kind == Kind::Name && words > kProse) kind = Kind::Known;
        if (!word && bare > kTable) hash = hash_token(from, (size_t)(to - from), end, kKeys) | 1;
        const uint8_t back = recent.put(kind == Kind::Name ? (uint32_t)(hash >> 32) | 1 : 0);
        open = {kind, back, (uint32_t)(from - text), (uint32_t)(to - text), hash, 0};
        some = true;
        blank = dotted = false;
    };
    const auto to_line_end = [&] {
        const void* found = std::memchr(p, '\n', (size_t)(end - p));
        p = found ? static_cast<const uint8_t*>(found) : end;
    };
    // Moves beyond the next `what`; false, and nowhere, where there is none.
    const auto beyond = [&](std::string_view what) {
        const std::string_view rest(reinterpret_cast<const char*>(p), (size_t)(end - p));
        const size_t at = rest.find(what);
        if (at == std::string_view::npos) return false;
        p += at + what.size();
        return true;
    };

    while (p < end) {
        const uint8_t c = *p;
        switch (kClass[c]) {
            case Space:
                // Of Lisp and of assemblers.
                if (c == ';' && blank)
                    to_line_end();
                else
                    p++;
                continue;
            case Line:
                blank = new_line = true;
                p++;
                continue;
            case Letter: {
                const uint8_t* from = p;
                p = end_of_word<true>(p, end);
                const size_t length = (size_t)(p - from);
                if (length <= 2 && p < end && kClass[*p] == Quote) continue;  // f"", rb''
                const uint64_t hash = hash_name(from, length, end);
                emit(dotted || (length <= 16 && known.has(hash)) ? Kind::Known : Kind::Name, from, p, hash);
                continue;
            }
            case Digit: {
                const uint8_t* from = p;
                while (p < end && (kClass[*p] == Letter || kClass[*p] == Digit || *p == '.')) p++;
                emit(Kind::Number, from, p, 0);
                continue;
            }
            case Quote: {
                const uint8_t* from = p;
                if (end - p >= 3 && p[1] == c && p[2] == c) {  // Python's long strings are mostly what a docstring says
                    bool& seek = c == '"' ? double_open : single_open;
                    p += 3;
                    if (seek && !beyond(c == '"' ? "\"\"\"" : "'''")) seek = false;
                    continue;
                }
                const uint8_t*& vain = unended[c == '"'];
                if (p < vain) {
                    p++;
                    continue;
                }
                const uint8_t* q = p + 1;
                while (q < end && *q != c && *q != '\n') q += *q == '\\' && q + 1 < end ? 2 : 1;
                if (q < end && *q == c) {
                    p = q + 1;
                    emit(Kind::String, from, p, 0);
                } else {
                    vain = q;
                    p++;  // an apostrophe
                }
                continue;
            }
            default: {
                const uint8_t next = p + 1 < end ? p[1] : 0;
                if (c == '#' || (c == '/' && next == '/') || (c == '%' && blank) ||
                    (c == '-' && next == '-' && p + 2 < end && p[2] == ' ')) {
                    to_line_end();
                    continue;
                }
                if (c == '/' && next == '*' && block_open) {
                    p += 2;
                    block_open = beyond("*/");
                    continue;
                }
                blank = false;
                dotted = c == '.' || (c == '>' && p > text && p[-1] == '-') || (c == ':' && p > text && p[-1] == ':');
                signs.put(c);
                p++;
            }
        }
    }
    if (some) {
        open.signs = signs.last;
        sink(open);
    }
}

inline uint64_t scramble(uint64_t x) {
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93ull;
    return x ^ x >> 29;
}

inline uint64_t value_of(const Token& token) {
    const uint64_t what = token.kind != Kind::Name && token.hash ? token.hash : (uint64_t)token.kind << 8 | token.back;
    return scramble(what + token.signs * 0x9e3779b97f4a7c15ull);
}

// The hashes of all runs of `n` values: a polynomial in an odd number, modulo 2^64, scrambled. A run of which all but
// two are literals is left out.
template <size_t n>
class Rolling {
  public:
    Rolling() {
        top_ = 1;
        for (size_t i = 0; i < n; i++) top_ *= kBase;
    }
    void put(uint64_t value, bool literal, uint32_t start, uint32_t end, std::vector<Place>& out) {
        const size_t slot = slot_;
        sum_ = sum_ * kBase + value - top_ * values_[slot];
        literals_ += literal;
        literals_ -= literal_[slot];
        values_[slot] = value, literal_[slot] = literal, starts_[slot] = start;
        slot_ = slot + 1 == n ? 0 : slot + 1;
        missing_ -= missing_ > 0;
        if (missing_ == 0 && literals_ + 2 < n) out.push_back({scramble(sum_), starts_[slot_], end});
    }

  private:
    static constexpr uint64_t kBase = 0xa0761d6478bd642full;
    uint64_t values_[n] = {0}, sum_ = 0, top_;
    uint32_t starts_[n] = {0};
    bool literal_[n] = {false};
    size_t slot_ = 0, missing_ = n, literals_ = 0;
};

// Hash of a word without regard to case.
inline uint64_t hash_word(const uint8_t* p, size_t length, const uint8_t* limit) {
    constexpr uint64_t kLower = 0x2020202020202020ull;
    uint64_t state = 0;
    do {
        const size_t step = length < 16 ? length : 16;
        uint64_t low, high;
        load_token(p, step, limit, low, high);
        low |= kLower & kBytes[kLow[step]];
        high |= kLower & kBytes[kHigh[step]];
        state = fold(low ^ kKeys.low ^ state, high ^ kKeys.high ^ (state << 32 | state >> 32));
        p += step;
        length -= step;
    } while (length > 0);
    return finish(state, kKeys);
}

}  // namespace

void places(Measure measure, const uint8_t* text, size_t size, std::vector<Place>& out) {
    size = std::min(size, (size_t)0xffffffff);
    if (measure == Measure::Code) {
        Rolling<kCodeShingle> rolling;
        each_code(text, size, [&](const Token& token) {
            const bool literal = token.kind == Kind::Number || token.kind == Kind::String;
            rolling.put(value_of(token), literal, token.start, token.end, out);
        });
        return;
    }
    Rolling<kWordShingle> rolling;
    const uint8_t *p = text, *end = text + size;
    while (p < end) {
        const uint8_t* from = next_word(p, end);
        p = end_of_word<false>(from, end);
        if (p == from) break;
        const bool literal = *from >= '0' && *from <= '9';
        rolling.put(hash_word(from, (size_t)(p - from), end), literal, (uint32_t)(from - text), (uint32_t)(p - text),
                    out);
    }
}

void code_words(const uint8_t* text, size_t size, std::string& out) {
    static const char* const kDigits = "0123456789abcdef";
    const auto digits = [&out](uint64_t number) {
        for (int shift = 60; shift >= 0; shift -= 4) {
            if (number >> shift) out += kDigits[number >> shift & 15];
        }
    };
    size = std::min(size, (size_t)0xffffffff);
    each_code(text, size, [&](const Token& token) {
        switch (token.kind) {
            case Kind::Name:
                out += 'i';
                out += std::to_string((int)token.back);
                break;
            case Kind::Known:
                for (uint32_t i = token.start; i < token.end; i++) out += text[i] == '$' ? '_' : (char)text[i];
                break;
            case Kind::Number:
            case Kind::String:
                out += token.kind == Kind::Number ? 'n' : 's';
                digits(token.hash);
        }
        if (token.signs) out += '_';
        digits(token.signs);
        out += ' ';
    });
}

}  // namespace drystone::dedup
