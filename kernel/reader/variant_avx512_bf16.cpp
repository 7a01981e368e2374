// AVX-512 with VNNI and bfloat16.
#define DRYSTONE_BFLOAT16
#include "variant_avx512.cpp"
