// Any bytes through every variant that the processor runs: variants agree to the last bit, nothing is read beyond a
// document's end, Jaccard agrees with a plain count, and so does the overlap with known parts.
#include <set>
#include <string>
#include <vector>

#include "code.hpp"
#include "common/checks.hpp"
#include "common/dispatch.hpp"
#include "keeper.hpp"
#include "overlap.hpp"
#include "sketcher.hpp"

using namespace drystone;
using namespace drystone::dedup;
using drystone::checks::check;
using drystone::checks::Text;

namespace {

std::vector<uint64_t> shingles_of(const Variant& variant, const Text& text, uint64_t seed) {
    std::vector<uint64_t> out;
    variant.shingles(
        text.data, text.size, text.end(), keys_of(seed),
        [](void* state, const uint64_t* hashes, size_t count) {
            auto* all = static_cast<std::vector<uint64_t>*>(state);
            all->insert(all->end(), hashes, hashes + count);
        },
        &out);
    return out;
}

std::set<uint64_t> distinct_of(Measure measure, const Text& text) {
    std::vector<Place> found;
    places(measure, text.data, text.size, found);
    std::set<uint64_t> out;
    for (const Place& place : found) {
        check(place.start < place.end && place.end <= text.size, "a shingle lies within its text");
        out.insert(place.hash);
    }
    return out;
}

// What an index of two parts says of a text is what a plain count of distinct shingles says.
void check_overlap(Measure measure, const Text& a, const Text& b, const Text& all) {
    Overlap overlap(measure, {a.data, b.data}, {a.size, b.size}, {0, 1}, 2);
    const std::set<uint64_t> of[2] = {distinct_of(measure, a), distinct_of(measure, b)}, in = distinct_of(measure, all);
    uint32_t shared[2] = {0, 0};
    for (int part = 0; part < 2; part++) {
        check(overlap.totals()[part] == of[part].size(), "a part's distinct shingles");
        for (uint64_t hash : of[part]) shared[part] += (uint32_t)in.count(hash);
    }
    for (int again = 0; again < 2; again++) {
        uint32_t said[2] = {0, 0};
        for (const Shared& found : overlap.match(all.data, all.size, 0)) said[found.part] = found.shared;
        check(said[0] == shared[0] && said[1] == shared[1], "the shared shingles");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2) return 0;
    const uint64_t seed = data[0];
    const size_t split = 1 + (size - 1) * data[1] / 256;
    Text a(data + 1, split - 1), b(data + split, size - split), all(data, size);

    static std::vector<Sketcher> sketchers = [] {
        std::vector<Sketcher> made;
        for (const Variant* v : supported(kVariants)) {
            made.emplace_back(true, 256, 42, 6, 1, v->set->name);
            made.emplace_back(true, 37, 5, 7, 1, v->set->name);
            made.emplace_back(false, 40, 8, 5, 1, v->set->name);
        }
        return made;
    }();

    const Variant& plain = choose(kVariants, "plain");
    std::vector<uint64_t> expected = shingles_of(plain, all, seed);
    for (const Variant* v : supported(kVariants)) {
        check(shingles_of(*v, all, seed) == expected, "variants give the same shingles");
    }
    for (size_t kind = 0; kind < 3; kind++) {
        std::vector<std::vector<uint32_t>> signatures;
        for (size_t i = kind; i < sketchers.size(); i += 3) {
            signatures.emplace_back(sketchers[i].words());
            sketchers[i].signature(all.data, all.size, all.end(), signatures.back().data());
            check(signatures.back() == signatures.front(), "variants give the same signature");
        }
        check((signatures.front()[0] == 0) == expected.empty(), "no shingles, no signature");
    }

    for (Measure measure : {Measure::Code, Measure::Words}) check_overlap(measure, a, b, all);
    std::string dressed;
    code_words(all.data, all.size, dressed);
    check(dressed.empty() || dressed.back() == ' ', "words end with a space");

    std::vector<uint64_t> left = shingles_of(plain, a, 7), right = shingles_of(plain, b, 7);
    std::set<uint64_t> distinct(left.begin(), left.end()), both(right.begin(), right.end());
    size_t shared = 0;
    for (uint64_t hash : both) shared += distinct.count(hash);
    const size_t total = distinct.size() + both.size() - shared;
    if (!distinct.empty() && !both.empty()) {
        const uint32_t keys[2] = {1, 2};
        Keeper keeper(0.5, 2, 7, plain);
        check(keeper.add(a.data, a.size, keys, true).kept == -1, "the first is kept");
        Outcome outcome = keeper.add(b.data, b.size, keys, true);
        check((outcome.kept == 0) == ((double)shared / (double)total >= 0.5), "near where Jaccard says so");
        if (outcome.kept == 0) check(outcome.shared == shared && outcome.total == total, "the measured counts");
        // Many like it: buckets, then the index over crowded ones, come to the same.
        for (int i = 0; i < 70 && size < 300; i++) {
            std::vector<uint8_t> other(a.data, a.data + a.size);
            for (int j = 0; j < 60; j++) {
                const std::string word = " w" + std::to_string(i * 100 + j);
                other.insert(other.end(), word.begin(), word.end());
            }
            keeper.add(other.data(), other.size(), keys, true);
        }
        check(keeper.add(a.data, a.size, keys, false).kept == 0, "a copy is near what was kept first");
    }
    return 0;
}
