// The Python face of drystone.detect's kernel.
#include <nanobind/nanobind.h>

#include "candidates.hpp"
#include "comments.hpp"
#include "literals.hpp"
#include "measures.hpp"
#include "tokens.hpp"
#include "utf8.hpp"
#include "words.hpp"

NB_MODULE(_kernel, m) {
    m.doc() = "Measures and scans over whole batches of text, without the GIL.";
    drystone::bind_comments(m);
    drystone::bind_measures(m);
    drystone::bind_words(m);
    drystone::bind_tokens(m);
    drystone::bind_utf8(m);
    drystone::bind_candidates(m);
    drystone::bind_literals(m);
}
