#include "words.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "folding.hpp"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace drystone::search {

namespace {

enum Class : uint8_t { kOther, kLower, kUpper, kDigit, kUnderscore, kWide };

constexpr std::array<uint8_t, 256> classes() {
    std::array<uint8_t, 256> table{};
    for (int c = 'a'; c <= 'z'; c++) table[c] = kLower;
    for (int c = 'A'; c <= 'Z'; c++) table[c] = kUpper;
    for (int c = '0'; c <= '9'; c++) table[c] = kDigit;
    table['_'] = kUnderscore;
    for (int c = 0x80; c < 0x100; c++) table[c] = kWide;
    return table;
}
constexpr auto kClass = classes();

constexpr size_t kLongestTerm = 64;  // bytes; what is longer is known by its beginning
constexpr size_t kAtOnce = 16;       // bytes that are looked at, and copied, at once

// Words of 8 bytes of a term, one after the other, make its key.
struct Key {
    uint64_t h;
    explicit Key(size_t size) : h(0x9e3779b97f4a7c15ull * (size + 1)) {}
    void add(uint64_t word) {
        h = (h ^ word) * 0xff51afd7ed558ccdull;
        h ^= h >> 32;
    }
    uint64_t key() const { return (h * 0xc4ceb9fe1a85ec53ull) >> (64 - kTermBits); }
};

// The key of a term after whose bytes seven more may be read.
uint64_t key_of(const uint8_t* term, size_t size) {
    Key key(size);
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word;
        std::memcpy(&word, term + i, 8);
        key.add(size - i < 8 ? word & ((1ull << 8 * (size - i)) - 1) : word);
    }
    return key.key();
}

// Where a run of lower-case letters ends.
const uint8_t* after_letters(const uint8_t* at, const uint8_t* end) {
#ifdef __SSE2__
    const __m128i before = _mm_set1_epi8('a' - 1), behind = _mm_set1_epi8('z' + 1);
    for (; at + kAtOnce <= end; at += kAtOnce) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        const __m128i letters = _mm_and_si128(_mm_cmpgt_epi8(bytes, before), _mm_cmplt_epi8(bytes, behind));
        const auto others = (uint32_t)_mm_movemask_epi8(letters) ^ 0xffff;
        if (others) return at + __builtin_ctz(others);
    }
#endif
    while (at < end && kClass[*at] == kLower) at++;
    return at;
}

uint32_t code_of(const uint8_t* text, size_t length) {
    if (length == 1) return text[0];
    uint32_t code = text[0] & (0x7f >> length);
    for (size_t i = 1; i < length; i++) code = code << 6 | (text[i] & 0x3f);
    return code;
}

bool separates(uint32_t code) {  // punctuation and symbols beyond ASCII, by block
    return (code >= 0x80 && code < 0xaa) || (code >= 0x2000 && code < 0x2c00) || (code >= 0x3000 && code < 0x3040) ||
           (code >= 0xfe00 && code < 0xff10) || (code >= 0x1f000 && code < 0x20000);
}

bool ideograph(uint32_t code) {  // scripts written without spaces
    return (code >= 0x0e00 && code < 0x0e80) || (code >= 0x3040 && code < 0x3100) ||
           (code >= 0x3400 && code < 0xa000) || (code >= 0xac00 && code < 0xd7b0) ||
           (code >= 0xf900 && code < 0xfb00) || (code >= 0x20000 && code < 0x32000);
}

// Porter's algorithm: measure, and rules of each step.
struct Porter {
    uint8_t* b;
    int k;  // the last letter

    bool consonant(int i) const {
        switch (b[i]) {
            case 'a':
            case 'e':
            case 'i':
            case 'o':
            case 'u':
                return false;
            case 'y':
                return i == 0 || !consonant(i - 1);
            default:
                return true;
        }
    }
    int measure(int end) const {  // of b[0 .. end]
        int n = 0, i = 0;
        while (i <= end && consonant(i)) i++;
        while (i <= end) {
            while (i <= end && !consonant(i)) i++;
            if (i > end) break;
            n++;
            while (i <= end && consonant(i)) i++;
        }
        return n;
    }
    bool vowel(int end) const {
        for (int i = 0; i <= end; i++)
            if (!consonant(i)) return true;
        return false;
    }
    bool twice(int i) const { return i > 0 && b[i] == b[i - 1] && consonant(i); }
    bool short_end(int i) const {
        return i >= 2 && consonant(i) && !consonant(i - 1) && consonant(i - 2) && b[i] != 'w' && b[i] != 'x' &&
               b[i] != 'y';
    }
    bool ends(const char* s) const {
        const int n = (int)std::strlen(s);
        return n <= k + 1 && std::memcmp(b + k + 1 - n, s, n) == 0;
    }
    int before(const char* s) const { return k - (int)std::strlen(s); }
    void replace(const char* s, const char* by) {
        const int n = (int)std::strlen(by), at = before(s) + 1;
        std::memcpy(b + at, by, n);
        k = at + n - 1;
    }
    bool rules(const char* const (*table)[2], size_t count) {  // those for a measure above 0
        for (size_t i = 0; i < count; i++) {
            if (!ends(table[i][0])) continue;
            if (measure(before(table[i][0])) > 0) replace(table[i][0], table[i][1]);
            return true;
        }
        return false;
    }
    void run() {
        if (b[k] == 's') {
            if (ends("sses") || ends("ies"))
                k -= 2;
            else if (k > 0 && b[k - 1] != 's')
                k--;
        }
        if (ends("eed")) {
            if (measure(before("eed")) > 0) k--;
        } else {
            const char* const end = ends("ed") ? "ed" : ends("ing") ? "ing" : nullptr;
            if (end && vowel(before(end))) {
                k = before(end);
                if (ends("at") || ends("bl") || ends("iz"))
                    b[++k] = 'e';
                else if (twice(k) && b[k] != 'l' && b[k] != 's' && b[k] != 'z')
                    k--;
                else if (measure(k) == 1 && short_end(k))
                    b[++k] = 'e';
            }
        }
        if (b[k] == 'y' && vowel(k - 1)) b[k] = 'i';
        static const char* const second[][2] = {
            {"ational", "ate"}, {"tional", "tion"}, {"enci", "ence"}, {"anci", "ance"}, {"izer", "ize"},
            {"abli", "able"},   {"alli", "al"},     {"entli", "ent"}, {"eli", "e"},     {"ousli", "ous"},
            {"ization", "ize"}, {"ation", "ate"},   {"ator", "ate"},  {"alism", "al"},  {"iveness", "ive"},
            {"fulness", "ful"}, {"ousness", "ous"}, {"aliti", "al"},  {"iviti", "ive"}, {"biliti", "ble"}};
        rules(second, sizeof second / sizeof *second);
        static const char* const third[][2] = {{"icate", "ic"}, {"ative", ""}, {"alize", "al"}, {"iciti", "ic"},
                                               {"ical", "ic"},  {"ful", ""},   {"ness", ""}};
        rules(third, sizeof third / sizeof *third);
        static const char* const fourth[] = {"al",  "ance",  "ence", "er",  "ic",  "able", "ible",
                                             "ant", "ement", "ment", "ent", "ion", "ou",   "ism",
                                             "ate", "iti",   "ous",  "ive", "ize"};
        for (const char* end : fourth) {
            if (!ends(end)) continue;
            const int at = before(end);
            if (measure(at) > 1 && (end[0] != 'i' || end[1] != 'o' || (at >= 0 && (b[at] == 's' || b[at] == 't'))))
                k = at;
            break;
        }
        if (b[k] == 'e') {
            const int m = measure(k - 1);
            if (m > 1 || (m == 1 && !short_end(k - 1))) k--;
        }
        if (b[k] == 'l' && twice(k) && measure(k) > 1) k--;
    }
};

// One identifier or word on its way: its bytes in lower case without underscores, and where its parts begin.
class Word {
  public:
    Word(Stems& stems, std::vector<uint64_t>& keys) : stems_(stems), keys_(keys) {}

    void put(uint8_t c, bool letter) {
        if (size_ < kLongestTerm) bytes_[size_++] = c;
        if (!letter) plain_ = false;
    }
    // Letters in lower case; as many bytes as are copied at once may be `readable`.
    void put_lower(const uint8_t* from, size_t size, bool readable) {
        size = std::min(size, kLongestTerm - size_);
        if (readable && size <= kAtOnce) {
            std::memcpy(bytes_ + size_, from, kAtOnce);
        } else {
            std::memcpy(bytes_ + size_, from, size);
        }
        size_ += size;
    }
    void part() {
        if (size_ && size_ < kLongestTerm && starts_[parts_ - 1] != size_ && parts_ < kMostParts) {
            starts_[parts_++] = (uint8_t)size_;
        }
    }
    // The last byte put begins a part: the `S` of `HTTPServer`, seen once `e` has come.
    void part_before_last() {
        if (size_ > 1 && size_ < kLongestTerm && starts_[parts_ - 1] < size_ - 1 && parts_ < kMostParts) {
            starts_[parts_++] = (uint8_t)(size_ - 1);
        }
    }
    bool empty() const { return size_ == 0; }

    void end() {
        if (!size_) return;
        if (parts_ > 1 && starts_[parts_ - 1] == size_) parts_--;
        if (parts_ > 1) {
            keys_.push_back(key_of(bytes_, size_));
            for (size_t p = 0; p < parts_; p++) {
                const size_t from = starts_[p], to = p + 1 < parts_ ? starts_[p + 1] : size_;
                term(bytes_ + from, to - from);
            }
        } else {
            term(bytes_, size_);
        }
        size_ = 0;
        parts_ = 1;
        plain_ = true;
    }

  private:
    static constexpr size_t kMostParts = 16;

    void term(const uint8_t* from, size_t size) {
        const bool letters = plain_ || std::all_of(from, from + size, [](uint8_t c) { return c >= 'a' && c <= 'z'; });
        keys_.push_back(letters ? stems_.key(from, size) : key_of(from, size));
    }

    Stems& stems_;
    std::vector<uint64_t>& keys_;
    uint8_t bytes_[kLongestTerm + kAtOnce] = {0};
    uint8_t starts_[kMostParts] = {0};
    size_t size_ = 0, parts_ = 1;
    bool plain_ = true;
};

}  // namespace

uint64_t term_key(const uint8_t* term, size_t size) {
    Key key(size);
    size_t i = 0;
    for (; i + 8 <= size; i += 8) {
        uint64_t word;
        std::memcpy(&word, term + i, 8);
        key.add(word);
    }
    if (i < size) {
        uint64_t word = 0;
        std::memcpy(&word, term + i, size - i);
        key.add(word);
    }
    return key.key();
}

size_t stem(uint8_t* word, size_t size) {
    if (size < 3) return size;
    Porter porter{word, (int)size - 1};
    porter.run();
    return (size_t)porter.k + 1;
}

uint64_t Stems::key(const uint8_t* word, size_t size) {
    const uint64_t raw = key_of(word, size);
    auto& slot = slots_[raw & (slots_.size() - 1)];
    if (slot.first != raw) {
        uint8_t copy[kLongestTerm + 2];
        std::memcpy(copy, word, size);
        slot = {raw, term_key(copy, stem(copy, size))};
    }
    return slot.second;
}

void terms_of(const uint8_t* text, size_t size, Stems& stems, std::vector<uint64_t>& keys) {
    Word word(stems, keys);
    uint8_t before = kOther, before2 = kOther;
    uint8_t pair[8];
    size_t first = 0;  // bytes of the ideograph before
    bool paired = false;
    const auto end_run = [&] {
        if (first && !paired) keys.push_back(term_key(pair, first));
        first = 0;
        paired = false;
    };
    for (size_t i = 0; i < size;) {
        const uint8_t c = text[i], kind = kClass[c];
        if (kind == kWide) {
            uint8_t folded[4];
            size_t taken;
            const size_t length = fold_wide(text + i, size - i, folded, &taken);
            const uint32_t code = code_of(folded, length);
            if (ideograph(code)) {
                word.end();
                std::memcpy(pair + first, folded, length);
                if (first) {
                    keys.push_back(term_key(pair, first + length));
                    paired = true;
                }
                std::memcpy(pair, folded, length);
                first = length;
                before = before2 = kOther;
            } else {
                end_run();
                if (separates(code)) {
                    word.end();
                    before = before2 = kOther;
                } else {
                    for (size_t b = 0; b < length; b++) word.put(folded[b], false);
                    before2 = before;
                    before = kWide;
                }
            }
            i += taken;
            continue;
        }
        const size_t from = i++;
        if (first) end_run();
        if (kind == kOther) {
            word.end();
            while (i < size && kClass[text[i]] == kOther) i++;
            before = before2 = kOther;
            continue;
        }
        if (kind == kLower) {
            if (before == kUpper && before2 == kUpper) word.part_before_last();
            i = (size_t)(after_letters(text + i, text + size) - text);
            word.put_lower(text + from, i - from, size - from >= kAtOnce);
            if (i - from > 1) before = kLower;
            before2 = before;
            before = kLower;
            continue;
        }
        if (kind == kUnderscore) {
            word.part();
        } else {
            if (kind == kUpper && (before == kLower || before == kDigit)) word.part();
            word.put(fold_ascii(c), kind != kDigit);
        }
        before2 = before;
        before = kind;
    }
    word.end();
    end_run();
}

namespace {

constexpr size_t kLeast = 300, kGood = 1100, kMost = 1600;  // bytes of a passage
// How many bytes nearer to the good length a line would be for as good a place to begin the next passage.
constexpr long kOuter = 900, kInner = 600, kAfterEmpty = 300, kFlush = 250, kIsEmpty = -50;

}  // namespace

void passages_of(const uint8_t* text, size_t size, const std::vector<Beginning>& beginnings,
                 std::vector<size_t>& ends) {
    size_t start = 0;
    auto from = beginnings.begin();
    while (size - start > kMost) {
        // The best line to begin the next passage with: where a part of the text begins, after an empty line, not
        // indented, near the good length.
        size_t best = 0;
        long score = -1000000;
        const uint8_t* at = text + start + kLeast;
        const uint8_t* const limit = text + start + kMost;
        while (at < limit) {
            const auto* end = static_cast<const uint8_t*>(std::memchr(at, '\n', (size_t)(limit - at)));
            if (!end) break;
            const uint8_t* line = end + 1;
            at = line;
            const bool blank =
                end > text && (end[-1] == '\n' || (end[-1] == '\r' && end > text + 1 && end[-2] == '\n'));
            const uint8_t c = line < text + size ? *line : '\n';
            const bool flush = c != ' ' && c != '\t' && c != '\n' && c != '\r' && c != '}' && c != ')' && c != ']';
            const long length = line - (text + start);
            const long away = length > (long)kGood ? length - (long)kGood : (long)kGood - length;
            long value = (blank ? kAfterEmpty : 0) + (flush ? kFlush : 0) + (c == '\n' ? kIsEmpty : 0) - away;
            while (from != beginnings.end() && text + from->at < line) from++;
            if (from != beginnings.end() && text + from->at == line) value += from->outer ? kOuter : kInner;
            if (value > score) {
                score = value;
                best = (size_t)length;
            }
        }
        if (!best) {  // one long line: at a space, else at any character
            best = kMost;
            while (best > kLeast && text[start + best] != ' ') best--;
            if (best == kLeast) best = kMost;
            while (best > kMost - 4 && (text[start + best] & 0xc0) == 0x80) best--;
        }
        start += best;
        ends.push_back(start);
        from = std::lower_bound(beginnings.begin(), beginnings.end(), start,
                                [](const Beginning& one, size_t at) { return one.at < at; });
    }
    if (size > start) ends.push_back(size);
}

}  // namespace drystone::search
