#include "indexes.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace drystone::detect {
namespace {

constexpr size_t kGram = 4;

std::vector<uint64_t> grams_of(const uint64_t* h, size_t n) {
    std::vector<uint64_t> grams;
    if (n < kGram) return grams;
    grams.reserve(n - kGram + 1);
    for (size_t i = 0; i + kGram <= n; ++i) {
        uint64_t g = 0;
        for (size_t k = 0; k < kGram; ++k) g = (g ^ h[i + k]) * 0x9e3779b97f4a7c15ULL + (g >> 29);
        grams.push_back(g ^ (g >> 31));
    }
    return grams;
}

// Where each gram was seen last, in an open table at most half full.
class SeenGrams {
  public:
    static constexpr uint32_t kNever = UINT32_MAX;

    explicit SeenGrams(size_t most) {
        size_t size = 16;
        while (size < 2 * most) size *= 2;
        table_.assign(size, {0, kNever});
    }

    // Where a gram stood before, now that it stands at `place`. Zero marks an empty cell, so it has one of its own.
    uint32_t before(uint64_t gram, uint32_t place) {
        if (gram == 0) return std::exchange(zero_, place);
        size_t at = gram & (table_.size() - 1);
        while (table_[at].first != 0) {
            if (table_[at].first == gram) return std::exchange(table_[at].second, place);
            at = (at + 1) & (table_.size() - 1);
        }
        table_[at] = {gram, place};
        return kNever;
    }

  private:
    std::vector<std::pair<uint64_t, uint32_t>> table_;
    uint32_t zero_ = kNever;
};

}  // namespace

TextIndex::TextIndex(const std::vector<const ComparableWords*>& texts) {
    std::vector<std::pair<uint64_t, uint32_t>> all;
    size_t words = 0;
    for (const ComparableWords* text : texts) words += text->hashes.size();
    all.reserve(words);
    for (uint32_t r = 0; r < texts.size(); ++r) {
        const std::vector<uint64_t>& hashes = texts[r]->hashes;
        lengths_.push_back(static_cast<uint32_t>(hashes.size()));
        for (uint64_t g : grams_of(hashes.data(), hashes.size())) all.emplace_back(g, r);
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    totals_.resize(texts.size());
    grams_.reserve(all.size());
    postings_.reserve(all.size());
    for (const auto& [gram, reference] : all) {
        if (grams_.empty() || grams_.back() != gram) {
            grams_.push_back(gram);
            begins_.push_back(static_cast<uint32_t>(postings_.size()));
        }
        postings_.push_back(reference);
        ++totals_[reference];
    }
    begins_.push_back(static_cast<uint32_t>(postings_.size()));
    buckets_.resize((size_t(1) << kBucketBits) + 1);
    for (size_t bucket = 0, at = 0; bucket < buckets_.size(); ++bucket) {
        while (at < grams_.size() && (grams_[at] >> (64 - kBucketBits)) < bucket) ++at;
        buckets_[bucket] = static_cast<uint32_t>(at);
    }
}

std::vector<TextIndex::Hit> TextIndex::match(const std::vector<uint64_t>& hashes, size_t begin, size_t end,
                                             double least, size_t keep) const {
    std::vector<Hit> found;
    if (end > hashes.size()) end = hashes.size();
    if (begin + kGram > end) return found;
    const std::vector<uint64_t> grams = grams_of(hashes.data() + begin, end - begin);
    const size_t n = grams.size();
    std::vector<std::pair<uint32_t, uint32_t>> lists(n, {0, 0});
    std::vector<uint32_t> counts(totals_.size(), 0);
    std::vector<uint32_t> before(n, SeenGrams::kNever);
    SeenGrams seen(n);  // a gram counts once per text
    for (size_t i = 0; i < n; ++i) {
        lists[i] = postings_of(grams[i]);
        if (lists[i].first == lists[i].second) continue;
        before[i] = seen.before(grams[i], uint32_t(i));
        if (before[i] != SeenGrams::kNever) continue;
        for (uint32_t p = lists[i].first; p < lists[i].second; ++p) ++counts[postings_[p]];
    }
    std::vector<uint32_t> candidates;
    for (uint32_t r = 0; r < counts.size(); ++r)
        if (totals_[r] > 0 && counts[r] >= least * totals_[r]) candidates.push_back(r);
    const size_t most = std::min<size_t>(candidates.size(), 24);
    std::partial_sort(candidates.begin(), candidates.begin() + most, candidates.end(), [&](uint32_t a, uint32_t b) {
        const double x = double(counts[a]) / totals_[a], y = double(counts[b]) / totals_[b];
        return x != y ? x > y : (counts[a] != counts[b] ? counts[a] > counts[b] : a < b);
    });
    candidates.resize(most);
    // Where the grams of each candidate stand, in one pass over the postings.
    constexpr uint8_t kNone = 255;
    std::vector<uint8_t> slots(totals_.size(), kNone);
    for (size_t k = 0; k < candidates.size(); ++k) slots[candidates[k]] = uint8_t(k);
    std::vector<std::vector<uint32_t>> all_places(candidates.size());
    for (size_t k = 0; k < candidates.size(); ++k) all_places[k].reserve(counts[candidates[k]] + 16);
    for (size_t i = 0; i < n && !candidates.empty(); ++i)
        for (uint32_t p = lists[i].first; p < lists[i].second; ++p)
            if (const uint8_t slot = slots[postings_[p]]; slot != kNone) all_places[slot].push_back(uint32_t(i));
    for (size_t k = 0; k < candidates.size(); ++k) {
        const uint32_t r = candidates[k];
        const std::vector<uint32_t>& places = all_places[k];
        // The window of at most 1.25 lengths of the reference (and 16 words) with most of its grams.
        const uint32_t span = lengths_[r] + lengths_[r] / 4 + 16;
        size_t best = 0, best_from = 0, low = 0;
        for (size_t high = 0; high < places.size(); ++high) {
            while (places[high] - places[low] > span) ++low;
            if (high - low + 1 > best) best = high - low + 1, best_from = low;
        }
        if (best == 0) continue;
        const uint32_t first = places[best_from], last = places[best_from + best - 1];
        // Each of the window's grams once: where it has not stood within the window before.
        const double common = double(
            std::count_if(places.begin() + std::ptrdiff_t(best_from), places.begin() + std::ptrdiff_t(best_from + best),
                          [&](uint32_t place) { return before[place] == SeenGrams::kNever || before[place] < first; }));
        const double foreign = double(last - first + 1) - double(best);
        const double contained = common / totals_[r];
        if (contained < least) continue;
        found.emplace_back(r, common / (totals_[r] + foreign), contained, uint32_t(begin) + first,
                           uint32_t(begin + last + kGram));
    }
    std::sort(found.begin(), found.end(), [](const Hit& a, const Hit& b) {
        if (std::get<1>(a) != std::get<1>(b)) return std::get<1>(a) > std::get<1>(b);
        return std::get<0>(a) < std::get<0>(b);
    });
    if (found.size() > keep) found.resize(keep);
    return found;
}

std::vector<std::pair<uint32_t, uint32_t>> TextIndex::unexplained(const std::vector<uint64_t>& hashes, size_t begin,
                                                                  size_t end,
                                                                  const std::vector<uint32_t>& references) const {
    std::vector<std::pair<uint32_t, uint32_t>> found;
    end = std::min(end, hashes.size());
    if (begin >= end) return found;
    std::vector<bool> wanted(totals_.size(), false);
    for (const uint32_t r : references)
        if (r < wanted.size()) wanted[r] = true;
    const std::vector<uint64_t> grams = grams_of(hashes.data() + begin, end - begin);
    size_t explained = 0;  // words of the range that are explained or already in `found`
    for (size_t i = 0; i < grams.size(); ++i) {
        const auto [from, to] = postings_of(grams[i]);
        if (std::none_of(postings_.begin() + from, postings_.begin() + to, [&](uint32_t r) { return wanted[r]; }))
            continue;
        if (i > explained) found.emplace_back(uint32_t(begin + explained), uint32_t(begin + i));
        explained = i + kGram;
    }
    if (begin + explained < end) found.emplace_back(uint32_t(begin + explained), uint32_t(end));
    return found;
}

std::pair<uint32_t, uint32_t> TextIndex::postings_of(uint64_t gram) const {
    const size_t bucket = gram >> (64 - kBucketBits);
    const auto end = grams_.begin() + buckets_[bucket + 1];
    const auto it = std::lower_bound(grams_.begin() + buckets_[bucket], end, gram);
    if (it == end || *it != gram) return {0, 0};
    const size_t at = static_cast<size_t>(it - grams_.begin());
    return {begins_[at], begins_[at + 1]};
}

std::vector<Piece> sentences_with(const ComparableWords& words,
                                  const std::vector<std::pair<uint32_t, uint32_t>>& ranges,
                                  const std::vector<uint32_t>& marks, uint32_t most, uint32_t more) {
    const uint32_t count = uint32_t(words.starts.size());
    std::vector<uint32_t> begins;
    for (uint32_t i = 0; i < count; ++i) {
        const char joint = words.joints[i];
        if (joint == '\n' || joint == '.' || joint == '?') begins.push_back(i);
    }
    std::vector<Piece> pieces;
    uint32_t behind = 0;
    for (const auto& [first, last] : ranges) {
        const size_t above = size_t(std::upper_bound(begins.begin(), begins.end(), first) - begins.begin());
        for (size_t number = above ? above - 1 : 0; number < begins.size() && begins[number] < last; ++number) {
            const uint32_t begin = begins[number];
            const uint32_t end = number + 1 < begins.size() ? begins[number + 1] : count;
            const uint32_t skip = first > begin + more ? (first - begin - more) / most * most : 0;
            for (uint32_t at = begin + skip; at < std::min(end, last); at += most) {
                const uint32_t stop = uint32_t(std::min<uint64_t>(end, uint64_t(at) + most + more));
                if (at < behind || stop <= first) continue;
                behind = at + 1;
                const uint32_t from = words.starts[at];
                const uint32_t to = stop < count ? words.starts[stop] - 1 : uint32_t(words.text.size());
                const auto mark = std::upper_bound(marks.begin(), marks.end(), from);
                if (mark != marks.end() && *mark <= to) pieces.emplace_back(at, stop, from, to);
            }
        }
    }
    return pieces;
}

PhraseIndex::PhraseIndex(std::vector<std::string> phrases) : phrases_(std::move(phrases)) {
    for (uint32_t i = 0; i < phrases_.size(); ++i) {
        const std::string& phrase = phrases_[i];
        if (phrase.empty()) throw std::invalid_argument("a phrase has at least one word");
        by_word_[phrase.substr(0, phrase.find(' '))].push_back(i);
    }
    for (auto& [word, entries] : by_word_)
        std::stable_sort(entries.begin(), entries.end(), [&](uint32_t a, uint32_t b) {
            const auto spaces = [&](uint32_t i) { return std::count(phrases_[i].begin(), phrases_[i].end(), ' '); };
            return spaces(a) > spaces(b);
        });
    for (const auto& [word, entries] : by_word_) first_[static_cast<unsigned char>(word[0])] = true;
}

std::vector<PhraseIndex::Hit> PhraseIndex::find(std::string_view text, size_t begin, size_t end) const {
    std::vector<Hit> found;
    end = std::min(end, text.size());
    std::string word;
    while (begin < end) {
        const void* space = std::memchr(text.data() + begin, ' ', end - begin);
        const size_t stop = space ? static_cast<size_t>(static_cast<const char*>(space) - text.data()) : end;
        if (stop > begin && first_[static_cast<unsigned char>(text[begin])]) {
            word.assign(text.data() + begin, stop - begin);
            if (const auto it = by_word_.find(word); it != by_word_.end()) {
                for (const uint32_t i : it->second) {
                    const std::string& phrase = phrases_[i];
                    const size_t last = begin + phrase.size();
                    if (last <= end && (last == end || text[last] == ' ') &&
                        text.compare(begin, phrase.size(), phrase) == 0)
                        found.emplace_back(begin, last, i);
                }
            }
        }
        begin = stop + 1;
    }
    return found;
}

}  // namespace drystone::detect
