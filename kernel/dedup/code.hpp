// Code in another dress: tokens by their class, so that other names, literals, comments and white space make no
// difference; and the shingles of those tokens, or of a text's plain words, by which texts are found in others.
//
// One rule for all languages. What matters is not that a language is understood but that the same code gives the same
// tokens wherever it stands, so all that a token depends on is near it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace drystone::dedup {

// Consecutive tokens in a shingle of code, and words in one of plain text.
constexpr size_t kCodeShingle = 6;
constexpr size_t kWordShingle = 8;
// A name is told by how many tokens ago it stood last, up to this many; beyond, it is a new one.
constexpr size_t kBack = 15;

enum class Measure { Code, Words };

// A shingle: its hash, and where its first token begins and its last one ends.
struct Place {
    uint64_t hash;
    uint32_t start, end;
};

// Appends the shingles of a text, in order, repetitions included; those that are nearly all literals are left out,
// since tables of numbers resemble each other. Of texts beyond 4 GiB the first 4 GiB count.
void places(Measure measure, const uint8_t* text, size_t size, std::vector<Place>& out);

// Appends one word for each token of code, with a space behind it: a keyword, a name of what the language brings along
// or one that follows a dot as it is, any other name as `i` and the number of tokens since it stood last (0: none of
// the last 15), a number as `n`, a string as `s`; behind it, in hexadecimal digits, the signs up to the next token.
void code_words(const uint8_t* text, size_t size, std::string& out);

}  // namespace drystone::dedup
