// Quality measures of many texts in one pass.
#pragma once
#include <nanobind/nanobind.h>

namespace drystone {
void bind_measures(nanobind::module_& m);
}
