#include "common/instruction_sets.hpp"

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

namespace drystone {

namespace {

bool always() { return true; }

#if defined(__x86_64__)
bool avx2() {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}
bool avx512() {
    return avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
bool avx512_vnni() { return avx512() && __builtin_cpu_supports("avx512vnni"); }
bool avx512_bf16() { return avx512_vnni() && __builtin_cpu_supports("avx512bf16"); }
#elif defined(__aarch64__)
bool dotprod() {
#if defined(__linux__)
    return (getauxval(AT_HWCAP) & (1u << 20)) != 0;  // HWCAP_ASIMDDP
#elif defined(__APPLE__)
    return true;  // every Apple processor of this kind
#else
    return false;
#endif
}
#endif

}  // namespace

const InstructionSet kPlain = {"plain", always};
#if defined(__x86_64__)
const InstructionSet kAvx2 = {"avx2", avx2};
const InstructionSet kAvx512 = {"avx512", avx512};
const InstructionSet kAvx512Vnni = {"avx512-vnni", avx512_vnni};
const InstructionSet kAvx512Bf16 = {"avx512-bf16", avx512_bf16};
#elif defined(__aarch64__)
const InstructionSet kNeon = {"neon", always};
const InstructionSet kNeonDotprod = {"neon-dotprod", dotprod};
#endif

}  // namespace drystone
