// Lays weights out as the variants read them.
#include "encoder.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace drystone::reader {

namespace {

void quantize(const float* weight, const Variant& variant, Linear& w) {
    const int columns = variant.columns, inputs = w.inputs, outputs = w.outputs;
    const size_t all = (size_t)w.panels * columns, size = all * w.depth;
    int8_t* packed = w.weights.need(size);
    std::memset(packed, 0, size);
    int32_t* shift = w.shift.need(all);
    float* scale = w.scale.need(all);
    std::fill_n(shift, all, 0);
    std::fill_n(scale, all, 0.0f);
    std::vector<float> most(outputs, 1e-30f);
    for (int i = 0; i < inputs; i++)
        for (int o = 0; o < outputs; o++) most[o] = std::max(most[o], std::fabs(weight[(size_t)i * outputs + o]));
    for (int o = 0; o < outputs; o++) scale[o] = most[o] / variant.weight;
    for (int i = 0; i < inputs; i++) {
        for (int o = 0; o < outputs; o++) {
            const int value = (int)std::nearbyint(weight[(size_t)i * outputs + o] / most[o] * variant.weight);
            const size_t four = ((size_t)(o / columns) * (w.depth / 4) + i / 4) * columns * 4;
            packed[four + o % columns * 4 + i % 4] = (int8_t)value;
            shift[o] += value * variant.zero;
        }
    }
}

void arrange(const float* weight, const Variant& variant, Linear& w) {
    const int columns = variant.columns;
    float* at = w.floats.need((size_t)w.panels * columns * w.inputs);
    for (int from = 0; from < w.inputs; from += kFloatDeep)
        for (int p = 0; p < w.panels; p++)
            for (int i = from; i < std::min(from + kFloatDeep, w.inputs); i++)
                for (int o = p * columns; o < (p + 1) * columns; o++)
                    *at++ = o < w.outputs ? weight[(size_t)i * w.outputs + o] : 0.0f;
}

}  // namespace

Linear Encoder::linear(const float* weight, const float* bias, int inputs, int outputs) const {
    Linear w;
    w.inputs = inputs, w.outputs = outputs;
    w.depth = (inputs + 7) / 8 * 8;
    w.panels = (outputs + variant->columns - 1) / variant->columns;
    const size_t all = (size_t)w.panels * variant->columns;
    std::fill_n(w.bias.need(all), all, 0.0f);
    std::copy_n(bias, outputs, w.bias.get());
    if (exact)
        arrange(weight, *variant, w);
    else
        quantize(weight, *variant, w);
    return w;
}

void Encoder::set_distance(const float* table, int most) {
    reach = most;
    distance.assign(table, table + (size_t)heads * (2 * reach + 1));
    distance.resize(distance.size() + kPast);
}

const Variant* const kVariants[] = {
#if defined(__x86_64__)
    &avx512_bf16_variant, &avx512_vnni_variant, &avx2_variant,
#elif defined(__aarch64__)
    &neon_dotprod_variant, &neon_variant,
#endif
    &plain_variant, nullptr};

}  // namespace drystone::reader
