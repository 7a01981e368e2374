#include "keeper.hpp"

#include <algorithm>
#include <cmath>

namespace drystone {

namespace {
constexpr size_t kBucketFrom = 32;  // kept documents from which buckets are looked up rather than compared in turn
constexpr size_t kCrowded = 64;     // kept documents in one bucket from which the index answers for it
constexpr size_t kFrequencySlots = 1 << 18;
}  // namespace

void HashSet::clear() {
  members.clear();
  if (table_.size() > 1 << 16) std::vector<uint64_t>().swap(table_);  // do not clear a giant's table for each small one
  std::fill(table_.begin(), table_.end(), 0);
}

void HashSet::grow() {
  size_t slots = table_.empty() ? 1024 : table_.size() * 4;
  table_.assign(slots, 0);
  shift_ = 64 - __builtin_ctzll(slots);
  for (uint64_t hash : members) {
    size_t slot = hash >> shift_;
    while (table_[slot]) slot = (slot + 1) & (slots - 1);
    table_[slot] = hash;
  }
}

void HashSet::insert(uint64_t hash) {
  hash += hash == 0;  // 0 marks a free slot
  if (members.size() * 2 >= table_.size()) grow();
  const size_t mask = table_.size() - 1;
  size_t slot = hash >> shift_;
  while (table_[slot] != hash) {
    if (!table_[slot]) {
      table_[slot] = hash;
      members.push_back(hash);
      return;
    }
    slot = (slot + 1) & mask;
  }
}

bool HashSet::contains(uint64_t hash) const {
  if (table_.empty()) return false;
  const size_t mask = table_.size() - 1;
  size_t slot = hash >> shift_;
  while (table_[slot] != hash) {
    if (!table_[slot]) return false;
    slot = (slot + 1) & mask;
  }
  return true;
}

void shingle_set(const Variant& variant, const Seeded& keys, const uint8_t* text, size_t length, HashSet& out) {
  out.clear();
  variant.shingles(
      text, length, text + length, keys,
      [](void* state, const uint64_t* shingles, size_t count) {
        HashSet& set = *static_cast<HashSet*>(state);
        for (size_t i = 0; i < count; i++) set.insert(shingles[i]);
      },
      &out);
}

size_t intersection(const HashSet& a, const std::vector<uint64_t>& b) {
  size_t shared = 0;
  for (uint64_t hash : b) shared += a.contains(hash);
  return shared;
}

Keeper::Keeper(double threshold, size_t bands, uint64_t seed, const Variant& variant)
    : threshold_(threshold), bands_(bands), seeded_(seeded(seed)), variant_(variant) {}

void Keeper::clear() {
  kept_.clear();
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
  prefix(kept_[number].shingles);
  const size_t in = size_class(kept_[number].shingles.size());
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
    for (uint64_t hash : kept_[number].shingles) {
      uint16_t& count = frequency_[hash & (kFrequencySlots - 1)];
      count += count < 0xffff;
    }
  }
  index_.clear();
  for (uint32_t number : indexed_) post(number);
}

// Indexed documents that share a band key with `keys` and may be near the shingles of `set_`.
void Keeper::probe(const uint32_t* keys, std::vector<uint32_t>& out) {
  const size_t size = set_.members.size();
  prefix(set_.members);
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
        const size_t exact = least_overlap(size, other.shingles.size());
        if (i + exact > size || posting.position + exact > other.shingles.size()) continue;
        seen_[posting.number] = stamp_;
        if (share_band(other.keys.data(), keys)) out.push_back(posting.number);
      }
    }
  }
}

// Kept documents that share a band key, in order. `with_text`: `set_` holds the document's shingles, and
// those of crowded buckets are narrowed by the index; otherwise one candidate stands for them all.
void Keeper::candidates(const uint32_t* keys, bool with_text, std::vector<uint32_t>& out) {
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
  if (crowded) probe(keys, out);
  std::sort(out.begin(), out.end());
}

bool Keeper::has_candidate(const uint32_t* band_keys) {
  candidates(band_keys, false, found_);
  return !found_.empty();
}

Outcome Keeper::add(const uint8_t* text, size_t length, const uint32_t* band_keys, bool keep) {
  shingle_set(variant_, seeded_, text, length, set_);
  const size_t size = set_.members.size();
  candidates(band_keys, true, found_);
  for (uint32_t k : found_) {
    const std::vector<uint64_t>& other = kept_[k].shingles;
    const size_t smaller = std::min(size, other.size()), larger = std::max(size, other.size());
    if (!enough(smaller, smaller, larger)) continue;  // sizes alone say no
    comparisons++;
    // Stop as soon as the shingles that are left cannot reach the threshold.
    const size_t may_miss = other.size() - std::min(other.size(), least_overlap(size, other.size()));
    size_t shared = 0, missed = 0;
    for (size_t i = 0; i < other.size() && missed <= may_miss; i++) {
      bool hit = set_.contains(other[i]);
      shared += hit;
      missed += !hit;
    }
    if (missed <= may_miss && enough(shared, size, other.size())) {
      return Outcome{(int64_t)k, shared, size + other.size() - shared};
    }
  }
  if (keep) store(band_keys);
  return Outcome{-1, 0, 0};
}

void Keeper::hold(const uint8_t* text, size_t length, const uint32_t* band_keys) {
  shingle_set(variant_, seeded_, text, length, set_);
  store(band_keys);
}

void Keeper::store(const uint32_t* band_keys) {
  Kept kept;
  kept.shingles = set_.members;
  kept.keys.assign(band_keys, band_keys + bands_);
  kept_.push_back(std::move(kept));
  if (bucketed_) {
    add_to_buckets((uint32_t)kept_.size() - 1);
  } else if (kept_.size() == kBucketFrom) {
    bucketed_ = true;
    for (uint32_t k = 0; k < kept_.size(); k++) add_to_buckets(k);
  }
}

}  // namespace drystone
