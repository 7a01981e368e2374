// One pass over a text for words that speak of its licence, so that few texts are read for that.
#pragma once

#include <cstddef>
#include <string_view>

#include "variants.hpp"

namespace drystone::detect {

enum BesideFlags : unsigned {
    kBesideHead = 1,      // the head holds a word of a statement, of an ignore block or of a banner
    kBesideAnywhere = 2,  // the text holds a statement that counts anywhere
    kBesideValue = 4,     // the head may hold a statement that is no banner
};

struct HeadWords {
    bool licensing = false;  // whether the head holds a word that grants or denies
    size_t last = 0;         // where the last of these begins, or the last "opyright"
    unsigned beside = 0;     // BesideFlags: what may say something of the licence beside comments
};

// What the first `limit` bytes of a text hold, and of statements that count anywhere the whole. Linear in the text.
HeadWords head_words(std::string_view text, size_t limit, const Variant& variant);

// Whether a text holds a word that grants or denies.
bool speaks_of_licenses(std::string_view text, const Variant& variant);

}  // namespace drystone::detect
