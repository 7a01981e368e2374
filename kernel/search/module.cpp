// Python's view of the kernel: Arrow buffers and memory maps come in as arrays without copying; the GIL is released.
#include <nanobind/stl/array.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "builder.hpp"
#include "common/python.hpp"
#include "counting.hpp"
#include "folding.hpp"
#include "query.hpp"
#include "ranking.hpp"
#include "runs.hpp"

using namespace drystone;
using namespace drystone::search;

namespace {

nb::bytes bytes(const std::vector<uint8_t>& from) {
    return nb::bytes(reinterpret_cast<const char*>(from.data()), from.size());
}

// What is kept of a segment's files while they come.
struct Building {
    Trigrams trigrams;
    Terms terms, defined, paths;
    std::vector<Family> families;
    std::vector<Symbol> symbols;
    std::vector<uint8_t> names;
    std::vector<size_t> ends, name_ends;
    std::vector<Beginning> beginnings;
    std::vector<uint8_t> joined;

    Building(uint32_t documents, size_t size, std::vector<Family> of)
        : trigrams(documents, size), terms(documents), defined(documents), paths(documents), families(std::move(of)) {}

    void text(uint32_t document, const uint8_t* from, size_t size, size_t family) {
        const size_t had = symbols.size();
        beginnings.clear();
        symbols_of(families[family], from, size, document, symbols, names, beginnings);
        add(document, from, size, had);
    }

    void parsed(uint32_t document, const uint8_t* from, size_t size, const Definition* definitions, size_t count) {
        const size_t had = symbols.size();
        beginnings.clear();
        symbols_of_parsed(definitions, count, from, size, document, symbols, names, beginnings);
        add(document, from, size, had);
    }

  private:
    // All but the symbols: those from number `symbol` on are the text's.
    void add(uint32_t document, const uint8_t* from, size_t size, size_t symbol) {
        trigrams.add(document, from, size);
        ends.clear();
        passages_of(from, size, beginnings, ends);
        terms.add(document, from, size, ends);
        // The names that each passage defines, one a line.
        joined.clear();
        name_ends.clear();
        for (size_t end : ends) {
            for (; symbol < symbols.size() && symbols[symbol].at < end; symbol++) {
                const Symbol& one = symbols[symbol];
                if (one.kind == kVariable) continue;
                joined.insert(joined.end(), &names[one.start], &names[one.start] + one.size);
                joined.push_back('\n');
            }
            name_ends.push_back(joined.size());
        }
        defined.add(document, joined.data(), joined.size(), name_ends);
    }
};

using Words = std::vector<std::pair<std::string, uint8_t>>;

std::vector<ByteSet> sets_of(const nb::bytes& run) {
    if (run.size() % kSetBytes) throw std::invalid_argument("a set of bytes is cut off");
    std::vector<ByteSet> sets(run.size() / kSetBytes);
    for (size_t i = 0; i < run.size(); i++) {
        sets[i / kSetBytes].words[i % kSetBytes / 8] |= (uint64_t)bytes_of(run)[i] << (8 * (i % 8));
    }
    return sets;
}

// Postings in somebody else's memory, which stays alive as long as they do.
struct Postings {
    Input<uint8_t> data;
    PostingsReader reader;
    explicit Postings(Input<uint8_t> data_) : data(data_), reader(data_.data(), data_.size()) {}
};

std::vector<std::pair<uint32_t, float>> pairs(const std::vector<RankedPassage>& passages) {
    std::vector<std::pair<uint32_t, float>> rows;
    for (const RankedPassage& p : passages) rows.emplace_back(p.passage, p.score);
    return rows;
}

}  // namespace

NB_MODULE(_kernel, m) {
    m.doc() = "Builds and reads the postings of a segment.";

    m.def(
        "fold",
        [](nb::bytes text) {
            std::vector<uint8_t> out;
            fold(bytes_of(text), text.size(), out);
            return bytes(out);
        },
        nb::arg("text"), "The text with every character replaced by what stands for all that differ from it by case.");

    m.def(
        "trigrams",
        [](nb::bytes text) {
            Seen seen;
            std::vector<uint32_t> found;
            trigrams_of(bytes_of(text), text.size(), seen, found);
            return array(std::move(found));
        },
        nb::arg("text"), "The distinct trigrams of the folded text, none over a line end, as they come.");

    m.def(
        "terms",
        [](nb::bytes text) {
            std::vector<uint64_t> keys;
            Stems stems;
            terms_of(bytes_of(text), text.size(), stems, keys);
            return array(std::move(keys));
        },
        nb::arg("text"), "Keys of the terms of a text, in order, repetitions included.");

    m.def(
        "line_keys",
        [](nb::bytes lines) {
            std::vector<uint64_t> keys;
            const uint8_t *at = bytes_of(lines), *end = at + lines.size();
            while (at < end) {
                const auto* stop = static_cast<const uint8_t*>(std::memchr(at, '\n', (size_t)(end - at)));
                if (!stop) stop = end;
                keys.push_back(term_key(at, (size_t)(stop - at)));
                at = stop + 1;
            }
            return array(std::move(keys));
        },
        nb::arg("lines"), "The key of each line, as if it were a term.");

    m.def(
        "term_key", [](nb::bytes term) { return term_key(bytes_of(term), term.size()); }, nb::arg("term"),
        "The 40-bit key of a term.");

    m.def(
        "stem",
        [](nb::bytes word) {
            for (const uint8_t* c = bytes_of(word); c < bytes_of(word) + word.size(); c++) {
                if (*c < 'a' || *c > 'z')
                    throw std::invalid_argument("a word to stem has lower-case ASCII letters only");
            }
            std::vector<uint8_t> copy(bytes_of(word), bytes_of(word) + word.size());
            copy.resize(word.size() + 2);
            copy.resize(stem(copy.data(), word.size()));
            return bytes(copy);
        },
        nb::arg("word"), "The stem of an English word in lower-case letters.");

    m.def(
        "passages",
        [](nb::bytes text, const Words& words, uint32_t shapes) {
            std::vector<size_t> ends;
            std::vector<Symbol> symbols;
            std::vector<uint8_t> names;
            std::vector<Beginning> beginnings;
            symbols_of(Family(words, shapes, 5, 13), bytes_of(text), text.size(), 0, symbols, names, beginnings);
            passages_of(bytes_of(text), text.size(), beginnings, ends);
            return ends;
        },
        nb::arg("text"), nb::arg("words") = Words(), nb::arg("shapes") = 0,
        "Where the passages of a text end, in a language of these words and shapes.");

    m.def(
        "plain_values",
        [](Input<uint8_t> page, size_t start, size_t count) {
            std::vector<int64_t> starts, lengths;
            const uint8_t* data = page.data();
            const size_t size = page.size();
            starts.reserve(std::min(count, size));
            lengths.reserve(std::min(count, size));
            size_t at = start;
            for (size_t i = 0; i < count; i++) {
                if (at > size || size - at < 4) throw std::invalid_argument("a page ends inside a value");
                const uint32_t length =
                    data[at] | data[at + 1] << 8 | data[at + 2] << 16 | (uint32_t)data[at + 3] << 24;
                at += 4;
                if (length > size - at) throw std::invalid_argument("a value leaves its page");
                starts.push_back((int64_t)at);
                lengths.push_back(length);
                at += length;
            }
            return nb::make_tuple(array(std::move(starts)), array(std::move(lengths)));
        },
        nb::arg("page"), nb::arg("start"), nb::arg("count"),
        "Where the values of a Parquet page in plain encoding begin, and their bytes.");

    m.def(
        "holding",
        [](const std::vector<Input<uint8_t>>& pages, const std::vector<size_t>& borders, Input<int64_t> starts,
           Input<int64_t> ends, const std::vector<nb::bytes>& runs, bool in_line, bool before, bool after) {
            if (starts.size() != ends.size()) throw std::invalid_argument("each text must have a start and an end");
            if (borders.size() != pages.size() + 1 || !std::is_sorted(borders.begin(), borders.end()) ||
                borders.back() > starts.size()) {
                throw std::invalid_argument("texts are not divided by their pages");
            }
            for (size_t page = 0; page < pages.size(); page++) {
                for (size_t i = borders[page]; i < borders[page + 1]; i++) {
                    const int64_t start = starts.data()[i], end = ends.data()[i];
                    if (start < 0 || end < start || (uint64_t)end > pages[page].size())
                        throw std::invalid_argument("a text leaves its buffer");
                }
            }
            std::vector<Run> made;
            for (const nb::bytes& run : runs) made.emplace_back(sets_of(run), before, after);
            const Row looked_for(std::move(made), in_line);
            std::vector<size_t> found;
            {
                nb::gil_scoped_release release;
                for (size_t page = 0; page < pages.size(); page++) {
                    const uint8_t* const data = pages[page].data();
                    for (size_t i = borders[page]; i < borders[page + 1]; i++) {
                        const int64_t start = starts.data()[i];
                        if (looked_for.in(data + start, (size_t)(ends.data()[i] - start))) found.push_back(i);
                    }
                }
            }
            return found;
        },
        nb::arg("pages"), nb::arg("borders"), nb::arg("starts"), nb::arg("ends"), nb::arg("runs"), nb::arg("in_line"),
        nb::arg("before") = false, nb::arg("after") = false,
        "Which texts hold the runs one after the other, in one line if asked: their places. Those from borders[i] to "
        "borders[i + 1] are spans of page i. A run is a set of bytes for each of its places, 32 bytes with a bit for "
        "each; with before (after) its first (last) stands beside the match, and the edge of a text does as well.");

    m.def(
        "write_postings",
        [](const std::vector<std::pair<uint64_t, std::vector<std::pair<uint32_t, uint8_t>>>>& lists, uint32_t universe,
           bool levels) {
            PostingsWriter writer(universe, levels, lists.size(), lists.empty() ? 0 : lists.back().first + 1);
            uint64_t least = 0;
            for (const auto& [key, list] : lists) {
                std::vector<uint32_t> numbers;
                std::vector<uint8_t> beside;
                uint64_t next = 0;
                for (const auto& [number, level] : list) {
                    if (number < next || number >= universe || level >= kLevels)
                        throw std::invalid_argument("a list is not one");
                    numbers.push_back(number);
                    beside.push_back(level);
                    next = (uint64_t)number + 1;
                }
                if (list.empty() || key < least || key >= kMostKey) throw std::invalid_argument("keys do not ascend");
                least = key + 1;
                writer.add(key, numbers.data(), beside.data(), numbers.size());
            }
            return bytes(writer.finish());
        },
        nb::arg("lists"), nb::arg("universe"), nb::arg("levels"),
        "Postings of (key, [(number, level), ...]) in order.");

    nb::class_<Needle>(m, "Needle", "A string ready to be counted in texts.")
        .def(
            "__init__", [](Needle* self, nb::bytes string) { new (self) Needle(bytes_of(string), string.size()); },
            nb::arg("string"))
        .def(
            "times",
            [](const Needle& needle, Input<uint8_t> text, bool folded) {
                nb::gil_scoped_release release;
                if (!folded) return needle.times(text.data(), text.size());
                std::vector<uint8_t> out;
                fold(text.data(), text.size(), out);
                return needle.times(out.data(), out.size());
            },
            nb::arg("text"), nb::arg("folded"),
            "At how many places of the text, or of the folded text, the string begins; places may overlap.");

    nb::class_<Building>(m, "Builder", "Builds the postings of one segment from its files, in any order.")
        .def(
            "__init__",
            [](Building* self, uint32_t documents, size_t size, const std::vector<std::pair<Words, uint32_t>>& families,
               uint8_t function, uint8_t heading) {
                std::vector<Family> of;
                for (const auto& [words, shapes] : families) of.emplace_back(words, shapes, function, heading);
                new (self) Building(documents, size, std::move(of));
            },
            nb::arg("documents"), nb::arg("size"), nb::arg("families"), nb::arg("function"), nb::arg("heading"))
        .def(
            "add",
            [](Building& b, Input<uint8_t> data, Input<int64_t> starts, Input<int64_t> lengths,
               Input<uint32_t> documents, Input<uint8_t> families) {
                const size_t count = documents.size();
                if (starts.size() != count || lengths.size() != count || families.size() != count) {
                    throw std::invalid_argument("starts, lengths and families must have one value for each document");
                }
                for (size_t i = 0; i < count; i++) {
                    const int64_t start = starts.data()[i], length = lengths.data()[i];
                    if (start < 0 || length < 0 || (uint64_t)start > data.size() ||
                        (uint64_t)length > data.size() - (uint64_t)start) {
                        throw std::invalid_argument("a document leaves its buffer");
                    }
                    if (families.data()[i] >= b.families.size())
                        throw std::invalid_argument("a document's family is not there");
                }
                nb::gil_scoped_release release;
                for (size_t i = 0; i < count; i++) {
                    b.text(documents.data()[i], data.data() + starts.data()[i], (size_t)lengths.data()[i],
                           families.data()[i]);
                }
            },
            nb::arg("data"), nb::arg("starts"), nb::arg("lengths"), nb::arg("documents"), nb::arg("families"),
            "Files as spans of one buffer, each with its number in the segment and the family of its language.")
        .def(
            "add_parsed",
            [](Building& b, Input<uint8_t> text, uint32_t document, const std::vector<std::array<int64_t, 4>>& found) {
                std::vector<Definition> definitions;
                for (const auto& [name, end, begin, kind] : found) definitions.push_back({name, end, begin, kind});
                nb::gil_scoped_release release;
                b.parsed(document, text.data(), text.size(), definitions.data(), definitions.size());
            },
            nb::arg("text"), nb::arg("document"), nb::arg("definitions"),
            "A file with the definitions that a parser found: (name, its end, where the whole begins, kind) in order.")
        .def(
            "add_path",
            [](Building& b, uint32_t document, nb::bytes path) {
                const std::vector<size_t> ends{path.size()};
                b.paths.add(document, bytes_of(path), path.size(), ends);
            },
            nb::arg("document"), nb::arg("path"), "The path of a file, for ranking.")
        .def(
            "finish",
            [](Building& b) {
                std::vector<uint8_t> trigrams, terms, defined, paths, names;
                std::vector<uint32_t> rows[3], lengths;
                std::vector<uint8_t> kinds;
                {
                    nb::gil_scoped_release release;
                    trigrams = b.trigrams.finish();
                    lengths = std::move(b.trigrams.lengths);
                    b.trigrams = Trigrams(0);
                    terms = b.terms.finish();
                    defined = b.defined.finish();
                    paths = b.paths.finish();
                    names = lines_of(b.symbols, b.names, rows[0]);
                    for (const Symbol& s : b.symbols) {
                        rows[1].push_back(s.document);
                        rows[2].push_back(s.line);
                        kinds.push_back(s.kind);
                    }
                }
                nb::dict out;
                out["trigrams"] = bytes(trigrams);
                out["stretch_bytes"] = array(std::move(lengths));
                out["terms"] = bytes(terms);
                out["defined"] = bytes(defined);
                out["paths"] = bytes(paths);
                out["passages"] = array(std::move(b.terms.passages));
                out["passage_bytes"] = array(std::move(b.terms.lengths));
                out["passage_terms"] = array(std::move(b.terms.terms));
                out["path_passages"] = array(std::move(b.paths.passages));
                out["path_terms"] = array(std::move(b.paths.terms));
                out["symbol_names"] = array(std::move(rows[0]));
                out["symbol_documents"] = array(std::move(rows[1]));
                out["symbol_lines"] = array(std::move(rows[2]));
                out["symbol_kinds"] = array(std::move(kinds));
                out["names"] = bytes(names);
                return out;
            },
            "Sections and columns of the segment by name, symbols as they came; the builder is empty afterwards.");

    nb::class_<Postings>(m, "Postings", "Postings in memory that belongs to somebody else, a memory map for instance.")
        .def(nb::init<Input<uint8_t>>(), nb::arg("data"))
        .def_prop_ro("universe", [](const Postings& p) { return p.reader.universe(); })
        .def_prop_ro("keys", [](const Postings& p) { return p.reader.keys(); })
        .def(
            "counts",
            [](const Postings& p, Input<uint64_t> keys) {
                std::vector<uint32_t> counts;
                for (size_t i = 0; i < keys.size(); i++) counts.push_back(p.reader.find(keys.data()[i]).count);
                return array(std::move(counts));
            },
            nb::arg("keys"), "How many numbers each key has.")
        .def(
            "numbers",
            [](const Postings& p, uint64_t key) {
                std::vector<uint32_t> numbers;
                p.reader.read(p.reader.find(key), numbers, nullptr);
                return array(std::move(numbers));
            },
            nb::arg("key"), "The numbers of a key, ascending.")
        .def(
            "lists",
            [](const Postings& p) {
                std::vector<std::pair<uint64_t, std::vector<std::pair<uint32_t, uint8_t>>>> out;
                p.reader.each([&](uint64_t key, const List& list) {
                    std::vector<uint32_t> numbers;
                    std::vector<uint8_t> levels;
                    p.reader.read(list, numbers, &levels);
                    out.emplace_back(key, std::vector<std::pair<uint32_t, uint8_t>>{});
                    for (size_t i = 0; i < numbers.size(); i++) out.back().second.emplace_back(numbers[i], levels[i]);
                    return true;
                });
                return out;
            },
            "All of it, as `write_postings` takes it.")
        .def(
            "candidates",
            [](const Postings& p, Input<uint32_t> formula, const Division* files, uint64_t worth) {
                std::vector<uint32_t> found;
                {
                    nb::gil_scoped_release release;
                    found = candidates(p.reader, formula.data(), formula.size(), files, worth);
                }
                return array(std::move(found));
            },
            nb::arg("formula"), nb::arg("files").none() = nb::none(), nb::arg("worth") = kWorth,
            "Stretches, or files, ascending, that may hold what a formula of trigrams asks for.");

    nb::class_<Division>(m, "Division", "Which file each passage or stretch of a segment belongs to.")
        .def(
            "__init__", [](Division* self, Input<uint32_t> first) { new (self) Division(first.data(), first.size()); },
            nb::arg("first"));

    nb::class_<Scores>(m, "Scores", "How well the files and passages of a segment fit words.")
        .def(
            "__init__",
            [](Scores* self, const Division& division, const Postings& terms, const Postings& defined,
               const Postings& paths, Input<float> norm, Input<uint64_t> keys, Input<float> weights,
               Input<float> defined_weights, Input<float> path_weights, Input<float> priors, float k1, float more,
               float cover) {
                if (norm.size() != division.passages() || terms.reader.universe() != division.passages() ||
                    defined.reader.universe() != division.passages() ||
                    paths.reader.universe() > division.documents() || priors.size() != division.documents()) {
                    throw std::invalid_argument("norms and priors must have one value for each passage and file");
                }
                if (weights.size() != keys.size() || defined_weights.size() != keys.size() ||
                    path_weights.size() != keys.size()) {
                    throw std::invalid_argument("a key has no weight");
                }
                nb::gil_scoped_release release;
                new (self) Scores(division, {terms.reader, weights.data(), norm.data()},
                                  {defined.reader, defined_weights.data(), nullptr},
                                  {paths.reader, path_weights.data(), nullptr}, keys.data(), keys.size(), priors.data(),
                                  {k1, more, cover});
            },
            nb::keep_alive<1, 2>(), nb::arg("division"), nb::arg("terms"), nb::arg("defined"), nb::arg("paths"),
            nb::arg("norm"), nb::arg("keys"), nb::arg("weights"), nb::arg("defined_weights"), nb::arg("path_weights"),
            nb::arg("priors"), nb::arg("k1"), nb::arg("more"), nb::arg("cover"))
        .def(
            "files",
            [](const Scores& scores, size_t most) {
                std::vector<std::tuple<uint32_t, uint32_t, float, float, float, float, float, float>> rows;
                for (const RankedFile& f : scores.files(most)) {
                    rows.emplace_back(f.document, f.best, f.score, f.text, f.defined, f.more, f.cover, f.path);
                }
                return rows;
            },
            nb::arg("most"), "The best files: (file, best passage, score, text, defined, more, cover, path).")
        .def(
            "passages", [](const Scores& scores, size_t most) { return pairs(scores.passages(most)); }, nb::arg("most"),
            "The best passages with their scores.")
        .def(
            "passages_of",
            [](const Scores& scores, uint32_t document, size_t most) {
                if (document >= scores.documents()) throw std::invalid_argument("a file is not there");
                return pairs(scores.passages_of(document, most));
            },
            nb::arg("document"), nb::arg("most"), "The best passages of one file with their scores.");
}
