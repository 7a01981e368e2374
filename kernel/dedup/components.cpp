#include "components.hpp"

#include <algorithm>
#include <stdexcept>

namespace drystone::dedup {

namespace {
constexpr uint32_t kNone = 0xffffffffu;

inline uint64_t spread(uint32_t key, uint32_t group) { return (key + group * 0x9e3779b1ull) * 0x9e3779b97f4a7c15ull; }
}  // namespace

Components::Components(size_t documents) {
    if (documents >= kNone) throw std::invalid_argument("more than 2^32 - 2 documents in one pass");
    parent_.resize(documents);
    for (size_t i = 0; i < documents; i++) parent_[i] = (uint32_t)i;
    size_t slots = 16;
    while (slots < documents + documents / 2) slots *= 2;
    table_.resize(slots);
}

uint32_t Components::find(uint32_t document) {
    while (parent_[document] != document) {
        parent_[document] = parent_[parent_[document]];
        document = parent_[document];
    }
    return document;
}

void Components::link(const uint32_t* keys, const uint32_t* groups, const uint32_t* counts) {
    std::fill(table_.begin(), table_.end(), kNone);
    const size_t documents = parent_.size(), mask = table_.size() - 1;
    constexpr size_t ahead = 16;  // the table is larger than the caches: ask for its lines early
    for (size_t i = 0; i < documents; i++) {
        if (i + ahead < documents) {
            __builtin_prefetch(&table_[(spread(keys[i + ahead], groups[i + ahead]) >> 20) & mask], 1);
        }
        if (counts[i] == 0) continue;
        size_t slot = (spread(keys[i], groups[i]) >> 20) & mask;
        while (true) {
            uint32_t other = table_[slot];
            if (other == kNone) {
                table_[slot] = (uint32_t)i;
                break;
            }
            if (keys[other] == keys[i] && groups[other] == groups[i]) {
                uint32_t a = find(other), b = find((uint32_t)i);
                if (a < b) parent_[b] = a;
                if (b < a) parent_[a] = b;
                break;
            }
            slot = (slot + 1) & mask;
        }
    }
}

const std::vector<uint32_t>& Components::roots() {
    for (size_t i = 0; i < parent_.size(); i++) parent_[i] = find((uint32_t)i);
    return parent_;
}

}  // namespace drystone::dedup
