// Whether bytes are UTF-8.
#pragma once
#include <nanobind/nanobind.h>

namespace drystone {
void bind_utf8(nanobind::module_& m);
}
