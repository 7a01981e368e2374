// Bytes one after the other, each out of a set, looked for in many texts side by side. Knows no index.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace drystone::search {

// A set of bytes, a bit for each.
struct ByteSet {
    uint64_t words[4] = {0, 0, 0, 0};
    void add(uint8_t byte) { words[byte >> 6] |= 1ull << (byte & 63); }
    bool has(uint8_t byte) const { return words[byte >> 6] >> (byte & 63) & 1; }
};
constexpr size_t kSetBytes = 32;  // of a set as it is handed over: bit i is byte i

// A byte or two ranges of bytes, as many bytes are compared with at once.
struct Anchor {
    size_t place = 0;
    int ranges = 0;  // 0: the byte `low[0]`
    uint8_t low[2] = {0, 0}, width[2] = {0, 0};
    double often = 2;  // how many bytes of source code are in it, roughly
};

// One run, ready to be looked for.
class Run {
  public:
    // With `before` (`after`) the first (last) place takes none of the match: it stands beside it, and the edge of the
    // text does as well. Throws std::invalid_argument where nothing is left to be looked for.
    explicit Run(std::vector<ByteSet> sets, bool before = false, bool after = false);
    // Where it stands first; `size` where it does not.
    size_t find(const uint8_t* text, size_t size) const;
    size_t size() const { return size_; }
    // The rarer its two bytes and the longer it is, the less.
    double commonness() const { return a_.often * b_.often / (double)size_; }

  private:
    bool at(const uint8_t* text, size_t size, size_t start) const;
    template <int A, int B>
    size_t search(const uint8_t* text, size_t size) const;

    std::vector<ByteSet> sets_;
    size_t size_, first_;  // places of the match, and the first of them
    bool before_, after_;
    Anchor a_, b_;
};

// Several runs, looked for one after the other and apart, in a text or in one line of it.
class Row {
  public:
    // With `in_line` no set has a line end. Throws std::invalid_argument for no run.
    Row(std::vector<Run> runs, bool in_line);
    bool in(const uint8_t* text, size_t size) const;

  private:
    bool in_order(const uint8_t* text, size_t size) const;

    std::vector<Run> runs_;
    size_t rarest_ = 0;
    bool in_line_;
};

// The run of these bytes.
Run run_of(const uint8_t* bytes, size_t size);

}  // namespace drystone::search
