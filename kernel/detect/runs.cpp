#include "runs.hpp"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace nb = nanobind;

namespace drystone {
namespace {

using Byte = std::uint8_t;

constexpr int kSymbols = 54;
constexpr Byte kSurprise[kSymbols * kSymbols] = {
#include "surprise.inc"
};

// What keys, tokens, base64, hex numbers and UUIDs are written in; everything else ends a run.
constexpr char kRunPunctuation[] = "_-+/.~%";

enum Class : Byte { kNone = 0, kLower = 1, kUpper = 2, kDigit = 4, kHexLetter = 8 };

struct Tables {
    std::array<bool, 256> in_run{};
    std::array<Byte, 256> symbol{};
    std::array<Byte, 256> kind{};
    std::array<Byte, 256> lower{};
    Tables() {
        symbol.fill(53);
        for (int c = 0; c < 256; ++c) lower[c] = static_cast<Byte>(c);
        for (int c = 'a'; c <= 'z'; ++c) symbol[c] = c - 'a', in_run[c] = true, kind[c] = kLower;
        for (int c = 'A'; c <= 'Z'; ++c) {
            symbol[c] = 26 + c - 'A', in_run[c] = true, kind[c] = kUpper, lower[c] = c - 'A' + 'a';
        }
        for (int c = '0'; c <= '9'; ++c) symbol[c] = 52, in_run[c] = true, kind[c] = kDigit;
        for (int c = 'a'; c <= 'f'; ++c) kind[c] |= kHexLetter, kind[c - 'a' + 'A'] |= kHexLetter;
        for (const char *p = kRunPunctuation; *p; ++p) in_run[static_cast<Byte>(*p)] = true;
    }
};
const Tables kTables;

// Mean surprise in bits over the pairs of neighbouring letters and digits, and whether the characters look drawn.
// A hex number is drawn from few letters, so its pairs are not surprising; it is known by its alphabet.
struct Look {
    float surprise;
    bool random;
};

Look look(const Byte *text, std::size_t begin, std::size_t end) {
    std::uint32_t sum = 0, pairs = 0, lower = 0, upper = 0, digits = 0, hex = 0;
    int previous = 53;
    for (std::size_t i = begin; i < end; ++i) {
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
    const std::uint32_t letters = lower + upper;
    const float surprise = pairs ? static_cast<float>(sum) / (16.0f * static_cast<float>(pairs)) : 0.0f;
    const bool hexadecimal = letters == hex && digits >= 4 && letters >= 2 && letters + digits >= 12;
    const bool drawn = letters >= 3 && letters + digits >= 10 &&
                       ((digits >= 2 && surprise >= 5.0f) || (digits >= 1 && surprise >= 6.0f) ||
                        (lower >= 2 && upper >= 2 && surprise >= 6.5f));
    return {surprise, hexadecimal || drawn};
}

// Finds which of a few hundred short lower-case words occur in a stretch of text, whatever the case there.
class Words {
   public:
    explicit Words(const std::vector<std::string> &words) : words_(words) {
        for (std::size_t i = 0; i < words_.size(); ++i) {
            if (words_[i].size() < 2) throw nb::value_error("a word has at least two characters");
            by_pair_[pair(words_[i][0], words_[i][1])].push_back(static_cast<std::uint16_t>(i));
        }
    }

    void find(const Byte *text, std::size_t begin, std::size_t end, std::vector<std::uint16_t> &found) const {
        for (std::size_t i = begin; i + 1 < end; ++i) {
            for (std::uint16_t index : by_pair_[pair(kTables.lower[text[i]], kTables.lower[text[i + 1]])]) {
                const std::string &word = words_[index];
                if (word.size() > end - i) continue;
                std::size_t j = 2;
                while (j < word.size() && kTables.lower[text[i + j]] == static_cast<Byte>(word[j])) ++j;
                if (j == word.size() && std::find(found.begin(), found.end(), index) == found.end()) {
                    found.push_back(index);
                }
            }
        }
    }

   private:
    static std::size_t pair(Byte first, Byte second) { return static_cast<std::size_t>(first) << 8 | second; }
    std::vector<std::string> words_;
    std::vector<std::vector<std::uint16_t>> by_pair_ = std::vector<std::vector<std::uint16_t>>(65536);
};

struct Run {
    std::size_t start, end;
    float surprise;
    std::vector<std::uint16_t> words;
};

constexpr std::size_t kLongestLook = 1024;

std::vector<Run> find_runs(const Byte *text, std::size_t size, const Words &words, std::size_t shortest,
                           std::size_t reach) {
    std::vector<Run> runs;
    std::size_t floor = 0;  // no run begins before this
    // A run of `shortest` characters covers every sampled position, so only those are looked at.
    for (std::size_t at = shortest - 1; at < size;) {
        if (!kTables.in_run[text[at]]) {
            floor = at + 1;
            at += shortest;
            continue;
        }
        std::size_t begin = at;
        while (begin > floor && kTables.in_run[text[begin - 1]]) --begin;
        // Whether the run is long enough shows before its end does.
        std::size_t end = at + 1;
        while (end < size && kTables.in_run[text[end]]) ++end;
        if (end - begin >= shortest) {
            const Look seen = look(text, begin, std::min(end, begin + kLongestLook));
            if (seen.random) {
                std::size_t from = begin;
                while (from > 0 && begin - from < reach && text[from - 1] != '\n') --from;
                Run run{begin, end, seen.surprise, {}};
                words.find(text, from, begin, run.words);
                if (!run.words.empty()) runs.push_back(std::move(run));
            }
        }
        floor = end + 1;
        at = end + shortest;
    }
    return runs;
}

}  // namespace

void bind_runs(nb::module_ &m) {
    nb::class_<Words>(m, "Words", "Lower-case words to look for before a run.")
        .def(nb::init<const std::vector<std::string> &>(), nb::arg("words"));
    m.def(
        "random_runs",
        [](nb::bytes data, const Words &words, std::size_t shortest, std::size_t reach) {
            if (shortest < 2) throw nb::value_error("shortest must be at least 2");
            std::vector<Run> runs;
            {
                nb::gil_scoped_release release;
                runs = find_runs(static_cast<const Byte *>(data.data()), data.size(), words, shortest, reach);
            }
            nb::list out;
            for (const Run &run : runs) out.append(nb::make_tuple(run.start, run.end, run.surprise, run.words));
            return out;
        },
        nb::arg("data"), nb::arg("words"), nb::arg("shortest"), nb::arg("reach"),
        "Return (start, end, mean surprise in bits, indexes of words) of each run of at least `shortest` key characters "
        "that look drawn at random and have one of `words` within `reach` bytes before them on their line.");
    m.def(
        "surprise",
        [](nb::bytes data) {
            return look(static_cast<const Byte *>(data.data()), 0, data.size()).surprise;
        },
        nb::arg("data"), "Return the mean surprise, in bits, of the pairs of neighbouring letters and digits.");
}

}  // namespace drystone
