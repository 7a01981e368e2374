#include "head_words.hpp"

#include <array>
#include <cstdint>
#include <cstring>

namespace drystone::detect {
namespace {

using View = std::string_view;

// A word with the place in it of its fragment (fragments.hpp).
struct Word {
    View text;
    size_t fragment;
};

// Statements and what opens an ignore block, in lower case. A tag's second letter may be a capital.
constexpr std::array<Word, 14> kValues = {{
    {"reuse-ignorestart", 1},
    {"__license__", 3},
    {"__licence__", 3},
    {"@license", 2},
    {"@licence", 2},
    {"\\license", 2},
    {"\\licence", 2},
    {":license", 2},
    {":licence", 2},
    {"image.licenses", 7},
    {"rdf:resource", 0},
    {"rel=license", 5},
    {"rel=\"license", 6},
    {"rel='license", 6},
}};
constexpr std::array<Word, 5> kMarks = {{{"(c)", 0}, {"(C)", 0}, {"\xc2\xa9", 0}, {"copyright", 1}, {"Copyright", 1}}};
// The first by its fragments among those for heads and for the rest.
constexpr std::array<Word, 3> kEverywhere = {{{"MODULE_LICENSE", 5}, {"MODULE_LICENSE", 8}, {"SPDX-SnippetBegin", 5}}};

// Words that grant, and words that deny; letters in either case.
constexpr std::array<Word, 27> kLicensing = {
    {{"licen", 1},
     {"spdx-", 0},
     {"redistribut", 1},
     {"permission", 2},
     {"gpl", 0},
     {"c domain", 0},
     {"propriet", 4},
     {"confidenti", 2},
     {"unauthori", 1},
     {"commercial", 2},
     {"prohibited", 2},
     {"rights reserved", 3},
     {"property of", 1},
     {"disclos", 1},
     {"not distribut", 2},
     {"for distribution", 2},
     {"use only", 1},
     {"only be used", 2},
     {"academic", 1},
     {"subscription", 2},
     {"forbidden", 2},
     {"be sold", 3},
     {"vertraulich", 2},
     // "strictly forbidden", "confidential" and "secret" in Chinese and Japanese.
     {"\xe4\xb8\xa5\xe7\xa6\x81", 1},
     {"\xe6\x9c\xba\xe5\xaf\x86", 1},
     {"\xe6\xa9\x9f\xe5\xaf\x86", 1},
     {"\xe7\xa4\xbe\xe5\xa4\x96\xe7\xa7\x98", 1}}};

char low(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

bool begins_nocase(View text, View word) {
    if (text.size() < word.size()) return false;
    for (size_t i = 0; i < word.size(); ++i)
        if (low(text[i]) != word[i]) return false;
    return true;
}

bool licensing_stands(View text, size_t at) {
    for (const Word& word : kLicensing)
        if (at >= word.fragment && begins_nocase(text.substr(at - word.fragment), word.text)) return true;
    return false;
}

template <size_t Count>
bool one_stands(View text, size_t at, const std::array<Word, Count>& words) {
    for (const Word& word : words)
        if (at >= word.fragment && text.compare(at - word.fragment, word.text.size(), word.text) == 0) return true;
    return false;
}

// What a statement at a place says: in other letters than its own it is none, but it is read where there are others.
unsigned value_at(View head, size_t at) {
    for (const Word& word : kValues) {
        if (at < word.fragment) continue;
        const View text = head.substr(at - word.fragment, word.text.size());
        if (!begins_nocase(text, word.text)) continue;
        const bool tag = word.fragment == 2;
        const bool own = word.fragment == 1 ? text == "REUSE-IgnoreStart"
                         : tag              ? text.substr(2) == word.text.substr(2)
                                            : text == word.text;
        return own ? kBesideHead | kBesideValue : kBesideValue;
    }
    return 0;
}

// A banner is among the first bytes, and names a licence behind a divider on the line of its copyright's mark.
constexpr size_t kBannerBytes = 2048;

bool banner_may_stand(View top, size_t at) {
    size_t behind = 0;
    if (at < top.size() && begins_nocase(top.substr(at), "(c)")) {
        behind = at + 3;
    } else if (at < top.size() && top.compare(at, 2, "\xc2\xa9") == 0) {
        behind = at + 2;
    } else if (at > 0 && at < top.size() && begins_nocase(top.substr(at - 1), "copyright")) {
        behind = at + 8;
    } else {
        return false;
    }
    return top.substr(behind, top.find('\n', behind) - behind).find_first_of("|,;") != View::npos;
}

const uint8_t* bytes(View text) { return reinterpret_cast<const uint8_t*>(text.data()); }

}  // namespace

HeadWords head_words(View text, size_t limit, const Variant& variant) {
    const View head = text.substr(0, limit);
    const uint8_t* p = bytes(text);
    HeadWords found;
    bool banner = false;
    for (size_t at = 0; (at = variant.next_fragment(FragmentSet::kHead, p, at, head.size())) < head.size(); ++at) {
        if (licensing_stands(head, at)) found.licensing = true, found.last = at;
        if (head.compare(at, 8, "opyright") == 0) found.last = at;
        banner = banner || banner_may_stand(head.substr(0, kBannerBytes), at);
        if (one_stands(head, at, kMarks)) {
            found.beside |= kBesideHead;
        } else {
            found.beside |= value_at(head, at);
        }
        if (one_stands(text, at, kEverywhere)) found.beside |= kBesideAnywhere;
    }
    if (!banner && !(found.beside & kBesideValue)) found.beside &= ~unsigned(kBesideHead);
    // A word across the limit may have its fragment on either side of it.
    size_t at = head.size() < 3 ? 0 : head.size() - 3;
    for (; !(found.beside & kBesideAnywhere) &&
           (at = variant.next_fragment(FragmentSet::kAnywhere, p, at, text.size())) < text.size();
         ++at)
        if (one_stands(text, at, kEverywhere)) found.beside |= kBesideAnywhere;
    return found;
}

bool speaks_of_licenses(View text, const Variant& variant) {
    const uint8_t* p = bytes(text);
    for (size_t at = 0; (at = variant.next_fragment(FragmentSet::kLicensing, p, at, text.size())) < text.size(); ++at)
        if (licensing_stands(text, at)) return true;
    return false;
}

}  // namespace drystone::detect
