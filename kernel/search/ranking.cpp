#include "ranking.hpp"

#include <algorithm>
#include <stdexcept>

namespace drystone::search {

namespace {

constexpr int kCounted = 6;  // passages of a file that count

template <class Ranked, class Number>
void keep_best(std::vector<Ranked>& found, size_t most, Number number) {
    const auto better = [&](const Ranked& a, const Ranked& b) {
        return a.score != b.score ? a.score > b.score : number(a) < number(b);
    };
    if (found.size() > most) {
        std::nth_element(found.begin(), found.begin() + (ptrdiff_t)most, found.end(), better);
        found.resize(most);
    }
    std::sort(found.begin(), found.end(), better);
}

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
      cover_(division.documents()) {
    std::vector<uint32_t> numbers;
    std::vector<uint8_t> levels;
    std::vector<uint8_t> seen(division.documents());
    const auto touch = [&](uint32_t document) {
        if (seen[document]) return;
        seen[document] = 1;
        touched_.push_back(document);
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
                text_[numbers[i]] += value(texts, key, i);
                const uint32_t document = division.of(numbers[i]);
                if (document == last) continue;
                last = document;
                cover_[document] += cover;
                touch(document);
            }
        }
        if (defined.weights[key] > 0) {
            read(defined, key, defined_.size());
            for (size_t i = 0; i < numbers.size(); i++) {
                defined_[numbers[i]] += value(defined, key, i);
                touch(division.of(numbers[i]));
            }
        }
        if (paths.weights[key] > 0) {
            read(paths, key, path_.size());
            for (size_t i = 0; i < numbers.size(); i++) {
                path_[numbers[i]] += value(paths, key, i);
                touch(numbers[i]);
            }
        }
    }
    touched_.erase(std::remove_if(touched_.begin(), touched_.end(), [&](uint32_t d) { return !(priors_[d] > 0); }),
                   touched_.end());
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
    std::vector<RankedFile> found;
    found.reserve(touched_.size());
    for (uint32_t document : touched_) found.push_back(of_file(document));
    keep_best(found, most, document_of);
    return found;
}

std::vector<RankedPassage> Scores::passages_of(uint32_t document, size_t most) const {
    std::vector<RankedPassage> found;
    for (uint32_t p = division_.first(document); p < division_.first(document + 1); p++) {
        if (text_[p] + defined_[p] > 0) found.push_back({p, of_passage(p)});
    }
    keep_best(found, most, passage_of);
    return found;
}

std::vector<RankedPassage> Scores::passages(size_t most) const {
    std::vector<RankedPassage> found;
    for (uint32_t document : touched_) {
        const uint32_t begin = division_.first(document), end = division_.first(document + 1);
        const size_t before = found.size();
        for (uint32_t p = begin; p < end; p++) {
            if (text_[p] + defined_[p] > 0) found.push_back({p, of_passage(p)});
        }
        if (found.size() == before && begin < end) found.push_back({begin, of_passage(begin)});
    }
    keep_best(found, most, passage_of);
    return found;
}

}  // namespace drystone::search
