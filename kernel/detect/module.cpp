// The Python face of drystone.detect's kernel: sizes are checked here, and the GIL is released while texts pass.
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>

#include <algorithm>
#include <stdexcept>

#include "candidates.hpp"
#include "comments.hpp"
#include "common/python.hpp"
#include "comparable_words.hpp"
#include "head_words.hpp"
#include "indexes.hpp"
#include "literals.hpp"
#include "measures.hpp"
#include "tokens.hpp"
#include "utf8.hpp"

using namespace drystone;
using namespace drystone::detect;

namespace {

const Variant& kVariant = choose(kVariants);

void check_offsets(const Input<int64_t>& offsets, size_t size) {
    for (size_t i = 0; i + 1 < offsets.size(); ++i) {
        const int64_t from = offsets.data()[i], to = offsets.data()[i + 1];
        if (from < 0 || to < from || uint64_t(to) > size) {
            throw std::invalid_argument("offsets are not ascending or leave the data");
        }
    }
}

size_t texts_of(const Input<int64_t>& offsets) { return offsets.size() ? offsets.size() - 1 : 0; }

// (index, comments, what may stand beside them) of those of `count` texts that may speak of licences.
using Heads = std::vector<std::tuple<size_t, nb::bytes, unsigned>>;

template <class At>
Heads heads_of(size_t count, At at, const std::vector<unsigned>& flags, size_t limit) {
    if (!flags.empty() && flags.size() != count) throw std::invalid_argument("one flag per text");
    std::vector<std::tuple<size_t, std::string, unsigned>> texts;
    {
        nb::gil_scoped_release release;
        for (size_t i = 0; i < count; ++i) {
            const HeadWords words = head_words(at(i), limit, kVariant);
            std::string found = head_comments(at(i), limit, words, flags.empty() ? 0u : flags[i], kVariant);
            if (!found.empty() || (words.beside & (kBesideHead | kBesideAnywhere))) {
                texts.emplace_back(i, std::move(found), words.beside);
            }
        }
    }
    Heads out;
    out.reserve(texts.size());
    for (auto& [i, text, beside] : texts) out.emplace_back(i, nb::bytes(text.data(), text.size()), beside);
    return out;
}

void bind_comments(nb::module_& m) {
    m.def(
        "head_comments",
        [](const std::vector<nb::bytes>& texts, const std::vector<unsigned>& flags, size_t limit) {
            std::vector<std::string_view> views;
            views.reserve(texts.size());
            for (const auto& text : texts) views.push_back(view_of(text));
            return heads_of(views.size(), [&](size_t i) { return views[i]; }, flags, limit);
        },
        nb::arg("texts"), nb::arg("flags"), nb::arg("limit"),
        "Comments of the heads that may speak of licences, and what may stand beside them: (index, text, flags), line\n"
        "numbers kept. Flags: 1 a word in the head, 2 a statement that counts anywhere, 4 the head's word may be a "
        "value.");
    m.def(
        "head_comments_arrow",
        [](Input<uint8_t> data, Input<int64_t> offsets, const std::vector<unsigned>& flags, size_t limit) {
            check_offsets(offsets, data.size());
            const char* p = reinterpret_cast<const char*>(data.data());
            const int64_t* o = offsets.data();
            const auto at = [&](size_t i) { return std::string_view(p + o[i], size_t(o[i + 1] - o[i])); };
            return heads_of(texts_of(offsets), at, flags, limit);
        },
        nb::arg("data"), nb::arg("offsets"), nb::arg("flags"), nb::arg("limit"),
        "The same over an Arrow binary array's buffers.");
}

void bind_measures(nb::module_& m) {
    m.def(
        "measure",
        [](Input<uint8_t> bytes, Input<int64_t> offsets,
           nb::ndarray<int64_t, nb::shape<-1, kMeasures>, nb::c_contig, nb::device::cpu> counts,
           Filled<double> shares) {
            const size_t n = texts_of(offsets);
            if (counts.shape(0) != n || shares.size() != n) throw std::invalid_argument("one row of results per text");
            check_offsets(offsets, bytes.size());
            nb::gil_scoped_release release;
            for (size_t i = 0; i < n; ++i) {
                measure(bytes.data() + offsets.data()[i], bytes.data() + offsets.data()[i + 1], kVariant,
                        counts.data() + i * kMeasures, shares.data() + i);
            }
        },
        nb::arg("bytes"), nb::arg("offsets"), nb::arg("counts"), nb::arg("shares"),
        "Measure texts that lie one after the other in `bytes` (UTF-8), split at `offsets` (n + 1, int64).\n\n"
        "Fills `counts` (n x 6, int64): lines, characters of the longest line, characters outside line ends,\n"
        "letters, letters and digits, bytes of the longest run of encoded data; and `shares` (n, float64): bytes of "
        "encoded data over bytes. Releases the GIL.");
}

void bind_words(nb::module_& m) {
    nb::class_<ComparableWords>(m, "ComparableWords", "Comparable words of a text.")
        .def(nb::new_([](nb::bytes data) {
                 const std::string_view input = view_of(data);
                 nb::gil_scoped_release release;
                 return split_words(input);
             }),
             nb::arg("data"))
        .def_prop_ro(
            "text", [](const ComparableWords& w) { return nb::bytes(w.text.data(), w.text.size()); },
            "Words joined by single spaces.")
        .def_ro("starts", &ComparableWords::starts, "Offset in `text` of each word.")
        .def_prop_ro(
            "joints", [](const ComparableWords& w) { return nb::bytes(w.joints.data(), w.joints.size()); },
            "For each word one character, what stands before it: \\n an empty line, ? or . the end of a sentence,\n"
            "| the edge of a table's cell, then : , / - or a space.")
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
                 for (const auto& phrase : phrases) copies.emplace_back(view_of(phrase));
                 return PhraseIndex(std::move(copies));
             }),
             nb::arg("phrases"))
        .def(
            "find",
            [](const PhraseIndex& index, nb::bytes text, size_t begin, size_t end) {
                return index.find(view_of(text), begin, end);
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
            "Best references for a range of words: (reference, similarity, containment, first, end).")
        .def(
            "unexplained",
            [](const TextIndex& index, const ComparableWords& words, size_t begin, size_t end,
               const std::vector<uint32_t>& references) {
                nb::gil_scoped_release release;
                return index.unexplained(words.hashes, begin, end, references);
            },
            nb::arg("words"), nb::arg("begin"), nb::arg("end"), nb::arg("references"),
            "Ranges (first, end) of the words that stand in no gram of the references.");
    m.def(
        "sentences_with",
        [](const ComparableWords& words, const std::vector<std::pair<uint32_t, uint32_t>>& ranges,
           const std::vector<uint32_t>& marks, uint32_t most, uint32_t more) {
            if (most == 0) throw std::invalid_argument("a piece has words");
            nb::gil_scoped_release release;
            return sentences_with(words, ranges, marks, most, more);
        },
        nb::arg("words"), nb::arg("ranges"), nb::arg("marks"), nb::arg("most"), nb::arg("more"),
        "Sentences with a word of `ranges` and one of the offsets `marks` (ascending) behind their start, in pieces of "
        "`most` words and\n`more` of the next: (first word, last word + 1, start, end).");
}

void bind_tokens(nb::module_& m) {
    m.def(
        "token_features", [](nb::bytes data) { return array(token_features(bytes_of(data), data.size())); },
        nb::arg("data"), "Hashed features of a text, in order, with repeats (uint32).");
    nb::class_<TokenClassifier>(m, "TokenClassifier",
                                "A sparse linear classifier over the distinct features of a text.")
        .def(nb::new_([](Input<uint32_t> keys, Input<uint32_t> starts, Input<uint16_t> classes, Input<uint8_t> weights,
                         float unit, size_t count) {
                 return TokenClassifier(keys.data(), keys.size(), {starts.data(), starts.data() + starts.size()},
                                        {classes.data(), classes.data() + classes.size()},
                                        {weights.data(), weights.data() + weights.size()}, unit, count);
             }),
             nb::arg("keys"), nb::arg("starts"), nb::arg("classes"), nb::arg("weights"), nb::arg("unit"),
             nb::arg("count"))
        .def(
            "scores",
            [](const TokenClassifier& classifier, nb::bytes data, size_t limit) {
                std::vector<float> scores(classifier.count());
                std::pair<size_t, size_t> counts;
                {
                    nb::gil_scoped_release release;
                    counts = classifier.score(bytes_of(data), std::min(data.size(), limit), scores.data());
                }
                return nb::make_tuple(array(std::move(scores)), counts.first, counts.second);
            },
            nb::arg("data"), nb::arg("limit"),
            "Score of each class (float32) over the first `limit` bytes, the number of distinct known features, and "
            "the number of features with repeats.");
}

void bind_candidates(nb::module_& m) {
    nb::class_<Words>(m, "Words",
                      "Lower-case words to look for before a run: names where a word begins, parts anywhere. Indexes "
                      "count through the names, then the parts.")
        .def(nb::init<const std::vector<std::string>&, const std::vector<std::string>&>(), nb::arg("names"),
             nb::arg("parts"));
    m.def(
        "candidates",
        [](nb::bytes data, const Words& words, size_t shortest, size_t reach) {
            Candidates found;
            {
                nb::gil_scoped_release release;
                found = candidates(bytes_of(data), data.size(), words, shortest, reach);
            }
            nb::list hits, runs;
            for (const Hit& hit : found.hits) hits.append(nb::make_tuple(int(hit.kind), hit.at));
            for (const Run& run : found.runs) {
                runs.append(nb::make_tuple(run.start, run.end, run.surprise, run.words));
            }
            return nb::make_tuple(hits, runs);
        },
        nb::arg("data"), nb::arg("words"), nb::arg("shortest"), nb::arg("reach"),
        "Return hits and runs. A hit is (kind, offset behind a character of it); kinds are 0 email, 1 IPv4, 2 IPv6, "
        "3 card, 4 IBAN, 5 phone, 6 IPv6 that is not public. A run is (start, end, mean surprise in bits, indexes of "
        "words): at least `shortest` key characters with a digit that look drawn at random, with a word within `reach` "
        "bytes before on the line.");
    m.def(
        "surprise", [](nb::bytes data) { return surprise(bytes_of(data), data.size()); }, nb::arg("data"),
        "Return the mean surprise, in bits, of the pairs of neighbouring letters and digits.");
}

}  // namespace

NB_MODULE(_kernel, m) {
    m.doc() = "Measures and scans over whole batches of text, without the GIL.";
    nb::set_leak_warnings(false);  // the index over the reference texts lives as long as the process; that is no leak
    bind_variants(m, kVariants);
    bind_comments(m);
    bind_measures(m);
    bind_words(m);
    bind_tokens(m);
    bind_candidates(m);
    m.def(
        "utf8_error",
        [](nb::bytes data) {
            const uint8_t* bytes = bytes_of(data);
            const size_t size = data.size();
            nb::gil_scoped_release release;
            return utf8_error(bytes, size);
        },
        nb::arg("data"), "Offset of the first byte that is not well-formed UTF-8, or -1.");
    m.def(
        "encoding_signs",
        [](nb::bytes data) {
            const uint8_t* bytes = bytes_of(data);
            const size_t size = data.size();
            nb::gil_scoped_release release;
            return encoding_signs(bytes, size);
        },
        nb::arg("data"), "Which of these stand in bytes: 1 a NUL, 2 an escape and $ (ISO-2022), 4 a tilde and { (HZ).");
    m.def(
        "within_literals",
        [](nb::bytes data, const Spans& spans, bool python) { return within_literals(view_of(data), spans, python); },
        nb::arg("data"), nb::arg("spans"), nb::arg("python"),
        "Whether all spans (start, end; sorted, apart) lie within plain string literals or comments of Python (else: "
        "within strings of JSON) such that other letters in their place (at least one) leave the parse as it is. False "
        "where unsure.");
}
