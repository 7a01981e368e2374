// A small encoder with made-up weights, and windows for it: what its self-test and its fuzz target run.
#pragma once

#include <numeric>

#include "common/checks.hpp"
#include "encoder.hpp"

namespace drystone::reader {

struct Shape {
    int hidden, heads, inner, layers;
    Activation activation;
    bool relative = false;  // attention's scores depend on the distance as well
};

inline std::vector<float> numbers(checks::Random& random, size_t count, float size) {
    std::vector<float> out(count);
    for (float& x : out) x = random.signed_unit() * size;
    return out;
}

// The same weights for every variant and precision.
inline void fill(Encoder& e, const Shape& shape, uint64_t seed) {
    constexpr int kWords = 50, kPositions = 130, kTypes = 2;
    checks::Random random(seed);
    const int h = shape.hidden;
    const auto linear = [&](int inputs, int outputs) {
        const std::vector<float> weight =
            numbers(random, (size_t)inputs * outputs, 1.5f / __builtin_sqrtf((float)inputs));
        return e.linear(weight.data(), numbers(random, outputs, 0.1f).data(), inputs, outputs);
    };
    const auto norm = [&] {
        Norm n{numbers(random, h, 0.1f), numbers(random, h, 0.1f)};
        for (float& x : n.scale) x += 1;
        return n;
    };
    e.word = numbers(random, (size_t)kWords * h, 1), e.position = numbers(random, (size_t)kPositions * h, 1);
    e.type = numbers(random, (size_t)kTypes * h, 1), e.norm = norm();
    for (int i = 0; i < shape.layers; i++) {
        Linear qkv = linear(h, 3 * h), out = linear(h, h), up = linear(h, shape.inner), down = linear(shape.inner, h);
        e.layers.push_back({std::move(qkv), std::move(out), std::move(up), std::move(down), norm(), norm()});
    }
    e.head = numbers(random, 2 * (size_t)h, 0.2f), e.head_bias = numbers(random, 2, 0.2f);
    const int reach = kPositions - 1;
    if (shape.relative) e.set_distance(numbers(random, (size_t)e.heads * (2 * reach + 1), 1).data(), reach);
}

// Logits of windows of the given lengths, of tokens `first`, `first` + 1 and so on of a made-up text.
inline std::vector<float> logits_of(const Variant& variant, const Shape& shape, bool exact, uint64_t seed,
                                    const std::vector<int32_t>& lengths, size_t first = 0) {
    const std::vector<float> gate =
        shape.activation == Activation::kRelu ? std::vector<float>() : std::vector<float>{8.0e-4f, -2.2e-2f, 0.36f};
    Encoder e(&variant, shape.hidden, shape.heads, 1e-12f, shape.activation, exact, gate, 3.0f);
    fill(e, shape, seed);
    const size_t tokens = std::accumulate(lengths.begin(), lengths.end(), (size_t)0);
    std::vector<int32_t> ids(tokens), types(tokens), positions(tokens);
    size_t t = 0;
    for (const int32_t length : lengths) {
        for (int32_t i = 0; i < length; i++, t++) {
            ids[t] = (int32_t)(((first + t) * 2654435761u >> 7) % e.words());
            types[t] = i % 2, positions[t] = i;
        }
    }
    std::vector<float> logits(2 * tokens);
    variant.run(e, {ids.data(), types.data(), positions.data(), lengths.data(), tokens, lengths.size()}, logits.data());
    return logits;
}

// Variants sum in orders of their own, with and without fused products: float32 logits are as near as tests/reader asks
// of them beside the reference.
inline bool near(const std::vector<float>& a, const std::vector<float>& b) {
    for (size_t i = 0; i < a.size(); i++) {
        if (!(__builtin_fabsf(a[i] - b[i]) <= 2e-5f + 1e-4f * __builtin_fabsf(b[i]))) return false;
    }
    return a.size() == b.size();
}

}  // namespace drystone::reader
