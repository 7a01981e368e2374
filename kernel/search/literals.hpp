// Strings of bytes looked for in many texts side by side. Knows no index.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace drystone::search {

// One string, ready to be looked for.
class Literal {
  public:
    Literal(const uint8_t* bytes, size_t size);
    // Where it stands first; `size` where it does not.
    size_t find(const uint8_t* text, size_t size) const;
    size_t size() const { return size_; }
    // The rarer its two bytes and the longer it is, the less.
    int commonness() const;

  private:
    const uint8_t* bytes_;
    size_t size_, a_ = 0, b_ = 0;
};

// Several strings, looked for one after the other and apart, in a text or in one line of it.
class Row {
  public:
    // Keeps pointers to the strings; with `in_line` none has a line end. Throws std::invalid_argument for no string, or
    // one of no bytes.
    Row(const std::vector<std::pair<const uint8_t*, size_t>>& strings, bool in_line);
    bool in(const uint8_t* text, size_t size) const;

  private:
    bool in_order(const uint8_t* text, size_t size) const;

    std::vector<Literal> literals_;
    size_t rarest_ = 0;
    bool in_line_;
};

}  // namespace drystone::search
