// Plain C++: any little-endian 64-bit processor (ARM among them).
#include "rule.hpp"

namespace drystone::dedup {
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

}  // namespace
}  // namespace drystone::dedup

#include "scan.hpp"

namespace drystone::dedup {
constexpr Variant plain_variant = table(&kPlain);
}
