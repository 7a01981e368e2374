// The Python face of drystone.detect's kernel.
#include <nanobind/nanobind.h>

#include "measures.hpp"
#include "tokens.hpp"
#include "utf8.hpp"

NB_MODULE(_kernel, m) {
    m.doc() = "Measures and scans over whole batches of text, without the GIL.";
    drystone::bind_measures(m);
    drystone::bind_tokens(m);
    drystone::bind_utf8(m);
}
