#include "tokens.hpp"

#include <cstdint>
#include <stdexcept>

namespace drystone::detect {
namespace {

enum Kind : uint8_t { Space, End, Word, Digit, Operator, Single, Wide };

struct Kinds {
    Kind of[256];
    Kinds() {
        for (int c = 0; c < 256; ++c) {
            if (c == '\n')
                of[c] = End;
            else if (c <= ' ' || c == 127)
                of[c] = Space;
            else if (c >= 128)
                of[c] = Wide;
            else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_')
                of[c] = Word;
            else if (c >= '0' && c <= '9')
                of[c] = Digit;
            else if (c == '(' || c == ')' || c == '[' || c == ']' || c == '{' || c == '}' || c == ',' || c == ';' ||
                     c == '"' || c == '\'' || c == '`')
                of[c] = Single;
            else
                of[c] = Operator;
        }
    }
};
const Kinds kKinds;

inline uint32_t mix(uint32_t a, uint32_t b) {
    uint64_t x = (static_cast<uint64_t>(a) << 32 | b) * 0x9E3779B97F4A7C15ULL;
    x ^= x >> 29;
    x *= 0xBF58476D1CE4E5B9ULL;
    return static_cast<uint32_t>(x >> 32);
}

constexpr uint32_t kBegin = 1, kPair = 2, kStart = 3, kIndented = 4, kFinish = 5, kSigil = 6;

// Calls `emit(hash)` for each feature: every token, every two neighbours on a line, the first and last token of a line,
// a word with the sign before it. Tokens are words, numbers (by shape), runs of operator signs, and single brackets,
// quotes, commas and semicolons. Bytes over 127 are one token, whatever they say.
template <class Emit>
void tokens(const uint8_t* data, size_t size, Emit emit) {
    uint32_t previous = kBegin;
    bool first = true, indented = false, glued = false;
    bool after_sign = false;
    size_t i = 0;
    while (i < size) {
        const Kind kind = kKinds.of[data[i]];
        if (kind == End) {
            if (!first) emit(mix(kFinish, previous));
            previous = kBegin;
            first = true;
            indented = glued = after_sign = false;
            ++i;
            continue;
        }
        if (kind == Space) {
            if (first) indented = true;
            glued = false;
            ++i;
            continue;
        }
        uint32_t hash = 2166136261u;
        const size_t start = i;
        if (kind == Word) {
            while (i < size && (kKinds.of[data[i]] == Word || kKinds.of[data[i]] == Digit)) {
                if (i - start < 40) hash = (hash ^ data[i]) * 16777619u;
                ++i;
            }
        } else if (kind == Digit) {
            const bool hex = data[i] == '0' && i + 1 < size && (data[i + 1] | 32) == 'x';
            bool fraction = false;
            while (i < size && (kKinds.of[data[i]] == Digit || kKinds.of[data[i]] == Word || data[i] == '.')) {
                fraction |= data[i] == '.';
                ++i;
            }
            hash = hex ? 11 : fraction ? 12 : 13;
        } else if (kind == Operator) {
            while (i < size && kKinds.of[data[i]] == Operator && i - start < 4) hash = (hash ^ data[i++]) * 16777619u;
            // A rule of many equal signs is one token.
            while (i < size && kKinds.of[data[i]] == Operator && data[i] == data[i - 1]) ++i;
        } else if (kind == Wide) {
            while (i < size && kKinds.of[data[i]] == Wide) ++i;
            hash = 14;
        } else {
            hash = (hash ^ data[i++]) * 16777619u;
        }
        emit(hash);
        if (first)
            emit(mix(indented ? kIndented : kStart, hash));
        else
            emit(mix(mix(kPair, previous), hash));
        if (kind == Word && glued && after_sign) emit(mix(mix(kSigil, previous), hash));
        previous = hash;
        first = false;
        glued = true;
        after_sign = kind == Operator;
    }
    if (!first) emit(mix(kFinish, previous));
}

}  // namespace

std::vector<uint32_t> token_features(const uint8_t* data, size_t size) {
    std::vector<uint32_t> found;
    tokens(data, size, [&](uint32_t hash) { found.push_back(hash); });
    return found;
}

TokenClassifier::TokenClassifier(const uint32_t* keys, size_t features, std::vector<uint32_t> starts,
                                 std::vector<uint16_t> classes, std::vector<uint8_t> weights, float unit, size_t count)
    : starts_(std::move(starts)),
      classes_(std::move(classes)),
      weights_(std::move(weights)),
      unit_(unit),
      count_(count) {
    if (starts_.size() != features + 1 || classes_.size() != weights_.size() || starts_.back() != classes_.size())
        throw std::invalid_argument("the parts of a classifier do not fit each other");
    for (uint16_t c : classes_)
        if (c >= count) throw std::invalid_argument("a classifier names a class that it does not have");
    size_t slots = 16;
    while (slots < features * 2) slots *= 2;
    mask_ = static_cast<uint32_t>(slots - 1);
    table_.assign(slots, {0, 0});
    for (uint32_t k = 0; k < features; ++k) {
        uint32_t at = keys[k] & mask_;
        while (table_[at].index) at = (at + 1) & mask_;
        table_[at] = {keys[k], k + 1};
    }
}

std::pair<size_t, size_t> TokenClassifier::score(const uint8_t* data, size_t size, float* scores) const {
    // The tables are larger than the processor's caches: what is needed next is asked for some steps ahead.
    constexpr size_t kAhead = 16;
    std::vector<uint32_t> hashes;
    hashes.reserve(size / 2 + 8);
    tokens(data, size, [&](uint32_t hash) { hashes.push_back(hash); });
    std::vector<uint64_t> seen((starts_.size() + 63) / 64);
    std::vector<uint32_t> found;
    found.reserve(hashes.size() / 4);
    const size_t all = hashes.size();
    for (size_t i = 0; i < all; ++i) {
        if (i + kAhead < all) __builtin_prefetch(&table_[hashes[i + kAhead] & mask_]);
        for (uint32_t at = hashes[i] & mask_; table_[at].index; at = (at + 1) & mask_) {
            if (table_[at].key != hashes[i]) continue;
            const uint32_t index = table_[at].index - 1;
            if (seen[index / 64] >> (index % 64) & 1) break;
            seen[index / 64] |= 1ULL << (index % 64);
            __builtin_prefetch(&starts_[index]);
            found.push_back(index);
            break;
        }
    }
    std::vector<uint32_t> sums(count_);
    for (size_t i = 0; i < found.size(); ++i) {
        if (i + kAhead < found.size()) {
            __builtin_prefetch(&classes_[starts_[found[i + kAhead]]]);
            __builtin_prefetch(&weights_[starts_[found[i + kAhead]]]);
        }
        for (uint32_t p = starts_[found[i]]; p < starts_[found[i] + 1]; ++p) sums[classes_[p]] += weights_[p];
    }
    for (size_t c = 0; c < count_; ++c) scores[c] = static_cast<float>(sums[c]) * unit_;
    return {found.size(), all};
}

}  // namespace drystone::detect
