// What the faces of kernels to Python share: arrays in and out, bytes, the names of variants.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/dispatch.hpp"

namespace drystone {

namespace nb = nanobind;

// An array that is read, or filled, in place: of one row of numbers, or of several.
template <class T, size_t Dimensions = 1>
using Input = nb::ndarray<const T, nb::ndim<Dimensions>, nb::c_contig, nb::device::cpu>;
template <class T, size_t Dimensions = 1>
using Filled = nb::ndarray<T, nb::ndim<Dimensions>, nb::c_contig, nb::device::cpu>;

// A new numpy array that owns `values`; without a shape, of one row.
template <class T>
nb::ndarray<nb::numpy, T> array(std::vector<T>&& values, std::vector<size_t> shape = {}) {
    auto* owned = new std::vector<T>(std::move(values));
    nb::capsule owner(owned, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
    if (shape.empty()) shape = {owned->size()};
    return nb::ndarray<nb::numpy, T>(owned->data(), shape.size(), shape.data(), owner);
}

inline const uint8_t* bytes_of(const nb::bytes& text) { return reinterpret_cast<const uint8_t*>(text.c_str()); }
inline std::string_view view_of(const nb::bytes& text) { return {text.c_str(), text.size()}; }

// `variants(all=False)` of a kernel.
template <class Variant>
void bind_variants(nb::module_& m, const Variant* const* variants) {
    m.def(
        "variants",
        [variants](bool all) {
            std::vector<std::string> names;
            for (const Variant* const* v = variants; *v; v++) {
                if (all || (*v)->set->supported()) names.push_back((*v)->set->name);
            }
            return names;
        },
        nb::arg("all") = false,
        "Names of the variants that this processor runs, fastest first; with `all`, of every one.");
}

}  // namespace drystone
