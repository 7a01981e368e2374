// What the kernel promises, without Python: postings over the whole range of their numbers, stems, keys of terms.
#include <cstdint>
#include <string>
#include <vector>

#include "builder.hpp"
#include "common/checks.hpp"
#include "counting.hpp"
#include "folding.hpp"
#include "query.hpp"

using namespace drystone::search;
using drystone::checks::check;
using drystone::checks::Digest;
using drystone::checks::report;

namespace {

void golomb() {
    for (int order = 0; order < 32; order++) {
        std::vector<uint8_t> bytes;
        BitWriter writer(bytes);
        std::vector<uint64_t> values;
        for (int shift = 0; shift < 47; shift++) {
            for (uint64_t near : {0, 1, 2}) values.push_back((1ull << shift) - 1 + near);
        }
        size_t bits = 0;
        for (uint64_t value : values) {
            writer.put_golomb(value, order);
            bits += golomb_bits(value, order);
        }
        check(writer.bits() == bits, "the bits of a code are what is said of them");
        writer.finish();
        BitReader reader(bytes.data(), bytes.size());
        for (uint64_t value : values) check(reader.get_golomb(order) == value, "a number comes back");
        check(!reader.ended(), "no more is read than was written");
    }
}

void postings() {
    const uint32_t universe = 0xffffffff;
    std::vector<std::vector<uint32_t>> lists = {{0}, {universe - 1}, {0, universe - 1}, {}};
    for (uint32_t i = 0; i < 100'000; i += 1 + i % 7) lists.back().push_back(i);
    PostingsWriter writer(universe, false, lists.size(), 1ull << 40);
    for (size_t i = 0; i < lists.size(); i++) writer.add(i << 38, lists[i].data(), nullptr, lists[i].size());
    const std::vector<uint8_t> bytes = writer.finish();
    const PostingsReader reader(bytes.data(), bytes.size());
    for (size_t i = 0; i < lists.size(); i++) {
        std::vector<uint32_t> numbers;
        reader.read(reader.find(i << 38), numbers, nullptr);
        check(numbers == lists[i], "a list comes back");
        check(reader.find((i << 38) + 1).count == 0, "a key that was not written is not there");
    }
}

void stems() {
    const char* const words[][2] = {{"caresses", "caress"},  {"ponies", "poni"},           {"hopping", "hop"},
                                    {"relational", "relat"}, {"generalizations", "gener"}, {"sky", "sky"}};
    for (const auto& [word, expected] : words) {
        std::string copy = word;
        copy.resize(copy.size() + 2);
        copy.resize(stem(reinterpret_cast<uint8_t*>(&copy[0]), copy.size() - 2));
        check(copy == expected, word);
    }
}

void counts() {
    const auto times = [](const std::string& needle, const std::string& text) {
        return Needle(reinterpret_cast<const uint8_t*>(needle.data()), needle.size())
            .times(reinterpret_cast<const uint8_t*>(text.data()), text.size());
    };
    check(times("aa", "aaaa") == 3, "places may overlap");
    check(times("abab", "abababxabab") == 3, "what begins inside another is counted");
    check(times("ab", "b") == 0 && times("ab", "") == 0, "nothing is found in too little");
    check(times("\n", "\n\n") == 2, "a line end is a byte");
}

// Digests of everything over made-up texts, to compare between kinds of processors.
void digests() {
    const std::vector<std::string> texts = drystone::checks::texts(300);
    const auto documents = (uint32_t)texts.size();
    const auto bytes = [](const std::string& text) { return reinterpret_cast<const uint8_t*>(text.data()); };
    Trigrams trigrams(documents);
    Terms terms(documents);
    Digest folded, ends_of, symbols_found;
    const Family family({{"def", 5}, {"if", kControl}, {"return", kModifier}}, kFunctionsAtLeft | kAssignments, 4, 6);
    std::vector<Symbol> symbols;
    std::vector<uint8_t> names;
    for (uint32_t i = 0; i < documents; i++) {
        std::vector<uint8_t> out;
        std::vector<size_t> ends;
        fold(bytes(texts[i]), texts[i].size(), out);
        folded.add(out);
        std::vector<Beginning> beginnings;
        symbols_of(family, bytes(texts[i]), texts[i].size(), i, symbols, names, beginnings);
        passages_of(bytes(texts[i]), texts[i].size(), beginnings, ends);
        ends_of.add(ends);
        trigrams.add(i, bytes(texts[i]), texts[i].size());
        terms.add(i, bytes(texts[i]), texts[i].size(), ends);
    }
    for (const Symbol& s : symbols) symbols_found.add(s.document).add(s.line).add(s.start).add(s.size).add(s.kind);
    const std::vector<uint8_t> grams = trigrams.finish(), posted = terms.finish();
    report("search", "plain", "folding", folded);
    report("search", "plain", "passages", ends_of);
    report("search", "plain", "symbols", symbols_found.add(names));
    report("search", "plain", "trigrams", Digest().add(grams));
    report("search", "plain", "terms", Digest().add(posted).add(terms.lengths).add(terms.terms).add(terms.passages));

    const PostingsReader reader(grams.data(), grams.size());
    const uint32_t formula[] = {kOr | 2, kAnd | 2, 0x6c6963, 0x696365, 0x726574};  // (lic and ice) or ret
    report("search", "plain", "candidates", Digest().add(candidates(reader, formula, 5)));
}

}  // namespace

int main() {
    golomb();
    postings();
    stems();
    counts();
    digests();
}
