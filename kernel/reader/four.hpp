// Vectors of four floats in the compiler's own terms, for every processor: what plain C++ and NEON share. Activations
// are signed bytes around zero.
#include <cstddef>
#include <cstdint>

namespace drystone::reader {
namespace {

typedef float Floats __attribute__((vector_size(16)));
typedef int32_t Ints __attribute__((vector_size(16)));
constexpr int kLanes = 4;
constexpr int kStep = 4;    // inputs that the int8 loop takes at once
constexpr int kDeep = 768;  // inputs of a panel that stay in the first cache while rows go by
constexpr int kWeight = 127, kMost = 127, kZero = 0;

inline Floats all(float x) { return Floats{x, x, x, x}; }
inline Floats load(const float* p) {
    Floats v;
    __builtin_memcpy(&v, p, sizeof v);
    return v;
}
inline Floats load(const float* p, int) { return load(p); }  // sizes are multiples of 8
inline void store(float* p, Floats v) { __builtin_memcpy(p, &v, sizeof v); }
inline void store(float* p, Floats v, int) { store(p, v); }
inline Floats first_of(int, Floats v) { return v; }
inline Floats larger(Floats a, Floats b) { return a > b ? a : b; }
inline Floats smaller(Floats a, Floats b) { return a < b ? a : b; }
inline Floats magnitude(Floats x) { return (Floats)((Ints)x & 0x7fffffff); }
inline Floats signed_as(Floats magnitude, Floats x) { return (Floats)((Ints)magnitude | ((Ints)x & INT32_MIN)); }
inline Floats where_negative(Floats x, Floats a, Floats b) { return (Ints)x < 0 ? a : b; }
// To even, for magnitudes below 2^22: adding 1.5 * 2^23 leaves no room for a fraction.
inline Floats nearest(Floats x) { return (x + 12582912.0f) - 12582912.0f; }
// y 2^n for whole n of at most 0; 0 for n below -126.
inline Floats times_two_to(Floats y, Floats n) {
    return y * (Floats)((__builtin_convertvector(larger(n, all(-127.0f)), Ints) + 127) << 23);
}
inline float sum(Floats v) { return (v[0] + v[2]) + (v[1] + v[3]); }
inline float greatest(Floats v) {
    const float a = v[0] > v[2] ? v[0] : v[2], b = v[1] > v[3] ? v[1] : v[3];
    return a > b ? a : b;
}

inline Ints no_ints() { return Ints{}; }
inline Ints load_ints(const int32_t* p) {
    Ints v;
    __builtin_memcpy(&v, p, sizeof v);
    return v;
}
inline Floats less(Ints a, Ints b) { return __builtin_convertvector(a - b, Floats); }

// Writes 4 numbers of -kMost..kMost, rounded.
inline void store_bytes(uint8_t* p, Floats x, int) {
    const Ints v = __builtin_convertvector(nearest(x), Ints);
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)v[i];
}

// A measurement needs the value.
inline void keep(const Ints& v) { asm volatile("" : : "m"(v)); }

using Side = Floats;
constexpr int kSide = 4;

inline void turn(Floats (&r)[4]) {
    const Floats a = r[0], b = r[1], c = r[2], d = r[3];
    for (int i = 0; i < 4; i++) r[i] = Floats{a[i], b[i], c[i], d[i]};
}

}  // namespace
}  // namespace drystone::reader
