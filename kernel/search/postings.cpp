#include "postings.hpp"

#include <algorithm>
#include <stdexcept>

namespace drystone::search {

namespace {

constexpr size_t kHead = 40;
constexpr int kOrderBits = 5;    // of a list's order
constexpr int kLengthOrder = 6;  // of the code of a list's length in bits

void put_u64(std::vector<uint8_t>& out, uint64_t value) {
    for (int i = 0; i < 8; i++) out.push_back((uint8_t)(value >> (8 * i)));
}

uint64_t get_u64(const uint8_t* p) {
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) value |= (uint64_t)p[i] << (8 * i);
    return value;
}

int width_of(uint32_t universe) { return universe <= 1 ? 0 : floor_log2(universe - 1) + 1; }

void put_level(BitWriter& bits, uint8_t level) {
    if (level < kLevels - 1) {
        bits.put(1u << level, level + 1);
    } else {
        bits.put(0, kLevels - 1);
    }
}

uint8_t get_level(BitReader& bits) {
    const uint64_t word = bits.peek() & ((1u << (kLevels - 1)) - 1);
    if (word == 0) {
        bits.skip(kLevels - 1);
        return kLevels - 1;
    }
    const int level = __builtin_ctzll(word);
    bits.skip(level + 1);
    return (uint8_t)level;
}

}  // namespace

PostingsWriter::PostingsWriter(uint32_t universe, bool levels, size_t keys, uint64_t key_range)
    : universe_(universe), levels_(levels), width_(width_of(universe)), bits_(body_) {
    const uint64_t gap = keys ? key_range / keys : 0;
    key_order_ = gap > 1 ? std::max(0, floor_log2(gap) - 1) : 0;
}

void PostingsWriter::add(uint64_t key, const uint32_t* numbers, const uint8_t* levels, size_t count) {
    if (keys_ % kBlock == 0) {
        bits_.to_byte();
        first_.push_back(key);
        offset_.push_back(bits_.bytes());
    } else {
        bits_.put_golomb(key - last_ - 1, key_order_);
    }
    keys_++;
    last_ = key;
    bits_.put_golomb(count - 1, 0);
    if (count == 1) {
        bits_.put(numbers[0], width_);
        if (levels_) put_level(bits_, levels[0]);
        return;
    }
    // Best order: near log2 of the mean gap; lists cluster, so that lower ones win. Costs are counted, not guessed.
    const int mean = floor_log2(std::max<uint64_t>(1, universe_ / count)) + 1;
    const int lowest = std::max(0, mean - 6), orders = mean - lowest + 1;
    const bool long_list = count > 256;  // which is known by some of its gaps
    size_t cost[8] = {0};
    for (size_t i = 0; i < count; i += long_list ? 8 : 1) {
        const uint32_t gap = i ? numbers[i] - numbers[i - 1] - 1 : numbers[0];
        for (int o = 0; o < orders; o++) cost[o] += golomb_bits(gap, lowest + o);
    }
    const auto least = std::min_element(cost, cost + orders);
    const int best = lowest + (int)(least - cost);
    uint32_t next = 0;
    uint64_t length = *least;
    if (long_list) {
        length = 0;
        for (size_t i = 0; i < count; i++) {
            length += golomb_bits(numbers[i] - next, best);
            next = numbers[i] + 1;
        }
    }
    if (levels_) {
        for (size_t i = 0; i < count; i++) length += levels[i] < kLevels - 1 ? levels[i] + 1u : kLevels - 1u;
    }
    bits_.put((uint64_t)best, kOrderBits);
    bits_.put_golomb(length, kLengthOrder);
    next = 0;
    for (size_t i = 0; i < count; i++) {
        bits_.put_golomb(numbers[i] - next, best);
        if (levels_) put_level(bits_, levels[i]);
        next = numbers[i] + 1;
    }
}

std::vector<uint8_t> PostingsWriter::finish() {
    bits_.finish();
    std::vector<uint8_t> out;
    out.reserve(kHead + 16 * first_.size() + body_.size());
    put_u64(out, keys_);
    put_u64(out, universe_);
    put_u64(out, levels_ ? 1 : 0);
    put_u64(out, (uint64_t)key_order_);
    put_u64(out, body_.size());
    for (uint64_t key : first_) put_u64(out, key);
    for (uint64_t offset : offset_) put_u64(out, offset);
    out.insert(out.end(), body_.begin(), body_.end());
    return out;
}

PostingsReader::PostingsReader(const uint8_t* data, size_t size) {
    if (size < kHead) throw std::invalid_argument("postings are cut off");
    keys_ = get_u64(data);
    const uint64_t universe = get_u64(data + 8), flags = get_u64(data + 16), order = get_u64(data + 24);
    body_size_ = get_u64(data + 32);
    if (universe > UINT32_MAX || flags > 1 || order > 47 || keys_ > (1ull << 40)) {
        throw std::invalid_argument("postings have a head that no writer makes");
    }
    universe_ = (uint32_t)universe;
    levels_ = flags & 1;
    key_order_ = (int)order;
    width_ = width_of(universe_);
    blocks_ = (keys_ + kBlock - 1) / kBlock;
    if ((size - kHead) / 16 < blocks_ || size - kHead - 16 * blocks_ != body_size_) {
        throw std::invalid_argument("postings have another size than their head says");
    }
    index_ = data + kHead;
    body_ = index_ + 16 * blocks_;
}

uint64_t PostingsReader::first(uint64_t block) const { return get_u64(index_ + 8 * block); }
uint64_t PostingsReader::offset(uint64_t block) const { return get_u64(index_ + 8 * (blocks_ + block)); }

template <class See>
void PostingsReader::scan(uint64_t block, See&& see) const {
    const uint64_t start = offset(block);
    if (start > body_size_) return;
    BitReader bits(body_, body_size_, start * 8);
    uint64_t key = first(block);
    const uint64_t lists = std::min<uint64_t>(kBlock, keys_ - block * kBlock);
    for (uint64_t i = 0; i < lists && !bits.ended(); i++) {
        if (i) key += 1 + bits.get_golomb(key_order_);
        const uint64_t count = bits.get_golomb(0) + 1;
        if (count > universe_ || key >= kMostKey) return;
        if (!see(key, List{(uint32_t)count, bits.bit()})) return;
        if (count == 1) {
            bits.skip(width_);
            if (levels_) get_level(bits);
        } else {
            bits.skip(kOrderBits);
            const uint64_t length = bits.get_golomb(kLengthOrder);
            if (length > body_size_ * 8) return;
            bits.skip(length);
        }
    }
}

void PostingsReader::between(uint64_t low, uint64_t high,
                             const std::function<bool(uint64_t, const List&)>& each) const {
    const uint64_t before = blocks_to(low);
    bool more = true;
    for (uint64_t block = before ? before - 1 : 0; more && block < blocks_ && first(block) < high; block++) {
        scan(block, [&](uint64_t key, const List& list) {
            if (key >= low && key < high) more = each(key, list);
            return more && key < high;
        });
    }
}

uint64_t PostingsReader::blocks_to(uint64_t key) const {
    uint64_t low = 0, high = blocks_;
    while (low < high) {
        const uint64_t middle = (low + high) / 2;
        if (first(middle) <= key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

List PostingsReader::find(uint64_t key) const {
    const uint64_t low = blocks_to(key);
    List found;
    if (low == 0) return found;
    scan(low - 1, [&](uint64_t seen, const List& list) {
        if (seen == key) found = list;
        return seen < key;
    });
    return found;
}

void PostingsReader::read(const List& list, std::vector<uint32_t>& numbers, std::vector<uint8_t>* levels) const {
    numbers.reserve(numbers.size() + std::min<uint64_t>(list.count, body_size_ * 8));
    walk(list, [&](uint32_t number, uint8_t level) {
        numbers.push_back(number);
        if (levels) levels->push_back(level);
        return true;
    });
}

void PostingsReader::keep_common(const List& list, const uint32_t* renamed, std::vector<uint32_t>& numbers) const {
    size_t kept = 0, at = 0;
    walk(list, [&](uint32_t number, uint8_t) {
        if (renamed) number = renamed[number];
        while (at < numbers.size() && numbers[at] < number) at++;
        if (at == numbers.size()) return false;
        if (numbers[at] == number) numbers[kept++] = numbers[at++];
        return true;
    });
    numbers.resize(kept);
}

template <class See>
void PostingsReader::walk(const List& list, See&& see) const {
    if (!list.count) return;
    BitReader bits(body_, body_size_, list.bit);
    if (list.count == 1) {
        const uint64_t number = bits.get(width_);
        if (number < universe_ && !bits.ended()) see((uint32_t)number, levels_ ? get_level(bits) : 0);
        return;
    }
    const int order = (int)bits.get(kOrderBits);
    bits.get_golomb(kLengthOrder);
    uint64_t next = 0;
    for (uint32_t i = 0; i < list.count; i++) {
        next += bits.get_golomb(order);
        if (next >= universe_ || bits.ended()) return;
        if (!see((uint32_t)next, levels_ ? get_level(bits) : 0)) return;
        next++;
    }
}

}  // namespace drystone::search
