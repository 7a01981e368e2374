#include "variants.hpp"

#include "rule.hpp"

namespace drystone::dedup {

const Variant* const kVariants[] = {
#if defined(__x86_64__)
    &avx512_variant, &avx2_variant,
#elif defined(__aarch64__)
    &neon_variant,
#endif
    &plain_variant, nullptr};

Keys keys_of(uint64_t seed) { return make_keys(seed); }

}  // namespace drystone::dedup
