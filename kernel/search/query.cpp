#include "query.hpp"

#include <algorithm>
#include <stdexcept>

namespace drystone::search {

namespace {

constexpr int kDeepest = 64;
constexpr size_t kWindowWorth = 200;  // documents to be checked that take as long as a walk through all keys
constexpr uint32_t kCommon = 4;       // one document of so many
constexpr uint64_t kMany = 3;         // numbers of all lists for each document

using Numbers = std::vector<uint32_t>;

struct Set {
    bool all = false;
    Numbers numbers;
};

struct Evaluation {
    const PostingsReader& trigrams;
    const uint32_t* at;
    const uint32_t* end;
    const Division* files;
    uint64_t worth;

    uint32_t universe() const { return files ? files->documents() : trigrams.universe(); }

    Numbers read(const List& list) const {
        Numbers numbers;
        trigrams.read(list, numbers, nullptr);
        if (!files) return numbers;
        for (uint32_t& number : numbers) number = files->of(number);
        numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
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

    bool is_window() const { return at < end && *at == kWindow; }

    const uint32_t* window() {
        if (end - at < 1 + kWindowWords) throw std::invalid_argument("a formula is cut off in a window");
        const uint32_t* sets = at + 1;
        at += 1 + kWindowWords;
        return sets;
    }

    // Documents with a trigram of the window; all where one of them, or they together, are in a good part of all.
    Set matching(const uint32_t* sets) const {
        const auto has = [&](int set, uint64_t byte) { return sets[set * kSetWords + (byte >> 5)] >> (byte & 31) & 1; };
        std::vector<List> lists;
        bool common = false;
        uint64_t numbers = 0;
        for (uint64_t low = 0; low < 256 && !common; low++) {
            if (!has(0, low)) continue;
            uint64_t high = low + 1;
            while (high < 256 && has(0, high)) high++;
            trigrams.between(low << 16, high << 16, [&](uint64_t key, const List& list) {
                if (!has(1, key >> 8 & 0xff) || !has(2, key & 0xff)) return true;
                numbers += list.count;
                common = list.count > trigrams.universe() / kCommon || numbers > kMany * trigrams.universe();
                lists.push_back(list);
                return !common;
            });
            low = high;
        }
        if (common) return {true, {}};
        std::vector<uint64_t> bits((universe() + 63) / 64);
        for (const List& list : lists) {
            for (uint32_t number : read(list)) bits[number >> 6] |= 1ull << (number & 63);
        }
        return {false, numbers_of(bits)};
    }

    static Numbers numbers_of(const std::vector<uint64_t>& bits) {
        Numbers numbers;
        for (size_t w = 0; w < bits.size(); w++) {
            for (uint64_t word = bits[w]; word; word &= word - 1) {
                numbers.push_back((uint32_t)(w * 64) + (uint32_t)__builtin_ctzll(word));
            }
        }
        return numbers;
    }

    Set next(int depth) {
        if (at == end || depth > kDeepest) throw std::invalid_argument("a formula is cut off or too deep");
        if (is_window()) return matching(window());
        const uint32_t op = *at++;
        if (op == kAll) return {true, {}};
        if (op <= kParts) return {false, read(trigrams.find(op))};
        const uint32_t parts = op & kParts;
        if ((op & ~kParts) == kAnd) {
            Set found{true, {}};
            std::vector<List> lists;
            std::vector<Set> sets;
            std::vector<const uint32_t*> windows;
            for (uint32_t i = 0; i < parts; i++) {
                if (at < end && *at <= kParts) {
                    lists.push_back(trigrams.find(*at++));
                } else if (is_window()) {
                    windows.push_back(window());
                } else {
                    sets.push_back(next(depth + 1));
                }
            }
            std::sort(lists.begin(), lists.end(), [](const List& a, const List& b) { return a.count < b.count; });
            // What a list may save is guessed from what the two before it did.
            uint64_t saved[2] = {~0u, ~0u};
            for (size_t i = 0; i < lists.size(); i++) {
                if (found.all) {
                    found = {false, read(lists[i])};
                    continue;
                }
                const uint64_t before = found.numbers.size();
                if (lists[i].count > worth * std::min(before, std::max(saved[0], saved[1]))) break;
                trigrams.keep_common(lists[i], files ? files->of() : nullptr, found.numbers);
                saved[i & 1] = before - found.numbers.size();
            }
            for (Set& set : sets) {
                if (!set.all) intersect(found, set.numbers);
            }
            for (const uint32_t* sets_of : windows) {
                if (found.all ? universe() > kWindowWorth : found.numbers.size() > kWindowWorth) {
                    const Set some = matching(sets_of);
                    if (!some.all) intersect(found, some.numbers);
                }
            }
            return found;
        }
        if ((op & ~kParts) != kOr) throw std::invalid_argument("a formula has a sign that means nothing");
        std::vector<uint64_t> bits((universe() + 63) / 64);
        bool all = false;
        for (uint32_t i = 0; i < parts; i++) {
            const Set part = next(depth + 1);
            all |= part.all;
            for (uint32_t number : part.numbers) bits[number >> 6] |= 1ull << (number & 63);
        }
        if (all) return {true, {}};
        return {false, numbers_of(bits)};
    }
};

}  // namespace

std::vector<uint32_t> candidates(const PostingsReader& trigrams, const uint32_t* formula, size_t size,
                                 const Division* files, uint64_t worth) {
    if (files && files->passages() != trigrams.universe()) {
        throw std::invalid_argument("stretches of files are others than those of the postings");
    }
    Evaluation evaluation{trigrams, formula, formula + size, files, worth};
    Set found = evaluation.next(0);
    if (evaluation.at != evaluation.end) throw std::invalid_argument("a formula goes on after its end");
    if (found.all) {
        found.numbers.resize(evaluation.universe());
        for (uint32_t i = 0; i < found.numbers.size(); i++) found.numbers[i] = i;
    }
    return found.numbers;
}

}  // namespace drystone::search
