// Hashed token features of source text in any language, and a sparse linear classifier over them.
#pragma once
#include <nanobind/nanobind.h>

namespace drystone {
void bind_tokens(nanobind::module_& m);
}
