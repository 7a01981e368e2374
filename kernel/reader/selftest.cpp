// Prints a digest of logits for each variant that this processor runs. `plain` gives the same bits on every processor,
// and `neon-dotprod` those of `neon`; the others round sums in another order, and are compared with `plain` here.
#include "common/dispatch.hpp"
#include "made_up.hpp"

using namespace drystone;
using namespace drystone::reader;
using drystone::checks::check;
using drystone::checks::Digest;
using drystone::checks::report;

int main() {
    const std::vector<int32_t> lengths = {13, 1, 40, 16, 100};
    const Shape shapes[] = {{48, 3, 96, 1, Activation::kRelu},
                            {104, 1, 56, 1, Activation::kGeluTanh},
                            {200, 5, 400, 1, Activation::kGelu},
                            {96, 2, 64, 1, Activation::kGelu, true}};
    for (const Variant* variant : supported(kVariants)) {
        Digest exact, rounded;
        for (const Shape& shape : shapes) {
            const std::vector<float> logits = logits_of(*variant, shape, true, 7, lengths);
            check(near(logits, logits_of(choose(kVariants, "plain"), shape, true, 7, lengths)),
                  "variants give the same float32 logits, but for the order of sums");
            exact.add(logits);
            rounded.add(logits_of(*variant, shape, false, 7, lengths));
        }
        report("reader", variant->set->name, "float32", exact);
        report("reader", variant->set->name, "int8", rounded);
    }
}
