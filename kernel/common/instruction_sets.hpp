// The instruction sets that kernels have variants for. What each is compiled with stands in kernel/CMakeLists.txt.
#pragma once

namespace drystone {

struct InstructionSet {
    const char* name;
    bool (*supported)();  // whether this processor runs it
};

// Any little-endian 64-bit processor.
extern const InstructionSet kPlain;
// x86-64: kAvx512 is F, BW, DQ and VL; the others add VNNI, and then bfloat16.
extern const InstructionSet kAvx2, kAvx512, kAvx512Vnni, kAvx512Bf16;
// AArch64, where every processor has NEON; kNeonDotprod adds the sums of four int8 products.
extern const InstructionSet kNeon, kNeonDotprod;

}  // namespace drystone
