#include "runs.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace drystone::search {

namespace {

// How rare a byte is in source code, roughly: the later it stands here the more common; what is not here is rarest.
constexpr char kByRarity[] =
    "QZJXKY~`^@$%VHGWUBFMDLOPqj&?!|RN\\+<C98ITEASz76{}5]4[>3#;k*\"':2x/w1v-y0bg=,).(_hmfupdclonirsat\te ";

struct Frequency {
    double of[256] = {};
    Frequency() {
        for (double& each : of) each = 1e-5;
        for (size_t i = 0; i < sizeof kByRarity - 1; i++) {
            const double rank = (double)(i + 1) / (sizeof kByRarity - 1);
            of[(uint8_t)kByRarity[i]] = 0.08 * rank * rank * rank;
        }
    }
};

const Frequency& frequency() {
    static const Frequency made;
    return made;
}

// A set of two ranges at most as an anchor; `often` is 2 where it has more, or nothing.
Anchor anchor_of(const ByteSet& set, size_t place) {
    Anchor found;
    double often = 0;
    int ranges = 0;
    for (int byte = 0; byte < 256; byte++) {
        if (!set.has((uint8_t)byte)) continue;
        if (ranges == 2) return found;
        const int low = byte;
        for (; byte < 256 && set.has((uint8_t)byte); byte++) often += frequency().of[byte];
        found.low[ranges] = (uint8_t)low;
        found.width[ranges] = (uint8_t)(byte - 1 - low);
        ranges++;
    }
    if (!ranges) return found;
    found.place = place;
    found.ranges = ranges == 1 && !found.width[0] ? 0 : ranges;
    found.often = often;
    return found;
}

#ifdef __SSE2__
template <int Ranges>
struct Comparison {
    __m128i low[2], width[2];
    explicit Comparison(const Anchor& anchor) {
        for (int i = 0; i < 2; i++) {
            low[i] = _mm_set1_epi8((char)anchor.low[i]);
            width[i] = _mm_set1_epi8((char)anchor.width[i]);
        }
    }
    __m128i operator()(const uint8_t* at) const {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        if (Ranges == 0) return _mm_cmpeq_epi8(bytes, low[0]);
        const __m128i zero = _mm_setzero_si128();
        const auto in = [&](int i) {
            return _mm_cmpeq_epi8(_mm_subs_epu8(_mm_sub_epi8(bytes, low[i]), width[i]), zero);
        };
        return Ranges == 1 ? in(0) : _mm_or_si128(in(0), in(1));
    }
};
#endif

}  // namespace

// By two of its rarer places at once; only where both hold at their distance is the rest compared.
Run::Run(std::vector<ByteSet> sets, bool before, bool after)
    : sets_(std::move(sets)), first_(before), before_(before), after_(after) {
    if (sets_.size() < (size_t)before + after + 1) throw std::invalid_argument("nothing is looked for");
    size_ = sets_.size() - before - after;
    for (size_t i = 0; i < size_; i++) {
        const Anchor one = anchor_of(sets_[first_ + i], i);
        if (one.often < a_.often) {
            b_ = a_;
            a_ = one;
        } else if (one.often < b_.often) {
            b_ = one;
        }
    }
    if (b_.often > 1) b_ = a_;
}

bool Run::at(const uint8_t* text, size_t size, size_t start) const {
    for (size_t i = 0; i < size_; i++) {
        if (!sets_[first_ + i].has(text[start + i])) return false;
    }
    return (!before_ || start == 0 || sets_.front().has(text[start - 1])) &&
           (!after_ || start + size_ == size || sets_.back().has(text[start + size_]));
}

template <int A, int B>
size_t Run::search(const uint8_t* text, size_t size) const {
    const size_t places = size - size_ + 1;
    size_t here = 0;
#ifdef __SSE2__
    if (a_.often <= 1) {
        const Comparison<A> a(a_);
        const Comparison<B> b(b_);
        for (; here + 16 <= places; here += 16) {
            const __m128i both = _mm_and_si128(a(text + here + a_.place), b(text + here + b_.place));
            for (auto bits = (uint32_t)_mm_movemask_epi8(both); bits; bits &= bits - 1) {
                const size_t start = here + (size_t)__builtin_ctz(bits);
                if (at(text, size, start)) return start;
            }
        }
    }
#endif
    for (; here < places; here++) {
        if (at(text, size, here)) return here;
    }
    return size;
}

size_t Run::find(const uint8_t* text, size_t size) const {
    if (size < size_) return size;
    using Search = size_t (Run::*)(const uint8_t*, size_t) const;
    static constexpr Search kSearches[3][3] = {
        {&Run::search<0, 0>, &Run::search<0, 1>, &Run::search<0, 2>},
        {&Run::search<1, 0>, &Run::search<1, 1>, &Run::search<1, 2>},
        {&Run::search<2, 0>, &Run::search<2, 1>, &Run::search<2, 2>},
    };
    return (this->*kSearches[a_.ranges][b_.ranges])(text, size);
}

Run run_of(const uint8_t* bytes, size_t size) {
    std::vector<ByteSet> sets(size);
    for (size_t i = 0; i < size; i++) sets[i].add(bytes[i]);
    return Run(std::move(sets));
}

Row::Row(std::vector<Run> runs, bool in_line) : runs_(std::move(runs)), in_line_(in_line) {
    if (runs_.empty()) throw std::invalid_argument("nothing is looked for");
    for (size_t i = 1; i < runs_.size(); i++) {
        if (runs_[i].commonness() < runs_[rarest_].commonness()) rarest_ = i;
    }
}

bool Row::in(const uint8_t* text, size_t size) const {
    if (!in_line_ || runs_.size() == 1) return in_order(text, size);
    // A line that has the rarest is looked at whole, once.
    size_t line = 0;
    while (line < size) {
        const size_t at = line + runs_[rarest_].find(text + line, size - line);
        if (at == size) return false;
        size_t begin = at;
        while (begin > line && text[begin - 1] != '\n') begin--;
        const auto* stop = static_cast<const uint8_t*>(std::memchr(text + at, '\n', size - at));
        const size_t end = stop ? (size_t)(stop - text) : size;
        if (in_order(text + begin, end - begin)) return true;
        line = end + 1;
    }
    return false;
}

bool Row::in_order(const uint8_t* text, size_t size) const {
    for (const Run& run : runs_) {
        const size_t at = run.find(text, size);
        if (at == size) return false;
        text += at + run.size();
        size -= at + run.size();
    }
    return true;
}

}  // namespace drystone::search
