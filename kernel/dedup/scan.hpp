// The body of every variant. A variant's source includes it once, after it has defined
// `token_mask(const uint8_t*)`: bit i of the result says whether byte i of 64 belongs to a token.
//
// Text goes through in chunks: 64 bytes to a mask, the mask to edges (where a token starts or ends), edges to token
// hashes, these to shingle hashes, these to the sketch; every buffer stays in the first-level cache.

#include "rule.hpp"
#include "variants.hpp"

namespace drystone::dedup {
namespace {

constexpr size_t kChunk = 4096;
constexpr size_t kMaxBins = 4096;  // sketcher.hpp's kMaxSize
using Edge = uint16_t;             // a place in a chunk, its end included

typedef uint8_t Bytes8 __attribute__((vector_size(8)));
typedef Edge Edges8 __attribute__((vector_size(16)));

struct Bits {  // where a byte's bits are set, and how many
    uint8_t places[256][8];
    uint8_t count[256];
    constexpr Bits() : places(), count() {
        for (int byte = 0; byte < 256; byte++) {
            for (int bit = 0; bit < 8; bit++) {
                if (byte >> bit & 1) places[byte][count[byte]++] = (uint8_t)bit;
            }
        }
    }
};
alignas(64) constexpr Bits kBits;

// Places of the set bits of a word: eight at a time from a table, without a branch. `out` has room for 8 beyond them.
inline size_t flatten(uint64_t bits, uint32_t base, Edge* out) {
    const Edge* const start = out;
    for (int i = 0; i < 8; i++) {
        const size_t byte = bits & 0xff;
        Bytes8 places;
        std::memcpy(&places, kBits.places[byte], sizeof places);
        const Edges8 edges = __builtin_convertvector(places, Edges8) + (Edge)base;
        std::memcpy(out, &edges, sizeof edges);
        out += kBits.count[byte];
        bits >>= 8;
        base += 8;
    }
    return (size_t)(out - start);
}

constexpr uint64_t kHighBits = 0x8080808080808080ull;

inline bool is_ascii(const uint8_t* p) {  // of 64 bytes
    uint64_t all = 0;
    for (int i = 0; i < 64; i += 8) all |= load64(p + i);
    return (all & kHighBits) == 0;
}

inline uint64_t high_mask(const uint8_t* p) {  // which of 64 bytes are from 0x80
    uint64_t mask = 0;
    for (int i = 0; i < 8; i++) {
        mask |= ((load64(p + 8 * i) & kHighBits) >> 7) * 0x0102040810204080ull >> 56 << 8 * i;
    }
    return mask;
}

// What goes on where a character begins: no token; one that letters join; one that only marks extend.
enum Inside : uint64_t { None = 0, Run = 1, Single = 2 };

// Edges of the characters that begin in `text + at .. text + end`; a token may begin where one ends. `size` is that of
// the text. Returns where the last character ends.
inline size_t wide_edges(const uint8_t* text, size_t at, size_t end, size_t size, uint64_t& inside, Edge* edges,
                         size_t& count) {
    while (at < end) {
        size_t bytes = 1;
        WordClass kind = is_token_byte(text[at]) ? WordClass::Joins : WordClass::Separates;
        if (text[at] >= 0x80) {
            uint32_t code;
            bytes = decode(text + at, size - at, code);
            kind = word_class(code);
        }
        const bool goes_on = inside && (kind == WordClass::Extends || (kind == WordClass::Joins && inside == Run));
        if (!goes_on) {
            if (inside) edges[count++] = (Edge)at;
            if (kind != WordClass::Separates) edges[count++] = (Edge)at;
            inside = kind == WordClass::Separates ? None : kind == WordClass::Alone ? Single : Run;
        }
        at += bytes;
    }
    return at;
}

// Edges of about `length` bytes of a text of `size`; `inside` carries over what goes on. `used` gets how many bytes
// they are: the last character may reach beyond `length`.
inline size_t find_edges(const uint8_t* text, size_t length, size_t size, uint64_t& inside, Edge* edges, size_t& used) {
    size_t count = 0;
    size_t at = 0;
    while (at + 64 <= length) {
        const bool ascii = is_ascii(text + at);
        if (inside == Single && text[at] < 0x80) {
            edges[count++] = (Edge)at;
            inside = None;
        }
        uint64_t mask = token_mask(text + at);
        if (__builtin_expect(!ascii, 0)) {
            // What is ASCII before the first other character, then one by one to the last.
            const uint64_t high = high_mask(text + at);
            const int first = __builtin_ctzll(high), last = 63 - __builtin_clzll(high);
            if (first) {
                const uint64_t before = (1ull << first) - 1;
                mask &= before;
                count += flatten((mask ^ (mask << 1 | inside)) & before, (uint32_t)at, edges + count);
                inside = mask >> (first - 1);
            }
            at = wide_edges(text, at + (size_t)first, at + (size_t)last + 1, size, inside, edges, count);
            continue;
        }
        count += flatten(mask ^ (mask << 1 | inside), (uint32_t)at, edges + count);
        inside = mask >> 63;
        at += 64;
    }
    if (at < length) at = wide_edges(text, at, length, size, inside, edges, count);
    used = at;
    return count;
}

// Calls `sink(hashes, count)` for each chunk's token hashes. Returns the number of tokens.
// The hashes of the kShingle - 1 tokens before lie in front of `hashes`, where there were as many.
template <class Sink>
inline size_t each_token(const uint8_t* text, size_t size, const uint8_t* limit, const Keys keys, Sink&& sink) {
    constexpr size_t before = kShingle - 1;
    Edge edges[kChunk + 128];
    uint64_t hashes[before + kChunk / 2 + 8];
    uint64_t inside = 0;
    const uint8_t* open = nullptr;  // start of a token that reaches beyond its chunk
    size_t total = 0;
    size_t length;
    for (size_t base = 0; base < size; base += length) {
        const uint8_t* chunk = text + base;
        size_t n = find_edges(chunk, size - base < kChunk ? size - base : kChunk, size - base, inside, edges, length);
        if (base + length == size && inside) edges[n++] = (Edge)length;
        uint64_t* out = hashes + before;
        size_t i = 0;
        if (open && n > 0) {
            *out++ = hash_token(open, (size_t)(chunk + edges[0] - open), limit, keys);
            open = nullptr;
            i = 1;
        }
        // Sixteen bytes may be read at each token but for the last ones before the limit.
        const size_t room = (size_t)(limit - chunk), end = i + (n - i) / 2 * 2;
        size_t safe = end;
        while (safe > i && edges[safe - 2] + 16u > room) safe -= 2;
        for (; i < safe; i += 2) {
            const uint8_t* p = chunk + edges[i];
            const size_t bytes = (size_t)edges[i + 1] - edges[i];
            if (__builtin_expect(bytes <= 16, 1)) {
                *out++ = hash_short(p, bytes, keys);
            } else {
                *out++ = hash_token(p, bytes, limit, keys);
            }
        }
        for (; i < end; i += 2) *out++ = hash_token(chunk + edges[i], (size_t)edges[i + 1] - edges[i], limit, keys);
        if (i < n) open = chunk + edges[i];
        const size_t count = (size_t)(out - hashes) - before;
        sink((const uint64_t*)hashes + before, count);
        std::memmove(hashes, hashes + count, before * 8);
        total += count;
    }
    return total;
}

// Calls `sink(shingles, count)` for each chunk's shingle hashes. Returns the number of shingles.
template <class Sink>
inline size_t each_shingle(const uint8_t* text, size_t size, const uint8_t* limit, const Keys& keys, Sink&& sink) {
    uint64_t shingles[kChunk / 2 + 8];
    size_t missing = kShingle - 1;  // tokens until the first shingle
    size_t tokens = each_token(text, size, limit, keys, [&](const uint64_t* hashes, size_t count) {
        const size_t skip = missing < count ? missing : count;
        missing -= skip;
        const uint64_t* first = hashes + skip - (kShingle - 1);
        count -= skip;
        for (size_t i = 0; i < count; i++) shingles[i] = hash_shingle(first + i);
        if (count) sink((const uint64_t*)shingles, count);
    });
    return tokens < kShingle ? 0 : tokens - (kShingle - 1);
}

size_t tokens(const uint8_t* text, size_t size, const uint8_t* limit, const Keys& keys, uint64_t* digest) {
    uint64_t sum = 0;
    size_t count = each_token(text, size, limit, keys, [&](const uint64_t* hashes, size_t n) {
        for (size_t i = 0; i < n; i++) sum += hashes[i];
    });
    *digest = sum;
    return count;
}

size_t token_hashes(const uint8_t* text, size_t size, const uint8_t* limit, const Keys& keys, uint64_t* out) {
    return each_token(text, size, limit, keys, [&](const uint64_t* hashes, size_t n) {
        std::memcpy(out, hashes, n * 8);
        out += n;
    });
}

size_t shingles(const uint8_t* text, size_t size, const uint8_t* limit, const Keys& keys, ShingleSink sink,
                void* state) {
    return each_shingle(text, size, limit, keys, [&](const uint64_t* hashes, size_t n) { sink(state, hashes, n); });
}

size_t one_permutation(const uint8_t* text, size_t size, const uint8_t* limit, const Keys& keys, size_t bins,
                       uint32_t* mins) {
    // Two sets of bins in turn: a load seldom waits for a store to the same bin that is still under way.
    uint32_t other[kMaxBins];
    for (size_t i = 0; i < bins; i++) mins[i] = other[i] = kEmpty;
    size_t count = each_shingle(text, size, limit, keys, [&](const uint64_t* hashes, size_t n) {
        const auto put = [bins](uint64_t hash, uint32_t* into) {
            const size_t bin = (size_t)(((hash >> 32) * bins) >> 32);
            const uint32_t value = (uint32_t)hash, old = into[bin];
            into[bin] = value < old ? value : old;
        };
        size_t i = 0;
        for (; i + 2 <= n; i += 2) {
            put(hashes[i], mins);
            put(hashes[i + 1], other);
        }
        if (i < n) put(hashes[i], mins);
    });
    for (size_t i = 0; i < bins; i++) mins[i] = other[i] < mins[i] ? other[i] : mins[i];
    return count;
}

size_t permutations(const uint8_t* text, size_t size, const uint8_t* limit, const Keys& keys, size_t count,
                    const uint32_t* multiply, const uint32_t* add, uint32_t* mins) {
    for (size_t i = 0; i < count; i++) mins[i] = kEmpty;
    return each_shingle(text, size, limit, keys, [&](const uint64_t* hashes, size_t n) {
        // Eight permutations stay in registers while the chunk's shingles pass.
        size_t p = 0;
        for (; p + 32 <= count; p += 32) {
            uint32_t least[32];
            for (size_t j = 0; j < 32; j++) least[j] = mins[p + j];
            for (size_t i = 0; i < n; i++) {
                uint32_t x = (uint32_t)(hashes[i] ^ hashes[i] >> 32);
                for (size_t j = 0; j < 32; j++) {
                    uint32_t value = multiply[p + j] * x + add[p + j];
                    least[j] = value < least[j] ? value : least[j];
                }
            }
            for (size_t j = 0; j < 32; j++) mins[p + j] = least[j];
        }
        for (; p < count; p++) {
            uint32_t least = mins[p];
            for (size_t i = 0; i < n; i++) {
                uint32_t value = multiply[p] * (uint32_t)(hashes[i] ^ hashes[i] >> 32) + add[p];
                least = value < least ? value : least;
            }
            mins[p] = least;
        }
    });
}

void least(uint16_t* target, const uint16_t* row, size_t count) {
    for (size_t i = 0; i < count; i++) target[i] = row[i] < target[i] ? row[i] : target[i];
}

void band_keys(const uint32_t* values, size_t bands, size_t rows, const uint64_t* weights, uint32_t* keys) {
    for (size_t b = 0; b < bands; b++) {
        uint64_t sum = 0;
        for (size_t r = 0; r < rows; r++) sum += values[b * rows + r] * weights[r];
        keys[b] = (uint32_t)(sum >> 32);
    }
}

constexpr Variant table(const InstructionSet* set) {
    return {set, tokens, token_hashes, shingles, one_permutation, permutations, least, band_keys};
}

}  // namespace
}  // namespace drystone::dedup
