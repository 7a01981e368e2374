// Prints a digest of everything that the kernel computes, for each variant that this processor runs.
#include "code.hpp"
#include "common/checks.hpp"
#include "common/dispatch.hpp"
#include "components.hpp"
#include "keeper.hpp"
#include "overlap.hpp"
#include "sketcher.hpp"

using namespace drystone;
using namespace drystone::dedup;
using drystone::checks::Digest;
using drystone::checks::report;
using drystone::checks::Text;

int main() {
    const std::vector<std::string> texts = checks::texts(400);
    for (const Variant* variant : supported(kVariants)) {
        const char* name = variant->set->name;
        Digest tokens, signatures, sketches, kept;
        const Sketcher bins(true, 256, 42, 6, 1, name), odd(true, 37, 5, 7, 1, name),
            true_ones(false, 40, 8, 5, 1, name);
        Keeper keeper(0.5, bins.words() - 1, 7, *variant);
        std::vector<uint32_t> words, values;
        for (const std::string& text : texts) {
            const Text t(text);
            std::vector<uint64_t> hashes(t.size / 2 + 1);
            hashes.resize(variant->token_hashes(t.data, t.size, t.end(), keys_of(3), hashes.data()));
            tokens.add(hashes);
            for (const Sketcher* sketcher : {&bins, &odd, &true_ones}) {
                words.assign(sketcher->words(), 0);
                sketcher->signature(t.data, t.size, t.end(), words.data());
                signatures.add(words);
                values.assign(sketcher->size(), 0);
                const size_t shingles = sketcher->sketch(t.data, t.size, t.end(), values.data());
                if (shingles) sketches.add(values);
            }
            bins.signature(t.data, t.size, t.end(), (words.assign(bins.words(), 0), words.data()));
            if (words[0] == 0) continue;
            const Outcome outcome = keeper.add(t.data, t.size, words.data() + 1, true);
            kept.add(outcome.kept).add(outcome.shared).add(outcome.total);
        }
        report("dedup", name, "tokens", tokens);
        report("dedup", name, "signatures", signatures);
        report("dedup", name, "sketches", sketches);
        report("dedup", name, "kept", kept);
    }
    Digest dressed, overlaps;
    for (Measure measure : {Measure::Code, Measure::Words}) {
        std::vector<const uint8_t*> parts;
        std::vector<size_t> sizes;
        std::vector<uint32_t> tasks;
        for (size_t i = 0; i < texts.size(); i += 3) {
            parts.push_back(reinterpret_cast<const uint8_t*>(texts[i].data()));
            sizes.push_back(texts[i].size());
            tasks.push_back((uint32_t)i / 2);
        }
        Overlap overlap(measure, parts, sizes, tasks, 20);
        overlaps.add(overlap.totals());
        for (const std::string& text : texts) {
            const Text t(text);
            for (const Shared& found : overlap.match(t.data, t.size, 0.05)) overlaps.add(found.part).add(found.shared);
        }
    }
    for (const std::string& text : texts) {
        const Text t(text);
        std::string words;
        code_words(t.data, t.size, words);
        dressed.add(std::string_view(words));
    }
    report("dedup", "plain", "code", dressed);
    report("dedup", "plain", "overlap", overlaps);
    checks::Random random(5);
    Components components(5000);
    for (int band = 0; band < 3; band++) {
        std::vector<uint32_t> keys(5000), groups(5000), counts(5000);
        for (size_t i = 0; i < keys.size(); i++) {
            keys[i] = (uint32_t)random.below(9000), groups[i] = (uint32_t)random.below(3);
            counts[i] = (uint32_t)random.below(7);
        }
        components.link(keys.data(), groups.data(), counts.data());
    }
    report("dedup", "plain", "components", Digest().add(components.roots()));
}
