#include "overlap.hpp"

#include <algorithm>
#include <stdexcept>

namespace drystone::dedup {
namespace {

struct Owned {
    uint64_t hash;
    uint32_t part;
    bool operator<(const Owned& other) const { return hash != other.hash ? hash < other.hash : part < other.part; }
};

unsigned log2_above(size_t count) {
    unsigned bits = 1;
    while (((size_t)1 << bits) < count) bits++;
    return bits;
}

}  // namespace

Overlap::Overlap(Measure measure, const std::vector<const uint8_t*>& texts, const std::vector<size_t>& sizes,
                 const std::vector<uint32_t>& tasks, size_t common)
    : measure_(measure), totals_(texts.size(), 0), counts_(texts.size(), 0) {
    if (texts.size() >= 0xffffffffu) throw std::invalid_argument("too many parts");
    std::vector<Owned> all;
    for (size_t part = 0; part < texts.size(); part++) {
        places_.clear();
        places(measure, texts[part], sizes[part], places_);
        const size_t before = all.size();
        for (const Place& place : places_) all.push_back({place.hash, (uint32_t)part});
        std::sort(all.begin() + (long)before, all.end());
        const auto same = [](const Owned& a, const Owned& b) { return a.hash == b.hash; };
        all.erase(std::unique(all.begin() + (long)before, all.end(), same), all.end());
    }
    std::sort(all.begin(), all.end());
    std::vector<uint32_t> of;
    for (size_t i = 0, next; i < all.size(); i = next) {
        of.clear();
        for (next = i; next < all.size() && all[next].hash == all[i].hash; next++) of.push_back(tasks[all[next].part]);
        std::sort(of.begin(), of.end());
        if ((size_t)(std::unique(of.begin(), of.end()) - of.begin()) > common) continue;
        hashes_.push_back(all[i].hash);
        starts_.push_back((uint32_t)owners_.size());
        for (size_t j = i; j < next; j++) {
            owners_.push_back(all[j].part);
            totals_[all[j].part]++;
        }
        if (owners_.size() > 0xfffffff0u) throw std::invalid_argument("too many shingles");
    }
    starts_.push_back((uint32_t)owners_.size());
    const unsigned table_bits = log2_above(hashes_.size() * 2 + 2), filter_bits = log2_above(hashes_.size() * 16 + 64);
    table_shift_ = 64 - table_bits;
    filter_shift_ = 64 - filter_bits;
    table_.assign((size_t)1 << table_bits, 0);
    filter_.assign(((size_t)1 << filter_bits) / 64 + 1, 0);
    for (size_t entry = 0; entry < hashes_.size(); entry++) {
        const uint64_t hash = hashes_[entry], bit = hash >> filter_shift_;
        filter_[bit >> 6] |= 1ull << (bit & 63);
        size_t at = hash >> table_shift_;
        while (table_[at]) at = (at + 1) & (table_.size() - 1);
        table_[at] = (uint32_t)entry + 1;
    }
    seen_.assign(hashes_.size(), 0);
}

std::vector<Shared> Overlap::match(const uint8_t* text, size_t size, double least) {
    std::lock_guard<std::mutex> alone(mutex_);
    places_.clear();
    places(measure_, text, size, places_);
    if (++round_ == 0) {
        std::fill(seen_.begin(), seen_.end(), 0);
        round_ = 1;
    }
    touched_.clear();
    for (const Place& place : places_) {
        const uint64_t bit = place.hash >> filter_shift_;
        if (!(filter_[bit >> 6] >> (bit & 63) & 1)) continue;
        size_t at = place.hash >> table_shift_;
        while (table_[at] && hashes_[table_[at] - 1] != place.hash) at = (at + 1) & (table_.size() - 1);
        if (!table_[at]) continue;
        const uint32_t entry = table_[at] - 1;
        if (seen_[entry] == round_) continue;
        seen_[entry] = round_;
        for (uint32_t i = starts_[entry]; i < starts_[entry + 1]; i++) {
            if (counts_[owners_[i]]++ == 0) touched_.push_back(owners_[i]);
        }
    }
    std::sort(touched_.begin(), touched_.end());
    std::vector<Shared> found;
    for (uint32_t part : touched_) {
        if ((double)counts_[part] >= least * (double)totals_[part]) found.push_back({part, counts_[part]});
        counts_[part] = 0;
    }
    return found;
}

}  // namespace drystone::dedup
