// Names that a file defines, found line by line from keywords; no parser, every language at the rate of a scan.
// Which words a language has comes from outside (search/definitions.py).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "words.hpp"

namespace drystone::search {

// What a word at the beginning of a line means; larger values are kinds of what the next word names.
constexpr uint8_t kModifier = 1, kControl = 2, kVariable = 3;

// What else defines names in a language.
enum Shape : uint32_t {
    kFunctionsAtLeft = 1,  // `type name(...)` that begins at the left and does not end with a semicolon
    kBracedMethods = 2,    // `name(...) {`
    kAssignments = 4,      // `name = ...` at the left
    kHeadings = 8,         // `# ...`, none between fences
    kReceivers = 16,       // `func (r *T) name(...)`
    kShellFunctions = 32,  // `name() {`
    kUnderlined = 64,      // a line with a line of one sign under it, as long at least; reStructuredText's, Markdown's
    kEqualSigns = 128,     // `== ...`
};

class Family {
  public:
    Family(const std::vector<std::pair<std::string, uint8_t>>& words, uint32_t shapes, uint8_t function,
           uint8_t heading);

    uint8_t meaning(const uint8_t* word, size_t size) const;
    bool empty() const { return shapes_ == 0 && used_ == 0; }
    bool has(Shape shape) const { return shapes_ & shape; }
    uint8_t function() const { return function_; }
    uint8_t heading() const { return heading_; }

  private:
    std::vector<std::pair<uint64_t, uint8_t>> table_;
    size_t used_ = 0;
    uint32_t shapes_;
    uint8_t function_, heading_;
};

struct Symbol {
    uint32_t document, line;  // the line counts from 1
    size_t at;                // where the line begins in its text
    uint32_t start, size;     // of the name, in `names`
    uint8_t kind;
};

// Appends the symbols of a text, by line, and where they begin: before the comments and decorators above their line.
void symbols_of(const Family& family, const uint8_t* text, size_t size, uint32_t document, std::vector<Symbol>& symbols,
                std::vector<uint8_t>& names, std::vector<Beginning>& beginnings);

// A definition that a parser found, as places in its text: where its name is, and where the whole begins.
struct Definition {
    int64_t name, name_end, begin, kind;
};

// Appends the symbols of a text from what a parser found, by place of the name, and where they begin, as `symbols_of`
// does. Throws std::invalid_argument where they are not in order or not in the text.
void symbols_of_parsed(const Definition* definitions, size_t count, const uint8_t* text, size_t size, uint32_t document,
                       std::vector<Symbol>& symbols, std::vector<uint8_t>& names, std::vector<Beginning>& beginnings);

// The distinct names of symbols, sorted by their bytes, each a line; `numbers` says which of them each symbol has.
std::vector<uint8_t> lines_of(const std::vector<Symbol>& symbols, const std::vector<uint8_t>& names,
                              std::vector<uint32_t>& numbers);

}  // namespace drystone::search
