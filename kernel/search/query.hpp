// Questions to the postings of one segment: which documents may match a formula of trigrams.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "postings.hpp"
#include "ranking.hpp"

namespace drystone::search {

// A formula in prefix order: a trigram (below 2^24), or one of these with the number of its parts in the low bits.
// After kWindow come three sets of bytes, 8 words each, the lowest bit first: any trigram out of these sets.
constexpr uint32_t kAnd = 1u << 31, kOr = 1u << 30, kAll = 1u << 29, kWindow = 1u << 28, kParts = (1u << 24) - 1;
constexpr int kSetWords = 8, kWindowWords = 3 * kSetWords;

// Numbers of a list that may be read to look at one stretch less: reading takes a few ns each, a stretch in memory less
// than a us.
constexpr uint64_t kWorth = 60;

// Stretches, ascending, that hold all trigrams the formula asks for; with `files`, which says which file each stretch
// is of, the files in any of whose stretches each of them is. Where little is left to be checked, the longest
// lists and windows are not read, so that one may be there without one of them; none is missing.
// Throws std::invalid_argument for what is no formula.
std::vector<uint32_t> candidates(const PostingsReader& trigrams, const uint32_t* formula, size_t size,
                                 const Division* files = nullptr, uint64_t worth = kWorth);

}  // namespace drystone::search
