// Picks the fastest variant that this processor runs.
#include <cstring>

#include "variants.hpp"

namespace drystone {

const Variant* const* all_variants() {
  static const Variant* const variants[] = {&avx512_variant, &avx2_variant, &plain_variant, nullptr};
  return variants;
}

const Variant* find_variant(const char* name) {
  for (const Variant* const* v = all_variants(); *v; v++) {
    if ((*name == '\0' || std::strcmp(name, (*v)->name) == 0) && (*v)->supported()) return *v;
  }
  return nullptr;
}

}  // namespace drystone
