// NEON: products of bytes have 16 bits, and neighbours are added twice.
#include "neon.hpp"

namespace drystone::reader {
namespace {

inline Ints add_products(Ints sum, int8x16_t a, int8x16_t b) {
    const int32x4_t low = vpaddlq_s16(vmull_s8(vget_low_s8(a), vget_low_s8(b)));
    const int32x4_t high = vpaddlq_s16(vmull_high_s8(a, b));
    return sum + (Ints)vpaddq_s32(low, high);
}

}  // namespace
}  // namespace drystone::reader

#include "forward.hpp"

namespace drystone::reader {
constexpr Variant neon_variant = table(&kNeon);
}
