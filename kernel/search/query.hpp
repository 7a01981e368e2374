// Questions to the postings of one segment: which documents may match a formula of trigrams, which passages rank first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "postings.hpp"

namespace drystone::search {

// A formula in prefix order: a trigram (below 2^24), or one of these with the number of its parts in the low bits.
constexpr uint32_t kAnd = 1u << 31, kOr = 1u << 30, kAll = 1u << 29, kParts = (1u << 24) - 1;

// Documents, ascending, that hold all trigrams the formula asks for. Where little is left to be checked, the longest
// lists are not read, so that a document may be there without one of them; none is missing.
// Throws std::invalid_argument for what is no formula.
std::vector<uint32_t> candidates(const PostingsReader& trigrams, const uint32_t* formula, size_t size);

struct Ranked {
    uint32_t passage;
    float score;
};

// What one field of one segment gives to a ranking by BM25.
struct Field {
    const PostingsReader& terms;
    const float* norm;     // of each passage: k1 (1 - b + b length / mean length)
    const float* weights;  // of each key asked for: its inverse document frequency, times k1 + 1
};

// The `most` best passages by the sum of BM25 over `passages`, and over `paths` for the passage's document; best first,
// ties by number. `first` has the first passage of each document and one more: the number of passages.
std::vector<Ranked> rank(const Field& passages, const Field& paths, const uint64_t* keys, size_t count,
                         const uint32_t* first, size_t documents, size_t most);

}  // namespace drystone::search
