// Splits text into comparable words and finds the reference texts that share most word grams with it.
//
// Case, punctuation, comment markers, HTML tags, typographic quotes and the spelling "licence" are levelled, so that
// one licence text reads the same in a C comment, in Markdown and in a Debian stanza. One pass, linear time.
#include "words.hpp"

#include <nanobind/ndarray.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <tuple>
#include <unordered_map>

namespace nb = nanobind;

namespace drystone {
namespace {

constexpr size_t kGram = 4;

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

}  // namespace

ComparableWords split_words(std::string_view input) {
    ComparableWords out;
    out.text.reserve(input.size() + 1);
    const auto* data = reinterpret_cast<const unsigned char*>(input.data());
    const size_t size = input.size();
    uint32_t line = 1;
    bool first = true;  // no word on this line yet
    std::string word;
    size_t i = 0;
    while (i < size) {
        const unsigned char c = data[i];
        if (c == '\n') {
            ++line;
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
                ++i;
                continue;
            }
            const size_t n = separator(data + i, size - i, apostrophe);
            if (n) {
                i += n;
                continue;
            }
        }
        const size_t begin = i;
        word.clear();
        while (i < size && word.size() < 256) {
            const unsigned char d = data[i];
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
        if (!out.text.empty()) out.text.push_back(' ');
        out.starts.push_back(static_cast<uint32_t>(out.text.size()));
        out.lines.push_back(line);
        out.hashes.push_back(hash_bytes(word.data(), word.size()));
        out.text += word;
    }
    return out;
}

namespace {

// An inverted index from grams of four words to reference texts.
class TextIndex {
  public:
    explicit TextIndex(const std::vector<const ComparableWords*>& texts) {
        std::vector<std::pair<uint64_t, uint32_t>> all;
        size_t words = 0;
        for (const ComparableWords* text : texts) words += text->hashes.size();
        all.reserve(words);
        for (uint32_t r = 0; r < texts.size(); ++r) {
            const std::vector<uint64_t>& hashes = texts[r]->hashes;
            lengths_.push_back(static_cast<uint32_t>(hashes.size()));
            for (uint64_t g : grams_of(hashes.data(), hashes.size())) all.emplace_back(g, r);
        }
        std::sort(all.begin(), all.end());
        all.erase(std::unique(all.begin(), all.end()), all.end());
        totals_.resize(texts.size());
        grams_.reserve(all.size());
        postings_.reserve(all.size());
        for (const auto& [gram, reference] : all) {
            if (grams_.empty() || grams_.back() != gram) {
                grams_.push_back(gram);
                begins_.push_back(static_cast<uint32_t>(postings_.size()));
            }
            postings_.push_back(reference);
            ++totals_[reference];
        }
        begins_.push_back(static_cast<uint32_t>(postings_.size()));
        buckets_.resize((size_t(1) << kBucketBits) + 1);
        for (size_t bucket = 0, at = 0; bucket < buckets_.size(); ++bucket) {
            while (at < grams_.size() && (grams_[at] >> (64 - kBucketBits)) < bucket) ++at;
            buckets_[bucket] = static_cast<uint32_t>(at);
        }
    }

    // The references that best match words [begin, end): tuples (reference, similarity, containment, first word,
    // last word + 1), best first. Containment is the share of the reference's grams that occur; similarity is
    // |common| / (|reference| + |words of the window that are not common|).
    using Hit = std::tuple<uint32_t, double, double, uint32_t, uint32_t>;
    std::vector<Hit> match(const std::vector<uint64_t>& hashes, size_t begin, size_t end, double least,
                           size_t keep) const {
        std::vector<Hit> found;
        if (end > hashes.size()) end = hashes.size();
        if (begin + kGram > end) return found;
        const std::vector<uint64_t> grams = grams_of(hashes.data() + begin, end - begin);
        const size_t n = grams.size();
        std::vector<std::pair<uint32_t, uint32_t>> lists(n, {0, 0});
        std::vector<uint32_t> counts(totals_.size(), 0);
        std::unordered_map<uint64_t, uint32_t> seen;  // a gram counts once per text
        seen.reserve(n);
        for (size_t i = 0; i < n; ++i) {
            lists[i] = postings_of(grams[i]);
            if (lists[i].first == lists[i].second || !seen.emplace(grams[i], 1).second) continue;
            for (uint32_t p = lists[i].first; p < lists[i].second; ++p) ++counts[postings_[p]];
        }
        std::vector<uint32_t> candidates;
        for (uint32_t r = 0; r < counts.size(); ++r)
            if (totals_[r] > 0 && counts[r] >= least * totals_[r]) candidates.push_back(r);
        const size_t most = std::min<size_t>(candidates.size(), 24);
        std::partial_sort(candidates.begin(), candidates.begin() + most, candidates.end(), [&](uint32_t a, uint32_t b) {
            const double x = double(counts[a]) / totals_[a], y = double(counts[b]) / totals_[b];
            return x != y ? x > y : (counts[a] != counts[b] ? counts[a] > counts[b] : a < b);
        });
        candidates.resize(most);
        std::vector<uint32_t> places;
        for (uint32_t r : candidates) {
            places.clear();
            for (size_t i = 0; i < n; ++i) {
                const auto [from, to] = lists[i];
                if (from != to && std::binary_search(postings_.begin() + from, postings_.begin() + to, r))
                    places.push_back(static_cast<uint32_t>(i));
            }
            // The window of at most 1.25 lengths of the reference (and 16 words) with most of its grams.
            const uint32_t span = lengths_[r] + lengths_[r] / 4 + 16;
            size_t best = 0, best_from = 0, low = 0;
            for (size_t high = 0; high < places.size(); ++high) {
                while (places[high] - places[low] > span) ++low;
                if (high - low + 1 > best) best = high - low + 1, best_from = low;
            }
            if (best == 0) continue;
            const uint32_t first = places[best_from], last = places[best_from + best - 1];
            std::vector<uint64_t> distinct;
            for (size_t k = best_from; k < best_from + best; ++k) distinct.push_back(grams[places[k]]);
            std::sort(distinct.begin(), distinct.end());
            const double common = std::unique(distinct.begin(), distinct.end()) - distinct.begin();
            const double foreign = double(last - first + 1) - double(best);
            const double contained = common / totals_[r];
            if (contained < least) continue;
            found.emplace_back(r, common / (totals_[r] + foreign), contained, uint32_t(begin) + first,
                               uint32_t(begin + last + kGram));
        }
        std::sort(found.begin(), found.end(), [](const Hit& a, const Hit& b) {
            if (std::get<1>(a) != std::get<1>(b)) return std::get<1>(a) > std::get<1>(b);
            return std::get<0>(a) < std::get<0>(b);
        });
        if (found.size() > keep) found.resize(keep);
        return found;
    }

  private:
    static std::vector<uint64_t> grams_of(const uint64_t* h, size_t n) {
        std::vector<uint64_t> grams;
        if (n < kGram) return grams;
        grams.reserve(n - kGram + 1);
        for (size_t i = 0; i + kGram <= n; ++i) {
            uint64_t g = 0;
            for (size_t k = 0; k < kGram; ++k) g = (g ^ h[i + k]) * 0x9e3779b97f4a7c15ULL + (g >> 29);
            grams.push_back(g ^ (g >> 31));
        }
        return grams;
    }

    // Where the references with a gram stand in `postings_`; an empty range for a gram of none.
    std::pair<uint32_t, uint32_t> postings_of(uint64_t gram) const {
        const size_t bucket = gram >> (64 - kBucketBits);
        const auto end = grams_.begin() + buckets_[bucket + 1];
        const auto it = std::lower_bound(grams_.begin() + buckets_[bucket], end, gram);
        if (it == end || *it != gram) return {0, 0};
        const size_t at = static_cast<size_t>(it - grams_.begin());
        return {begins_[at], begins_[at + 1]};
    }

    static constexpr int kBucketBits = 16;  // of a gram's highest bits; about ten grams of the licence list in each
    std::vector<uint32_t> totals_, lengths_, postings_, begins_, buckets_;
    std::vector<uint64_t> grams_;
};

// Finds phrases (words joined by single spaces) in text of that form.
class PhraseIndex {
  public:
    explicit PhraseIndex(std::vector<std::string> phrases) : phrases_(std::move(phrases)) {
        for (uint32_t i = 0; i < phrases_.size(); ++i) {
            const std::string& phrase = phrases_[i];
            by_word_[phrase.substr(0, phrase.find(' '))].push_back(i);
        }
        for (auto& [word, entries] : by_word_)
            std::stable_sort(entries.begin(), entries.end(), [&](uint32_t a, uint32_t b) {
                const auto spaces = [&](uint32_t i) { return std::count(phrases_[i].begin(), phrases_[i].end(), ' '); };
                return spaces(a) > spaces(b);
            });
        for (const auto& [word, entries] : by_word_) first_[static_cast<unsigned char>(word[0])] = true;
    }

    // (start, end, phrase) for each phrase that stands in text[begin, end) as whole words, by place, most words first.
    using Hit = std::tuple<size_t, size_t, uint32_t>;
    std::vector<Hit> find(std::string_view text, size_t begin, size_t end) const {
        std::vector<Hit> found;
        end = std::min(end, text.size());
        std::string word;
        while (begin < end) {
            const void* space = std::memchr(text.data() + begin, ' ', end - begin);
            const size_t stop = space ? static_cast<size_t>(static_cast<const char*>(space) - text.data()) : end;
            if (stop > begin && first_[static_cast<unsigned char>(text[begin])]) {
                word.assign(text.data() + begin, stop - begin);
                if (const auto it = by_word_.find(word); it != by_word_.end()) {
                    for (const uint32_t i : it->second) {
                        const std::string& phrase = phrases_[i];
                        const size_t last = begin + phrase.size();
                        if (last <= end && (last == end || text[last] == ' ') &&
                            text.compare(begin, phrase.size(), phrase) == 0)
                            found.emplace_back(begin, last, i);
                    }
                }
            }
            begin = stop + 1;
        }
        return found;
    }

  private:
    std::vector<std::string> phrases_;
    std::unordered_map<std::string, std::vector<uint32_t>> by_word_;
    std::array<bool, 256> first_{};
};

}  // namespace

void bind_words(nb::module_& m) {
    // The index over the reference texts lives as long as the process; that is no leak.
    nb::set_leak_warnings(false);
    nb::class_<ComparableWords>(m, "ComparableWords", "Comparable words of a text.")
        .def(nb::new_([](nb::bytes data) {
                 const std::string_view input(data.c_str(), data.size());
                 nb::gil_scoped_release release;
                 return split_words(input);
             }),
             nb::arg("data"))
        .def_prop_ro(
            "text", [](const ComparableWords& w) { return nb::bytes(w.text.data(), w.text.size()); },
            "Words joined by single spaces.")
        .def_ro("starts", &ComparableWords::starts, "Offset in `text` of each word.")
        .def_prop_ro("count", [](const ComparableWords& w) { return w.starts.size(); })
        .def(
            "line", [](const ComparableWords& w, size_t i) { return w.lines.at(i); }, "Line (from 1) of word `i`.")
        .def(
            "start", [](const ComparableWords& w, size_t i) { return w.starts.at(i); }, "Offset in `text` of word `i`.")
        .def(
            "word_at",
            [](const ComparableWords& w, uint32_t offset) {
                return size_t(std::upper_bound(w.starts.begin(), w.starts.end(), offset) - w.starts.begin()) - 1;
            },
            "The word that covers `offset` of `text`.");
    nb::class_<PhraseIndex>(m, "PhraseIndex", "Phrases of comparable words, by their first word.")
        .def(nb::new_([](const std::vector<nb::bytes>& phrases) {
                 std::vector<std::string> copies;
                 for (const auto& p : phrases) {
                     copies.emplace_back(p.c_str(), p.size());
                     if (copies.back().empty()) throw nb::value_error("a phrase has at least one word");
                 }
                 return PhraseIndex(std::move(copies));
             }),
             nb::arg("phrases"))
        .def(
            "find",
            [](const PhraseIndex& index, nb::bytes text, size_t begin, size_t end) {
                return index.find(std::string_view(text.c_str(), text.size()), begin, end);
            },
            nb::arg("text"), nb::arg("begin"), nb::arg("end"),
            "Phrases that stand in text[begin:end] as whole words: (start, end, number), by start, most words first.");
    nb::class_<TextIndex>(m, "TextIndex", "Reference texts by grams of four words.")
        .def(nb::new_([](const std::vector<const ComparableWords*>& texts) {
                 nb::gil_scoped_release release;
                 return TextIndex(texts);
             }),
             nb::arg("texts"))
        .def(
            "match",
            [](const TextIndex& index, const ComparableWords& words, size_t begin, size_t end, double least,
               size_t keep) {
                nb::gil_scoped_release release;
                return index.match(words.hashes, begin, end, least, keep);
            },
            nb::arg("words"), nb::arg("begin"), nb::arg("end"), nb::arg("least") = 0.3, nb::arg("keep") = 5,
            "Best references for a range of words: (reference, similarity, containment, first, end).");
}

}  // namespace drystone
