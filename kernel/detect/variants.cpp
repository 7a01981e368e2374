#include "variants.hpp"

namespace drystone::detect {

const Variant* const kVariants[] = {
#if defined(__x86_64__)
    &avx2_variant,
#endif
    &plain_variant, nullptr};

}  // namespace drystone::detect
