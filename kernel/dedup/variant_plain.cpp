// Plain C++: any little-endian 64-bit processor (ARM among them).
#include "rule.hpp"
#include "variants.hpp"

namespace {

struct Table {
  uint8_t is_token[256];
  constexpr Table() : is_token() {
    for (int c = 0; c < 256; c++) {
      is_token[c] =
          c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
    }
  }
};
constexpr Table kTable;

inline uint64_t token_mask(const uint8_t* p) {
  uint64_t mask = 0;
  for (int i = 0; i < 64; i++) mask |= (uint64_t)kTable.is_token[p[i]] << i;
  return mask;
}

#include "scan.hpp"

bool supported() { return true; }

}  // namespace

namespace drystone {
const Variant plain_variant = {"plain",  supported,       tokens,       token_hashes, shingles,
                               ::one_permutation, ::permutations, ::least, ::band_keys};

Seeded seeded(uint64_t seed) {
  Keys keys = make_keys(seed);
  return Seeded{keys.low, keys.high, keys.odd};
}
}  // namespace drystone
