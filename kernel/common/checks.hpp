// What self-tests and fuzz targets share: made-up input, digests of output, and what must hold.
//
// A self-test prints one line for each thing computed: room, instruction set, what, and a digest of the output. Lines
// are compared between instruction sets and between kinds of processors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace drystone::checks {

// Ends the program where something does not hold.
inline void check(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
}

// The same numbers on every machine (splitmix64: Steele, Lea, Flood 2014).
class Random {
  public:
    explicit Random(uint64_t seed) : state_(seed) {}
    uint64_t next() {
        uint64_t z = (state_ += 0x9e3779b97f4a7c15ull);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
        return z ^ (z >> 31);
    }
    size_t below(size_t end) { return end ? (size_t)(next() % end) : 0; }
    float signed_unit() { return (float)(int32_t)(next() >> 40) / 8388608.0f - 1.0f; }  // [-1, 1), exact

  private:
    uint64_t state_;
};

// FNV-1a over the bytes of numbers.
class Digest {
  public:
    template <class T>
    Digest& add(const T* values, size_t count) {
        const auto* p = reinterpret_cast<const unsigned char*>(values);
        for (size_t i = 0; i < count * sizeof(T); i++) hash_ = (hash_ ^ p[i]) * 0x100000001b3ull;
        return *this;
    }
    template <class T>
    Digest& add(const std::vector<T>& values) {
        return add<size_t>(values.size()).add(values.data(), values.size());
    }
    template <class T>
    Digest& add(const T& value) {
        return add(&value, 1);
    }
    Digest& add(std::string_view text) { return add<size_t>(text.size()).add(text.data(), text.size()); }
    uint64_t value() const { return hash_; }

  private:
    uint64_t hash_ = 0xcbf29ce484222325ull;
};

inline void report(const char* room, const char* set, const char* what, const Digest& digest) {
    std::printf("%s %s %s %016llx\n", room, set, what, (unsigned long long)digest.value());
}

// A copy exactly as large as its bytes, so that a sanitizer sees one byte too many.
struct Text {
    uint8_t* data;
    size_t size;
    Text(const void* from, size_t n) : data(static_cast<uint8_t*>(std::malloc(n ? n : 1))), size(n) {
        if (n) std::memcpy(data, from, n);
    }
    explicit Text(std::string_view text) : Text(text.data(), text.size()) {}
    ~Text() { std::free(data); }
    Text(const Text&) = delete;
    Text& operator=(const Text&) = delete;
    const uint8_t* end() const { return data + size; }
    std::string_view view() const { return {reinterpret_cast<const char*>(data), size}; }
};

// Texts of many lengths: some like source code, some of any bytes.
inline std::vector<std::string> texts(size_t count) {
    static const char* const kWords[] = {"return",
                                         "x",
                                         "i++",
                                         "License",
                                         "Copyright (c) 2020",
                                         "0x1f",
                                         "\"key\": \"a9Fk3\"",
                                         "//",
                                         "#",
                                         "\xc3\xa9t\xc3\xa9",
                                         "licence",
                                         "if (",
                                         "{",
                                         "}",
                                         "192.168.0.1",
                                         "::1",
                                         "a@b.cd",
                                         "4111 1111 1111 1111",
                                         "\\u00e9",
                                         "def f(self):",
                                         "SPDX-License-Identifier: MIT",
                                         "permission is hereby granted",
                                         "/*",
                                         "*/"};
    std::vector<std::string> out;
    Random random(2026);
    for (size_t i = 0; i < count; i++) {
        std::string text;
        const size_t size = i < 70 ? i : random.below(i % 8 ? 1500 : 10000);
        while (text.size() < size) {
            if (i % 4 == 3) {
                text.push_back((char)random.next());
            } else {
                text += kWords[random.below(sizeof kWords / sizeof *kWords)];
                text.push_back(" \n\t ,;.  \n"[random.below(10)]);
            }
        }
        text.resize(size);
        out.push_back(std::move(text));
    }
    return out;
}

}  // namespace drystone::checks
