// Whether spans lie within string literals and comments of Python, or within strings of JSON.
#pragma once
#include <nanobind/nanobind.h>

namespace drystone {
void bind_literals(nanobind::module_& m);
}
