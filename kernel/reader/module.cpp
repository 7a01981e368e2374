// The Python face of drystone.reader's kernel: shapes and indexes are checked here, arithmetic runs without the GIL.
#include "common/python.hpp"
#include "encoder.hpp"

using namespace drystone;
using namespace drystone::reader;

using Matrix = Input<float, 2>;
using Vector = Input<float>;
using Integers = Input<int32_t>;

namespace {

void same(size_t found, size_t wanted, const char* what) {
    if (found != wanted)
        throw std::invalid_argument(std::string(what) + " has " + std::to_string(found) + " values, not " +
                                    std::to_string(wanted));
}

std::vector<float> copied(const Vector& v) { return {v.data(), v.data() + v.size()}; }
std::vector<float> copied(const Matrix& m) { return {m.data(), m.data() + m.size()}; }

Linear linear(const Encoder& e, const Matrix& weight, const Vector& bias) {
    same(bias.size(), weight.shape(1), "bias");
    return e.linear(weight.data(), bias.data(), (int)weight.shape(0), (int)weight.shape(1));
}

Activation activation(const std::string& name) {
    if (name == "relu") return Activation::kRelu;
    if (name == "gelu") return Activation::kGelu;
    if (name == "gelu_tanh") return Activation::kGeluTanh;
    throw std::invalid_argument("activation is " + name);
}

Norm norm(const Vector& scale, const Vector& shift, int size) {
    same(scale.size(), size, "scale");
    same(shift.size(), size, "shift");
    return {copied(scale), copied(shift)};
}

void inside(const Integers& values, size_t count, size_t end, const char* what) {
    same(values.size(), count, what);
    for (size_t i = 0; i < count; i++)
        if (values.data()[i] < 0 || (size_t)values.data()[i] >= end)
            throw std::invalid_argument(std::string(what) + " holds " + std::to_string(values.data()[i]));
}

}  // namespace

NB_MODULE(_kernel, m) {
    m.doc() = "A BERT-shaped encoder in int8 or float32 over windows without padding, without the GIL.";
    bind_variants(m, kVariants);
    m.def(
        "peak",
        [](double seconds, const std::string& name) {
            const Variant& chosen = choose(kVariants, name);
            nb::gil_scoped_release release;
            return chosen.peak(seconds);
        },
        nb::arg("seconds"), nb::arg("variant") = "");
    nb::class_<Encoder>(m, "Encoder")
        .def("__init__",
             [](Encoder* e, const std::string& chosen, int hidden, int heads, float epsilon, const std::string& name,
                bool exact, std::vector<float> gate, float gate_end) {
                 if (hidden <= 0 || heads <= 0 || hidden % heads || hidden / heads % 8)
                     throw std::invalid_argument("the size of a head must be a multiple of 8");
                 const Activation after = activation(name);
                 if (gate.empty() && !exact && after != Activation::kRelu)
                     throw std::invalid_argument("the gate of " + name + " is missing");
                 new (e) Encoder(&choose(kVariants, chosen), hidden, heads, epsilon, after, exact, std::move(gate),
                                 gate_end);
             })
        .def("embeddings",
             [](Encoder& e, Matrix word, Matrix position, Matrix type, Vector scale, Vector shift) {
                 for (const Matrix* table : {&word, &position, &type})
                     same(table->shape(1), e.hidden, "a row of a table");
                 e.word = copied(word), e.position = copied(position), e.type = copied(type);
                 e.norm = norm(scale, shift, e.hidden);
             })
        .def("layer",
             [](Encoder& e, Matrix qkv, Vector qkv_b, Matrix out, Vector out_b, Vector g1, Vector b1, Matrix up,
                Vector up_b, Matrix down, Vector down_b, Vector g2, Vector b2) {
                 const size_t h = e.hidden;
                 for (const Matrix* w : {&qkv, &out, &up}) same(w->shape(0), h, "a column of weights");
                 same(qkv.shape(1), 3 * h, "a row of qkv");
                 same(out.shape(1), h, "a row of out");
                 same(down.shape(1), h, "a row of down");
                 same(down.shape(0), up.shape(1), "a column of down");
                 if (up.shape(1) % 8) throw std::invalid_argument("the inner size must be a multiple of 8");
                 e.layers.push_back({linear(e, qkv, qkv_b), linear(e, out, out_b), linear(e, up, up_b),
                                     linear(e, down, down_b), norm(g1, b1, (int)h), norm(g2, b2, (int)h)});
             })
        .def("distance",
             [](Encoder& e, Matrix table) {
                 same(table.shape(0), e.heads, "a column of distances");
                 if (table.shape(1) % 2 == 0) throw std::invalid_argument("a row of distances has no middle");
                 e.set_distance(table.data(), (int)(table.shape(1) / 2));
             })
        .def("head",
             [](Encoder& e, Matrix weight, Vector bias) {
                 same(weight.size(), 2 * (size_t)e.hidden, "head");
                 same(bias.size(), 2, "head bias");
                 e.head = copied(weight), e.head_bias = copied(bias);
             })
        .def("run", [](const Encoder& e, Integers ids, Integers types, Integers positions, Integers lengths,
                       Filled<float, 2> logits) {
            const size_t tokens = ids.size();
            inside(ids, tokens, e.words(), "ids");
            inside(types, tokens, e.types() ? e.types() : SIZE_MAX, "types");
            inside(positions, tokens, e.positions() ? e.positions() : SIZE_MAX, "positions");
            inside(lengths, lengths.size(), e.distance.empty() ? tokens + 1 : e.reach + 2, "lengths");
            size_t total = 0;
            for (size_t i = 0; i < lengths.size(); i++) total += lengths.data()[i];
            same(total, tokens, "lengths, added up,");
            same(logits.size(), 2 * tokens, "logits");
            if (e.head.empty() || e.word.empty())
                throw std::invalid_argument("the encoder has no head or no words yet");
            nb::gil_scoped_release release;
            e.variant->run(e, {ids.data(), types.data(), positions.data(), lengths.data(), tokens, lengths.size()},
                           logits.data());
        });
}
