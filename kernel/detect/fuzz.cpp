// Any bytes through every detector: variants agree, nothing is read beyond a text's end, and what is found lies within
// it.
#include "candidates.hpp"
#include "comments.hpp"
#include "common/checks.hpp"
#include "common/dispatch.hpp"
#include "comparable_words.hpp"
#include "indexes.hpp"
#include "literals.hpp"
#include "measures.hpp"
#include "tokens.hpp"
#include "utf8.hpp"

using namespace drystone;
using namespace drystone::detect;
using drystone::checks::check;
using drystone::checks::Text;

namespace {

// The table of well-formed sequences (Unicode 15, 3-7), byte by byte.
int64_t plain_utf8_error(const uint8_t* p, size_t size) {
    for (size_t i = 0; i < size;) {
        const uint8_t lead = p[i];
        const size_t more = lead < 0x80 ? 0 : lead < 0xc2 ? 9 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf5 ? 3 : 9;
        if (more > 3 || size - i <= more) return (int64_t)i;
        for (size_t k = 1; k <= more; k++) {
            uint8_t least = 0x80, most = 0xbf;
            if (k == 1 && lead == 0xe0) least = 0xa0;
            if (k == 1 && lead == 0xed) most = 0x9f;
            if (k == 1 && lead == 0xf0) least = 0x90;
            if (k == 1 && lead == 0xf4) most = 0x8f;
            if (p[i + k] < least || p[i + k] > most) return (int64_t)i;
        }
        i += more + 1;
    }
    return -1;
}

void variants_agree(const Text& text, unsigned flags, size_t limit) {
    const Variant& plain = choose(kVariants, "plain");
    int64_t row[kMeasures], other[kMeasures];
    double share, other_share;
    measure(text.data, text.end(), plain, row, &share);
    const HeadWords words = head_words(text.view(), limit, plain);
    const std::string comments = head_comments(text.view(), limit, words, flags, plain);
    check(words.last <= text.size, "a word lies in the text");
    check(0 <= share && share <= 1, "a share is one");
    check(row[1] <= (int64_t)text.size && row[3] <= row[4] && row[4] <= (int64_t)text.size, "counts fit the text");
    for (const Variant* variant : supported(kVariants)) {
        measure(text.data, text.end(), *variant, other, &other_share);
        check(std::memcmp(row, other, sizeof row) == 0 && share == other_share, "variants give the same measures");
        const HeadWords same = head_words(text.view(), limit, *variant);
        check(same.licensing == words.licensing && same.last == words.last && same.beside == words.beside,
              "variants find the same words");
        check(head_comments(text.view(), limit, same, flags, *variant) == comments, "variants give the same comments");
    }
}

void words_and_indexes(const Text& text, size_t split) {
    const ComparableWords all = split_words(text.view()), part = split_words(text.view().substr(0, split));
    check(all.starts.size() == all.lines.size() && all.starts.size() == all.hashes.size() &&
              all.starts.size() == all.joints.size(),
          "one of each for every word");
    for (size_t i = 0; i < all.starts.size(); i++) {
        check(all.starts[i] < all.text.size(), "a word lies in the text");
        check(i == 0 || (all.starts[i - 1] < all.starts[i] && all.lines[i - 1] <= all.lines[i]), "words are in order");
    }
    const TextIndex index({&all, &part});
    bool own = all.hashes.size() < 4;
    for (const auto& [reference, similarity, containment, first, last] : index.match(all.hashes, 0, SIZE_MAX, 0.3, 5)) {
        check(first < last && last <= all.hashes.size(), "a match lies in the text");
        check(similarity <= 1 && containment <= 1, "a share is one");
        own |= reference == 0 && containment == 1;
    }
    check(own, "a text contains itself");
    if (all.hashes.size() >= 4)
        check(index.unexplained(all.hashes, 0, SIZE_MAX, {0}).empty(), "a text explains itself");
    size_t behind = 0;
    for (const auto& [first, last] : index.unexplained(all.hashes, 0, SIZE_MAX, {1})) {
        check(behind <= first && first < last && last <= all.hashes.size(), "what is unexplained is in order");
        behind = last;
    }
    uint32_t begun = 0;
    for (const auto& [first, last, from, to] :
         sentences_with(all, index.unexplained(all.hashes, 0, SIZE_MAX, {1}), all.starts, 5, 1)) {
        check(begun <= first && first < last && last <= all.hashes.size() && from == all.starts[first] && from < to &&
                  to <= all.text.size(),
              "pieces lie in the text, in order");
        begun = first;
    }
    if (all.starts.size() < 3) return;
    const std::string phrase = all.text.substr(all.starts[1], all.starts[2] - all.starts[1] - 1);
    bool found = false;
    for (const auto& [from, to, number] : PhraseIndex({phrase}).find(all.text, 0, SIZE_MAX)) {
        check(number == 0 && all.text.compare(from, to - from, phrase) == 0, "a phrase stands where it is found");
        found |= from == all.starts[1];
    }
    check(found, "a phrase of the text is found");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 3) return 0;
    const Text text(data + 3, size - 3);
    const size_t split = text.size * data[0] / 255;
    variants_agree(text, data[1] % 32, data[2] % 2 ? SIZE_MAX : split);
    words_and_indexes(text, split);

    check(utf8_error(text.data, text.size) == plain_utf8_error(text.data, text.size), "the first error is the first");
    const bool nul = text.view().find('\0') != std::string_view::npos,
               escape = text.view().find("\x1b$") != std::string_view::npos,
               tilde = text.view().find("~{") != std::string_view::npos;
    check(encoding_signs(text.data, text.size) == (nul ? kNul : 0u) + (escape ? kEscape : 0u) + (tilde ? kTilde : 0u),
          "signs are found where they stand");

    const std::vector<uint32_t> features = token_features(text.data, text.size);
    if (!features.empty()) {
        const uint32_t key = features[features.size() / 2];
        const TokenClassifier classifier(&key, 1, {0, 2}, {0, 1}, {3, 4}, 0.5f, 2);
        float scores[2];
        const auto [known, all] = classifier.score(text.data, text.size, scores);
        check(known == 1 && all == features.size() && scores[0] == 1.5f && scores[1] == 2, "a feature counts once");
    }

    static const Words words({"aa", "key"}, {"x9", "00"});
    const Candidates found = candidates(text.data, text.size, words, 1 + data[0] % 16, data[1]);
    for (const Hit& hit : found.hits) check(0 < hit.at && hit.at <= text.size, "a hit lies in the text");
    for (const Run& run : found.runs) {
        check(run.start < run.end && run.end <= text.size && !run.words.empty(), "a run lies in the text");
    }
    check(surprise(text.data, text.size) >= 0, "surprise is not negative");

    Spans spans;
    for (size_t at = split; at + 2 < text.size && spans.size() < 4; at += 2 + data[1]) spans.push_back({at, at + 2});
    for (const bool python : {false, true}) {
        if (!within_literals(text.view(), spans, python) || python || spans.empty()) continue;
        check(text.view().substr(0, spans[0].first).find('"') != std::string_view::npos,
              "a string begins before its part");
    }
    return 0;
}
