#include "ranking.hpp"

#include <algorithm>
#include <stdexcept>

namespace drystone::search {

namespace {

constexpr int kCounted = 6;  // passages of a file that count

// The `most` best of what is offered, by score, then by number.
template <class Ranked, uint32_t (*number)(const Ranked&)>
class Best {
  public:
    explicit Best(size_t most) : most_(most) {}

    // Whether a score may be among the best still.
    bool takes(float score) const { return score >= floor_ && most_; }
    void offer(const Ranked& one) {
        if (!takes(one.score)) return;
        found_.push_back(one);
        if (found_.size() >= most_ * 2 + 64) cut();
    }
    std::vector<Ranked> finish() {
        if (found_.size() > most_) cut();
        std::sort(found_.begin(), found_.end(), better);
        return std::move(found_);
    }

  private:
    static bool better(const Ranked& a, const Ranked& b) {
        return a.score != b.score ? a.score > b.score : number(a) < number(b);
    }
    void cut() {
        std::nth_element(found_.begin(), found_.begin() + (ptrdiff_t)(most_ - 1), found_.end(), better);
        found_.resize(most_);
        floor_ = found_.back().score;
    }

    size_t most_;
    float floor_ = 0;
    std::vector<Ranked> found_;
};

uint32_t passage_of(const RankedPassage& one) { return one.passage; }
uint32_t document_of(const RankedFile& one) { return one.document; }

}  // namespace

Division::Division(const uint32_t* first, size_t size) : first_(first, first + size) {
    if (first_.empty() || first_.front() || !std::is_sorted(first_.begin(), first_.end())) {
        throw std::invalid_argument("passages do not follow their documents");
    }
    of_.resize(first_.back());
    for (uint32_t d = 0; d < documents(); d++) std::fill(of_.begin() + first_[d], of_.begin() + first_[d + 1], d);
}

Scores::Scores(const Division& division, const Field& texts, const Field& defined, const Field& paths,
               const uint64_t* keys, size_t count, const float* priors, Constants constants)
    : division_(division),
      constants_(constants),
      priors_(priors, priors + division.documents()),
      text_(division.passages()),
      defined_(division.passages()),
      path_(division.documents()),
      cover_(division.documents()),
      peak_(division.documents()) {
    std::vector<uint32_t> numbers;
    std::vector<uint8_t> levels;
    const auto touch = [&](uint32_t passage) {
        if (text_[passage] + defined_[passage] == 0) touched_.push_back(passage);
    };
    const auto read = [&](const Field& field, size_t key, size_t limit) {
        numbers.clear();
        levels.clear();
        field.terms.read(field.terms.find(keys[key]), numbers, &levels);
        while (!numbers.empty() && numbers.back() >= limit) numbers.pop_back();
    };
    const auto value = [&](const Field& field, size_t key, size_t i) {
        const float times = kTimes[levels[i]];
        return field.weights[key] * times / (times + (field.norm ? field.norm[numbers[i]] : constants_.k1));
    };
    for (size_t key = 0; key < count; key++) {
        if (texts.weights[key] > 0) {
            read(texts, key, text_.size());
            const float cover = constants_.cover * texts.weights[key];
            uint32_t last = division.documents();
            for (size_t i = 0; i < numbers.size(); i++) {
                touch(numbers[i]);
                text_[numbers[i]] += value(texts, key, i);
                const uint32_t document = division.of(numbers[i]);
                if (document == last) continue;
                last = document;
                cover_[document] += cover;
            }
        }
        if (defined.weights[key] > 0) {
            read(defined, key, defined_.size());
            for (size_t i = 0; i < numbers.size(); i++) {
                touch(numbers[i]);
                defined_[numbers[i]] += value(defined, key, i);
            }
        }
        if (paths.weights[key] > 0) {
            read(paths, key, path_.size());
            for (size_t i = 0; i < numbers.size(); i++) path_[numbers[i]] += value(paths, key, i);
        }
    }
    for (uint32_t passage : touched_) {
        float& peak = peak_[division.of(passage)];
        peak = std::max(peak, text_[passage] + defined_[passage]);
    }
}

float Scores::of_passage(uint32_t passage) const {
    const uint32_t document = division_.of(passage);
    return priors_[document] * (text_[passage] + defined_[passage] + path_[document]);
}

RankedFile Scores::of_file(uint32_t document) const {
    float best[kCounted] = {0};
    uint32_t where = division_.first(document);
    for (uint32_t p = where; p < division_.first(document + 1); p++) {
        float value = text_[p] + defined_[p];
        if (value <= best[kCounted - 1]) continue;
        if (value > best[0]) where = p;
        for (float& kept : best) {
            if (value > kept) std::swap(value, kept);
        }
    }
    RankedFile file{document, where, 0, 0, 0, 0, cover_[document], path_[document]};
    if (division_.first(document) < division_.first(document + 1)) {
        file.text = text_[where];
        file.defined = defined_[where];
    }
    float share = constants_.more;
    for (int i = 1; i < kCounted; i++, share /= 2) file.more += share * best[i];
    file.score = priors_[document] * (file.text + file.defined + file.more + file.cover + file.path);
    return file;
}

std::vector<RankedFile> Scores::files(size_t most) const {
    Best<RankedFile, document_of> best(most);
    for (uint32_t d = 0; d < documents(); d++) {
        if (!(priors_[d] > 0) || peak_[d] + path_[d] == 0) continue;
        // No further passage is better than the best: the file's passages are gone through only where this may do.
        const float at_most = priors_[d] * (peak_[d] * (1 + 2 * constants_.more) + cover_[d] + path_[d]);
        if (best.takes(at_most)) best.offer(of_file(d));
    }
    return best.finish();
}

std::vector<RankedPassage> Scores::passages_of(uint32_t document, size_t most) const {
    Best<RankedPassage, passage_of> best(most);
    for (uint32_t p = division_.first(document); p < division_.first(document + 1); p++) {
        if (text_[p] + defined_[p] > 0) best.offer({p, of_passage(p)});
    }
    return best.finish();
}

std::vector<RankedPassage> Scores::passages(size_t most) const {
    Best<RankedPassage, passage_of> best(most);
    for (uint32_t p : touched_) {
        if (priors_[division_.of(p)] > 0) best.offer({p, of_passage(p)});
    }
    for (uint32_t d = 0; d < documents(); d++) {
        if (path_[d] == 0 || peak_[d] > 0 || !(priors_[d] > 0) || division_.first(d) == division_.first(d + 1))
            continue;
        best.offer({division_.first(d), of_passage(division_.first(d))});
    }
    return best.finish();
}

}  // namespace drystone::search
