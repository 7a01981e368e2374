#include "builder.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

#include "folding.hpp"

namespace drystone::search {

namespace {

constexpr uint32_t kTrigrams = 1u << 24;
constexpr uint64_t kFree = ~0ull;
constexpr size_t kPiece = 1024;    // bytes of text
constexpr size_t kMostFolded = 4;  // bytes that a byte of text may fold to

// Folded characters of ASCII; 0 for what is looked at closely: line ends, zeros and bytes beyond ASCII.
constexpr std::array<uint8_t, 256> in_line() {
    std::array<uint8_t, 256> table{};
    for (int c = 1; c < 0x80; c++) table[c] = c == '\n' ? 0 : fold_ascii((uint8_t)c);
    return table;
}
constexpr auto kInLine = in_line();

}  // namespace

void trigrams_of(const uint8_t* text, size_t size, std::vector<uint64_t>& seen, std::vector<uint32_t>& found) {
    const size_t before = found.size();
    uint64_t* const words = seen.data();
    uint32_t last = 0, have = 0;           // bytes of the line so far, counted up to 2
    uint32_t piece[kMostFolded * kPiece];  // what is new of a piece of the text
    for (size_t i = 0; i < size;) {
        uint32_t* out = piece;
        const auto put = [&](uint8_t c) {
            last = (last << 8 | c) & (kTrigrams - 1);
            if (have < 2) {
                have++;
                return;
            }
            // No branch hangs on whether it was seen before, which is as good as chance.
            const uint64_t word = words[last >> 6];
            words[last >> 6] = word | 1ull << (last & 63);
            *out = last;
            out += ~word >> (last & 63) & 1;
        };
        const size_t stop = std::min(size, i + kPiece);
        while (i < stop) {
            if (have == 2) {
                for (uint8_t folded; i < stop && (folded = kInLine[text[i]]); i++) put(folded);
                if (i == stop) break;
            }
            const uint8_t c = text[i];
            if (c < 0x80) {
                if (c == '\n') {
                    have = 0;
                } else {
                    put(fold_ascii(c));
                }
                i++;
                continue;
            }
            uint8_t wide[kMostFolded];
            size_t taken;
            const size_t length = fold_wide(text + i, size - i, wide, &taken);
            for (size_t b = 0; b < length; b++) put(wide[b]);
            i += taken;
        }
        found.insert(found.end(), piece, out);
    }
    for (size_t i = before; i < found.size(); i++) words[found[i] >> 6] = 0;
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

Trigrams::Trigrams(uint32_t documents) : documents_(documents), seen_(kTrigrams / 64), ever_(kTrigrams / 64) {}

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
    for (uint32_t trigram : found_) ever_[trigram >> 6] |= 1ull << (trigram & 63);
    // Lists are numbered in the order of their keys: ones before a word, then inside it.
    std::vector<uint32_t> before(ever_.size());
    uint32_t lists = 0;
    for (size_t i = 0; i < ever_.size(); i++) {
        before[i] = lists;
        lists += (uint32_t)__builtin_popcountll(ever_[i]);
    }
    const auto list_of = [&](uint32_t trigram) {
        return before[trigram >> 6] +
               (uint32_t)__builtin_popcountll(ever_[trigram >> 6] & ((1ull << (trigram & 63)) - 1));
    };
    std::vector<uint64_t> end(lists + 1);
    for (uint32_t& trigram : found_) {
        trigram = list_of(trigram);
        end[trigram + 1]++;
    }
    for (uint32_t i = 0; i < lists; i++) end[i + 1] += end[i];
    std::vector<uint64_t> at(end.begin(), end.end() - 1);
    std::vector<uint32_t> numbers(found_.size());
    lengths.reserve(ends_.size());
    for (const Of& of : documents_) {
        for (uint64_t s = of.start; s < of.start + of.count; s++) {
            const auto stretch = (uint32_t)lengths.size();
            for (uint64_t i = s ? ends_[s - 1] : 0; i < ends_[s]; i++) numbers[at[found_[i]]++] = stretch;
            lengths.push_back(sizes_[s]);
        }
    }
    PostingsWriter writer((uint32_t)lengths.size(), false, lists, kTrigrams);
    uint32_t list = 0;
    for (uint32_t word = 0; word < ever_.size(); word++) {
        for (uint64_t bits = ever_[word]; bits; bits &= bits - 1, list++) {
            const uint32_t trigram = word << 6 | (uint32_t)__builtin_ctzll(bits);
            writer.add(trigram, &numbers[end[list]], nullptr, end[list + 1] - end[list]);
        }
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
            } else if (slot.last >= first + 1) {
                uint8_t& often = times[slot.last - 1];
                if (often < 255) often++;
                continue;
            }
            entries[have] = slot.term;
            times[have] = 1;
            slot.last = (uint32_t)++have;  // one more than its place; 0: none
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
