// Any bytes through every variant that the processor runs: variants agree to the last bit, nothing is read beyond a
// document's end, and Jaccard agrees with a plain count.
#include <set>
#include <string>
#include <vector>

#include "common/checks.hpp"
#include "common/dispatch.hpp"
#include "keeper.hpp"
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
