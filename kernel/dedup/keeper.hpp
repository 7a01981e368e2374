// The choice within one component: documents come in the order of choice, and each is either kept or near one kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "variants.hpp"

namespace drystone::dedup {

// A set of 64-bit hashes that also remembers its members in order of arrival.
class HashSet {
  public:
    void clear(size_t expected);
    void release();  // gives the memory of a giant back
    void insert(const uint64_t* hashes, size_t count);
    bool contains(uint64_t hash) const;
    std::vector<uint64_t> members;

    // Members of this set that are among `hashes` (repetitions allowed) and, in `others`, the hashes that are not in
    // it, once each. Ends early, with what it has, as soon as there are more than `most` others.
    size_t shared(const std::vector<uint64_t>& hashes, size_t most, HashSet& others);

  private:
    void use(size_t slots);
    std::vector<uint64_t> table_;  // its first `slots_` are in use
    std::vector<uint8_t> seen_;    // of each slot; for `shared`
    size_t slots_ = 0;
    int shift_ = 64;
};

void shingle_set(const Variant& variant, const Keys& keys, const uint8_t* text, size_t length, HashSet& out);

// Shared shingles of two sets.
size_t intersection(const HashSet& a, const std::vector<uint64_t>& b);

// What an earlier run over the same method found out about a document: its place in that run's order, and the place of
// the document that was kept for it (its own, if it was kept). New documents have neither.
struct Past {
    int64_t place = -1, keeper = -1;
};

struct Outcome {
    int64_t kept;            // number of the kept document that this one is near, or -1: it is kept itself
    uint64_t shared, total;  // both 0 where the earlier run measured this pair
};

class Keeper {
  public:
    Keeper(double threshold, size_t bands, uint64_t seed, const Variant& variant);

    // The first kept document, in order, that shares a band key and has Jaccard >= threshold. Where there is none and
    // `keep` holds, this document becomes the next kept one.
    Outcome add(const uint8_t* text, size_t length, const uint32_t* band_keys, bool keep, Past past = {},
                int64_t label = -1);
    // The document becomes the next kept one, whatever it is near to.
    void hold(const uint8_t* text, size_t length, const uint32_t* band_keys, Past past = {}, int64_t label = -1);
    // Whether some kept document shares a band key, so that `add` would need the text for more than keeping it.
    bool has_candidate(const uint32_t* band_keys);
    void clear();

    size_t kept() const { return kept_.size(); }
    int64_t label(int64_t number) const { return kept_[(size_t)number].label; }  // what `add` or `hold` was told
    size_t bands() const { return bands_; }
    uint64_t comparisons = 0, known = 0;  // pairs measured now, pairs settled by the earlier run

  private:
    struct Kept {
        std::vector<uint64_t> shingles;  // distinct; those of the first kept documents are in `tables_`
        std::vector<uint32_t> keys;
        Past past;
        int64_t label = -1;
        bool indexed = false;
    };

    const std::vector<uint64_t>& shingles(uint32_t number) const;
    HashSet& fresh();
    bool measure_by_table(uint32_t number, Outcome& outcome);
    bool measure(uint32_t number, const HashSet& set, Outcome& outcome);
    void store(const uint32_t* band_keys, Past past, int64_t label);
    bool enough(size_t shared, size_t a, size_t b) const;
    bool share_band(const uint32_t* a, const uint32_t* b) const;
    void candidates(const uint32_t* keys, const HashSet& set, bool with_text, std::vector<uint32_t>& out);
    void add_to_buckets(uint32_t number);
    size_t least_overlap(size_t a, size_t b) const;
    void prefix(const std::vector<uint64_t>& shingles);
    void post(uint32_t number);
    void probe(const uint32_t* keys, const HashSet& set, std::vector<uint32_t>& out);
    void index(uint32_t number);
    void rebuild_index();

    double threshold_;
    size_t bands_;
    Keys keys_;
    const Variant& variant_;

    std::vector<Kept> kept_;
    HashSet set_, others_;
    std::vector<HashSet> tables_;     // the sets of the first kept documents, ready for look-ups
    std::vector<uint64_t> sequence_;  // a document's shingles as they come
    bool bucketed_ = false;
    std::unordered_map<uint64_t, std::vector<uint32_t>> buckets_;  // (band, key) -> kept documents
    // Crowded buckets: candidates come from an index over the rarest shingles of each kept document.
    std::vector<uint32_t> indexed_;
    size_t rebuild_at_ = 0;
    std::vector<uint16_t> frequency_;
    struct Posting {
        uint32_t number, position;
    };
    std::unordered_map<uint64_t, std::vector<Posting>> index_;  // (shingle, class of size) -> kept documents
    std::vector<std::pair<uint16_t, uint64_t>> prefix_;         // (frequency, shingle), the rarest first
    std::vector<uint32_t> found_, seen_;
    uint32_t stamp_ = 0;
};

}  // namespace drystone::dedup
