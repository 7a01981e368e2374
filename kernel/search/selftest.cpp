// What the kernel promises, without Python: postings over the whole range of their numbers, stems, keys of terms.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "builder.hpp"
#include "query.hpp"

using namespace drystone::search;

namespace {

void check(bool holds, const char* what) {
    if (!holds) {
        std::fprintf(stderr, "does not hold: %s\n", what);
        std::exit(1);
    }
}

void golomb() {
    for (int order = 0; order < 32; order++) {
        std::vector<uint8_t> bytes;
        BitWriter writer(bytes);
        std::vector<uint64_t> values;
        for (int shift = 0; shift < 47; shift++) {
            for (uint64_t near : {0, 1, 2}) values.push_back((1ull << shift) - 1 + near);
        }
        size_t bits = 0;
        for (uint64_t value : values) {
            writer.put_golomb(value, order);
            bits += golomb_bits(value, order);
        }
        check(writer.bits() == bits, "the bits of a code are what is said of them");
        writer.to_byte();
        BitReader reader(bytes.data(), bytes.size());
        for (uint64_t value : values) check(reader.get_golomb(order) == value, "a number comes back");
        check(!reader.ended(), "no more is read than was written");
    }
}

void postings() {
    const uint32_t universe = 0xffffffff;
    std::vector<std::vector<uint32_t>> lists = {{0}, {universe - 1}, {0, universe - 1}, {}};
    for (uint32_t i = 0; i < 100'000; i += 1 + i % 7) lists.back().push_back(i);
    PostingsWriter writer(universe, false, lists.size(), 1ull << 40);
    for (size_t i = 0; i < lists.size(); i++) writer.add(i << 38, lists[i].data(), nullptr, lists[i].size());
    const std::vector<uint8_t> bytes = writer.finish();
    const PostingsReader reader(bytes.data(), bytes.size());
    for (size_t i = 0; i < lists.size(); i++) {
        std::vector<uint32_t> numbers;
        reader.read(reader.find(i << 38), numbers, nullptr);
        check(numbers == lists[i], "a list comes back");
        check(reader.find((i << 38) + 1).count == 0, "a key that was not written is not there");
    }
}

void stems() {
    const char* const words[][2] = {{"caresses", "caress"},  {"ponies", "poni"},           {"hopping", "hop"},
                                    {"relational", "relat"}, {"generalizations", "gener"}, {"sky", "sky"}};
    for (const auto& [word, expected] : words) {
        std::string copy = word;
        copy.resize(copy.size() + 2);
        copy.resize(stem(reinterpret_cast<uint8_t*>(&copy[0]), copy.size() - 2));
        check(copy == expected, word);
    }
}

}  // namespace

int main() {
    golomb();
    postings();
    stems();
    std::puts("search: all checks hold");
    return 0;
}
