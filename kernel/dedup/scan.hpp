// The body of every variant. A variant's source includes it once inside an unnamed namespace, after defining
// `token_mask(const uint8_t*)`: bit i of the result says whether byte i of 64 belongs to a token.
//
// Text goes through in chunks: 64 bytes to a mask, the mask to edges (where a token starts or ends), edges to token
// hashes, these to shingle hashes, these to the sketch; every buffer stays in the first-level cache.

constexpr size_t kChunk = 4096;

inline size_t flatten(uint64_t bits, uint32_t base, uint32_t* out) {
  // Eight writes at a time, whatever the count: cheaper than a mispredicted branch for each token.
  size_t count = (size_t)__builtin_popcountll(bits);
  for (int i = 0; i < 8; i++) {
    out[i] = base + (uint32_t)__builtin_ctzll(bits | (1ull << 63));
    bits &= bits - 1;
  }
  if (__builtin_expect(count > 8, 1)) {
    for (int i = 8; i < 16; i++) {
      out[i] = base + (uint32_t)__builtin_ctzll(bits | (1ull << 63));
      bits &= bits - 1;
    }
  }
  if (__builtin_expect(count > 16, 0)) {
    for (size_t i = 16; i < count; i++) {
      out[i] = base + (uint32_t)__builtin_ctzll(bits);
      bits &= bits - 1;
    }
  }
  return count;
}

// Edges of `size` bytes; `inside` carries over whether the byte before belongs to a token.
inline size_t find_edges(const uint8_t* text, size_t size, uint64_t& inside, uint32_t* edges) {
  size_t count = 0;
  size_t at = 0;
  for (; at + 64 <= size; at += 64) {
    uint64_t mask = token_mask(text + at);
    count += flatten(mask ^ (mask << 1 | inside), (uint32_t)at, edges + count);
    inside = mask >> 63;
  }
  if (at < size) {
    uint8_t padded[64] = {0};
    std::memcpy(padded, text + at, size - at);
    uint64_t mask = token_mask(padded);
    count += flatten(mask ^ (mask << 1 | inside), (uint32_t)at, edges + count);
    inside = 0;  // the padding ends every token, and only the last chunk is ragged
  }
  return count;
}

// Calls `sink(hashes, count)` for each chunk's token hashes. Returns the number of tokens.
template <class Sink>
inline size_t each_token(const uint8_t* text, size_t size, const uint8_t* limit, const Keys& keys, Sink&& sink) {
  uint32_t edges[kChunk + 64];
  uint64_t hashes[kChunk / 2 + 2];
  uint64_t inside = 0;
  const uint8_t* open = nullptr;  // start of a token that reaches beyond its chunk
  size_t total = 0;
  for (size_t base = 0; base < size; base += kChunk) {
    const uint8_t* chunk = text + base;
    size_t length = size - base < kChunk ? size - base : kChunk;
    size_t n = find_edges(chunk, length, inside, edges);
    if (base + length == size && inside) edges[n++] = (uint32_t)length;
    size_t i = 0, out = 0;
    if (open && n > 0) {
      hashes[out++] = hash_token(open, (size_t)(chunk + edges[0] - open), limit, keys);
      open = nullptr;
      i = 1;
    }
    for (; i + 1 < n; i += 2) {
      hashes[out++] = hash_token(chunk + edges[i], edges[i + 1] - edges[i], limit, keys);
    }
    if (i < n) open = chunk + edges[i];
    sink(hashes, out);
    total += out;
  }
  return total;
}

// Calls `sink(shingles, count)` for each chunk's shingle hashes. Returns the number of shingles.
template <class Sink>
inline size_t each_shingle(const uint8_t* text, size_t size, const uint8_t* limit, const Keys& keys, Sink&& sink) {
  uint64_t window[kChunk / 2 + 2 + kShingle];
  uint64_t shingles[kChunk / 2 + 2 + kShingle];
  size_t carried = 0;
  size_t tokens = each_token(text, size, limit, keys, [&](const uint64_t* hashes, size_t count) {
    std::memcpy(window + carried, hashes, count * 8);
    size_t have = carried + count;
    if (have < kShingle) {
      carried = have;
      return;
    }
    size_t ready = have - (kShingle - 1);
    for (size_t i = 0; i < ready; i++) shingles[i] = hash_shingle(window + i);
    sink((const uint64_t*)shingles, ready);
    carried = kShingle - 1;
    std::memmove(window, window + ready, carried * 8);
  });
  return tokens < kShingle ? 0 : tokens - (kShingle - 1);
}

inline Keys plain(const drystone::Seeded& keys) { return Keys{keys.low, keys.high, keys.odd}; }

size_t tokens(const uint8_t* text, size_t size, const uint8_t* limit, const drystone::Seeded& seeded,
              uint64_t* digest) {
  uint64_t sum = 0;
  size_t count = each_token(text, size, limit, plain(seeded), [&](const uint64_t* hashes, size_t n) {
    for (size_t i = 0; i < n; i++) sum += hashes[i];
  });
  *digest = sum;
  return count;
}

size_t token_hashes(const uint8_t* text, size_t size, const uint8_t* limit, const drystone::Seeded& seeded,
                    uint64_t* out) {
  return each_token(text, size, limit, plain(seeded), [&](const uint64_t* hashes, size_t n) {
    std::memcpy(out, hashes, n * 8);
    out += n;
  });
}

size_t shingles(const uint8_t* text, size_t size, const uint8_t* limit, const drystone::Seeded& seeded,
                drystone::ShingleSink sink, void* state) {
  return each_shingle(text, size, limit, plain(seeded),
                      [&](const uint64_t* hashes, size_t n) { sink(state, hashes, n); });
}

size_t one_permutation(const uint8_t* text, size_t size, const uint8_t* limit, const drystone::Seeded& seeded,
                       size_t bins, uint32_t* mins) {
  for (size_t i = 0; i < bins; i++) mins[i] = kEmpty;
  return each_shingle(text, size, limit, plain(seeded), [&](const uint64_t* hashes, size_t n) {
    for (size_t i = 0; i < n; i++) {
      size_t bin = (size_t)(((hashes[i] >> 32) * bins) >> 32);
      uint32_t value = (uint32_t)hashes[i];
      uint32_t old = mins[bin];
      mins[bin] = value < old ? value : old;
    }
  });
}

size_t permutations(const uint8_t* text, size_t size, const uint8_t* limit, const drystone::Seeded& seeded,
                    size_t count, const uint32_t* multiply, const uint32_t* add, uint32_t* mins) {
  for (size_t i = 0; i < count; i++) mins[i] = kEmpty;
  return each_shingle(text, size, limit, plain(seeded), [&](const uint64_t* hashes, size_t n) {
    // Eight permutations stay in registers while the chunk's shingles pass.
    size_t p = 0;
    for (; p + 32 <= count; p += 32) {
      uint32_t least[32];
      for (size_t j = 0; j < 32; j++) least[j] = mins[p + j];
      for (size_t i = 0; i < n; i++) {
        uint32_t x = (uint32_t)(hashes[i] ^ hashes[i] >> 32);
        for (size_t j = 0; j < 32; j++) {
          uint32_t value = multiply[p + j] * x + add[p + j];
          least[j] = value < least[j] ? value : least[j];
        }
      }
      for (size_t j = 0; j < 32; j++) mins[p + j] = least[j];
    }
    for (; p < count; p++) {
      uint32_t least = mins[p];
      for (size_t i = 0; i < n; i++) {
        uint32_t value = multiply[p] * (uint32_t)(hashes[i] ^ hashes[i] >> 32) + add[p];
        least = value < least ? value : least;
      }
      mins[p] = least;
    }
  });
}

void least(uint16_t* target, const uint16_t* row, size_t count) {
  for (size_t i = 0; i < count; i++) target[i] = row[i] < target[i] ? row[i] : target[i];
}

void band_keys(const uint32_t* values, size_t bands, size_t rows, const uint64_t* weights, uint32_t* keys) {
  for (size_t b = 0; b < bands; b++) {
    uint64_t sum = 0;
    for (size_t r = 0; r < rows; r++) sum += values[b * rows + r] * weights[r];
    keys[b] = (uint32_t)(sum >> 32);
  }
}
