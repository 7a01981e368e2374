#include "tokens.hpp"

#include <nanobind/ndarray.h>

#include <cstdint>
#include <stdexcept>
#include <vector>

namespace nb = nanobind;

namespace drystone {
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
const Kinds kinds;

inline uint32_t mix(uint32_t a, uint32_t b) {
    uint64_t x = (static_cast<uint64_t>(a) << 32 | b) * 0x9E3779B97F4A7C15ULL;
    x ^= x >> 29;
    x *= 0xBF58476D1CE4E5B9ULL;
    return static_cast<uint32_t>(x >> 32);
}

constexpr uint32_t BEGIN = 1, PAIR = 2, START = 3, INDENTED = 4, FINISH = 5, SIGIL = 6;

// Calls `emit(hash)` for each feature: every token, every two neighbours on a line, the first and last token of a line,
// a word with the sign before it. Tokens are words, numbers (by shape), runs of operator signs, and single brackets,
// quotes, commas and semicolons. Bytes over 127 are one token, whatever they say.
template <class Emit>
void tokens(const uint8_t* data, size_t size, Emit emit) {
    uint32_t previous = BEGIN;
    bool first = true, indented = false, glued = false;
    bool after_sign = false;
    size_t i = 0;
    while (i < size) {
        const Kind kind = kinds.of[data[i]];
        if (kind == End) {
            if (!first) emit(mix(FINISH, previous));
            previous = BEGIN;
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
            while (i < size && (kinds.of[data[i]] == Word || kinds.of[data[i]] == Digit)) {
                if (i - start < 40) hash = (hash ^ data[i]) * 16777619u;
                ++i;
            }
        } else if (kind == Digit) {
            const bool hex = data[i] == '0' && i + 1 < size && (data[i + 1] | 32) == 'x';
            bool fraction = false;
            while (i < size && (kinds.of[data[i]] == Digit || kinds.of[data[i]] == Word || data[i] == '.')) {
                fraction |= data[i] == '.';
                ++i;
            }
            hash = hex ? 11 : fraction ? 12 : 13;
        } else if (kind == Operator) {
            while (i < size && kinds.of[data[i]] == Operator && i - start < 4) hash = (hash ^ data[i++]) * 16777619u;
            // A rule of many equal signs is one token.
            while (i < size && kinds.of[data[i]] == Operator && data[i] == data[i - 1]) ++i;
        } else if (kind == Wide) {
            while (i < size && kinds.of[data[i]] == Wide) ++i;
            hash = 14;
        } else {
            hash = (hash ^ data[i++]) * 16777619u;
        }
        emit(hash);
        if (first)
            emit(mix(indented ? INDENTED : START, hash));
        else
            emit(mix(mix(PAIR, previous), hash));
        if (kind == Word && glued && after_sign) emit(mix(mix(SIGIL, previous), hash));
        previous = hash;
        first = false;
        glued = true;
        after_sign = kind == Operator;
    }
    if (!first) emit(mix(FINISH, previous));
}

class TokenClassifier {
  public:
    TokenClassifier(nb::ndarray<const uint32_t, nb::ndim<1>, nb::c_contig> keys,
                    nb::ndarray<const uint32_t, nb::ndim<1>, nb::c_contig> starts,
                    nb::ndarray<const uint16_t, nb::ndim<1>, nb::c_contig> classes,
                    nb::ndarray<const uint8_t, nb::ndim<1>, nb::c_contig> weights, float unit, size_t count)
        : starts_(starts.data(), starts.data() + starts.size()),
          classes_(classes.data(), classes.data() + classes.size()),
          weights_(weights.data(), weights.data() + weights.size()),
          unit_(unit),
          count_(count) {
        if (starts_.size() != keys.size() + 1 || classes_.size() != weights_.size() ||
            starts_.back() != classes_.size())
            throw std::invalid_argument("the parts of a classifier do not fit each other");
        for (uint16_t c : classes_)
            if (c >= count) throw std::invalid_argument("a classifier names a class that it does not have");
        size_t slots = 16;
        while (slots < keys.size() * 2) slots *= 2;
        mask_ = static_cast<uint32_t>(slots - 1);
        table_.assign(slots, {0, 0});
        for (uint32_t k = 0; k < keys.size(); ++k) {
            uint32_t at = keys.data()[k] & mask_;
            while (table_[at].index) at = (at + 1) & mask_;
            table_[at] = {keys.data()[k], k + 1};
        }
    }

    // Sums the weights of each distinct known feature; returns how many were known, and how many features there were.
    std::pair<size_t, size_t> score(const uint8_t* data, size_t size, float* scores) const {
        std::vector<uint64_t> seen((starts_.size() + 63) / 64);
        std::vector<uint32_t> sums(count_);
        size_t known = 0, all = 0;
        tokens(data, size, [&](uint32_t hash) {
            ++all;
            for (uint32_t at = hash & mask_; table_[at].index; at = (at + 1) & mask_) {
                if (table_[at].key != hash) continue;
                const uint32_t index = table_[at].index - 1;
                if (seen[index / 64] >> (index % 64) & 1) return;
                seen[index / 64] |= 1ULL << (index % 64);
                ++known;
                for (uint32_t p = starts_[index]; p < starts_[index + 1]; ++p) sums[classes_[p]] += weights_[p];
                return;
            }
        });
        for (size_t c = 0; c < count_; ++c) scores[c] = static_cast<float>(sums[c]) * unit_;
        return {known, all};
    }

    size_t count() const { return count_; }

  private:
    struct Slot {
        uint32_t key, index;
    };
    std::vector<uint32_t> starts_;
    std::vector<uint16_t> classes_;
    std::vector<uint8_t> weights_;
    std::vector<Slot> table_;
    uint32_t mask_ = 0;
    float unit_;
    size_t count_;
};

}  // namespace

void bind_tokens(nb::module_& m) {
    m.def(
        "token_features",
        [](nb::bytes data) {
            auto* found = new std::vector<uint32_t>();
            tokens(reinterpret_cast<const uint8_t*>(data.c_str()), data.size(),
                   [&](uint32_t hash) { found->push_back(hash); });
            nb::capsule owner(found, [](void* p) noexcept { delete static_cast<std::vector<uint32_t>*>(p); });
            return nb::ndarray<nb::numpy, uint32_t, nb::ndim<1>>(found->data(), {found->size()}, owner);
        },
        nb::arg("data"), "Hashed features of a text, in order, with repeats (uint32).");
    nb::class_<TokenClassifier>(m, "TokenClassifier",
                                "A sparse linear classifier over the distinct features of a text.")
        .def(nb::init<nb::ndarray<const uint32_t, nb::ndim<1>, nb::c_contig>,
                      nb::ndarray<const uint32_t, nb::ndim<1>, nb::c_contig>,
                      nb::ndarray<const uint16_t, nb::ndim<1>, nb::c_contig>,
                      nb::ndarray<const uint8_t, nb::ndim<1>, nb::c_contig>, float, size_t>(),
             nb::arg("keys"), nb::arg("starts"), nb::arg("classes"), nb::arg("weights"), nb::arg("unit"),
             nb::arg("count"))
        .def(
            "scores",
            [](const TokenClassifier& self, nb::bytes data, size_t limit) {
                auto* scores = new std::vector<float>(self.count());
                nb::capsule owner(scores, [](void* p) noexcept { delete static_cast<std::vector<float>*>(p); });
                const auto* bytes = reinterpret_cast<const uint8_t*>(data.c_str());
                const size_t size = data.size() < limit ? data.size() : limit;
                std::pair<size_t, size_t> counts;
                {
                    nb::gil_scoped_release release;
                    counts = self.score(bytes, size, scores->data());
                }
                nb::ndarray<nb::numpy, float, nb::ndim<1>> array(scores->data(), {scores->size()}, owner);
                return nb::make_tuple(array, counts.first, counts.second);
            },
            nb::arg("data"), nb::arg("limit"),
            "Score of each class (float32) over the first `limit` bytes, the number of distinct known features, and "
            "the "
            "number of features with repeats.");
}

}  // namespace drystone
