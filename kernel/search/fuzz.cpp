// Fuzz target: any bytes as texts to be indexed, as postings to be read and as formulas to be asked. Nothing may be
// read beyond its end (each block has its size), what is written must be read back, and no text may be missed by its
// trigrams.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <vector>

#include "builder.hpp"
#include "counting.hpp"
#include "folding.hpp"
#include "query.hpp"
#include "ranking.hpp"
#include "runs.hpp"

using namespace drystone::search;

namespace {

void check(bool holds, const char* what) {
    if (!holds) {
        std::fprintf(stderr, "does not hold: %s\n", what);
        std::abort();
    }
}

struct Block {  // exactly as large as its bytes, so that the sanitizer sees one byte too many
    std::unique_ptr<uint8_t[]> data;
    size_t size;
    Block(const uint8_t* from, size_t n) : data(new uint8_t[n]), size(n) {
        if (n) std::memcpy(data.get(), from, n);
    }
};

void read_all(const PostingsReader& reader) {
    uint64_t lists = 0;
    reader.each([&](uint64_t, const List& list) {
        std::vector<uint32_t> numbers;
        std::vector<uint8_t> levels;
        reader.read(list, numbers, &levels);
        check(numbers.size() == levels.size(), "each number has a level");
        for (size_t i = 0; i < numbers.size(); i++) {
            check(numbers[i] < reader.universe() && (!i || numbers[i] > numbers[i - 1]), "numbers ascend");
        }
        return lists++ < 1000;
    });
}

// What ranks is what a plain sum over all passages says, best first.
void ranking(const PostingsReader& terms, const std::vector<uint32_t>& of_documents, const Block& asked) {
    std::vector<uint32_t> first{0};
    for (uint32_t passages : of_documents) first.push_back(first.back() + passages);
    const Division division(first.data(), first.size());
    std::vector<uint64_t> keys;
    Stems stems;
    terms_of(asked.data.get(), std::min<size_t>(asked.size, 100), stems, keys);
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    const std::vector<float> weights(keys.size(), 1.5f), none(keys.size()), norm(division.passages(), 1.f);
    const float priors[] = {1.f, 0.5f};
    const Field texts{terms, weights.data(), norm.data()}, no_field{terms, none.data(), nullptr};
    const Scores scores(division, texts, no_field, no_field, keys.data(), keys.size(), priors, {1.2f, 0.3f, 0.1f});
    std::vector<float> sums(division.passages());
    for (uint64_t key : keys) {
        std::vector<uint32_t> numbers;
        std::vector<uint8_t> levels;
        terms.read(terms.find(key), numbers, &levels);
        for (size_t i = 0; i < numbers.size(); i++)
            sums[numbers[i]] += 1.5f * kTimes[levels[i]] / (kTimes[levels[i]] + 1);
    }
    for (uint32_t p = 0; p < sums.size(); p++) sums[p] *= priors[division.of(p)];
    const auto found = scores.passages(sums.size() + 1);
    check((size_t)std::count_if(sums.begin(), sums.end(), [](float s) { return s > 0; }) == found.size(),
          "every passage with a key ranks");
    for (size_t i = 0; i < found.size(); i++) {
        check(std::abs(found[i].score - sums[found[i].passage]) < 1e-3f * (1 + sums[found[i].passage]),
              "a score is right");
        check(!i || found[i - 1].score >= found[i].score, "the best come first");
    }
    const auto some = scores.passages(2);
    for (size_t i = 0; i < some.size(); i++) check(some[i].passage == found[i].passage, "fewer are the same ones");
    for (const RankedFile& file : scores.files(2)) {
        check(!found.empty() && file.score > 0 && division.of(file.best) == file.document,
              "a file has its best passage");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2) return 0;
    const size_t split = 1 + (size - 1) * data[0] / 256;
    const Block a(data + 1, split - 1), b(data + split, size - split);

    // As postings, and as a formula over the postings of the texts.
    try {
        const PostingsReader reader(b.data.get(), b.size);
        read_all(reader);
        (void)reader.find(data[0]);
    } catch (const std::invalid_argument&) {
    }

    for (size_t n : {size_t{1}, size_t{3}, a.size}) {
        if (!n || n > a.size) continue;
        uint64_t times = 0;
        for (size_t at = 0; at + n <= b.size && b.size < 5000; at++) {
            times += !std::memcmp(b.data.get() + at, a.data.get(), n);
        }
        if (b.size < 5000)
            check(Needle(a.data.get(), n).times(b.data.get(), b.size) == times, "every place is counted");
    }

    static const std::vector<Family> families = {
        Family({}, 0, 5, 13),
        Family({{"def", 5}, {"class", 4}, {"async", kModifier}, {"if", kControl}, {"x", kVariable}}, 63 & ~kHeadings, 5,
               13),
        Family({}, kHeadings | kUnderlined, 5, 13),
        Family({}, kUnderlined | kEqualSigns, 5, 13),
    };
    Trigrams trigrams(2);
    Terms terms(2);
    std::vector<Symbol> symbols;
    std::vector<uint8_t> names;
    const Block* const texts[] = {&a, &b};
    for (uint32_t d = 0; d < 2; d++) {
        const uint8_t* text = texts[d]->data.get();
        const size_t n = texts[d]->size;
        std::vector<size_t> ends;
        std::vector<Beginning> beginnings;
        for (const Family& family : families) {
            beginnings.clear();
            ends.clear();
            symbols_of(family, text, n, d, symbols, names, beginnings);
            for (size_t i = 0; i < beginnings.size(); i++) {
                check(beginnings[i].at < n && (!i || beginnings[i].at > beginnings[i - 1].at), "beginnings ascend");
            }
            passages_of(text, n, beginnings, ends);
        }
        std::vector<Definition> given;
        for (size_t i = 0; i + 3 < std::min<size_t>(n, 80); i += 4) {
            given.push_back({text[i], text[i] + text[i + 1] % 16, text[i] - text[i + 2] % 8, text[i + 3]});
        }
        try {
            std::vector<Beginning> of_parsed;
            symbols_of_parsed(given.data(), given.size(), text, n, d, symbols, names, of_parsed);
            for (size_t i = 1; i < of_parsed.size(); i++)
                check(of_parsed[i].at > of_parsed[i - 1].at, "beginnings ascend");
        } catch (const std::invalid_argument&) {
        }
        check((ends.empty() ? 0 : ends.back()) == n, "passages divide a text");
        trigrams.add(1 - d, text, n);
        terms.add(1 - d, text, n, ends);
        std::vector<uint8_t> folded, twice;
        fold(text, n, folded);
        fold(folded.data(), folded.size(), twice);
        check(folded == twice, "folding is done once");
    }
    for (const Symbol& symbol : symbols) {
        check(symbol.start + symbol.size <= names.size(), "a name is among the names");
        check(symbol.at < texts[symbol.document]->size, "a symbol is in its text");
    }

    const std::vector<uint8_t> of_trigrams = trigrams.finish(), of_terms = terms.finish();
    const Block first(of_trigrams.data(), of_trigrams.size()), second(of_terms.data(), of_terms.size());
    const PostingsReader reader(first.data.get(), first.size);
    const PostingsReader term_reader(second.data.get(), second.size);
    read_all(reader);
    read_all(term_reader);
    ranking(term_reader, terms.passages, a);
    // Texts come the second one first.
    std::vector<uint32_t> first_stretch{0};
    for (uint32_t d = 0; d < 2; d++) {
        std::vector<size_t> cuts;
        stretches_of(texts[1 - d]->data.get(), texts[1 - d]->size, cuts);
        first_stretch.push_back(first_stretch.back() + (uint32_t)cuts.size());
    }
    check(first_stretch.back() == trigrams.lengths.size(), "stretches are those of the texts");
    const Division files(first_stretch.data(), first_stretch.size());
    Seen seen;
    for (uint32_t d = 0; d < 2; d++) {
        std::vector<uint32_t> found;
        trigrams_of(texts[d]->data.get(), texts[d]->size, seen, found);
        if (found.empty()) continue;
        found.resize(std::min<size_t>(found.size(), 50));
        std::vector<uint32_t> formula{kAnd | (uint32_t)found.size()};
        formula.insert(formula.end(), found.begin(), found.end());
        const std::vector<uint32_t> hits = candidates(reader, formula.data(), formula.size(), &files);
        check(std::find(hits.begin(), hits.end(), 1 - d) != hits.end(), "a text is found by its trigrams");
    }
    // A window of any bytes: what it finds is there, and with all bytes in it every text that has a trigram is found.
    std::vector<uint32_t> window{kWindow};
    for (int i = 0; i < kWindowWords; i++) window.push_back(a.size ? 0x01010101u * a.data[i % a.size] : 0);
    for (uint32_t number : candidates(reader, window.data(), window.size(), &files))
        check(number < 2, "a file is there");
    std::fill(window.begin() + 1, window.end(), ~0u);
    const std::vector<uint32_t> any = candidates(reader, window.data(), window.size(), &files);
    for (uint32_t d = 0; d < 2; d++) {
        std::vector<uint32_t> found;
        trigrams_of(texts[d]->data.get(), texts[d]->size, seen, found);
        check(found.empty() || std::find(any.begin(), any.end(), 1 - d) != any.end(), "a text has any trigram");
    }

    // Bytes cut out of a text are found in it, and where nothing of them stands they are not.
    if (a.size) {
        const size_t from = data[0] % a.size, length = 1 + data[1] % (a.size - from);
        const uint8_t *const begin = a.data.get(), *const end = begin + a.size, *const middle = begin + a.size / 2;
        const Row one({run_of(begin + from, length)}, false);
        check(one.in(begin, a.size), "bytes are found where they stand");
        const bool there = std::search(middle, end, begin + from, begin + from + length) != end;
        check(one.in(middle, (size_t)(end - middle)) == there, "bytes are found where they stand, and nowhere else");
        if (length > 1) {
            const size_t half = 1 + data[0] % (length - 1);
            const bool one_line = !std::memchr(begin + from, '\n', length);
            const Row two({run_of(begin + from, half), run_of(begin + from + half, length - half)}, one_line);
            check(two.in(begin, a.size), "two runs are found where they stand side by side");
        }
    }

    // A run of any sets, with edges or without, is found where a look at every place finds it.
    if (a.size >= 2) {
        const bool before = data[0] & 1, after = data[0] & 2;
        std::vector<ByteSet> sets(1 + before + after + data[1] % 3);
        for (size_t i = 0; i < sets.size(); i++) {
            for (size_t j = 0; j < kSetBytes && j < a.size; j++) {
                uint64_t& word = sets[i].words[j / 8];
                word |= (uint64_t)a.data[(i * kSetBytes + j) % a.size] << (8 * (j % 8));
            }
        }
        const uint8_t* const text = b.data.get();
        const size_t width = sets.size() - before - after;
        size_t first = b.size;
        for (size_t at = 0; first == b.size && at + width <= b.size; at++) {
            bool holds = (!before || !at || sets.front().has(text[at - 1])) &&
                         (!after || at + width == b.size || sets.back().has(text[at + width]));
            for (size_t i = 0; i < width; i++) holds &= sets[before + i].has(text[at + i]);
            if (holds) first = at;
        }
        check(Run(sets, before, after).find(text, b.size) == first, "a run is found where it stands first");
    }

    std::vector<uint32_t> formula(a.size / 4);
    if (!formula.empty()) std::memcpy(formula.data(), a.data.get(), formula.size() * 4);
    try {
        for (uint32_t number : candidates(reader, formula.data(), formula.size()))
            check(number < files.passages(), "a stretch is there");
    } catch (const std::invalid_argument&) {
    }
    return 0;
}
