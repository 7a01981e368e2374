// Plain C++. Products and sums are rounded one by one, so that the same bits come out on every processor.
#include "four.hpp"

namespace drystone::reader {
namespace {

constexpr int kRows = 3;       // in int8: rows whose sums fit the registers
constexpr int kFloatRows = 3;  // in float32
constexpr int kQueries = 6;    // of attention

inline Floats fma(Floats a, Floats b, Floats c) { return a * b + c; }
inline Floats fnma(Floats a, Floats b, Floats c) { return c - a * b; }

// Adds R rows of activations by `deep` inputs of one panel to sums.
template <int R>
inline void tile(const uint8_t* a, size_t stride, const int8_t* b, int deep, Ints (&sums)[R][3]) {
    for (int i = 0; i < deep; i += 4, b += 48, a += 4) {
        for (int r = 0; r < R; r++) {
            for (int c = 0; c < 12; c++) {
                int32_t sum = 0;
                for (int k = 0; k < 4; k++) sum += (int8_t)a[r * stride + k] * b[c * 4 + k];
                sums[r][c / 4][c % 4] += sum;
            }
        }
    }
}

}  // namespace
}  // namespace drystone::reader

#include "forward.hpp"

namespace drystone::reader {
constexpr Variant plain_variant = table(&kPlain);
}
