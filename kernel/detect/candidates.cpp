#include "candidates.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <utility>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace drystone::detect {
namespace {

constexpr int kSymbols = 54;
constexpr Byte kSurprise[kSymbols * kSymbols] = {
#include "surprise.inc"
};

// What keys, tokens, base64, hex numbers and UUIDs are written in; everything else ends a run.
constexpr char kRunPunctuation[] = "_-+/.~%";

enum Class : Byte { kLower = 1, kUpper = 2, kDigit = 4, kHexLetter = 8, kInRun = 16 };

struct Tables {
    std::array<Byte, 256> kind{};
    std::array<Byte, 256> symbol{};
    std::array<Byte, 256> lower{};
    Tables() {
        symbol.fill(53);
        for (int c = 0; c < 256; ++c) lower[c] = static_cast<Byte>(c);
        for (int c = 'a'; c <= 'z'; ++c) symbol[c] = c - 'a', kind[c] = kLower | kInRun;
        for (int c = 'A'; c <= 'Z'; ++c) symbol[c] = 26 + c - 'A', kind[c] = kUpper | kInRun, lower[c] = c + 32;
        for (int c = '0'; c <= '9'; ++c) symbol[c] = 52, kind[c] = kDigit | kInRun;
        for (int c = 'a'; c <= 'f'; ++c) kind[c] |= kHexLetter, kind[c - 32] |= kHexLetter;
        for (const char* p = kRunPunctuation; *p; ++p) kind[static_cast<Byte>(*p)] |= kInRun;
    }
};
const Tables kTables;

bool is_digit(Byte c) { return c >= '0' && c <= '9'; }
bool is_hex(Byte c) { return (kTables.kind[c] & (kDigit | kHexLetter)) != 0; }
bool is_word(Byte c) { return (kTables.kind[c] & (kLower | kUpper | kDigit)) != 0 || c == '_'; }

// Mean surprise in bits over the pairs of neighbouring letters and digits, and whether the characters look drawn.
// A hex number is drawn from few letters, so its pairs are not surprising; it is known by its alphabet.
struct Look {
    float surprise;
    bool random;
};

Look look(const Byte* text, size_t begin, size_t end) {
    uint32_t sum = 0, pairs = 0, lower = 0, upper = 0, digits = 0, hex = 0;
    int previous = 53;
    for (size_t i = begin; i < end; ++i) {
        const Byte kind = kTables.kind[text[i]];
        lower += (kind & kLower) != 0;
        upper += (kind & kUpper) != 0;
        digits += (kind & kDigit) != 0;
        hex += (kind & kHexLetter) != 0;
        const int s = kTables.symbol[text[i]];
        if (s != 53 && previous != 53) {
            sum += kSurprise[previous * kSymbols + s];
            ++pairs;
        }
        previous = s;
    }
    const uint32_t letters = lower + upper;
    const float surprise = pairs ? static_cast<float>(sum) / (16.0f * static_cast<float>(pairs)) : 0.0f;
    const bool hexadecimal = letters == hex && digits >= 4 && letters >= 2 && letters + digits >= 12;
    const bool drawn = letters >= 3 && letters + digits >= 10 &&
                       ((digits >= 2 && surprise >= 5.0f) || (digits >= 1 && surprise >= 6.0f));
    return {surprise, hexadecimal || drawn};
}

constexpr size_t kLongestLook = 1024;

class Pass {
  public:
    Pass(const Byte* text, size_t size, const Words& words, size_t shortest, size_t reach)
        : text_(text), size_(size), words_(words), shortest_(shortest), reach_(reach) {}

    void scan() {
        size_t i = 0;
#if defined(__SSE2__)
        // Sixteen bytes at a time: a bit for every at sign, colon and first digit of a number.
        const __m128i at_sign = _mm_set1_epi8('@'), colon = _mm_set1_epi8(':'), zero = _mm_set1_epi8('0'),
                      nine = _mm_set1_epi8(9);
        unsigned carry = 0;  // whether the byte before was a digit
        for (; i + 16 <= size_; i += 16) {
            const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text_ + i));
            const __m128i shifted = _mm_sub_epi8(bytes, zero);
            const unsigned digits = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(shifted, nine), shifted));
            const unsigned marks =
                _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(bytes, at_sign), _mm_cmpeq_epi8(bytes, colon)));
            unsigned bits = marks | (digits & ~(digits << 1 | carry) & 0xFFFF);
            carry = digits >> 15 & 1;
            for (; bits; bits &= bits - 1) anchor(i + __builtin_ctz(bits));
        }
#endif
        for (; i < size_; ++i) {
            const Byte c = text_[i];
            if (c == '@' || c == ':' || (is_digit(c) && (i == 0 || !is_digit(text_[i - 1])))) anchor(i);
        }
    }

    std::vector<Run> runs;
    std::vector<Hit> hits;

  private:
    Byte at(size_t i) const { return i < size_ ? text_[i] : 0; }
    Byte before(size_t i, size_t n) const { return i >= n ? text_[i - n] : 0; }

    void anchor(size_t i) {
        const Byte c = text_[i];
        if (c == '@') {
            const Byte left = before(i, 1);
            // Letters of other scripts, as UTF-8, may stand on both sides (RFC 6531).
            if ((is_word(left) || left >= 0x80 || left == '.' || left == '-' || left == '+') &&
                (is_word(at(i + 1)) || at(i + 1) >= 0x80)) {
                hits.push_back({kEmail, i + 1});
            }
        } else if (c == ':') {
            colon(i);
        } else {
            number(i);
            run(i);
        }
    }

    // An IPv6 address shows at its first two colons: `::` next to a digit or alone, or two groups of hex digits.
    void colon(size_t i) {
        const Byte left = before(i, 1), right = at(i + 1);
        if (left == ':' || !(is_hex(right) || right == ':')) return;
        if (right == ':') {
            const Byte next = at(i + 2);
            if (is_word(left) && !is_hex(left)) return;
            if (is_word(next) && !is_hex(next)) return;
            if (next == ':') return;
            // `abc::def` is a name in many languages; an address has a digit near, or nothing.
            bool digit = false;
            for (size_t j = i; j > 0 && i - j < 5 && is_hex(text_[j - 1]); --j) digit |= is_digit(text_[j - 1]);
            for (size_t j = i + 2; j < size_ && j < i + 7 && is_hex(text_[j]); ++j) digit |= is_digit(text_[j]);
            if (digit || !(is_word(left) || is_word(next))) address(i);
            return;
        }
        if (!is_hex(left)) return;
        size_t start = i;
        while (start > 0 && i - start < 5 && is_hex(text_[start - 1])) --start;
        if (i - start > 4 || is_word(before(start, 1)) || before(start, 1) == ':') return;
        int colons = 1;
        size_t digits = 0, j = i + 1;
        for (; j < size_ && j < i + 24 && colons < 4; ++j) {
            if (text_[j] == ':') {
                ++colons;
                if (at(j + 1) == ':') colons = 4;
                digits = 0;
            } else if (!is_hex(text_[j]) || ++digits > 4) {
                return;
            }
        }
        if (colons >= 4) address(i);
    }

    // Public is only what begins with 2000 to 3fff, or holds an IPv4 address (in digits, or after ffff).
    void address(size_t i) {
        size_t start = i;
        while (start > 0 && i - start < 4 && is_hex(text_[start - 1])) --start;
        const bool given_out = i - start == 4 && (text_[start] == '2' || text_[start] == '3');
        bool holds = false;
        int row = 0;
        for (size_t j = i; j < size_ && j < i + 48 && (is_hex(text_[j]) || text_[j] == ':' || text_[j] == '.'); ++j) {
            row = kTables.lower[text_[j]] == 'f' ? row + 1 : 0;
            holds |= text_[j] == '.' || row == 4;
        }
        hits.push_back({given_out || holds ? kIpv6 : kIpv6Local, i + 1});
    }

    void number(size_t i) {
        const Byte left = before(i, 1);
        if (left == '+') {
            phone_after_plus(i);
            return;
        }
        if (is_word(left)) {
            iban(i);
            return;
        }
        if (left == '.') return;
        size_t end = i;
        while (end < size_ && end - i < 20 && is_digit(text_[end])) ++end;
        const size_t width = end - i;
        const Byte next = at(end);
        if (width <= 3 && next == '.' && is_digit(at(end + 1))) {
            int dots = 0;
            size_t j = end;
            for (size_t part = 0; j < i + 16 && j < size_; ++j) {
                if (text_[j] == '.') {
                    if (!is_digit(at(j + 1))) break;
                    ++dots, part = 0;
                } else if (!is_digit(text_[j]) || ++part > 3) {
                    break;
                }
            }
            if (dots == 3) hits.push_back({kIpv4, i + 1});
        }
        if (phone_after_other_script(i)) return;
        if (width >= 12 || (width >= 4 && width <= 6 && (next == ' ' || next == '-'))) card(i);
        phone_with_groups(i, width, next);
    }

    // Twelve to nineteen digits in groups, with a right check digit (Luhn).
    void card(size_t i) {
        if (text_[i] < '2' || text_[i] > '6') return;
        int digits[20], count = 0;
        for (size_t j = i; j < size_ && count < 20; ++j) {
            if (is_digit(text_[j])) {
                digits[count++] = text_[j] - '0';
            } else if (!((text_[j] == ' ' || text_[j] == '-') && is_digit(at(j + 1)))) {
                break;
            }
        }
        // Numbers may stand side by side, so each length that a card can have is tried.
        for (int length = std::min(count, 19); length >= 12; --length) {
            int sum = 0;
            for (int k = 0; k < length; ++k) {
                const int value = digits[length - 1 - k] * (k % 2 ? 2 : 1);
                sum += value > 9 ? value - 9 : value;
            }
            if (sum % 10 == 0) {
                hits.push_back({kCard, i + 1});
                return;
            }
        }
    }

    void iban(size_t i) {
        const Byte first = before(i, 2), second = before(i, 1), left = before(i, 3);
        if (!(kTables.kind[first] & kTables.kind[second] & kUpper) || is_word(left) || !is_digit(at(i + 1))) return;
        size_t count = 0;
        for (size_t j = i + 2; j < size_ && count < 11; ++j) {
            if (kTables.kind[text_[j]] & (kUpper | kDigit)) {
                ++count;
            } else if (text_[j] != ' ' || at(j - 1) == ' ') {
                return;
            }
        }
        if (count == 11) hits.push_back({kIban, i + 1});
    }

    void phone_after_plus(size_t i) {
        if (is_word(before(i, 2)) || text_[i] == '0') return;
        int digits = 0;
        for (size_t j = i; j < size_ && j < i + 24 && digits < 8; ++j) {
            if (is_digit(text_[j])) {
                ++digits;
            } else if (text_[j] != ' ' && text_[j] != '-' && text_[j] != '(' && text_[j] != ')' && text_[j] != '.') {
                return;
            }
        }
        if (digits == 8) hits.push_back({kPhone, i + 1});
    }

    // Seven to thirteen digits in any groups, behind a word that is not Latin, which may say that it is a phone's.
    bool phone_after_other_script(size_t i) {
        Byte any = 0;  // nearly always all of them are ASCII
        for (size_t k = 1; k <= 7 && k <= i; ++k) any |= text_[i - k];
        if (any < 0x80) return false;
        size_t from = i;
        while (from > 0 && i - from < 6 && text_[from - 1] != 0 && std::strchr(" \t:=(\"'.", text_[from - 1])) --from;
        if (from == 0 || text_[from - 1] < 0x80) return false;
        int digits = 0;
        for (size_t j = i; j < size_ && j < i + 24 && digits < 14; ++j) {
            if (is_digit(text_[j])) {
                ++digits;
            } else if (text_[j] != ' ' && text_[j] != '-' && text_[j] != '(' && text_[j] != ')' && text_[j] != '.') {
                break;
            }
        }
        if (digits < 7 || digits > 13) return false;
        hits.push_back({kPhone, i + 1});
        return true;
    }

    // (ddd) ddd-dddd, ddd-ddd-dddd, ddd.ddd.dddd, 0dd-ddddddd.
    void phone_with_groups(size_t i, size_t width, Byte next) {
        if (width < 2 || width > 5) return;
        size_t j = i + width;
        if (next == ')') {
            if (before(i, 1) != '(') return;
            ++j;
            if (at(j) == ' ' || at(j) == '-') ++j;
        } else if (next == '-' || next == '.' || (next == ' ' && text_[i] == '0')) {
            ++j;
        } else {
            return;
        }
        const size_t second = j;
        while (is_digit(at(j)) && j - second < 9) ++j;
        const size_t middle = j - second;
        if (middle < 3) return;
        if (text_[i] == '0' && middle >= 6) {
            hits.push_back({kPhone, i + 1});
            return;
        }
        if (at(j) != '-' && at(j) != '.' && at(j) != ' ') return;
        const size_t third = ++j;
        while (is_digit(at(j)) && j - third < 5) ++j;
        if (j - third >= 3 && j - third <= 4 && width + middle + (j - third) >= 8) hits.push_back({kPhone, i + 1});
    }

    // The run of key characters around the digit at i, once.
    void run(size_t i) {
        if (i < floor_) return;
        size_t begin = i, end = i + 1;
        while (end < size_ && (kTables.kind[text_[end]] & kInRun)) ++end;
        while (begin > floor_ && (kTables.kind[text_[begin - 1]] & kInRun)) --begin;
        floor_ = end;
        if (end - begin < shortest_) return;
        const Look seen = look(text_, begin, std::min(end, begin + kLongestLook));
        if (!seen.random) return;
        size_t from = begin;
        while (from > 0 && begin - from < reach_ && text_[from - 1] != '\n') --from;
        Run found{begin, end, seen.surprise, {}};
        words_.find(text_, from, begin, found.words);
        if (!found.words.empty()) runs.push_back(std::move(found));
    }

    const Byte* text_;
    size_t size_;
    const Words& words_;
    size_t shortest_, reach_;
    size_t floor_ = 0;  // where the last run ended
};

}  // namespace

Words::Words(const std::vector<std::string>& names, const std::vector<std::string>& parts)
    : words_(names), names_(names.size()) {
    words_.insert(words_.end(), parts.begin(), parts.end());
    for (size_t i = 0; i < words_.size(); ++i) {
        if (words_[i].size() < 2) throw std::invalid_argument("a word has at least two characters");
        by_pair_[pair(words_[i][0], words_[i][1])].push_back(static_cast<uint16_t>(i));
    }
}

void Words::find(const Byte* text, size_t begin, size_t end, std::vector<uint16_t>& found) const {
    for (size_t i = begin; i + 1 < end; ++i) {
        for (uint16_t index : by_pair_[pair(kTables.lower[text[i]], kTables.lower[text[i + 1]])]) {
            const std::string& word = words_[index];
            if (word.size() > end - i || (index < names_ && !begins_word(text, begin, i))) continue;
            size_t j = 2;
            while (j < word.size() && kTables.lower[text[i + j]] == static_cast<Byte>(word[j])) ++j;
            if (j == word.size() && std::find(found.begin(), found.end(), index) == found.end()) {
                found.push_back(index);
            }
        }
    }
}

// After something that is no letter, or at a capital after a small letter (`myHeroku`).
bool Words::begins_word(const Byte* text, size_t begin, size_t i) {
    if (i == begin || !(kTables.kind[text[i - 1]] & (kLower | kUpper))) return true;
    return (kTables.kind[text[i]] & kUpper) && (kTables.kind[text[i - 1]] & kLower);
}

Candidates candidates(const Byte* text, size_t size, const Words& words, size_t shortest, size_t reach) {
    Pass pass(text, size, words, shortest, reach);
    pass.scan();
    return {std::move(pass.hits), std::move(pass.runs)};
}

float surprise(const Byte* text, size_t size) { return look(text, 0, size).surprise; }

}  // namespace drystone::detect
