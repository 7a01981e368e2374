// AVX-512 with VNNI.
#include "avx512.hpp"
#include "forward.hpp"

namespace drystone::reader {
constexpr Variant avx512_vnni_variant = table(&kAvx512Vnni);
}
