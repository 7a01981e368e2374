// Python's view of the kernel: Arrow buffers come in as arrays without copying, and the GIL is released while they
// pass.
#include <nanobind/stl/pair.h>

#include "code.hpp"
#include "common/python.hpp"
#include "components.hpp"
#include "keeper.hpp"
#include "overlap.hpp"
#include "sketcher.hpp"
#include "words.hpp"

using namespace drystone;
using namespace drystone::dedup;

namespace {

using AnyOffsets = nb::ndarray<nb::ro, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

const Variant& chosen(const std::string& name) { return choose(kVariants, name); }

// Documents `texts[offsets[i] .. offsets[i + 1]]`, as Arrow lays them out; `valid` is empty or says which are not null.
struct Documents {
    const uint8_t* data;
    size_t size, count;
    const int32_t* narrow;
    const int64_t* wide;
    const bool* valid;

    Documents(const Input<uint8_t>& data_, AnyOffsets offsets, const Input<bool>& valid_)
        : data(data_.data()),
          size(data_.size()),
          count(offsets.size() - 1),
          narrow(nullptr),
          wide(nullptr),
          valid(valid_.size() ? valid_.data() : nullptr) {
        if (offsets.size() < 1) throw std::invalid_argument("offsets are empty");
        if (valid && valid_.size() != count) throw std::invalid_argument("valid has another length than the documents");
        if (offsets.dtype() == nb::dtype<int32_t>()) {
            narrow = static_cast<const int32_t*>(offsets.data());
        } else if (offsets.dtype() == nb::dtype<int64_t>()) {
            wide = static_cast<const int64_t*>(offsets.data());
        } else {
            throw std::invalid_argument("offsets must be int32 or int64");
        }
        int64_t last = 0;
        for (size_t i = 0; i <= count; i++) {
            int64_t offset = at(i);
            if (offset < last || (uint64_t)offset > size) throw std::invalid_argument("offsets leave the data");
            last = offset;
        }
    }
    int64_t at(size_t i) const { return narrow ? narrow[i] : wide[i]; }
    bool null(size_t i) const { return valid && !valid[i]; }
    const uint8_t* text(size_t i) const { return data + at(i); }
    size_t length(size_t i) const { return (size_t)(at(i + 1) - at(i)); }
    const uint8_t* limit() const { return data + size; }
};

// Documents as spans of a few buffers: document i is buffers[which[i]][starts[i] .. starts[i] + lengths[i]].
struct Spans {
    const std::vector<Input<uint8_t>>& buffers;
    Input<int64_t> which, starts, lengths;
    size_t count;

    Spans(const std::vector<Input<uint8_t>>& buffers_, const Input<int64_t>& which_, const Input<int64_t>& starts_,
          const Input<int64_t>& lengths_)
        : buffers(buffers_), which(which_), starts(starts_), lengths(lengths_), count(which_.size()) {
        if (starts.size() != count || lengths.size() != count) {
            throw std::invalid_argument("which, starts and lengths must have one value for each document");
        }
        for (size_t i = 0; i < count; i++) {
            const int64_t b = which.data()[i], start = starts.data()[i], size = lengths.data()[i];
            if (b < 0 || (uint64_t)b >= buffers.size() || start < 0 || size < 0 ||
                (uint64_t)start > buffers[b].size() || (uint64_t)size > buffers[b].size() - (uint64_t)start) {
                throw std::invalid_argument("a span leaves its buffer");
            }
        }
    }
    const uint8_t* text(size_t i) const { return buffers[which.data()[i]].data() + starts.data()[i]; }
    size_t length(size_t i) const { return (size_t)lengths.data()[i]; }
};

Measure measure_of(const std::string& name) {
    if (name == "code") return Measure::Code;
    if (name == "words") return Measure::Words;
    throw std::invalid_argument("a measure is 'code' or 'words'");
}

}  // namespace

NB_MODULE(_kernel, m) {
    bind_variants(m, kVariants);

    m.def(
        "token_hashes",
        [](nb::bytes text, uint64_t seed, const std::string& variant) {
            std::vector<uint64_t> out(text.size() / 2 + 1);
            const uint8_t* p = bytes_of(text);
            size_t n = chosen(variant).token_hashes(p, text.size(), p + text.size(), keys_of(seed), out.data());
            out.resize(n);
            return array(std::move(out), {n});
        },
        nb::arg("text"), nb::arg("seed"), nb::arg("variant") = "", "64-bit hashes of a document's tokens, in order.");
    m.def(
        "word_ranges",
        [] {
            std::vector<std::pair<uint32_t, int>> ranges;
            for (size_t i = 0; i < kWordRangeCount; i++) ranges.emplace_back(kWordRanges[i].first, kWordRanges[i].kind);
            return ranges;
        },
        "(First character, class) of each run of characters from U+0080: 0 separates words, 1 joins, 2 extends, 3 is a "
        "word alone.");

    m.def(
        "shingle_hashes",
        [](nb::bytes text, uint64_t seed, const std::string& variant) {
            std::vector<uint64_t> out;
            const uint8_t* p = bytes_of(text);
            chosen(variant).shingles(
                p, text.size(), p + text.size(), keys_of(seed),
                [](void* state, const uint64_t* shingles, size_t count) {
                    auto* all = static_cast<std::vector<uint64_t>*>(state);
                    all->insert(all->end(), shingles, shingles + count);
                },
                &out);
            size_t n = out.size();
            return array(std::move(out), {n});
        },
        nb::arg("text"), nb::arg("seed"), nb::arg("variant") = "",
        "64-bit hashes of a document's 5-grams of tokens, in order, repetitions included.");

    m.def(
        "jaccard",
        [](nb::bytes a, nb::bytes b, uint64_t seed, const std::string& variant) {
            const Variant& v = chosen(variant);
            const uint8_t *p = bytes_of(a), *q = bytes_of(b);
            size_t n = a.size(), k = b.size();
            size_t shared, total;
            {
                nb::gil_scoped_release release;
                HashSet left, right;
                shingle_set(v, keys_of(seed), p, n, left);
                shingle_set(v, keys_of(seed), q, k, right);
                shared = intersection(left, right.members);
                total = left.members.size() + right.members.size() - shared;
            }
            return nb::make_tuple(shared, total);
        },
        nb::arg("a"), nb::arg("b"), nb::arg("seed"), nb::arg("variant") = "",
        "Shared and total distinct shingles of two documents.");

    nb::class_<Sketcher>(m, "Sketcher", "Sketches and signatures of documents under one method.")
        .def(nb::init<bool, size_t, size_t, size_t, uint64_t, const std::string&>(), nb::arg("one_permutation"),
             nb::arg("size"), nb::arg("bands"), nb::arg("rows"), nb::arg("seed"), nb::arg("variant") = "")
        .def_prop_ro("variant", [](const Sketcher& s) { return std::string(s.variant().set->name); })
        .def(
            "sketches",
            [](Sketcher& s, Input<uint8_t> data, AnyOffsets offsets, Input<bool> valid) {
                Documents docs(data, offsets, valid);
                std::vector<uint32_t> values, counts;
                {
                    nb::gil_scoped_release release;
                    values.resize(docs.count * s.size());
                    counts.resize(docs.count);
                    for (size_t i = 0; i < docs.count; i++) {
                        size_t n = docs.null(i)
                                       ? 0
                                       : s.sketch(docs.text(i), docs.length(i), docs.limit(), &values[i * s.size()]);
                        counts[i] = n > 0xffffffffu ? 0xffffffffu : (uint32_t)n;
                        if (n == 0) std::fill_n(&values[i * s.size()], s.size(), 0xffffffffu);
                    }
                }
                size_t n = docs.count;
                return nb::make_tuple(array(std::move(values), {n, s.size()}), array(std::move(counts), {n}));
            },
            nb::arg("data"), nb::arg("offsets"), nb::arg("valid"),
            "(n, size) sketch values and (n,) shingle counts, uint32.")
        .def(
            "signatures",
            [](Sketcher& s, Input<uint8_t> data, AnyOffsets offsets, Input<bool> valid) {
                Documents docs(data, offsets, valid);
                std::vector<uint32_t> out;
                {
                    nb::gil_scoped_release release;
                    out.resize(docs.count * s.words());
                    for (size_t i = 0; i < docs.count; i++) {
                        if (!docs.null(i)) s.signature(docs.text(i), docs.length(i), docs.limit(), &out[i * s.words()]);
                    }
                }
                return array(std::move(out), {docs.count, s.words()});
            },
            nb::arg("data"), nb::arg("offsets"), nb::arg("valid"),
            "(n, 1 + bands) uint32: shingle count, then band keys; zeros for null and for fewer than 5 tokens.")
        .def(
            "tokenise",
            [](Sketcher& s, Input<uint8_t> data, AnyOffsets offsets, Input<bool> valid) {
                Documents docs(data, offsets, valid);
                nb::gil_scoped_release release;
                uint64_t digest = 0, part;
                for (size_t i = 0; i < docs.count; i++) {
                    if (docs.null(i)) continue;
                    s.variant().tokens(docs.text(i), docs.length(i), docs.limit(), s.keys(), &part);
                    digest += part;
                }
                return digest;
            },
            nb::arg("data"), nb::arg("offsets"), nb::arg("valid"),
            "Sum of all token hashes: tokenising alone, for measurement.");

    nb::class_<Components>(m, "Components", "Connected components of documents that share a band key within a group.")
        .def(nb::init<size_t>(), nb::arg("documents"))
        .def(
            "link",
            [](Components& c, Input<uint32_t> keys, Input<uint32_t> groups, Input<uint32_t> counts) {
                if (keys.size() != groups.size() || keys.size() != counts.size() || keys.size() != c.size()) {
                    throw std::invalid_argument("keys, groups and counts must have one value for each document");
                }
                nb::gil_scoped_release release;
                c.link(keys.data(), groups.data(), counts.data());
            },
            nb::arg("keys"), nb::arg("groups"), nb::arg("counts"),
            "Join documents with equal group and key of one band.")
        .def(
            "roots",
            [](Components& c) {
                std::vector<uint32_t> roots = c.roots();
                size_t n = roots.size();
                return array(std::move(roots), {n});
            },
            "The least document of each document's component.");

    nb::class_<Keeper>(m, "Keeper", "The choice within one component; documents come in the order of choice.")
        .def(
            "__init__",
            [](Keeper* self, double threshold, size_t bands, uint64_t seed, const std::string& variant) {
                new (self) Keeper(threshold, bands, seed, chosen(variant));
            },
            nb::arg("threshold"), nb::arg("bands"), nb::arg("seed"), nb::arg("variant") = "")
        .def(
            "add",
            [](Keeper& k, const std::vector<Input<uint8_t>>& buffers, Input<int64_t> which, Input<int64_t> starts,
               Input<int64_t> lengths, Input<uint32_t> keys, Input<int64_t> rows, Input<bool> first,
               Input<int64_t> places, Input<int64_t> keepers, bool keep) {
                Spans docs(buffers, which, starts, lengths);
                const size_t n = docs.count;
                if (keys.size() != n * k.bands() || rows.size() != n || first.size() != n || places.size() != n ||
                    keepers.size() != n) {
                    throw std::invalid_argument(
                        "keys, rows, first, places and keepers must have one value for each document");
                }
                std::vector<int64_t> kept(n, -1);
                std::vector<uint64_t> shared(n), total(n);
                {
                    nb::gil_scoped_release release;
                    for (size_t i = 0; i < n; i++) {
                        if (first.data()[i]) k.clear();
                        const Past past{places.data()[i], keepers.data()[i]};
                        const Outcome outcome = k.add(docs.text(i), docs.length(i), keys.data() + i * k.bands(), keep,
                                                      past, rows.data()[i]);
                        if (outcome.kept >= 0) kept[i] = k.label(outcome.kept);
                        shared[i] = outcome.shared;
                        total[i] = outcome.total;
                    }
                }
                return nb::make_tuple(array(std::move(kept), {n}), array(std::move(shared), {n}),
                                      array(std::move(total), {n}));
            },
            nb::arg("buffers"), nb::arg("which"), nb::arg("starts"), nb::arg("lengths"), nb::arg("keys"),
            nb::arg("rows"), nb::arg("first"), nb::arg("places"), nb::arg("keepers"), nb::arg("keep") = true,
            "Documents as spans of buffers, each either near a kept one or, with `keep`, the next kept one; `first` "
            "marks those "
            "before which the kept ones are forgotten. (Row of the first kept document that is near, or -1, shared "
            "shingles, total shingles) of each; both counts are 0 where the earlier run measured the pair.")
        .def(
            "hold",
            [](Keeper& k, const std::vector<Input<uint8_t>>& buffers, Input<int64_t> which, Input<int64_t> starts,
               Input<int64_t> lengths, Input<uint32_t> keys, Input<int64_t> rows, Input<int64_t> places,
               Input<int64_t> keepers) {
                Spans docs(buffers, which, starts, lengths);
                const size_t n = docs.count;
                if (keys.size() != n * k.bands() || rows.size() != n || places.size() != n || keepers.size() != n) {
                    throw std::invalid_argument("keys, rows, places and keepers must have one value for each document");
                }
                nb::gil_scoped_release release;
                for (size_t i = 0; i < n; i++) {
                    const Past past{places.data()[i], keepers.data()[i]};
                    k.hold(docs.text(i), docs.length(i), keys.data() + i * k.bands(), past, rows.data()[i]);
                }
            },
            nb::arg("buffers"), nb::arg("which"), nb::arg("starts"), nb::arg("lengths"), nb::arg("keys"),
            nb::arg("rows"), nb::arg("places"), nb::arg("keepers"),
            "The documents become the next kept ones, whatever they are near to.")
        .def(
            "has_candidate",
            [](Keeper& k, Input<uint32_t> keys) {
                if (keys.size() != k.bands()) throw std::invalid_argument("keys must have one value for each band");
                return k.has_candidate(keys.data());
            },
            nb::arg("keys"))
        .def("clear", &Keeper::clear)
        .def_prop_ro("kept", &Keeper::kept)
        .def_ro("comparisons", &Keeper::comparisons)
        .def_ro("known", &Keeper::known);

    m.def(
        "code_words",
        [](Input<uint8_t> data, AnyOffsets offsets, Input<bool> valid) {
            Documents docs(data, offsets, valid);
            std::string out;
            std::vector<int64_t> ends(1, 0);
            {
                nb::gil_scoped_release release;
                for (size_t i = 0; i < docs.count; i++) {
                    if (!docs.null(i)) code_words(docs.text(i), docs.length(i), out);
                    ends.push_back((int64_t)out.size());
                }
            }
            std::vector<uint8_t> bytes(out.begin(), out.end());
            return nb::make_tuple(array(std::move(bytes)), array(std::move(ends)));
        },
        nb::arg("data"), nb::arg("offsets"), nb::arg("valid"),
        "Each document's code in another dress, one word a token: bytes, and n + 1 offsets.");
    m.def(
        "places",
        [](nb::bytes text, const std::string& measure) {
            std::vector<Place> found;
            places(measure_of(measure), bytes_of(text), text.size(), found);
            std::vector<uint64_t> hashes;
            std::vector<uint32_t> starts, ends;
            for (const Place& place : found) {
                hashes.push_back(place.hash);
                starts.push_back(place.start);
                ends.push_back(place.end);
            }
            return nb::make_tuple(array(std::move(hashes)), array(std::move(starts)), array(std::move(ends)));
        },
        nb::arg("text"), nb::arg("measure"),
        "Hash, first byte and end of each shingle of a document, in order, repetitions included.");

    nb::class_<Overlap>(m, "Overlap", "Which of some known parts documents hold, by one measure.")
        .def(
            "__init__",
            [](Overlap* self, const std::string& measure, Input<uint8_t> data, AnyOffsets offsets,
               Input<uint32_t> tasks, size_t common) {
                Documents docs(data, offsets, Input<bool>());
                if (tasks.size() != docs.count) throw std::invalid_argument("tasks must have one value for each part");
                std::vector<const uint8_t*> texts;
                std::vector<size_t> sizes;
                for (size_t i = 0; i < docs.count; i++) {
                    texts.push_back(docs.text(i));
                    sizes.push_back(docs.length(i));
                }
                const std::vector<uint32_t> of(tasks.data(), tasks.data() + tasks.size());
                const Measure by = measure_of(measure);
                nb::gil_scoped_release release;
                new (self) Overlap(by, texts, sizes, of, common);
            },
            nb::arg("measure"), nb::arg("data"), nb::arg("offsets"), nb::arg("tasks"), nb::arg("common"))
        .def(
            "match",
            [](Overlap& o, Input<uint8_t> data, AnyOffsets offsets, Input<bool> valid, double least) {
                Documents docs(data, offsets, valid);
                std::vector<uint32_t> documents, parts, shared;
                {
                    nb::gil_scoped_release release;
                    for (size_t i = 0; i < docs.count; i++) {
                        if (docs.null(i)) continue;
                        for (const Shared& found : o.match(docs.text(i), docs.length(i), least)) {
                            documents.push_back((uint32_t)i);
                            parts.push_back(found.part);
                            shared.push_back(found.shared);
                        }
                    }
                }
                return nb::make_tuple(array(std::move(documents)), array(std::move(parts)), array(std::move(shared)));
            },
            nb::arg("data"), nb::arg("offsets"), nb::arg("valid"), nb::arg("least"),
            "(document, part, distinct shingles that both have) of each pair where the document has at least the share "
            "`least` of the part's.")
        .def(
            "totals",
            [](const Overlap& o) {
                std::vector<uint32_t> totals = o.totals();
                return array(std::move(totals));
            },
            "Distinct shingles of each part, but those that are anybody's.")
        .def_prop_ro("shingles", &Overlap::shingles);
}
