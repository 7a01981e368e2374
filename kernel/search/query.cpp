#include "query.hpp"

#include <algorithm>
#include <stdexcept>

namespace drystone::search {

namespace {

constexpr int kDeepest = 64;
// A list is read where that costs less than what it may save: reading takes a few ns for each number, checking a
// document some us.
constexpr uint64_t kWorth = 500;

using Numbers = std::vector<uint32_t>;

struct Set {
    bool all = false;
    Numbers numbers;
};

struct Evaluation {
    const PostingsReader& trigrams;
    const uint32_t* at;
    const uint32_t* end;

    Numbers read(const List& list) const {
        Numbers numbers;
        trigrams.read(list, numbers, nullptr);
        return numbers;
    }

    static void intersect(Set& into, const Numbers& other) {
        if (into.all) {
            into.all = false;
            into.numbers = other;
            return;
        }
        Numbers both;
        std::set_intersection(into.numbers.begin(), into.numbers.end(), other.begin(), other.end(),
                              std::back_inserter(both));
        into.numbers.swap(both);
    }

    Set next(int depth) {
        if (at == end || depth > kDeepest) throw std::invalid_argument("a formula is cut off or too deep");
        const uint32_t op = *at++;
        if (op == kAll) return {true, {}};
        if (op <= kParts) return {false, read(trigrams.find(op))};
        const uint32_t parts = op & kParts;
        if ((op & ~kParts) == kAnd) {
            Set found{true, {}};
            std::vector<List> lists;
            std::vector<Set> sets;
            for (uint32_t i = 0; i < parts; i++) {
                if (at < end && *at <= kParts) {
                    lists.push_back(trigrams.find(*at++));
                } else {
                    sets.push_back(next(depth + 1));
                }
            }
            std::sort(lists.begin(), lists.end(), [](const List& a, const List& b) { return a.count < b.count; });
            for (const List& list : lists) {
                if (!found.all && list.count > kWorth * found.numbers.size()) break;
                intersect(found, read(list));
            }
            for (Set& set : sets) {
                if (!set.all) intersect(found, set.numbers);
            }
            return found;
        }
        if ((op & ~kParts) != kOr) throw std::invalid_argument("a formula has a sign that means nothing");
        std::vector<uint64_t> bits((trigrams.universe() + 63) / 64);
        bool all = false;
        for (uint32_t i = 0; i < parts; i++) {
            const Set part = next(depth + 1);
            all |= part.all;
            for (uint32_t number : part.numbers) bits[number >> 6] |= 1ull << (number & 63);
        }
        Set found{all, {}};
        if (all) return found;
        for (size_t w = 0; w < bits.size(); w++) {
            for (uint64_t word = bits[w]; word; word &= word - 1) {
                found.numbers.push_back((uint32_t)(w * 64) + (uint32_t)__builtin_ctzll(word));
            }
        }
        return found;
    }
};

}  // namespace

std::vector<uint32_t> candidates(const PostingsReader& trigrams, const uint32_t* formula, size_t size) {
    Evaluation evaluation{trigrams, formula, formula + size};
    Set found = evaluation.next(0);
    if (evaluation.at != evaluation.end) throw std::invalid_argument("a formula goes on after its end");
    if (found.all) {
        found.numbers.resize(trigrams.universe());
        for (uint32_t i = 0; i < found.numbers.size(); i++) found.numbers[i] = i;
    }
    return found.numbers;
}

std::vector<Ranked> rank(const Field& passages, const Field& paths, const uint64_t* keys, size_t count,
                         const uint32_t* first, size_t documents, size_t most) {
    std::vector<float> score(passages.terms.universe()), of_path(documents);
    std::vector<uint32_t> touched, touched_paths;
    Numbers numbers;
    std::vector<uint8_t> levels;
    const auto add = [&](const Field& field, size_t key, std::vector<float>& scores, std::vector<uint32_t>& seen) {
        numbers.clear();
        levels.clear();
        field.terms.read(field.terms.find(keys[key]), numbers, &levels);
        for (size_t i = 0; i < numbers.size(); i++) {
            if (numbers[i] >= scores.size()) break;
            float& to = scores[numbers[i]];
            const float times = kTimes[levels[i]];
            if (to == 0) seen.push_back(numbers[i]);
            to += field.weights[key] * times / (times + field.norm[numbers[i]]);
        }
    };
    for (size_t key = 0; key < count; key++) {
        if (passages.weights[key] > 0) add(passages, key, score, touched);
        if (paths.weights[key] > 0) add(paths, key, of_path, touched_paths);
    }
    std::vector<Ranked> found;
    found.reserve(touched.size() + touched_paths.size());
    for (uint32_t document :
         touched_paths) {  // documents that only their path speaks for are known by their first passage
        if (first[document] < first[document + 1] && first[document] < score.size() && score[first[document]] == 0) {
            found.push_back({first[document], of_path[document]});
        }
    }
    if (touched_paths.empty()) {
        for (uint32_t passage : touched) found.push_back({passage, score[passage]});
    } else {
        for (uint32_t passage : touched) {
            const size_t document = (size_t)(std::upper_bound(first, first + documents + 1, passage) - first) - 1;
            found.push_back({passage, score[passage] + (document < documents ? of_path[document] : 0)});
        }
    }
    const auto better = [](const Ranked& a, const Ranked& b) {
        return a.score != b.score ? a.score > b.score : a.passage < b.passage;
    };
    if (found.size() > most) {
        std::nth_element(found.begin(), found.begin() + (ptrdiff_t)most, found.end(), better);
        found.resize(most);
    }
    std::sort(found.begin(), found.end(), better);
    return found;
}

}  // namespace drystone::search
