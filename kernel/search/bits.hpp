// Bits in little-endian order: bit i of a stream is bit i % 8 of byte i / 8. Reading past the end gives zeros, never a
// fault, so that damaged bytes end a list early instead of leaving the buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace drystone::search {

inline int floor_log2(uint64_t x) { return 63 - __builtin_clzll(x); }

class BitWriter {
  public:
    explicit BitWriter(std::vector<uint8_t>& out) : out_(out) {}

    // `count` is at most 32; higher bits of `value` are zero. Bytes are written four at a time; `out` is
    // longer than what was written until `finish`.
    void put(uint64_t value, int count) {
        held_ |= value << fill_;
        fill_ += count;
        bits_ += count;
        if (fill_ >= 32) {
            if (size_ + 4 > out_.size()) out_.resize(2 * out_.size() + 64);
            const auto four = (uint32_t)held_;
            for (int i = 0; i < 4; i++) out_[size_ + (size_t)i] = (uint8_t)(four >> (8 * i));
            size_ += 4;
            held_ >>= 32;
            fill_ -= 32;
        }
    }

    // Exponential Golomb code of order `k` (Teuhola 1978): the number of bits of x + 2^k beyond k + 1 in unary (zeros
    // and a one), then all bits of x + 2^k below its highest. `x` is below 2^48.
    void put_golomb(uint64_t x, int k) {
        const uint64_t y = x + (1ull << k);
        const int top = floor_log2(y);
        const int more = top - k;
        const uint64_t low = y ^ (1ull << top);
        if (more + 1 + top <= 32) {
            put((2 * low + 1) << more, more + 1 + top);
            return;
        }
        if (more >= 32) {
            put(0, 32);
            put(1ull << (more - 32), more - 31);
        } else {
            put(1ull << more, more + 1);
        }
        if (top > 32) {
            put(low & 0xffffffffu, 32);
            put(low >> 32, top - 32);
        } else {
            put(low, top);
        }
    }

    // Ends the last byte with zeros.
    void to_byte() {
        bits_ += (uint64_t)(-fill_ & 7);
        if (size_ + 4 > out_.size()) out_.resize(2 * out_.size() + 64);
        for (; fill_ > 0; fill_ -= 8, held_ >>= 8) out_[size_++] = (uint8_t)held_;
        fill_ = 0;
    }

    // Ends the last byte, and `out` where what was written ends.
    void finish() {
        to_byte();
        out_.resize(size_);
    }

    size_t bytes() const { return size_; }
    uint64_t bits() const { return bits_; }

  private:
    std::vector<uint8_t>& out_;
    size_t size_ = 0;  // bytes of `out` that are written
    uint64_t held_ = 0, bits_ = 0;
    int fill_ = 0;
};

inline size_t golomb_bits(uint64_t x, int k) { return 2 * (size_t)floor_log2(x + (1ull << k)) - (size_t)k + 1; }

class BitReader {
  public:
    BitReader(const uint8_t* data, size_t size, uint64_t bit = 0) : data_(data), size_(size), bit_(bit) {}

    // At least 56 bits from here on.
    uint64_t peek() const {
        const uint64_t byte = bit_ >> 3;
        uint64_t word = 0;
        if (byte + 8 <= size_) {
            std::memcpy(&word, data_ + byte, 8);
        } else if (byte < size_) {
            std::memcpy(&word, data_ + byte, size_ - byte);
        }
        return word >> (bit_ & 7);
    }

    uint64_t get(int count) {  // at most 48
        const uint64_t value = peek() & ((1ull << count) - 1);
        bit_ += count;
        return value;
    }

    // Returns 2^48 or more for bits that no writer makes.
    uint64_t get_golomb(int k) {
        const uint64_t word = peek();
        if (word == 0) {
            bit_ = (uint64_t)size_ * 8;
            return 1ull << 50;
        }
        const int more = __builtin_ctzll(word);
        const int top = more + k;
        if (more + 1 + top <= 56) {
            const uint64_t low = (word >> (more + 1)) & ((1ull << top) - 1);
            bit_ += more + 1 + top;
            return low + (1ull << top) - (1ull << k);
        }
        bit_ += more + 1;
        if (top > 48) return 1ull << 50;
        return get(top) + (1ull << top) - (1ull << k);
    }

    void skip(uint64_t bits) { bit_ += bits; }
    uint64_t bit() const { return bit_; }
    bool ended() const { return bit_ > (uint64_t)size_ * 8; }

  private:
    const uint8_t* data_;
    size_t size_;
    uint64_t bit_;
};

}  // namespace drystone::search
