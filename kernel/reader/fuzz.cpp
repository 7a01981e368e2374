// Encoders of any shape over windows of any length: nothing is read or written beyond what there is, a window gives the
// same bits in any company, and in float32 variants agree but for the order of sums.
#include <algorithm>
#include <cmath>

#include "common/dispatch.hpp"
#include "made_up.hpp"

using namespace drystone;
using namespace drystone::reader;
using drystone::checks::check;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 7) return 0;
    Shape shape;
    shape.heads = 1 + data[0] % 4;
    shape.hidden = shape.heads * 8 * (1 + data[1] % 5);
    shape.inner = 8 * (1 + data[2] % 20);
    shape.layers = data[3] % 3;
    shape.activation = (Activation)(data[4] % 3);
    shape.relative = data[4] / 3 % 2;
    const uint64_t seed = data[5];
    std::vector<int32_t> lengths;
    int total = 0;
    for (size_t i = 6; i < std::min<size_t>(size, 14) && total < 120; i++) {
        lengths.push_back(1 + data[i] % (i % 2 ? 20 : 90));
        total += lengths.back();
    }
    std::vector<float> expected = logits_of(choose(kVariants, "plain"), shape, true, seed, lengths);
    for (const Variant* variant : supported(kVariants)) {
        for (const bool exact : {true, false}) {
            const std::vector<float> logits = logits_of(*variant, shape, exact, seed, lengths);
            for (float x : logits) check(std::isfinite(x), "logits are numbers");
            if (exact)
                check(near(logits, expected), "variants give the same float32 logits, but for the order of sums");
            const size_t last = total - lengths.back();
            const std::vector<float> alone = logits_of(*variant, shape, exact, seed, {lengths.back()}, last);
            check(std::equal(alone.begin(), alone.end(), logits.begin() + 2 * last), "alone as in company");
        }
    }
    return 0;
}
