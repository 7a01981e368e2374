// The choice among a kernel's variants when the program runs.
//
// A kernel has a struct `Variant` that begins with `const InstructionSet* set` and goes on with pointers to functions,
// and a list of its variants, fastest first, that ends with null. Sources of variants do not include this: what the
// linker merges must not hold one variant's instructions.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "common/instruction_sets.hpp"

namespace drystone {

// The variant called `name`, or the fastest that this processor runs where `name` is empty. Throws
// std::invalid_argument where there is none.
template <class Variant>
const Variant& choose(const Variant* const* variants, const std::string& name = "") {
    for (; *variants; variants++) {
        if ((name.empty() || name == (*variants)->set->name) && (*variants)->set->supported()) return **variants;
    }
    throw std::invalid_argument("this processor does not run the kernel's variant '" + name + "'");
}

// Those that this processor runs, fastest first.
template <class Variant>
std::vector<const Variant*> supported(const Variant* const* variants) {
    std::vector<const Variant*> out;
    for (; *variants; variants++) {
        if ((*variants)->set->supported()) out.push_back(*variants);
    }
    return out;
}

}  // namespace drystone
