// Drives a fuzz target where libFuzzer is not at hand: inputs drawn at random, and seeds and earlier inputs with
// changes.
//
// Usage, as libFuzzer's: ROOM_fuzz [-max_total_time=SECONDS] [-seed=NUMBER]
#include <algorithm>
#include <chrono>

#include "common/checks.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

using drystone::checks::Random;
using Bytes = std::string;

Bytes drawn(Random& random) {
    static const char kAlphabet[] = "aZ09_ \n\t.()\x80\xff\0{@[`/:^\"'#<\\*";
    const size_t edges[] = {16, 64, 256, 4096, 4200, 9000};
    Bytes input(random.below(edges[random.below(6)]), 0);
    const bool wild = random.below(2);
    for (char& byte : input) byte = wild ? (char)random.next() : kAlphabet[random.below(sizeof kAlphabet - 1)];
    return input;
}

void change(Random& random, Bytes& input, const Bytes& other) {
    const size_t at = random.below(input.size() + 1),
                 length = random.below(std::min<size_t>(input.size() - at, 64) + 1);
    switch (random.below(7)) {
        case 0:
            if (at < input.size()) input[at] = (char)random.next();
            break;
        case 1:
            input.erase(at, length);
            break;
        case 2:  // repeat a part
            input.insert(at, input.substr(random.below(input.size() + 1), 200));
            break;
        case 3:  // a part of another input
            input.insert(at, other.substr(random.below(other.size() + 1), 1 + random.below(200)));
            break;
        case 4:  // one long run
            input.insert(at, random.below(6000), "x \n\"\xe2"[random.below(5)]);
            break;
        case 5:
            input.insert(at, 1, (char)random.next());
            break;
        default:
            input.resize(at);
    }
    if (input.size() > 10000) input.resize(10000);
}

}  // namespace

int main(int argc, char** argv) {
    double seconds = 5;
    uint64_t seed = 1;
    for (int i = 1; i < argc; i++) {
        if (std::strncmp(argv[i], "-max_total_time=", 16) == 0) {
            seconds = std::atof(argv[i] + 16);
        } else if (std::strncmp(argv[i], "-seed=", 6) == 0) {
            seed = std::strtoull(argv[i] + 6, nullptr, 10);
        } else {
            std::fprintf(stderr, "%s: known are -max_total_time=SECONDS and -seed=NUMBER\n", argv[i]);
            return 2;
        }
    }
    Random random(seed);
    std::vector<Bytes> pool = drystone::checks::texts(200);
    const auto start = std::chrono::steady_clock::now();
    size_t runs = 0;
    while (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() < seconds) {
        Bytes input = random.below(3) ? pool[random.below(pool.size())] : drawn(random);
        for (size_t n = random.below(6); n > 0; n--) change(random, input, pool[random.below(pool.size())]);
        LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
        pool[random.below(pool.size())] = std::move(input);
        runs++;
    }
    std::printf("%zu inputs, nothing found\n", runs);
    return runs ? 0 : 1;
}
