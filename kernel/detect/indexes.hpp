// Indexes over comparable words: which reference texts share most word grams with a text, and where phrases stand in
// it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "comparable_words.hpp"

namespace drystone::detect {

// An inverted index from grams of four words to reference texts.
class TextIndex {
  public:
    explicit TextIndex(const std::vector<const ComparableWords*>& texts);

    // The references that best match words [begin, end): tuples (reference, similarity, containment, first word,
    // last word + 1), best first. Containment is the share of the reference's grams that occur; similarity is
    // |common| / (|reference| + |words of the window that are not common|).
    using Hit = std::tuple<uint32_t, double, double, uint32_t, uint32_t>;
    std::vector<Hit> match(const std::vector<uint64_t>& hashes, size_t begin, size_t end, double least,
                           size_t keep) const;

    // The words of [begin, end) that stand in no gram of `references`, as ranges (first word, last word + 1).
    std::vector<std::pair<uint32_t, uint32_t>> unexplained(const std::vector<uint64_t>& hashes, size_t begin,
                                                           size_t end, const std::vector<uint32_t>& references) const;

  private:
    // Where the references with a gram stand in `postings_`; an empty range for a gram of none.
    std::pair<uint32_t, uint32_t> postings_of(uint64_t gram) const;

    static constexpr int kBucketBits = 16;  // of a gram's highest bits; about ten grams of the licence list in each
    std::vector<uint32_t> totals_, lengths_, postings_, begins_, buckets_;
    std::vector<uint64_t> grams_;
};

// Sentences that hold a word of `ranges` (first word, last word + 1; in order) and one of `marks` (offsets into the
// text, ascending) behind their start and not behind their end. A sentence is cut into pieces of `most` words, each
// with `more` words of the next: (first word, last word + 1, start, end), the last two as offsets.
using Piece = std::tuple<uint32_t, uint32_t, uint32_t, uint32_t>;
std::vector<Piece> sentences_with(const ComparableWords& words,
                                  const std::vector<std::pair<uint32_t, uint32_t>>& ranges,
                                  const std::vector<uint32_t>& marks, uint32_t most, uint32_t more);

// Finds phrases (words joined by single spaces) in text of that form.
class PhraseIndex {
  public:
    // Throws std::invalid_argument for a phrase without words.
    explicit PhraseIndex(std::vector<std::string> phrases);

    // (start, end, phrase) for each phrase that stands in text[begin, end) as whole words, by place, most words first.
    using Hit = std::tuple<size_t, size_t, uint32_t>;
    std::vector<Hit> find(std::string_view text, size_t begin, size_t end) const;

  private:
    std::vector<std::string> phrases_;
    std::unordered_map<std::string, std::vector<uint32_t>> by_word_;
    std::array<bool, 256> first_{};
};

}  // namespace drystone::detect
