// Prints a digest of everything that the kernel computes; of what has variants, for each that this processor runs.
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
using drystone::checks::Digest;
using drystone::checks::report;
using drystone::checks::Text;

int main() {
    const std::vector<std::string> texts = checks::texts(400);
    for (const Variant* variant : supported(kVariants)) {
        Digest measures, comments;
        for (size_t i = 0; i < texts.size(); i++) {
            const Text t(texts[i]);
            int64_t row[kMeasures];
            double share;
            measure(t.data, t.end(), *variant, row, &share);
            measures.add(row, kMeasures).add(share);
            const HeadWords words = head_words(t.view(), 4096, *variant);
            comments.add(words.licensing).add(words.last).add(words.beside);
            comments.add(std::string_view(head_comments(t.view(), 4096, words, (unsigned)(i % 16), *variant)));
        }
        report("detect", variant->set->name, "measures", measures);
        report("detect", variant->set->name, "comments", comments);
    }

    Digest words, matches, phrases, features, scores, utf8, found, literals;
    std::vector<ComparableWords> split;
    for (const std::string& text : texts) split.push_back(split_words(text));
    const TextIndex index({&split[120], &split[121], &split[122], &split[124], &split[125]});
    const PhraseIndex names({"license", "spdx license identifier", "permission is hereby", "0"});
    const Words secrets({"key", "license"}, {"cop", "return"});
    const TokenClassifier classifier(std::vector<uint32_t>{5, 21, 37, 1000}.data(), 4, {0, 1, 2, 3, 4}, {0, 1, 2, 0},
                                     {9, 8, 7, 6}, 0.125f, 3);
    for (size_t i = 0; i < texts.size(); i++) {
        const Text t(texts[i]);
        const ComparableWords& w = split[i];
        words.add(std::string_view(w.text)).add(std::string_view(w.joints)).add(w.starts).add(w.lines).add(w.hashes);
        for (const auto& [reference, similarity, containment, first, last] :
             index.match(w.hashes, 0, SIZE_MAX, 0.1, 5)) {
            matches.add(reference).add(similarity).add(containment).add(first).add(last);
        }
        for (const auto& [first, last] : index.unexplained(w.hashes, 0, SIZE_MAX, {0, 2})) matches.add(first).add(last);
        const std::vector<uint32_t> marks(w.starts.begin(), w.starts.begin() + std::ptrdiff_t(w.starts.size() / 2));
        for (const auto& [first, last, from, to] :
             sentences_with(w, index.unexplained(w.hashes, 0, SIZE_MAX, {0, 2}), marks, 9, 2)) {
            matches.add(first).add(last).add(from).add(to);
        }
        for (const auto& [from, to, phrase] : names.find(w.text, 0, SIZE_MAX)) phrases.add(from).add(to).add(phrase);
        features.add(token_features(t.data, t.size));
        float sums[3];
        const auto [known, all] = classifier.score(t.data, t.size, sums);
        scores.add(sums, 3).add(known).add(all);
        utf8.add(utf8_error(t.data, t.size)).add(encoding_signs(t.data, t.size));
        const Candidates c = candidates(t.data, t.size, secrets, 4, 40);
        for (const Hit& hit : c.hits) found.add(hit.kind).add(hit.at);
        for (const Run& run : c.runs) found.add(run.start).add(run.end).add(run.surprise).add(run.words);
        found.add(surprise(t.data, t.size));
        for (size_t at = 0; at + 4 < t.size; at += 13)
            literals.add(within_literals(t.view(), {{at, at + 4}}, at % 2 == 0));
    }
    report("detect", "plain", "words", words);
    report("detect", "plain", "matches", matches);
    report("detect", "plain", "phrases", phrases);
    report("detect", "plain", "features", features);
    report("detect", "plain", "scores", scores);
    report("detect", "plain", "utf8", utf8);
    report("detect", "plain", "candidates", found);
    report("detect", "plain", "literals", literals);
}
