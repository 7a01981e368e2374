// A BERT-shaped encoder with a span head: linear layers in int8 or float32, the rest in float32, windows packed without
// padding.
//
// In int8, weights are rounded to -64..64 per output, activations to 1..127 per token (64 is zero): two products of two then fit
// the 16 bits that AVX2 adds them in, and no sum overflows. Every token's result depends on its own window alone, so
// that the same window gives the same bits in any company.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

namespace drystone::reader {

// Whether this processor runs the code of encoder.cpp.
bool available();

// 10^9 multiplications and additions a second of the inner loop with operands at hand: what int8 can reach here.
double peak(double seconds);

template <class T>
struct Free {
    void operator()(T* p) const { std::free(p); }
};

// Memory that starts on a cache line and is never smaller than asked for.
template <class T>
class Buffer {
  public:
    T* need(size_t count) {
        if (count > size_) {
            const size_t bytes = (count * sizeof(T) + 127) / 64 * 64;
            data_.reset(static_cast<T*>(std::aligned_alloc(64, bytes)));
            if (!data_) throw std::bad_alloc();
            size_ = count;
        }
        return data_.get();
    }
    T* get() const { return data_.get(); }

  private:
    std::unique_ptr<T[], Free<T>> data_;
    size_t size_ = 0;
};

// A linear layer: weights in panels of 24 outputs, as the inner loop reads them; in int8, or in float32 where `exact`.
struct Linear {
    int inputs = 0, outputs = 0, steps = 0, panels = 0;
    bool exact = false;
    Buffer<int8_t> weights;
    Buffer<int32_t> shift;  // what the activations' zero of 64 adds to each sum
    Buffer<float> scale, bias, floats;

    Linear() = default;
    // weight: [inputs, outputs], row by row.
    Linear(const float* weight, const float* bias, int inputs, int outputs, bool exact);

  private:
    void quantize(const float* weight);
    void arrange(const float* weight);
};

enum class Activation { kRelu, kGelu, kGeluTanh };

struct Norm {
    std::vector<float> scale, shift;
};

struct Layer {
    Linear qkv, out, up, down;
    Norm first, second;
};

class Encoder {
  public:
    // gate: in int8, the activation is x times a polynomial in x^2 for |x| up to gate_end; empty for relu.
    Encoder(int hidden, int heads, float epsilon, Activation activation, bool exact, std::vector<float> gate,
            float gate_end);
    Encoder(const Encoder&) = delete;
    Encoder& operator=(const Encoder&) = delete;

    void embeddings(std::vector<float> word, std::vector<float> position, std::vector<float> type, Norm norm);
    void add(Layer layer) { layers_.push_back(std::move(layer)); }
    void head(std::vector<float> weight, std::vector<float> bias);

    int hidden() const { return hidden_; }
    bool exact() const { return exact_; }
    size_t words() const { return word_.size() / hidden_; }
    size_t positions() const { return position_.size() / hidden_; }
    size_t types() const { return type_.size() / hidden_; }

    // Windows one after another; lengths sum to tokens. logits: [tokens, 2].
    void run(const int32_t* ids, const int32_t* types, const int32_t* positions, size_t tokens, const int32_t* lengths,
             size_t windows, float* logits) const;

  private:
    int hidden_, heads_;
    float epsilon_;
    Activation activation_;
    bool exact_;
    std::vector<float> gate_;
    float gate_end_;
    std::vector<float> word_, position_, type_, head_, head_bias_;
    Norm norm_;
    std::vector<Layer> layers_;
};

}  // namespace drystone::reader
