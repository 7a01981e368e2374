// NEON with the sums of four int8 products (Armv8.2-A).
#include "neon.hpp"

namespace drystone::reader {
namespace {

inline Ints add_products(Ints sum, int8x16_t a, int8x16_t b) { return vdotq_s32(sum, b, a); }

}  // namespace
}  // namespace drystone::reader

#include "forward.hpp"

namespace drystone::reader {
constexpr Variant neon_dotprod_variant = table(&kNeonDotprod);
}
