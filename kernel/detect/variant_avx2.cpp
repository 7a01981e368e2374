// AVX2.
#include "loops.hpp"

namespace drystone::detect {
constexpr Variant avx2_variant = table(&kAvx2);
}
