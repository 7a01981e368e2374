// Runs of characters that look drawn at random: candidates for secrets without a format of their own.
#pragma once
#include <nanobind/nanobind.h>

namespace drystone {
void bind_runs(nanobind::module_ &m);
}
