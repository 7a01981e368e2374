// A BERT-shaped encoder with a span head: linear layers in int8 or float32, the rest in float32, windows packed without
// padding.
//
// In int8, weights are rounded per output and activations per token, both around zero; a variant says how finely. Every
// token's result depends on its own window alone, so that the same window gives the same bits in any company.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>
#include <vector>

#include "common/instruction_sets.hpp"

namespace drystone::reader {

// Memory that starts on a cache line and is never smaller than asked for. Inlined, since variants of several
// instruction sets use it and the linker would keep one of their copies for all.
template <class T>
class Buffer {
  public:
    Buffer() = default;
    Buffer(Buffer&& other) noexcept : data_(other.data_), size_(other.size_) { other.data_ = nullptr, other.size_ = 0; }
    Buffer& operator=(Buffer&&) = delete;
    [[gnu::always_inline]] ~Buffer() { std::free(data_); }

    [[gnu::always_inline]] T* need(size_t count) {
        if (count > size_) {
            const size_t bytes = (count * sizeof(T) + 127) / 64 * 64;
            std::free(data_);
            data_ = static_cast<T*>(std::aligned_alloc(64, bytes));
            size_ = data_ ? count : 0;
            if (!data_) throw std::bad_alloc();
        }
        return data_;
    }
    [[gnu::always_inline]] T* get() const { return data_; }

  private:
    T* data_ = nullptr;
    size_t size_ = 0;
};

// A linear layer in panels of a variant's number of outputs, as its inner loop reads them.
// int8: by panels, in them by 4 inputs, in them by outputs. float32: by parts of kFloatDeep inputs, in them by panels,
// in them by inputs.
struct Linear {
    int inputs = 0, outputs = 0, panels = 0;
    int depth = 0;  // inputs, padded to a multiple of 8 with weights of zero
    Buffer<int8_t> weights;
    Buffer<int32_t> shift;  // what the activations' zero adds to each sum
    Buffer<float> scale, bias, floats;
};

constexpr int kPast = 64;
constexpr int kFloatDeep = 192;  // inputs of a panel whose float32 weights stay in the first cache

enum class Activation { kRelu, kGelu, kGeluTanh };

struct Norm {
    std::vector<float> scale, shift;
};

struct Layer {
    Linear qkv, out, up, down;
    Norm first, second;
};

// Windows one after another: `lengths` sum to `tokens`.
struct Windows {
    const int32_t *ids, *types, *positions, *lengths;
    size_t tokens, count;
};

struct Encoder;

// What an instruction set offers.
struct Variant {
    const InstructionSet* set;
    int columns;             // outputs of a panel
    int weight, most, zero;  // int8: greatest weight, greatest activation, and what is added to activations
    void (*run)(const Encoder&, const Windows&, float* logits);  // logits: [tokens, 2]
    // 10^9 multiplications and additions a second of the int8 inner loop with operands at hand.
    double (*peak)(double seconds);
};

extern const Variant plain_variant, avx2_variant, avx512_vnni_variant, avx512_bf16_variant, neon_variant,
    neon_dotprod_variant;

// All variants of this kind of processor, fastest first, ending with null.
extern const Variant* const kVariants[];

struct Encoder {
    Encoder(const Variant* variant, int hidden, int heads, float epsilon, Activation activation, bool exact,
            std::vector<float> gate, float gate_end)
        : variant(variant),
          hidden(hidden),
          heads(heads),
          epsilon(epsilon),
          activation(activation),
          exact(exact),
          gate(std::move(gate)),
          gate_end(gate_end) {}
    Encoder(const Encoder&) = delete;
    Encoder& operator=(const Encoder&) = delete;

    const Variant* variant;
    int hidden, heads;
    float epsilon;
    Activation activation;
    bool exact;               // float32 throughout
    std::vector<float> gate;  // int8: the activation is x (0.5 + x times a polynomial in x^2) for |x| up to gate_end
    float gate_end;
    std::vector<float> word, position, type, head, head_bias;
    // What attention's scores get by the distance from query to key, or empty: a row of 2 reach + 1 for each head, the
    // key `reach` before the query first. Vectors are read past the end of a row: kPast numbers stand behind the last.
    std::vector<float> distance;
    int reach = 0;
    Norm norm;
    std::vector<Layer> layers;

    // weight: [inputs, outputs], row by row.
    Linear linear(const float* weight, const float* bias, int inputs, int outputs) const;

    // table: [heads, 2 reach + 1], as `distance`.
    void set_distance(const float* table, int reach);

    size_t words() const { return word.size() / hidden; }
    size_t positions() const { return position.size() / hidden; }
    size_t types() const { return type.size() / hidden; }
};

}  // namespace drystone::reader
