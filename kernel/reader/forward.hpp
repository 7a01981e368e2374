// The encoder, written once over vectors of kLanes floats. A variant's source includes it once, after it has defined in
// drystone::reader's unnamed namespace:
//   Floats, Ints                       vectors of kLanes floats and 32-bit integers, and what is done with them
//   kRows, kFloatRows, kQueries        rows whose sums fit the registers: in int8, in float32, of attention
//   kDeep                              inputs of a panel that stay in the first cache while rows go by, in int8
//   kWeight, kMost, kZero              encoder.hpp's Variant: weight, most, zero
//   tile                               the inner loop in int8
//   Side, kSide, turn                  a square of numbers, as many a row as it has rows; rows become columns
// With DRYSTONE_BFLOAT16, also Halves, to_halves and pair_up.
//
// No standard containers here: what the linker merges among variants must not hold one's instructions.
#include <ctime>
#include <numeric>
#include <type_traits>

#include "encoder.hpp"

namespace drystone::reader {
namespace {

constexpr int kColumns = 3 * kLanes;
constexpr int kTogether = 96;                        // rows whose activations stay in the second cache
constexpr int kGroup = std::lcm(kRows, kFloatRows);  // rows are cut at multiples of this
static_assert(kTogether % kGroup == 0);

inline int up_to(int n, int multiple) { return (n + multiple - 1) / multiple * multiple; }
inline int least(int a, int b) { return a < b ? a : b; }

// Calls f(size, first row) for `count` rows: groups of Most, and what is left as one.
template <int Most, class F>
inline void in_groups(int count, F f, int row = 0) {
    for (; row + Most <= count; row += Most) f(std::integral_constant<int, Most>(), row);
    if constexpr (Most > 1)
        if (row < count) in_groups<Most - 1>(count, f, row);
}

// Calls f(first, how many) for `size` numbers, kLanes at a time, the last time perhaps fewer.
template <class F>
inline void each(int size, F f) {
    int i = 0;
    for (; i + kLanes <= size; i += kLanes) f(i, kLanes);
    if (i < size) f(i, size - i);
}

// 2^x for x <= 0, relative error below 2e-7: a polynomial on half an octave, fitted to the least greatest relative
// error.
inline Floats two_to(Floats x) {
    const Floats n = nearest(x), f = x - n;
    Floats y = all(1.3276428e-3f);
    for (float c : {9.6755410e-3f, 5.5507135e-2f, 2.4022120e-1f, 6.9314694e-1f, 1.0000001f}) y = fma(y, f, all(c));
    return times_two_to(y, n);
}

constexpr float kLog2E = 1.44269504088896341f;

enum class Then { kStore, kAdd, kGate, kRelu, kGelu, kGeluTanh };

struct Gate {
    const float* terms;
    int count;
    float end;
};

// x times its gate: 0.5 + y p(y^2) for y = x cut to [-end, end].
inline Floats gated(Floats x, const Gate& gate) {
    const Floats y = larger(smaller(x, all(gate.end)), all(-gate.end));
    const Floats square = y * y;
    Floats p = all(gate.terms[0]);
    for (int i = 1; i < gate.count; i++) p = fma(p, square, all(gate.terms[i]));
    return x * fma(y, p, all(0.5f));
}

// x (1 + erf(x / sqrt 2)) / 2; erf by Abramowitz and Stegun 7.1.26, absolute error below 1.5e-7.
inline Floats gelu(Floats x) {
    const Floats one = all(1.0f);
    const Floats z = magnitude(x) * all(0.70710678118654752f);
    const Floats t = one / fma(z, all(0.3275911f), one);
    Floats p = all(1.061405429f);
    for (float c : {-1.453152027f, 1.421413741f, -0.284496736f, 0.254829592f}) p = fma(p, t, all(c));
    const Floats erf = fnma(p * t, two_to(z * z * all(-kLog2E)), one);  // of |x|
    const Floats half = x * all(0.5f);
    return fma(half, signed_as(erf, x), half);
}

// x (1 + tanh u) / 2 = x / (1 + exp(-2 u)) with u = sqrt(2 / pi) (x + 0.044715 x^3).
inline Floats gelu_tanh(Floats x) {
    const Floats one = all(1.0f);
    const Floats u = x * fma(x * x, all(0.044715f), one) * all(1.5957691216057308f);  // twice u
    const Floats e = two_to(magnitude(u) * all(-kLog2E));                             // at most 1
    return x * where_negative(u, e, one) / (one + e);
}

template <Then T>
inline Floats activated(Floats x, const Gate& gate) {
    if constexpr (T == Then::kGate) return gated(x, gate);
    if constexpr (T == Then::kGelu) return gelu(x);
    if constexpr (T == Then::kGeluTanh) return gelu_tanh(x);
    if constexpr (T == Then::kRelu) return larger(x, all(0.0f));
    return x;
}

// To a panel's columns of R rows, where T is an activation. Apart from the sums, which the compiler would else keep in
// memory all along.
template <Then T>
[[gnu::noinline]] void activate(float* out, size_t stride, int rows, const Gate& gate) {
    for (int r = 0; r < rows; r++, out += stride)
        for (int c = 0; c < kColumns; c += kLanes) store(out + c, activated<T>(load(out + c), gate));
}

constexpr bool activates(Then then) { return then != Then::kStore && then != Then::kAdd; }

template <int R, Then T>
inline void finish(const Ints (&sums)[R][3], const float* rows, const Linear& w, int column, float* out, size_t stride,
                   const Gate& gate) {
#pragma GCC unroll 3
    for (int c = 0; c < 3; c++) {
        const int at = column + c * kLanes;
        const Ints shift = load_ints(w.shift.get() + at);
        const Floats scale = load(w.scale.get() + at), bias = load(w.bias.get() + at);
#pragma GCC unroll 8
        for (int r = 0; r < R; r++) {
            Floats y = fma(less(sums[r][c], shift), scale * all(rows[r]), bias);
            float* place = out + r * stride + at;
            if constexpr (T == Then::kAdd) y = y + load(place);
            store(place, y);
        }
    }
    if constexpr (activates(T)) activate<T>(out + column, stride, R, gate);
}

template <int R, Then T>
inline void rows_by_panel(const uint8_t* a, size_t stride, const int8_t* panel, int deep, bool first, bool last,
                          Ints* kept, const float* rows, const Linear& w, int column, float* out, size_t out_stride,
                          const Gate& gate, const int8_t* next, int lines) {
    for (int i = 0; i < lines; i++) __builtin_prefetch(next + i * 64, 0, 3);
    Ints sums[R][3];
#pragma GCC unroll 24
    for (int i = 0; i < R * 3; i++) sums[i / 3][i % 3] = first ? no_ints() : kept[i];
    tile<R>(a, stride, panel, deep, sums);
    if (last)
        finish<R, T>(sums, rows, w, column, out, out_stride, gate);
    else
#pragma GCC unroll 24
        for (int i = 0; i < R * 3; i++) kept[i] = sums[i / 3][i % 3];
}

// out = then(a w + bias) for at most kTogether rows; out has w.panels * kColumns columns a row. Each part of a panel is
// called for while the one before it is at work.
template <Then T>
void multiply(const uint8_t* a, size_t stride, const float* rows, int count, const Linear& w, float* out,
              size_t out_stride, const Gate& gate) {
    alignas(64) Ints kept[kTogether * 3];
    for (int p = 0; p < w.panels; p++) {
        const int8_t* panel = w.weights.get() + (size_t)p * w.depth * kColumns;
        for (int from = 0; from < w.depth; from += kDeep) {
            const int deep = least(kDeep, w.depth - from);
            const bool first = from == 0, last = from + deep == w.depth;
            const int8_t* part = panel + (size_t)from * kColumns;
            const int8_t* next = part + (size_t)deep * kColumns;
            const int turns = up_to(count, kRows) / kRows;
            const int lines = up_to(deep * kColumns, 64 * turns) / (64 * turns);  // of the next part, for each turn
            in_groups<kRows>(count, [&](auto group, int r) {
                rows_by_panel<group, T>(a + from + r * stride, stride, part, deep, first, last, kept + r * 3, rows + r,
                                        w, p * kColumns, out + r * out_stride, out_stride, gate,
                                        next + r / kRows * lines * 64, lines);
            });
        }
    }
}

// Adds R rows by a panel's part in float32 to what is in `out`, or to the bias (and the row there) at first.
template <int R, Then T>
inline void floats_by_panel(const float* a, size_t stride, const float* b, int steps, bool first, bool last,
                            const float* bias, float* out, size_t out_stride, const float* next, int lines) {
    for (int i = 0; i < lines; i++) __builtin_prefetch(next + i * 16, 0, 2);
    Floats sums[R][3];
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
#pragma GCC unroll 3
        for (int c = 0; c < 3; c++) {
            const Floats start = load(bias + c * kLanes), place = load(out + r * out_stride + c * kLanes);
            sums[r][c] = !first ? place : T == Then::kAdd ? start + place : start;
        }
    }
    for (int s = 0; s < steps; s++, b += kColumns) {
        const Floats w[3] = {load(b), load(b + kLanes), load(b + 2 * kLanes)};
#pragma GCC unroll 8
        for (int r = 0; r < R; r++) {
            const Floats x = all(a[r * stride + s]);
#pragma GCC unroll 3
            for (int c = 0; c < 3; c++) sums[r][c] = fma(x, w[c], sums[r][c]);
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; r++)
#pragma GCC unroll 3
        for (int c = 0; c < 3; c++) store(out + r * out_stride + c * kLanes, sums[r][c]);
    if (activates(T) && last) activate<T>(out, out_stride, R, {});
}

// As multiply, in float32. A part of all rows stays in the second cache while the weights go by once, in their order.
template <Then T>
void multiply_floats(const float* a, size_t stride, int count, const Linear& w, float* out, size_t out_stride) {
    const float* part = w.floats.get();
    for (int from = 0; from < w.inputs; from += kFloatDeep) {
        const int steps = least(kFloatDeep, w.inputs - from);
        const bool first = from == 0, last = from + steps == w.inputs;
        const int turns = up_to(count, kFloatRows) / kFloatRows;
        const int lines = up_to(steps * kColumns, 16 * turns) / (16 * turns);  // of the next part, for each turn
        for (int p = 0; p < w.panels; p++, part += steps * kColumns) {
            const float* bias = w.bias.get() + p * kColumns;
            const float* next = part + steps * kColumns;
            in_groups<kFloatRows>(count, [&](auto group, int r) {
                floats_by_panel<group, T>(a + r * stride + from, stride, part, steps, first, last, bias,
                                          out + r * out_stride + p * kColumns, out_stride,
                                          next + r / kFloatRows * lines * 16, lines);
            });
        }
    }
}

// Rows of `size` floats (a multiple of 8) as bytes around kZero, and the scale of each.
void quantize(const float* x, size_t stride, int count, int size, uint8_t* out, size_t out_stride, float* scales) {
    for (int r = 0; r < count; r++, x += stride, out += out_stride) {
        Floats top = all(1e-30f);
        each(size, [&](int i, int n) { top = larger(top, magnitude(load(x + i, n))); });
        const float most = greatest(top);
        scales[r] = most / kMost;
        const Floats by = all(kMost / most);
        each(size, [&](int i, int n) { store_bytes(out + i, load(x + i, n) * by, n); });
    }
}

void normalize(float* x, size_t stride, size_t count, int size, const float* scale, const float* shift, float epsilon) {
    for (size_t r = 0; r < count; r++, x += stride) {
        Floats total = all(0.0f);
        each(size, [&](int i, int n) { total = total + load(x + i, n); });
        const float mean = sum(total) / size;
        Floats squares = all(0.0f);
        each(size, [&](int i, int n) {
            const Floats d = first_of(n, load(x + i, n) - all(mean));
            squares = fma(d, d, squares);
        });
        const Floats by = all(1.0f / __builtin_sqrtf(sum(squares) / size + epsilon));
        each(size, [&](int i, int n) {
            store(x + i, fma((load(x + i, n) - all(mean)) * by, load(scale + i, n), load(shift + i, n)), n);
        });
    }
}

// What attention multiplies: words of one float32. A variant may have one with more numbers a word, for int8.
struct Singles {
    using Word = float;
    using Vector = Floats;
    static constexpr int kNumbers = 1;
    static Vector same(const Word* p) { return all(*p); }
    static Vector of(const Word* p) { return load(p); }
    static Vector of(const Word* p, int n) { return load(p, n); }
    static Floats add(Vector x, Vector y, Floats sum) { return fma(x, y, sum); }
    static void narrow(float*, int) {}  // numbers of a row, in place, to words
};

// put(row, first column, how many, sums): R rows of `words` words times a matrix of V vectors a row, all of them whole
// or the last `rest` long.
template <class U, int R, int V, bool Whole, class F>
inline void product(const typename U::Word* left, size_t left_stride, const typename U::Word* right,
                    size_t right_stride, int words, int rest, F put) {
    Floats sums[R][V];
#pragma GCC unroll 12
    for (int r = 0; r < R; r++)
#pragma GCC unroll 2
        for (int c = 0; c < V; c++) sums[r][c] = all(0.0f);
    for (int i = 0; i < words; i++, right += right_stride) {
        typename U::Vector y[V];
#pragma GCC unroll 2
        for (int c = 0; c < V; c++)
            y[c] = Whole || c + 1 < V ? U::of(right + c * kLanes) : U::of(right + c * kLanes, rest);
#pragma GCC unroll 12
        for (int r = 0; r < R; r++) {
            const auto x = U::same(left + r * left_stride + i);
#pragma GCC unroll 2
            for (int c = 0; c < V; c++) sums[r][c] = U::add(x, y[c], sums[r][c]);
        }
    }
#pragma GCC unroll 12
    for (int r = 0; r < R; r++)
#pragma GCC unroll 2
        for (int c = 0; c < V; c++) put(r, c * kLanes, Whole || c + 1 < V ? kLanes : rest, sums[r][c]);
}

// The product with all `columns` columns, two vectors at a time.
template <class U, int R, class F>
inline void product(const typename U::Word* left, size_t left_stride, const typename U::Word* right,
                    size_t right_stride, int words, int columns, F put) {
    const auto at = [&](int first) {
        return [&, first](int r, int c, int n, Floats sums) { put(r, first + c, n, sums); };
    };
    const auto some = [&](auto vectors, auto whole, int c, int rest) {
        product<U, R, vectors, whole>(left, left_stride, right + c, right_stride, words, rest, at(c));
    };
    constexpr std::integral_constant<int, 1> one;
    constexpr std::integral_constant<int, 2> two;
    int c = 0;
    for (; c + 2 * kLanes <= columns; c += 2 * kLanes) some(two, std::true_type(), c, kLanes);
    const int rest = columns - c;
    if (rest > kLanes)
        some(two, std::false_type(), c, rest - kLanes);
    else if (rest == kLanes)
        some(one, std::true_type(), c, kLanes);
    else if (rest > 0)
        some(one, std::false_type(), c, rest);
}

// R queries' share of the values. Scores are exponents of two: the query's weights bring the scale. Keys are
// transposed: [words, padded]. `distance`, if not null, is what the first query's scores get, by key; the next one's
// stands one number before it.
template <class U, int R>
void attend_rows(const typename U::Word* q, size_t stride, const typename U::Word* keys, const typename U::Word* v,
                 size_t v_stride, int length, int padded, int size, const float* distance, float* scores, float* out,
                 size_t out_stride) {
    product<U, R>(q, stride, keys, padded, size / U::kNumbers, padded,
                  [&](int r, int at, int, Floats sums) { store(scores + (size_t)r * padded + at, sums); });
    float by[R];
    for (int r = 0; r < R; r++) {
        float* row = scores + (size_t)r * padded;
        if (distance)
            for (int j = 0; j < padded; j += kLanes) store(row + j, load(row + j) + load(distance - r + j));
        for (int j = length; j < padded; j++) row[j] = -1e30f;
        Floats top = load(row);
        for (int j = kLanes; j < padded; j += kLanes) top = larger(top, load(row + j));
        const Floats most = all(greatest(top));
        Floats total = all(0.0f);
        for (int j = 0; j < padded; j += kLanes) {
            const Floats e = two_to(load(row + j) - most);
            store(row + j, e);
            total = total + e;
        }
        by[r] = 1.0f / sum(total);
        U::narrow(row, padded);
    }
    product<U, R>((const typename U::Word*)scores, padded, v, v_stride, up_to(length, U::kNumbers) / U::kNumbers, size,
                  [&](int r, int at, int n, Floats sums) { store(out + r * out_stride + at, sums * all(by[r]), n); });
}

// One head of one window. Rows of q and k are words of consecutive features, those of v words of consecutive tokens.
template <class U>
void attend(const typename U::Word* q, const typename U::Word* k, size_t stride, const typename U::Word* v,
            size_t v_stride, int length, int size, const float* distance, Buffer<typename U::Word>& keys,
            Buffer<float>& scores, float* out, size_t out_stride) {
    const int padded = up_to(length, kLanes), words = size / U::kNumbers;
    auto* turned = keys.need((size_t)up_to(words, 8) * padded);
    for (int j = 0; j < padded; j += kSide) {
        for (int i = 0; i < words; i += kSide) {
            Side rows[kSide];
            for (int r = 0; r < kSide; r++) {
                if (j + r < length) {
                    __builtin_memcpy(&rows[r], k + (j + r) * stride + i, sizeof(Side));
                } else {
                    rows[r] = Side{};
                }
            }
            turn(rows);
            for (int r = 0; r < kSide; r++) {
                __builtin_memcpy(turned + (size_t)(i + r) * padded + j, &rows[r], sizeof(Side));
            }
        }
    }
    float* space = scores.need((size_t)kQueries * padded);
    in_groups<kQueries>(length, [&](auto group, int r) {
        attend_rows<U, group>(q + r * stride, stride, turned, v, v_stride, length, padded, size,
                              distance ? distance - r : nullptr, space, out + r * out_stride, out_stride);
    });
}

struct Scratch {
    Buffer<float> x, qkv, mixed, inner, keys, scores, scales;
    Buffer<uint8_t> bytes;
#ifdef DRYSTONE_BFLOAT16
    Buffer<Halves::Word> near_keys, near, values;
#endif
};

// out = then(in w + bias) for at most kTogether rows of w.inputs floats, in float32 or int8.
template <Then T>
void apply(const Linear& w, const float* in, size_t stride, int count, float* out, size_t out_stride, const Gate& gate,
           Scratch& scratch) {
    if (w.floats.get()) return multiply_floats<T>(in, stride, count, w, out, out_stride);
    uint8_t* bytes = scratch.bytes.need((size_t)kTogether * w.depth);
    float* scales = scratch.scales.need(kTogether);
    quantize(in, stride, count, w.inputs, bytes, w.depth, scales);
    multiply<T>(bytes, w.depth, scales, count, w, out, out_stride, gate);
}

void normalize(float* x, size_t stride, size_t count, const Encoder& e, const Norm& norm) {
    normalize(x, stride, count, e.hidden, norm.scale.data(), norm.shift.data(), e.epsilon);
}

// All heads of one window. `qkv` has queries, keys and values one after another.
void attend_window(const Encoder& e, const float* qkv, size_t stride, int length, float* out, size_t out_stride,
                   Scratch& scratch) {
    const int hidden = e.hidden, size = hidden / e.heads;
    // Of a window's first query, by key.
    const auto distance = [&](int head) -> const float* {
        return e.distance.empty() ? nullptr : e.distance.data() + (size_t)head * (2 * e.reach + 1) + e.reach;
    };
#ifdef DRYSTONE_BFLOAT16
    if (!e.exact) {
        const int row = hidden / Halves::kNumbers;
        Halves::Word* near = scratch.near.need((size_t)length * 2 * row + 8);  // 8: the last keys are read by 8 words
        Halves::Word* values = scratch.values.need((size_t)up_to(length, 2) / 2 * hidden);
        for (int t = 0; t < length; t++) to_halves(qkv + t * stride, 2 * hidden, near + (size_t)t * 2 * row);
        for (int t = 0; t < length; t += 2) {
            const float* v = qkv + t * stride + 2 * hidden;
            pair_up(v, t + 1 < length ? v + stride : nullptr, hidden, values + (size_t)t / 2 * hidden);
        }
        for (int h = 0; h < e.heads; h++) {
            const Halves::Word* at = near + (size_t)h * size / Halves::kNumbers;
            attend<Halves>(at, at + row, 2 * row, values + (size_t)h * size, hidden, length, size, distance(h),
                           scratch.near_keys, scratch.scores, out + (size_t)h * size, out_stride);
        }
        return;
    }
#endif
    for (int h = 0; h < e.heads; h++) {
        const float* at = qkv + (size_t)h * size;
        attend<Singles>(at, at + hidden, stride, at + 2 * hidden, stride, length, size, distance(h), scratch.keys,
                        scratch.scores, out + (size_t)h * size, out_stride);
    }
}

void forward(const Encoder& e, const Windows& windows, float* logits, Scratch& scratch) {
    const int hidden = e.hidden;
    const size_t tokens = windows.tokens, wide = up_to(hidden, kColumns);
    float* x = scratch.x.need(tokens * wide);
    float* mixed = scratch.mixed.need(tokens * wide);
    const bool placed = !e.position.empty(), typed = !e.type.empty();
    for (size_t t = 0; t < tokens; t++) {
        float* row = x + t * wide;
        const float* word = e.word.data() + (size_t)windows.ids[t] * hidden;
        const float* place = placed ? e.position.data() + (size_t)windows.positions[t] * hidden : nullptr;
        const float* kind = typed ? e.type.data() + (size_t)windows.types[t] * hidden : nullptr;
        for (int i = 0; i < hidden; i++) row[i] = word[i] + (place ? place[i] : 0.f) + (kind ? kind[i] : 0.f);
    }
    normalize(x, wide, tokens, e, e.norm);
    const Gate gate{e.gate.data(), (int)e.gate.size(), e.gate_end};

    const auto inward = e.activation == Activation::kRelu   ? &apply<Then::kRelu>
                        : !e.exact                          ? &apply<Then::kGate>
                        : e.activation == Activation::kGelu ? &apply<Then::kGelu>
                                                            : &apply<Then::kGeluTanh>;

    // Rows that go together: as many in each turn, so that none pays for a few.
    const size_t turns = (tokens + kTogether - 1) / kTogether;
    const size_t together = turns ? least(up_to((int)((tokens + turns - 1) / turns), kGroup), kTogether) : 0;

    for (const Layer& layer : e.layers) {
        const size_t three = (size_t)layer.qkv.panels * kColumns, inner_wide = (size_t)layer.up.panels * kColumns;
        float* qkv = scratch.qkv.need(tokens * three);
        float* inner = scratch.inner.need(kTogether * inner_wide);
        for (size_t t = 0; t < tokens; t += together) {
            const int count = least(together, tokens - t);
            apply<Then::kStore>(layer.qkv, x + t * wide, wide, count, qkv + t * three, three, gate, scratch);
        }
        for (size_t w = 0, first = 0; w < windows.count; first += windows.lengths[w++])
            attend_window(e, qkv + first * three, three, windows.lengths[w], mixed + first * wide, wide, scratch);
        for (size_t t = 0; t < tokens; t += together) {
            const int count = least(together, tokens - t);
            float* rows = x + t * wide;
            apply<Then::kAdd>(layer.out, mixed + t * wide, wide, count, rows, wide, gate, scratch);
            normalize(rows, wide, count, e, layer.first);
            inward(layer.up, rows, wide, count, inner, inner_wide, gate, scratch);
            apply<Then::kAdd>(layer.down, inner, inner_wide, count, rows, wide, gate, scratch);
            normalize(rows, wide, count, e, layer.second);
        }
    }
    for (size_t t = 0; t < tokens; t++) {
        for (int o = 0; o < 2; o++) {
            Floats total = all(0.0f);
            const float *row = x + t * wide, *weight = e.head.data() + o * hidden;
            each(hidden, [&](int i, int n) { total = fma(load(row + i, n), load(weight + i, n), total); });
            logits[t * 2 + o] = sum(total) + e.head_bias.data()[o];
        }
    }
}

// A few windows at a time, so that what a layer hands to the next stays in the second cache.
void run(const Encoder& e, const Windows& windows, float* logits) {
    static thread_local Scratch scratch;
    size_t first = 0;
    for (size_t w = 0; w < windows.count;) {
        size_t tokens = 0, count = 0;
        while (w + count < windows.count && (!count || tokens + windows.lengths[w + count] <= 2 * kTogether))
            tokens += windows.lengths[w + count++];
        const Windows few{
            windows.ids + first, windows.types + first, windows.positions + first, windows.lengths + w, tokens, count};
        forward(e, few, logits + 2 * first, scratch);
        first += tokens, w += count;
    }
}

double peak(double seconds) {
    constexpr int deep = 384;
    alignas(64) static int8_t panel[deep * kColumns] = {};
    alignas(64) static uint8_t rows[kRows * deep] = {};
    const auto now = [] {  // time of this thread alone, so that a busy machine does not lower the peak
        timespec t;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return t.tv_sec + t.tv_nsec * 1e-9;
    };
    const double begin = now();
    double spent = 0, done = 0;
    while (spent < seconds) {
        for (int i = 0; i < 1000; i++) {
            Ints sums[kRows][3];
#pragma GCC unroll 24
            for (int s = 0; s < kRows * 3; s++) sums[s / 3][s % 3] = no_ints();
            tile<kRows>(rows, deep, panel, deep, sums);
#pragma GCC unroll 24
            for (int s = 0; s < kRows * 3; s++) keep(sums[s / 3][s % 3]);
        }
        done += 1000.0 * deep * kColumns * kRows * 2;
        spent = now() - begin;
    }
    return done / spent / 1e9;
}

constexpr Variant table(const InstructionSet* set) { return {set, kColumns, kWeight, kMost, kZero, run, peak}; }

}  // namespace
}  // namespace drystone::reader
