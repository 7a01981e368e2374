// Fuzz target: any bytes through every variant that the processor runs. Variants must agree to the last bit, a document
// must not be read beyond its end (each has a heap block of its own), and Jaccard must agree with a plain count.
//
// With clang: -fsanitize=fuzzer,address,undefined. Without: -DSTANDALONE gives a driver of its own (see run.sh).
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "common/dispatch.hpp"
#include "keeper.hpp"
#include "sketcher.hpp"

using namespace drystone;
using namespace drystone::dedup;

namespace {

void check(bool holds, const char* what) {
    if (!holds) {
        std::fprintf(stderr, "does not hold: %s\n", what);
        std::abort();
    }
}

struct Text {  // exactly as large as its bytes, so that the sanitizer sees one byte too many
    uint8_t* data;
    size_t size;
    Text(const uint8_t* from, size_t n) : data(static_cast<uint8_t*>(std::malloc(n ? n : 1))), size(n) {
        if (n) std::memcpy(data, from, n);
    }
    ~Text() { std::free(data); }
    Text(const Text&) = delete;
    const uint8_t* end() const { return data + size; }
};

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

#ifdef STANDALONE
#include <chrono>
#include <random>

int main(int argc, char** argv) {
    const double seconds = argc > 1 ? std::atof(argv[1]) : 5;
    std::mt19937_64 chance(argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1);
    const char alphabet[] = "aZ09_ \n\t.()\x80\xff\0{@[`/:^";
    const auto start = std::chrono::steady_clock::now();
    size_t runs = 0;
    while (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() < seconds) {
        const size_t edges[] = {64, 256, 4096, 4200, 9000};
        std::vector<uint8_t> input(chance() % edges[chance() % 5]);
        const bool wild = chance() % 2;
        for (uint8_t& byte : input)
            byte = wild ? (uint8_t)chance() : (uint8_t)alphabet[chance() % (sizeof alphabet - 1)];
        if (input.size() > 40 && chance() % 2) {  // repeat a part: equal shingles
            const size_t n = input.size() / 2;
            std::memcpy(input.data() + input.size() - n, input.data(), n);
        }
        if (input.size() > 100 && chance() % 4 == 0)
            std::memset(input.data() + 20, 'x', input.size() - 40);  // one long token
        LLVMFuzzerTestOneInput(input.data(), input.size());
        runs++;
    }
    std::printf("%zu inputs, nothing found\n", runs);
    return 0;
}
#endif
