#include "keeper.hpp"

#include <algorithm>
#include <cmath>

namespace drystone::dedup {

namespace {
constexpr size_t kBucketFrom = 32;     // kept documents from which buckets are looked up rather than compared in turn
constexpr size_t kSequence = 1 << 20;  // bytes of text up to which shingles are held as they come, repetitions included
constexpr size_t kCrowded = 64;        // kept documents in one bucket from which the index answers for it
constexpr size_t kFrequencySlots = 1 << 18;
}  // namespace

void HashSet::use(size_t slots) {
    slots_ = slots;
    shift_ = 64 - __builtin_ctzll(slots);
    if (table_.size() < slots) {
        table_.assign(slots, 0);
    } else {
        std::fill_n(table_.begin(), slots, 0);
    }
}

void HashSet::clear(size_t expected) {
    members.clear();
    size_t slots = 1024;
    while (slots < 3 * expected && slots < 1 << 16) slots *= 2;  // beyond that, grow only as far as it is needed
    release();
    use(slots);
}

void HashSet::release() {
    if (table_.size() <= 1 << 20) return;
    std::vector<uint64_t>().swap(table_);
    std::vector<uint64_t>().swap(members);
    std::vector<uint8_t>().swap(seen_);
    slots_ = 0;
}

void HashSet::insert(const uint64_t* hashes, size_t count) {
    if ((members.size() + count) * 2 > slots_) {
        size_t slots = slots_;
        while ((members.size() + count) * 2 > slots) slots *= 2;
        use(slots * 2);
        for (uint64_t member : members) {
            size_t slot = member >> shift_;
            while (table_[slot]) slot = (slot + 1) & (slots_ - 1);
            table_[slot] = member;
        }
    }
    size_t have = members.size();
    members.resize(have + count);
    uint64_t* const table = table_.data();
    uint64_t* const out = members.data();
    const size_t mask = slots_ - 1;
    const int shift = shift_;
    for (size_t i = 0; i < count; i++) {
        const uint64_t hash = hashes[i] + (hashes[i] == 0);  // 0 marks a free slot
        size_t slot = hash >> shift;
        uint64_t found = table[slot];
        while (found != hash && found != 0) {
            slot = (slot + 1) & mask;
            found = table[slot];
        }
        table[slot] = hash;
        out[have] = hash;
        have += found == 0;
    }
    members.resize(have);
}

bool HashSet::contains(uint64_t hash) const {
    const uint64_t* table = table_.data();
    const size_t mask = slots_ - 1;
    size_t slot = hash >> shift_;
    while (table[slot] != hash) {
        if (!table[slot]) return false;
        slot = (slot + 1) & mask;
    }
    return true;
}

size_t HashSet::shared(const std::vector<uint64_t>& hashes, size_t most, HashSet& others) {
    seen_.assign(slots_, 0);
    others.clear(0);
    const uint64_t* const table = table_.data();
    uint8_t* const seen = seen_.data();
    const size_t mask = slots_ - 1;
    const int shift = shift_;
    size_t count = 0;
    for (uint64_t hash : hashes) {
        hash += hash == 0;
        size_t slot = hash >> shift;
        while (table[slot] != hash && table[slot] != 0) slot = (slot + 1) & mask;
        if (table[slot] == hash) {
            count += !seen[slot];
            seen[slot] = 1;
        } else {
            others.insert(&hash, 1);
            if (others.members.size() > most) break;
        }
    }
    return count;
}

void shingle_set(const Variant& variant, const Keys& keys, const uint8_t* text, size_t length, HashSet& out) {
    out.clear(length / 8);  // bytes a token, with what stands between
    variant.shingles(
        text, length, text + length, keys,
        [](void* state, const uint64_t* shingles, size_t count) {
            static_cast<HashSet*>(state)->insert(shingles, count);
        },
        &out);
}

size_t intersection(const HashSet& a, const std::vector<uint64_t>& b) {
    size_t shared = 0;
    for (uint64_t hash : b) shared += a.contains(hash);
    return shared;
}

Keeper::Keeper(double threshold, size_t bands, uint64_t seed, const Variant& variant)
    : threshold_(threshold), bands_(bands), keys_(keys_of(seed)), variant_(variant) {}

void Keeper::clear() {
    kept_.clear();
    for (HashSet& set : tables_) set.release();
    bucketed_ = false;
    buckets_.clear();
    indexed_.clear();
    index_.clear();
    rebuild_at_ = 0;
    seen_.clear();
    stamp_ = 0;
}

bool Keeper::enough(size_t shared, size_t a, size_t b) const {
    return (double)shared / (double)(a + b - shared) >= threshold_;
}

bool Keeper::share_band(const uint32_t* a, const uint32_t* b) const {
    bool same = false;
    for (size_t i = 0; i < bands_; i++) same |= a[i] == b[i];
    return same;
}

void Keeper::add_to_buckets(uint32_t number) {
    for (size_t b = 0; b < bands_; b++) {
        std::vector<uint32_t>& bucket = buckets_[(uint64_t)b << 32 | kept_[number].keys[b]];
        bucket.push_back(number);
        if (bucket.size() == kCrowded) {
            for (uint32_t member : bucket) index(member);
        } else if (bucket.size() > kCrowded) {
            index(number);
        }
    }
}

// The index over crowded buckets. Order all shingles in any one way. Sets A and B with Jaccard >= t share at least
// o = t / (1 + t) (|A| + |B|) members, so the first |A| - o + 1 of A and the first |B| - o + 1 of B have one in common
// (prefix filter: Chaudhuri, Ganti, Kaushik 2006; Bayardo, Ma, Srikant 2007; positions: Xiao et al. 2008). With the
// rarest first, pasted boilerplate does not bring two documents together. Postings are kept apart by size, because o,
// and with it how far to look, depends on both sizes.
size_t Keeper::least_overlap(size_t a, size_t b) const {
    double exact = threshold_ / (1 + threshold_) * (double)(a + b);
    return (size_t)std::ceil(exact * (1 - 1e-12));
}

static size_t size_class(size_t size) { return (size_t)(16 * std::log2((double)size)); }

static uint64_t posting_key(uint64_t shingle, size_t size_class) {
    return shingle ^ (size_class + 1) * 0x9e3779b97f4a7c15ull;
}

// The members that any partner may have to be found by: those for the smallest partner, which is t |A| large.
void Keeper::prefix(const std::vector<uint64_t>& shingles) {
    const size_t size = shingles.size();
    const size_t overlap = (size_t)std::ceil(threshold_ * (double)size * (1 - 1e-12));
    const size_t length = std::min(size, size - overlap + 1);
    prefix_.clear();
    for (uint64_t hash : shingles) prefix_.emplace_back(frequency_[hash & (kFrequencySlots - 1)], hash);
    if (length < size) std::nth_element(prefix_.begin(), prefix_.begin() + length, prefix_.end());
    prefix_.resize(length);
    std::sort(prefix_.begin(), prefix_.end());
}

void Keeper::post(uint32_t number) {
    prefix(shingles(number));
    const size_t in = size_class(shingles(number).size());
    for (uint32_t i = 0; i < prefix_.size(); i++) {
        index_[posting_key(prefix_[i].second, in)].push_back(Posting{number, i});
    }
}

void Keeper::index(uint32_t number) {
    if (kept_[number].indexed) return;
    kept_[number].indexed = true;
    indexed_.push_back(number);
    if (indexed_.size() >= rebuild_at_) {
        rebuild_index();
    } else {
        post(number);
    }
}

// What is rare is learnt from the documents at hand, again at each doubling; any order is exact, this one is fast.
void Keeper::rebuild_index() {
    rebuild_at_ = std::max(2 * indexed_.size(), kCrowded);
    frequency_.assign(kFrequencySlots, 0);
    for (uint32_t number : indexed_) {
        for (uint64_t hash : shingles(number)) {
            uint16_t& count = frequency_[hash & (kFrequencySlots - 1)];
            count += count < 0xffff;
        }
    }
    index_.clear();
    for (uint32_t number : indexed_) post(number);
}

// Indexed documents that share a band key with `keys` and may be near the shingles of `set`.
void Keeper::probe(const uint32_t* keys, const HashSet& set, std::vector<uint32_t>& out) {
    const size_t size = set.members.size();
    prefix(set.members);
    const size_t last = size_class((size_t)std::floor((double)size / threshold_) + 1);
    for (size_t in = size_class(std::max<size_t>(1, (size_t)std::floor(threshold_ * (double)size))); in <= last; in++) {
        const size_t least = std::max<size_t>(1, (size_t)std::floor(std::exp2((double)in / 16)));  // size in this class
        const size_t overlap = least_overlap(size, least);
        if (overlap > size) continue;
        const size_t length = std::min(prefix_.size(), size - overlap + 1);
        for (size_t i = 0; i < length; i++) {
            auto postings = index_.find(posting_key(prefix_[i].second, in));
            if (postings == index_.end()) continue;
            for (const Posting& posting : postings->second) {
                if (seen_[posting.number] == stamp_) continue;
                const Kept& other = kept_[posting.number];
                const size_t others = shingles(posting.number).size(), exact = least_overlap(size, others);
                if (i + exact > size || posting.position + exact > others) continue;
                seen_[posting.number] = stamp_;
                if (share_band(other.keys.data(), keys)) out.push_back(posting.number);
            }
        }
    }
}

// Kept documents that share a band key, in order. `with_text`: `set` holds the document's shingles, and
// those of crowded buckets are narrowed by the index; otherwise one candidate stands for them all.
void Keeper::candidates(const uint32_t* keys, const HashSet& set, bool with_text, std::vector<uint32_t>& out) {
    out.clear();
    if (!bucketed_) {
        for (uint32_t k = 0; k < kept_.size(); k++) {
            if (share_band(kept_[k].keys.data(), keys)) out.push_back(k);
        }
        return;
    }
    if (seen_.size() < kept_.size()) seen_.resize(kept_.size() * 2, 0);
    stamp_++;
    bool crowded = false;
    for (size_t b = 0; b < bands_; b++) {
        auto bucket = buckets_.find((uint64_t)b << 32 | keys[b]);
        if (bucket == buckets_.end()) continue;
        if (bucket->second.size() >= kCrowded) {
            crowded = true;
            if (!with_text) {
                out.push_back(bucket->second[0]);
                return;
            }
            continue;
        }
        for (uint32_t k : bucket->second) {
            if (seen_[k] != stamp_) {
                seen_[k] = stamp_;
                out.push_back(k);
            }
        }
    }
    if (crowded) probe(keys, set, out);
    std::sort(out.begin(), out.end());
}

bool Keeper::has_candidate(const uint32_t* band_keys) {
    candidates(band_keys, set_, false, found_);
    return !found_.empty();
}

namespace {
enum class Verdict { kUnknown, kNear, kFar };

// In the earlier run every document met the kept ones before it in order, up to the first that was near.
Verdict recall(const Past& a, const Past& b) {
    if (a.place < 0 || b.place < 0) return Verdict::kUnknown;
    const bool a_kept = a.keeper == a.place, b_kept = b.keeper == b.place;
    if (a_kept && b_kept) return Verdict::kFar;
    if (a_kept == b_kept) return Verdict::kUnknown;
    const int64_t kept = a_kept ? a.place : b.place, keeper = a_kept ? b.keeper : a.keeper;
    return kept < keeper ? Verdict::kFar : kept == keeper ? Verdict::kNear : Verdict::kUnknown;
}
}  // namespace

// The set that the next kept document will own, so that it need not be copied.
HashSet& Keeper::fresh() {
    if (kept_.size() >= kBucketFrom) return set_;
    if (tables_.size() <= kept_.size()) tables_.resize(kept_.size() + 1);
    return tables_[kept_.size()];
}

const std::vector<uint64_t>& Keeper::shingles(uint32_t number) const {
    return number < kBucketFrom ? tables_[number].members : kept_[number].shingles;
}

// Whether the kept document is near the document of `sequence_`.
bool Keeper::measure_by_table(uint32_t number, Outcome& outcome) {
    HashSet& set = tables_[number];
    const size_t size = set.members.size();
    // J <= |A| / (|A| + |B - A|); one more than can still do, so that rounding decides nothing.
    const size_t most = (size_t)std::min((double)size / threshold_, 1e15) - size + 1;
    const size_t shared = set.shared(sequence_, most, others_);
    const size_t more = others_.members.size();
    if (more > most || !enough(shared, size, shared + more)) return false;
    outcome = Outcome{(int64_t)number, shared, size + more};
    return true;
}

bool Keeper::measure(uint32_t number, const HashSet& set, Outcome& outcome) {
    const std::vector<uint64_t>& other = shingles(number);
    const size_t size = set.members.size();
    // Stop as soon as the shingles that are left cannot reach the threshold.
    const size_t may_miss = other.size() - std::min(other.size(), least_overlap(size, other.size()));
    size_t shared = 0, missed = 0;
    for (size_t i = 0; i < other.size() && missed <= may_miss; i++) {
        const bool hit = set.contains(other[i]);
        shared += hit;
        missed += !hit;
    }
    if (missed > may_miss || !enough(shared, size, other.size())) return false;
    outcome = Outcome{(int64_t)number, shared, size + other.size() - shared};
    return true;
}

Outcome Keeper::add(const uint8_t* text, size_t length, const uint32_t* band_keys, bool keep, Past past,
                    int64_t label) {
    HashSet& set = fresh();
    // Few kept documents: the shingles are looked up in their sets, and most documents never need a set of their own.
    const bool by_table = !bucketed_ && length <= kSequence;
    if (by_table) {
        sequence_.clear();
        variant_.shingles(
            text, length, text + length, keys_,
            [](void* state, const uint64_t* hashes, size_t count) {
                auto* out = static_cast<std::vector<uint64_t>*>(state);
                out->insert(out->end(), hashes, hashes + count);
            },
            &sequence_);
    } else {
        shingle_set(variant_, keys_, text, length, set);
    }
    candidates(band_keys, set, !by_table, found_);
    Outcome outcome{-1, 0, 0};
    for (uint32_t k : found_) {
        const Verdict verdict = recall(past, kept_[k].past);
        known += verdict != Verdict::kUnknown;
        if (verdict == Verdict::kFar) continue;
        if (verdict == Verdict::kNear) return Outcome{(int64_t)k, 0, 0};
        // Sizes alone may say no; those of `sequence_` are upper bounds.
        const size_t size = by_table ? sequence_.size() : set.members.size(), other = shingles(k).size();
        if (size < other ? !enough(size, size, other) : !by_table && !enough(other, other, size)) continue;
        comparisons++;
        if (by_table ? measure_by_table(k, outcome) : measure(k, set, outcome)) return outcome;
    }
    if (keep) {
        if (by_table) {
            set.clear(sequence_.size());
            set.insert(sequence_.data(), sequence_.size());
        }
        store(band_keys, past, label);
    }
    return outcome;
}

void Keeper::hold(const uint8_t* text, size_t length, const uint32_t* band_keys, Past past, int64_t label) {
    shingle_set(variant_, keys_, text, length, fresh());
    store(band_keys, past, label);
}

// The document whose shingles `fresh()` holds becomes the next kept one.
void Keeper::store(const uint32_t* band_keys, Past past, int64_t label) {
    Kept kept;
    if (kept_.size() >= kBucketFrom) kept.shingles = set_.members;
    kept.past = past;
    kept.label = label;
    kept.keys.assign(band_keys, band_keys + bands_);
    kept_.push_back(std::move(kept));
    if (bucketed_) {
        add_to_buckets((uint32_t)kept_.size() - 1);
    } else if (kept_.size() == kBucketFrom) {
        bucketed_ = true;
        for (uint32_t k = 0; k < kept_.size(); k++) add_to_buckets(k);
    }
}

}  // namespace drystone::dedup
