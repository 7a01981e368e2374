#include "encoder.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <ctime>
#include <stdexcept>
#include <type_traits>

#if defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>

namespace drystone::reader {

namespace {

constexpr int kColumns = 24, kRows = 3, kStep = 8, kZero = 64, kMost = 63, kWeight = 64;
constexpr int kBlock = kStep * kColumns;  // bytes of a panel that one step reads
constexpr int kTogether = 96;             // rows whose activations stay in the second cache
constexpr int kDeep = 96;                 // steps of a panel that stay in the first cache while those rows go by
constexpr int kFloatRows = 4;             // in float32: rows whose sums fit the registers
constexpr int kFloatDeep = 192;           // and inputs of a panel that stay in the first cache

int up_to(int n, int multiple) { return (n + multiple - 1) / multiple * multiple; }

// Calls f(size, first row) for `count` rows, in groups of the first size while they last, then of the next.
template <int... Sizes, class F>
inline void in_groups(int count, F f) {
    int row = 0;
    const auto all = [&](auto size) {
        for (; row + size <= count; row += size) f(size, row);
    };
    (all(std::integral_constant<int, Sizes>()), ...);
}

inline __m256i four(const uint8_t* p) {
    int32_t value;
    std::memcpy(&value, p, 4);
    return _mm256_set1_epi32(value);
}

// Products of unsigned and signed bytes, added in pairs. The operand stays in memory: 9 sums leave no register for it.
inline __m256i products(__m256i a, const int8_t* b) {
    __m256i out;
    asm("vpmaddubsw %2, %1, %0" : "=x"(out) : "x"(a), "m"(*reinterpret_cast<const __m256i*>(b)));
    return out;
}

// sum += v in place: left to itself the compiler moves sums about, and some of them through memory.
inline void add(__m256i& sum, __m256i v) { asm("vpaddd %1, %0, %0" : "+x"(sum) : "x"(v)); }

// Adds R rows of activations by one panel to sums.
template <int R>
inline void tile(const uint8_t* a, size_t stride, const int8_t* b, int steps, __m256i (&sums)[R][3]) {
    const __m256i ones = _mm256_set1_epi16(1);
    for (int s = 0; s < steps; s++, b += kBlock, a += kStep) {
#pragma GCC unroll 4
        for (int r = 0; r < R; r++) {
            const __m256i low = four(a + r * stride), high = four(a + r * stride + 4);
#pragma GCC unroll 3
            for (int c = 0; c < 3; c++) {
                const __m256i pairs =
                    _mm256_add_epi16(products(low, b + c * 32), products(high, b + kBlock / 2 + c * 32));
                add(sums[r][c], _mm256_madd_epi16(pairs, ones));
            }
        }
    }
}

inline float sum(__m256 v) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
}

inline float greatest(__m256 v) {
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_shuffle_ps(s, s, 1)));
}

// exp for x <= 0, relative error below 2e-7 (Cephes expf: 2^n times a polynomial on half an octave).
inline __m256 exponential(__m256 x) {
    x = _mm256_max_ps(x, _mm256_set1_ps(-87.0f));
    const __m256 n = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(1.44269504088896341f)),
                                     _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    x = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693359375f), x);
    x = _mm256_fnmadd_ps(n, _mm256_set1_ps(-2.12194440e-4f), x);
    __m256 y = _mm256_set1_ps(1.9875691500e-4f);
    for (float c : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f})
        y = _mm256_fmadd_ps(y, x, _mm256_set1_ps(c));
    y = _mm256_fmadd_ps(y, _mm256_mul_ps(x, x), _mm256_add_ps(x, _mm256_set1_ps(1.0f)));
    const __m256i power = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
    return _mm256_mul_ps(y, _mm256_castsi256_ps(power));
}

enum class Then { kStore, kAdd, kGate, kRelu, kGelu, kGeluTanh };

struct Gate {
    const float* terms;
    int count;
    float end;
};

// x times its gate: 0.5 + 0.5 y p(y^2) for y = x cut to [-end, end].
inline __m256 gated(__m256 x, const Gate& gate) {
    const __m256 end = _mm256_set1_ps(gate.end);
    const __m256 y = _mm256_max_ps(_mm256_min_ps(x, end), _mm256_sub_ps(_mm256_setzero_ps(), end));
    const __m256 square = _mm256_mul_ps(y, y);
    __m256 p = _mm256_set1_ps(gate.terms[0]);
    for (int i = 1; i < gate.count; i++) p = _mm256_fmadd_ps(p, square, _mm256_set1_ps(gate.terms[i]));
    return _mm256_mul_ps(x, _mm256_fmadd_ps(y, p, _mm256_set1_ps(0.5f)));
}

// x (1 + erf(x / sqrt 2)) / 2; erf by Abramowitz and Stegun 7.1.26, absolute error below 1.5e-7.
inline __m256 gelu(__m256 x) {
    const __m256 sign = _mm256_set1_ps(-0.0f), one = _mm256_set1_ps(1.0f);
    const __m256 z = _mm256_mul_ps(_mm256_andnot_ps(sign, x), _mm256_set1_ps(0.70710678118654752f));
    const __m256 t = _mm256_div_ps(one, _mm256_fmadd_ps(z, _mm256_set1_ps(0.3275911f), one));
    __m256 p = _mm256_set1_ps(1.061405429f);
    for (float c : {-1.453152027f, 1.421413741f, -0.284496736f, 0.254829592f})
        p = _mm256_fmadd_ps(p, t, _mm256_set1_ps(c));
    const __m256 e = exponential(_mm256_xor_ps(sign, _mm256_mul_ps(z, z)));
    const __m256 erf = _mm256_fnmadd_ps(_mm256_mul_ps(p, t), e, one);  // of |x|
    const __m256 half = _mm256_mul_ps(x, _mm256_set1_ps(0.5f));
    return _mm256_fmadd_ps(half, _mm256_or_ps(erf, _mm256_and_ps(sign, x)), half);
}

// x (1 + tanh u) / 2 = x / (1 + exp(-2 u)) with u = sqrt(2 / pi) (x + 0.044715 x^3).
inline __m256 gelu_tanh(__m256 x) {
    const __m256 sign = _mm256_set1_ps(-0.0f), one = _mm256_set1_ps(1.0f);
    const __m256 cube = _mm256_fmadd_ps(_mm256_mul_ps(x, x), _mm256_set1_ps(0.044715f), one);
    const __m256 u = _mm256_mul_ps(_mm256_mul_ps(x, cube), _mm256_set1_ps(1.5957691216057308f));  // twice u
    const __m256 e = exponential(_mm256_or_ps(sign, u));                                          // at most 1
    const __m256 above = _mm256_blendv_ps(one, e, u);  // e where u is negative
    return _mm256_div_ps(_mm256_mul_ps(x, above), _mm256_add_ps(one, e));
}

template <Then T>
inline __m256 activated(__m256 x, const Gate& gate) {
    if constexpr (T == Then::kGate) return gated(x, gate);
    if constexpr (T == Then::kGelu) return gelu(x);
    if constexpr (T == Then::kGeluTanh) return gelu_tanh(x);
    if constexpr (T == Then::kRelu) return _mm256_max_ps(x, _mm256_setzero_ps());
    return x;
}

// To a panel's columns of R rows, where T is an activation. Apart from the sums, which the compiler would else keep in
// memory all along.
template <Then T>
[[gnu::noinline]] void activate(float* out, size_t stride, int rows, const Gate& gate) {
    for (int r = 0; r < rows; r++, out += stride)
        for (int c = 0; c < kColumns; c += 8) _mm256_storeu_ps(out + c, activated<T>(_mm256_loadu_ps(out + c), gate));
}

constexpr bool activates(Then then) { return then != Then::kStore && then != Then::kAdd; }

template <int R, Then T>
inline void finish(const __m256i (&sums)[R][3], const float* rows, const Linear& w, int column, float* out,
                   size_t stride, const Gate& gate) {
#pragma GCC unroll 3
    for (int c = 0; c < 3; c++) {
        const int at = column + c * 8;
        const __m256i shift = _mm256_load_si256(reinterpret_cast<const __m256i*>(w.shift.get() + at));
        const __m256 scale = _mm256_load_ps(w.scale.get() + at), bias = _mm256_load_ps(w.bias.get() + at);
#pragma GCC unroll 4
        for (int r = 0; r < R; r++) {
            __m256 y = _mm256_cvtepi32_ps(_mm256_sub_epi32(sums[r][c], shift));
            y = _mm256_fmadd_ps(y, _mm256_mul_ps(scale, _mm256_set1_ps(rows[r])), bias);
            float* place = out + r * stride + at;
            if constexpr (T == Then::kAdd) y = _mm256_add_ps(y, _mm256_loadu_ps(place));
            _mm256_storeu_ps(place, y);
        }
    }
    if constexpr (activates(T)) activate<T>(out + column, stride, R, gate);
}

template <int R, Then T>
inline void rows_by_panel(const uint8_t* a, size_t stride, const int8_t* panel, int steps, bool first, bool last,
                          __m256i* kept, const float* rows, const Linear& w, int column, float* out,
                          size_t out_stride, const Gate& gate) {
    __m256i sums[R][3];
#pragma GCC unroll 12
    for (int i = 0; i < R * 3; i++)
        sums[i / 3][i % 3] = first ? _mm256_setzero_si256() : _mm256_load_si256(kept + i);
    tile<R>(a, stride, panel, steps, sums);
    if (last)
        finish<R, T>(sums, rows, w, column, out, out_stride, gate);
    else
#pragma GCC unroll 12
        for (int i = 0; i < R * 3; i++) _mm256_store_si256(kept + i, sums[i / 3][i % 3]);
}

// out = then(a w + bias) for at most kTogether rows; out has w.panels * 24 columns a row.
template <Then T>
void multiply(const uint8_t* a, size_t stride, const float* rows, int count, const Linear& w, float* out,
              size_t out_stride, const Gate& gate) {
    alignas(64) __m256i kept[kTogether * 3];
    for (int p = 0; p < w.panels; p++) {
        const int8_t* panel = w.weights.get() + (size_t)p * w.steps * kBlock;
        for (int from = 0; from < w.steps; from += kDeep) {
            const int steps = std::min(kDeep, w.steps - from);
            const bool first = from == 0, last = from + steps == w.steps;
            const int8_t* part = panel + (size_t)from * kBlock;
            const uint8_t* start = a + (size_t)from * kStep;
            in_groups<kRows, 1>(count, [&](auto group, int r) {
                rows_by_panel<group, T>(start + r * stride, stride, part, steps, first, last, kept + r * 3, rows + r, w,
                                        p * kColumns, out + r * out_stride, out_stride, gate);
            });
        }
    }
}

// Adds R rows by a panel's part in float32 to what is in `out`, or to the bias (and the row there) at first.
template <int R, Then T>
inline void floats_by_panel(const float* a, size_t stride, const float* b, int steps, bool first, bool last,
                            const float* bias, float* out, size_t out_stride, const float* next, int lines) {
    for (int i = 0; i < lines; i++) _mm_prefetch(reinterpret_cast<const char*>(next + i * 16), _MM_HINT_T1);
    __m256 sums[R][3];
#pragma GCC unroll 4
    for (int r = 0; r < R; r++) {
#pragma GCC unroll 3
        for (int c = 0; c < 3; c++) {
            const __m256 start = _mm256_loadu_ps(bias + c * 8), place = _mm256_loadu_ps(out + r * out_stride + c * 8);
            sums[r][c] = !first ? place : T == Then::kAdd ? _mm256_add_ps(start, place) : start;
        }
    }
    for (int s = 0; s < steps; s++, b += kColumns) {
        const __m256 w[3] = {_mm256_load_ps(b), _mm256_load_ps(b + 8), _mm256_load_ps(b + 16)};
#pragma GCC unroll 4
        for (int r = 0; r < R; r++) {
            const __m256 x = _mm256_broadcast_ss(a + r * stride + s);
#pragma GCC unroll 3
            for (int c = 0; c < 3; c++) sums[r][c] = _mm256_fmadd_ps(x, w[c], sums[r][c]);
        }
    }
#pragma GCC unroll 4
    for (int r = 0; r < R; r++)
#pragma GCC unroll 3
        for (int c = 0; c < 3; c++) _mm256_storeu_ps(out + r * out_stride + c * 8, sums[r][c]);
    if (activates(T) && last) activate<T>(out, out_stride, R, {});
}

// As multiply, in float32. A part of all rows stays in the second cache while the weights go by once, in their order,
// each part called for while the one before it is at work.
template <Then T>
void multiply_floats(const float* a, size_t stride, int count, const Linear& w, float* out, size_t out_stride) {
    const float* part = w.floats.get();
    for (int from = 0; from < w.inputs; from += kFloatDeep) {
        const int steps = std::min(kFloatDeep, w.inputs - from);
        const bool first = from == 0, last = from + steps == w.inputs;
        const int turns = up_to(count, kFloatRows) / kFloatRows;
        const int lines = up_to(steps * kColumns, 16 * turns) / (16 * turns);  // of the next part, for each turn
        for (int p = 0; p < w.panels; p++, part += steps * kColumns) {
            const float* bias = w.bias.get() + p * kColumns;
            const float* next = part + steps * kColumns;
            in_groups<kFloatRows, 2, 1>(count, [&](auto group, int r) {
                floats_by_panel<group, T>(a + r * stride + from, stride, part, steps, first, last, bias,
                                          out + r * out_stride + p * kColumns, out_stride,
                                          next + r / kFloatRows * lines * 16, lines);
            });
        }
    }
}

// Rows of `size` floats (a multiple of 8) as bytes around 64, and the scale of each.
void quantize(const float* x, size_t stride, int count, int size, uint8_t* out, size_t out_stride, float* scales) {
    const __m256 sign = _mm256_set1_ps(-0.0f);
    const __m256i zero = _mm256_set1_epi32(kZero);
    for (int r = 0; r < count; r++, x += stride, out += out_stride) {
        __m256 top = _mm256_setzero_ps();
        for (int i = 0; i < size; i += 8) top = _mm256_max_ps(top, _mm256_andnot_ps(sign, _mm256_loadu_ps(x + i)));
        const float most = std::max(greatest(top), 1e-30f);
        scales[r] = most / kMost;
        const __m256 by = _mm256_set1_ps(kMost / most);
        for (int i = 0; i < size; i += 8) {
            const __m256i v =
                _mm256_add_epi32(_mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + i), by)), zero);
            const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
            _mm_storel_epi64(reinterpret_cast<__m128i*>(out + i), _mm_packus_epi16(words, words));
        }
    }
}

void normalize(float* x, size_t stride, size_t count, int size, const Norm& norm, float epsilon) {
    for (size_t r = 0; r < count; r++, x += stride) {
        __m256 total = _mm256_setzero_ps();
        for (int i = 0; i < size; i += 8) total = _mm256_add_ps(total, _mm256_loadu_ps(x + i));
        const __m256 mean = _mm256_set1_ps(sum(total) / size);
        __m256 squares = _mm256_setzero_ps();
        for (int i = 0; i < size; i += 8) {
            const __m256 d = _mm256_sub_ps(_mm256_loadu_ps(x + i), mean);
            squares = _mm256_fmadd_ps(d, d, squares);
        }
        const __m256 by = _mm256_set1_ps(1.0f / std::sqrt(sum(squares) / size + epsilon));
        for (int i = 0; i < size; i += 8) {
            const __m256 d = _mm256_mul_ps(_mm256_sub_ps(_mm256_loadu_ps(x + i), mean), by);
            _mm256_storeu_ps(x + i, _mm256_fmadd_ps(d, _mm256_loadu_ps(norm.scale.data() + i),
                                                    _mm256_loadu_ps(norm.shift.data() + i)));
        }
    }
}

// Scores of R queries against all keys, 16 at a time; keys are transposed: [size, padded].
template <int R>
inline void score(const float* q, size_t stride, const float* keys, int padded, int size, float* scores) {
    for (int j = 0; j < padded; j += 16) {
        __m256 sums[R][2];
#pragma GCC unroll 6
        for (int r = 0; r < R; r++) sums[r][0] = sums[r][1] = _mm256_setzero_ps();
        for (int i = 0; i < size; i++) {
            const __m256 a = _mm256_load_ps(keys + (size_t)i * padded + j);
            const __m256 b = _mm256_load_ps(keys + (size_t)i * padded + j + 8);
#pragma GCC unroll 6
            for (int r = 0; r < R; r++) {
                const __m256 x = _mm256_broadcast_ss(q + r * stride + i);
                sums[r][0] = _mm256_fmadd_ps(x, a, sums[r][0]);
                sums[r][1] = _mm256_fmadd_ps(x, b, sums[r][1]);
            }
        }
#pragma GCC unroll 6
        for (int r = 0; r < R; r++) {
            _mm256_store_ps(scores + (size_t)r * padded + j, sums[r][0]);
            _mm256_store_ps(scores + (size_t)r * padded + j + 8, sums[r][1]);
        }
    }
}

// Values weighted by R rows of scores, V * 8 features at a time.
template <int R, int V>
inline void mix(const float* scores, int padded, const float* v, size_t stride, int length, const float* by,
                float* out, size_t out_stride) {
    __m256 sums[R][V];
#pragma GCC unroll 6
    for (int r = 0; r < R; r++)
#pragma GCC unroll 2
        for (int c = 0; c < V; c++) sums[r][c] = _mm256_setzero_ps();
    for (int j = 0; j < length; j++, v += stride) {
        __m256 values[V];
#pragma GCC unroll 2
        for (int c = 0; c < V; c++) values[c] = _mm256_loadu_ps(v + c * 8);
#pragma GCC unroll 6
        for (int r = 0; r < R; r++) {
            const __m256 p = _mm256_broadcast_ss(scores + (size_t)r * padded + j);
#pragma GCC unroll 2
            for (int c = 0; c < V; c++) sums[r][c] = _mm256_fmadd_ps(p, values[c], sums[r][c]);
        }
    }
#pragma GCC unroll 6
    for (int r = 0; r < R; r++)
#pragma GCC unroll 2
        for (int c = 0; c < V; c++)
            _mm256_storeu_ps(out + r * out_stride + c * 8, _mm256_mul_ps(sums[r][c], _mm256_set1_ps(by[r])));
}

template <int R>
void attend_rows(const float* q, const float* keys, const float* v, size_t stride, int length, int padded, int size,
                 float* scores, float* out, size_t out_stride) {
    score<R>(q, stride, keys, padded, size, scores);
    float by[R];
    for (int r = 0; r < R; r++) {
        float* row = scores + (size_t)r * padded;
        for (int j = length; j < padded; j++) row[j] = -1e30f;
        __m256 top = _mm256_load_ps(row);
        for (int j = 8; j < padded; j += 8) top = _mm256_max_ps(top, _mm256_load_ps(row + j));
        const __m256 most = _mm256_set1_ps(greatest(top));
        __m256 total = _mm256_setzero_ps();
        for (int j = 0; j < padded; j += 8) {
            // What is 87 and more below the greatest, as padding is, must add nothing.
            const __m256 d = _mm256_sub_ps(_mm256_load_ps(row + j), most);
            const __m256 near = _mm256_cmp_ps(d, _mm256_set1_ps(-87.0f), _CMP_GT_OQ);
            const __m256 e = _mm256_and_ps(exponential(d), near);
            _mm256_store_ps(row + j, e);
            total = _mm256_add_ps(total, e);
        }
        by[r] = 1.0f / sum(total);
    }
    int f = 0;
    for (; f + 16 <= size; f += 16) mix<R, 2>(scores, padded, v + f, stride, length, by, out + f, out_stride);
    for (; f < size; f += 8) mix<R, 1>(scores, padded, v + f, stride, length, by, out + f, out_stride);
}

// 8 rows of 8, rows becoming columns.
inline void turn(__m256 (&r)[8]) {
    __m256 t[8], u[8];
    for (int i = 0; i < 8; i += 2) {
        t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
        t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        u[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
        u[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
        u[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
        u[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
    }
    for (int i = 0; i < 4; i++) {
        r[i] = _mm256_permute2f128_ps(u[i], u[i + 4], 0x20);
        r[i + 4] = _mm256_permute2f128_ps(u[i], u[i + 4], 0x31);
    }
}

void attend(const float* q, const float* k, const float* v, size_t stride, int length, int size, Buffer<float>& keys,
            Buffer<float>& scores, float* out, size_t out_stride) {
    const int padded = up_to(length, 16);
    float* turned = keys.need((size_t)size * padded);
    for (int j = 0; j < padded; j += 8) {
        for (int i = 0; i < size; i += 8) {
            __m256 rows[8];
            for (int r = 0; r < 8; r++)
                rows[r] = j + r < length ? _mm256_loadu_ps(k + (j + r) * stride + i) : _mm256_setzero_ps();
            turn(rows);
            for (int r = 0; r < 8; r++) _mm256_store_ps(turned + (size_t)(i + r) * padded + j, rows[r]);
        }
    }
    float* space = scores.need((size_t)6 * padded);
    in_groups<6, 4, 2, 1>(length, [&](auto group, int r) {
        attend_rows<group>(q + r * stride, turned, v, stride, length, padded, size, space, out + r * out_stride,
                           out_stride);
    });
}

struct Scratch {
    Buffer<float> x, qkv, mixed, inner, keys, scores, scales;
    Buffer<uint8_t> bytes;
};

// out = then(in w + bias) for at most kTogether rows of w.inputs floats, in the layer's own precision.
template <Then T>
void apply(const Linear& w, const float* in, size_t stride, int count, float* out, size_t out_stride, const Gate& gate,
           Scratch& scratch) {
    if (w.exact) return multiply_floats<T>(in, stride, count, w, out, out_stride);
    const size_t row = (size_t)w.steps * kStep;
    uint8_t* bytes = scratch.bytes.need(kTogether * row);
    float* scales = scratch.scales.need(kTogether);
    quantize(in, stride, count, w.inputs, bytes, row, scales);
    multiply<T>(bytes, row, scales, count, w, out, out_stride, gate);
}

}  // namespace

bool available() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

double peak(double seconds) {
    constexpr int steps = 48;
    alignas(64) static int8_t panel[steps * kBlock] = {};
    alignas(64) static uint8_t rows[kRows * steps * kStep] = {};
    __m256i sums[kRows][3];
    __m256i kept = _mm256_setzero_si256();
    const auto now = [] {  // time of this thread alone, so that a busy machine does not lower the peak
        timespec t;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return t.tv_sec + t.tv_nsec * 1e-9;
    };
    const double begin = now();
    double spent = 0, done = 0;
    while (spent < seconds) {
        for (int i = 0; i < 1000; i++) {
            for (auto& row : sums)
                for (auto& s : row) s = _mm256_setzero_si256();
            tile<kRows>(rows, steps * kStep, panel, steps, sums);
            for (auto& row : sums)
                for (auto& s : row) kept = _mm256_xor_si256(kept, s);
        }
        done += 1000.0 * steps * kStep * kColumns * kRows * 2;
        spent = now() - begin;
    }
    asm volatile("" : : "x"(kept));
    return done / spent / 1e9;
}

Linear::Linear(const float* weight, const float* given, int in, int out, bool exact_)
    : inputs(in), outputs(out), steps(up_to(in, kStep) / kStep), panels(up_to(out, kColumns) / kColumns), exact(exact_) {
    const size_t columns = (size_t)panels * kColumns;
    std::fill_n(bias.need(columns), columns, 0.0f);
    std::copy_n(given, out, bias.get());
    if (exact)
        arrange(weight);
    else
        quantize(weight);
}

void Linear::quantize(const float* weight) {
    const size_t columns = (size_t)panels * kColumns, size = (size_t)panels * steps * kBlock;
    int8_t* packed = weights.need(size);
    std::memset(packed, 0, size);
    std::fill_n(shift.need(columns), columns, 0);
    std::fill_n(scale.need(columns), columns, 0.0f);
    std::vector<float> most(outputs, 1e-30f);
    for (int i = 0; i < inputs; i++)
        for (int o = 0; o < outputs; o++)
            most[o] = std::max(most[o], std::fabs(weight[(size_t)i * outputs + o]));
    for (int o = 0; o < outputs; o++) scale.get()[o] = most[o] / kWeight;
    for (int i = 0; i < inputs; i++) {
        for (int o = 0; o < outputs; o++) {
            const int value = (int)std::nearbyint(weight[(size_t)i * outputs + o] / most[o] * kWeight);
            const size_t block = ((size_t)(o / kColumns) * steps + i / kStep) * kBlock;
            const int half = i % kStep / 4, column = o % kColumns;
            packed[block + half * (kBlock / 2) + column * 4 + i % 4] = (int8_t)value;
            shift.get()[o] += value * kZero;
        }
    }
}

// By parts of kFloatDeep inputs, in them by panels, in them by inputs: the order in which multiply_floats reads.
void Linear::arrange(const float* weight) {
    float* at = floats.need((size_t)panels * kColumns * inputs);
    for (int from = 0; from < inputs; from += kFloatDeep)
        for (int p = 0; p < panels; p++)
            for (int i = from; i < std::min(from + kFloatDeep, inputs); i++)
                for (int o = p * kColumns; o < (p + 1) * kColumns; o++)
                    *at++ = o < outputs ? weight[(size_t)i * outputs + o] : 0.0f;
}

Encoder::Encoder(int hidden, int heads, float epsilon, Activation activation, bool exact, std::vector<float> gate,
                 float gate_end)
    : hidden_(hidden), heads_(heads), epsilon_(epsilon), activation_(activation), exact_(exact), gate_(std::move(gate)),
      gate_end_(gate_end) {
    if (hidden <= 0 || heads <= 0 || hidden % heads || hidden / heads % 8)
        throw std::invalid_argument("the size of a head must be a multiple of 8");
}

void Encoder::embeddings(std::vector<float> word, std::vector<float> position, std::vector<float> type, Norm norm) {
    word_ = std::move(word);
    position_ = std::move(position);
    type_ = std::move(type);
    norm_ = std::move(norm);
}

void Encoder::head(std::vector<float> weight, std::vector<float> bias) {
    head_ = std::move(weight);
    head_bias_ = std::move(bias);
}

void Encoder::run(const int32_t* ids, const int32_t* types, const int32_t* positions, size_t tokens,
                  const int32_t* lengths, size_t windows, float* logits) const {
    static thread_local Scratch scratch;
    const int size = hidden_ / heads_;
    const size_t wide = up_to(hidden_, kColumns);
    float* x = scratch.x.need(tokens * wide);
    float* mixed = scratch.mixed.need(tokens * wide);
    for (size_t t = 0; t < tokens; t++) {
        float* row = x + t * wide;
        const float* word = word_.data() + (size_t)ids[t] * hidden_;
        const float* place = position_.empty() ? nullptr : position_.data() + (size_t)positions[t] * hidden_;
        const float* kind = type_.empty() ? nullptr : type_.data() + (size_t)types[t] * hidden_;
        for (int i = 0; i < hidden_; i++) row[i] = word[i] + (place ? place[i] : 0.f) + (kind ? kind[i] : 0.f);
    }
    normalize(x, wide, tokens, hidden_, norm_, epsilon_);
    const Gate gate{gate_.data(), (int)gate_.size(), gate_end_};

    const auto inward = activation_ == Activation::kRelu  ? &apply<Then::kRelu>
                        : !exact_                         ? &apply<Then::kGate>
                        : activation_ == Activation::kGelu ? &apply<Then::kGelu>
                                                           : &apply<Then::kGeluTanh>;

    // Rows that go together: as many in each turn, so that none pays for a few.
    const size_t turns = (tokens + kTogether - 1) / kTogether;
    const size_t together = turns ? up_to((int)((tokens + turns - 1) / turns), kRows * kFloatRows) : 0;

    for (const Layer& layer : layers_) {
        const size_t three = (size_t)layer.qkv.panels * kColumns, inner_wide = (size_t)layer.up.panels * kColumns;
        float* qkv = scratch.qkv.need(tokens * three);
        float* inner = scratch.inner.need(kTogether * inner_wide);
        for (size_t t = 0; t < tokens; t += together) {
            const int count = (int)std::min<size_t>(together, tokens - t);
            apply<Then::kStore>(layer.qkv, x + t * wide, wide, count, qkv + t * three, three, gate, scratch);
        }
        size_t first = 0;
        for (size_t w = 0; w < windows; w++) {
            for (int h = 0; h < heads_; h++) {
                const float* at = qkv + first * three + (size_t)h * size;
                attend(at, at + hidden_, at + 2 * hidden_, three, lengths[w], size, scratch.keys, scratch.scores,
                       mixed + first * wide + (size_t)h * size, wide);
            }
            first += lengths[w];
        }
        for (size_t t = 0; t < tokens; t += together) {
            const int count = (int)std::min<size_t>(together, tokens - t);
            float* rows = x + t * wide;
            apply<Then::kAdd>(layer.out, mixed + t * wide, wide, count, rows, wide, gate, scratch);
            normalize(rows, wide, count, hidden_, layer.first, epsilon_);
            inward(layer.up, rows, wide, count, inner, inner_wide, gate, scratch);
            apply<Then::kAdd>(layer.down, inner, inner_wide, count, rows, wide, gate, scratch);
            normalize(rows, wide, count, hidden_, layer.second, epsilon_);
        }
    }
    for (size_t t = 0; t < tokens; t++) {
        for (int o = 0; o < 2; o++) {
            __m256 total = _mm256_setzero_ps();
            for (int i = 0; i < hidden_; i += 8)
                total = _mm256_fmadd_ps(_mm256_loadu_ps(x + t * wide + i), _mm256_loadu_ps(head_.data() + o * hidden_ + i),
                                        total);
            logits[t * 2 + o] = sum(total) + head_bias_[o];
        }
    }
}

}  // namespace drystone::reader

#else

namespace drystone::reader {

namespace {
[[noreturn]] void refuse() { throw std::runtime_error("this build of the kernel is for processors with AVX2"); }
}  // namespace

bool available() { return false; }
double peak(double) { refuse(); }
Linear::Linear(const float*, const float*, int, int, bool) { refuse(); }
Encoder::Encoder(int, int, float, Activation, bool, std::vector<float>, float) { refuse(); }
void Encoder::embeddings(std::vector<float>, std::vector<float>, std::vector<float>, Norm) {}
void Encoder::head(std::vector<float>, std::vector<float>) {}
void Encoder::run(const int32_t*, const int32_t*, const int32_t*, size_t, const int32_t*, size_t, float*) const {}

}  // namespace drystone::reader

#endif
