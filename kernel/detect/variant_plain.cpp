// Plain C++.
#include "loops.hpp"

namespace drystone::detect {
constexpr Variant plain_variant = table(&kPlain);
}
