// Candidates for secrets and personal data that begin at a digit, a colon or an at sign, in one pass over a batch.
#pragma once
#include <nanobind/nanobind.h>

namespace drystone {
void bind_candidates(nanobind::module_& m);
}
