// Candidates for secrets and personal data that begin at a digit, a colon or an at sign, in one pass over a batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace drystone::detect {

using Byte = uint8_t;

// Finds which of a few hundred short lower-case words occur in a stretch of text, whatever the case there.
class Words {
  public:
    // `names` count only where a word begins, `parts` anywhere; indexes count through the names, then the parts. Throws
    // std::invalid_argument for a word of less than two characters.
    Words(const std::vector<std::string>& names, const std::vector<std::string>& parts);

    // Adds the indexes of the words in [begin, end) to `found`, each once.
    void find(const Byte* text, size_t begin, size_t end, std::vector<uint16_t>& found) const;

  private:
    static bool begins_word(const Byte* text, size_t begin, size_t i);
    static size_t pair(Byte first, Byte second) { return static_cast<size_t>(first) << 8 | second; }

    std::vector<std::string> words_;
    size_t names_;  // the first so many words count only where a word begins
    std::vector<std::vector<uint16_t>> by_pair_ = std::vector<std::vector<uint16_t>>(65536);
};

enum Kind : int { kEmail = 0, kIpv4 = 1, kIpv6 = 2, kCard = 3, kIban = 4, kPhone = 5, kIpv6Local = 6 };

struct Hit {
    int kind;
    size_t at;  // behind a character of the candidate
};

// Key characters with a digit that look drawn at random, with words before them on the line.
struct Run {
    size_t start, end;
    float surprise;  // mean, in bits
    std::vector<uint16_t> words;
};

struct Candidates {
    std::vector<Hit> hits;
    std::vector<Run> runs;
};

// Runs are of at least `shortest` characters, words within `reach` bytes before them.
Candidates candidates(const Byte* text, size_t size, const Words& words, size_t shortest, size_t reach);

// Mean surprise, in bits, of the pairs of neighbouring letters and digits.
float surprise(const Byte* text, size_t size);

}  // namespace drystone::detect
