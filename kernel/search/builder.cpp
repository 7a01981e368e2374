#include "builder.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "folding.hpp"

namespace drystone::search {

namespace {

constexpr uint32_t kTrigrams = 1u << 24;
constexpr uint64_t kFree = ~0ull;
constexpr size_t kPiece = 1024;  // bytes of text
constexpr size_t kAhead = 16;    // entries of which memory is asked for early
// What a manifest says of its texts is believed up to here: twice the text of a segment.
constexpr size_t kMostReserved = 128 << 20;

}  // namespace

Seen::Seen() : words(kTrigrams / 64) {
    for (size_t i = 0; i < words.size(); i++) {
        const bool later = (i >> 2 & 0xff) == '\n' || i >> 10 == '\n';
        words[i] = later ? ~0ull : i % 4 == 0 ? 1ull << '\n' : 0;
    }
}

void trigrams_of(const uint8_t* text, size_t size, Seen& seen, std::vector<uint32_t>& found) {
    const size_t before = found.size();
    uint64_t* const words = seen.words.data();
    uint8_t folded[2 + kMostFolded * (kPiece + 1) + kBeyond];  // the two bytes before a piece, and the piece
    uint32_t fresh[kMostFolded * (kPiece + 1)];                // what is new of it
    size_t have = 0;
    for (size_t at = 0; at < size;) {
        have += fold_until(text, size, at, std::min(size, at + kPiece), folded + have);
        if (have < 3) continue;
        uint32_t* out = fresh;
        for (size_t i = 0; i + 2 < have; i++) {
            uint32_t trigram;
            std::memcpy(&trigram, folded + i, 4);
            trigram &= kTrigrams - 1;
            // No branch hangs on whether it was seen before, which is as good as chance.
            const uint64_t word = words[trigram >> 6];
            words[trigram >> 6] = word | 1ull << (trigram & 63);
            *out = trigram;
            out += ~word >> (trigram & 63) & 1;
        }
        found.insert(found.end(), fresh, out);
        std::memcpy(folded, folded + have - 2, 2);
        have = 2;
    }
    for (size_t i = before; i < found.size(); i++) {
        const uint32_t trigram = found[i];
        words[trigram >> 6] &= ~(1ull << (trigram & 63));
        found[i] = __builtin_bswap32(trigram) >> 8;
    }
}

void stretches_of(const uint8_t* text, size_t size, std::vector<size_t>& ends) {
    size_t start = 0;
    while (size - start > kStretch + kStretch / 2) {
        const uint8_t* const from = text + start + kStretch;
        const auto* stop = static_cast<const uint8_t*>(std::memchr(from, '\n', size - start - kStretch));
        if (!stop || stop + 1 == text + size) break;
        start = (size_t)(stop + 1 - text);
        ends.push_back(start);
    }
    if (size > start) ends.push_back(size);
}

Trigrams::Trigrams(uint32_t documents, size_t bytes) : documents_(documents) {
    found_.reserve(std::min(bytes, kMostReserved));
}

void Trigrams::add(uint32_t document, const uint8_t* text, size_t size) {
    if (document >= documents_.size() || documents_[document].count)
        throw std::invalid_argument("a document comes twice");
    cuts_.clear();
    stretches_of(text, size, cuts_);
    documents_[document] = {ends_.size(), (uint32_t)cuts_.size()};
    size_t start = 0;
    for (size_t end : cuts_) {
        trigrams_of(text + start, end - start, seen_, found_);
        ends_.push_back(found_.size());
        sizes_.push_back((uint32_t)(end - start));
        start = end;
    }
}

std::vector<uint8_t> Trigrams::finish() {
    if (found_.size() > UINT32_MAX) throw std::length_error("a segment has more trigrams than a segment can");
    // Each two bytes that begin a trigram have a row of 256 lists, ordered as their trigrams are.
    std::vector<uint32_t> row(kTrigrams >> 8), begins;
    for (uint32_t trigram : found_) row[trigram >> 8] = 1;
    for (uint32_t i = 0; i < row.size(); i++) {
        if (!row[i]) continue;
        row[i] = (uint32_t)begins.size() << 8;
        begins.push_back(i << 8);
    }
    const auto list_of = [&](uint32_t trigram) { return row[trigram >> 8] | (trigram & 0xff); };
    std::vector<uint32_t> end(begins.size() << 8);  // where each list ends, once it was filled
    for (uint32_t trigram : found_) end[list_of(trigram)]++;
    uint32_t lists = 0, at = 0;
    for (uint32_t& count : end) {
        lists += count > 0;
        at += count;
        count = at - count;
    }
    std::vector<uint32_t> numbers(found_.size());
    lengths.reserve(ends_.size());
    for (const Of& of : documents_) {
        for (uint64_t s = of.start; s < of.start + of.count; s++) {
            const auto stretch = (uint32_t)lengths.size();
            for (uint64_t i = s ? ends_[s - 1] : 0; i < ends_[s]; i++) {
                if (i + kAhead < found_.size()) __builtin_prefetch(&numbers[end[list_of(found_[i + kAhead])]], 1);
                numbers[end[list_of(found_[i])]++] = stretch;
            }
            lengths.push_back(sizes_[s]);
        }
    }
    PostingsWriter writer((uint32_t)lengths.size(), false, lists, kTrigrams);
    uint32_t start = 0;
    for (uint32_t i = 0; i < end.size(); start = end[i++]) {
        if (end[i] > start) writer.add(begins[i >> 8] | (i & 0xff), &numbers[start], nullptr, end[i] - start);
    }
    return writer.finish();
}

Terms::Terms(uint32_t documents) : passages(documents), documents_(documents), table_(1 << 16, Slot{kFree, 0, 0}) {}

void Terms::grow() {
    std::vector<Slot> wider(table_.size() * 2, Slot{kFree, 0, 0});
    const size_t mask = wider.size() - 1;
    for (const Slot& slot : table_) {
        if (slot.key == kFree) continue;
        size_t at = slot.key & mask;
        while (wider[at].key != kFree) at = (at + 1) & mask;
        wider[at] = slot;
    }
    table_.swap(wider);
}

void Terms::add(uint32_t document, const uint8_t* text, size_t size, const std::vector<size_t>& ends) {
    if (document >= documents_.size() || documents_[document].count)
        throw std::invalid_argument("a document comes twice");
    if (!ends.empty() && (ends.back() != size || !std::is_sorted(ends.begin(), ends.end()))) {
        throw std::invalid_argument("passages are not a division of their text");
    }
    Of& of = documents_[document];
    of.start = ends_.size();
    of.count = (uint32_t)ends.size();
    size_t start = 0;
    for (size_t end : ends) {
        scratch_.clear();
        terms_of(text + start, end - start, stems_, scratch_);
        while (keys_.size() + scratch_.size() > table_.size() / 2) grow();
        const size_t mask = table_.size() - 1, count = scratch_.size();
        const size_t first = entries_.size();
        if (first + count > UINT32_MAX) throw std::length_error("a segment has more terms than a segment can");
        entries_.resize(first + count);
        times_.resize(first + count);
        uint32_t* const entries = entries_.data();
        uint8_t* const times = times_.data();
        const uint64_t* const keys = scratch_.data();
        Slot* const table = table_.data();
        size_t have = first;
        for (size_t i = 0; i < count; i++) {
            if (i + 8 < count) __builtin_prefetch(&table[keys[i + 8] & mask], 1);
            const uint64_t key = keys[i];
            size_t at = key & mask;
            while (table[at].key != kFree && table[at].key != key) at = (at + 1) & mask;
            Slot& slot = table[at];
            if (slot.key == kFree) {
                slot = Slot{key, (uint32_t)keys_.size(), 0};
                keys_.push_back(key);
            }
            // No branch hangs on whether the passage has it already. `last` is one more than its place; 0: none.
            const bool is_new = slot.last <= first;
            const size_t place = is_new ? have : slot.last - 1;
            const uint8_t often = is_new ? 0 : times[place];
            entries[place] = slot.term;
            times[place] = (uint8_t)(often + (often < 255));
            slot.last = (uint32_t)place + 1;
            have += is_new;
        }
        entries_.resize(have);
        times_.resize(have);
        ends_.push_back(entries_.size());
        sizes_.push_back((uint32_t)(end - start));
        counts_.push_back((uint32_t)count);
        start = end;
    }
}

std::vector<uint8_t> Terms::finish() {
    table_ = {};
    std::vector<uint32_t> order(keys_.size());
    for (uint32_t i = 0; i < order.size(); i++) order[i] = i;
    std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return keys_[a] < keys_[b]; });
    std::vector<uint32_t> rank(order.size());
    for (uint32_t i = 0; i < order.size(); i++) rank[order[i]] = i;
    std::vector<uint64_t> end(keys_.size() + 1);
    for (uint32_t& entry : entries_) {
        entry = rank[entry];
        end[entry + 1]++;
    }
    for (size_t i = 0; i < keys_.size(); i++) end[i + 1] += end[i];
    std::vector<uint64_t> at(end.begin(), end.end() - 1);
    std::vector<uint32_t> numbers(entries_.size());
    std::vector<uint8_t> levels(entries_.size());
    lengths.reserve(ends_.size());
    terms.reserve(ends_.size());
    uint32_t passage = 0;
    for (size_t d = 0; d < documents_.size(); d++) {
        const Of& of = documents_[d];
        passages[d] = of.count;
        for (uint64_t p = of.start; p < of.start + of.count; p++, passage++) {
            for (uint64_t e = p ? ends_[p - 1] : 0; e < ends_[p]; e++) {
                const uint64_t to = at[entries_[e]]++;
                numbers[to] = passage;
                levels[to] = level_of(times_[e]);
            }
            lengths.push_back(sizes_[p]);
            terms.push_back(counts_[p]);
        }
    }
    PostingsWriter writer(passage, true, keys_.size(), 1ull << kTermBits);
    for (size_t i = 0; i < order.size(); i++) {
        writer.add(keys_[order[i]], &numbers[end[i]], &levels[end[i]], end[i + 1] - end[i]);
    }
    return writer.finish();
}

}  // namespace drystone::search
