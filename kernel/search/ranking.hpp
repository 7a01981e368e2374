// Which files and passages of one segment fit words best: BM25 over texts, over the names they define, and over paths.
// docs/search.md has the formula; what each part counts for comes from search/questions. Knows nothing of words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "postings.hpp"

namespace drystone::search {

// Which document each passage belongs to.
class Division {
  public:
    // `first` has the first passage of each document and one more: the number of passages.
    // Throws std::invalid_argument where it is no division.
    Division(const uint32_t* first, size_t size);

    uint32_t documents() const { return (uint32_t)first_.size() - 1; }
    uint32_t passages() const { return (uint32_t)of_.size(); }
    uint32_t of(uint32_t passage) const { return of_[passage]; }
    const uint32_t* of() const { return of_.data(); }
    uint32_t first(uint32_t document) const { return first_[document]; }

  private:
    std::vector<uint32_t> first_, of_;
};

// What one field of a segment gives to a ranking.
struct Field {
    const PostingsReader& terms;
    const float* weights;  // of each key asked for: its inverse document frequency, times k1 + 1, times the field's
    const float* norm;     // of each number: k1 (1 - b + b length / mean length); null: k1
};

struct Constants {
    float k1;
    float more;   // of each further passage of a file: this share of its score, half of it for the next, ...
    float cover;  // of the weight of each term that stands anywhere in a file's text
};

struct RankedPassage {
    uint32_t passage;
    float score;
};

// What a file's score is made of: prior * (text + defined + more + cover + path).
struct RankedFile {
    uint32_t document, best;  // `best` is its best passage
    float score, text, defined, more, cover, path;
};

class Scores {
  public:
    // `texts` and `defined` are over passages, `paths` over documents. `priors` has one number for each document, by
    // which its scores are multiplied; documents with 0 are left out.
    Scores(const Division& division, const Field& texts, const Field& defined, const Field& paths, const uint64_t* keys,
           size_t count, const float* priors, Constants constants);

    uint32_t documents() const { return division_.documents(); }

    // The `most` best, best first; ties by number. A document that only its path speaks for has its first passage.
    std::vector<RankedFile> files(size_t most) const;
    std::vector<RankedPassage> passages(size_t most) const;
    std::vector<RankedPassage> passages_of(uint32_t document, size_t most) const;

  private:
    float of_passage(uint32_t passage) const;
    RankedFile of_file(uint32_t document) const;

    const Division& division_;
    Constants constants_;
    std::vector<float> priors_, text_, defined_, path_, cover_;
    std::vector<float> peak_;        // of each document: the greatest of text and definitions of a passage
    std::vector<uint32_t> touched_;  // passages whose text or definitions have one of the keys
};

}  // namespace drystone::search
