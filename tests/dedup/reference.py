"""A slow reference of the kernel in plain Python, written from the rule and not from the C++."""

from __future__ import annotations

from collections.abc import Iterator

from tools.make_word_ranges import class_of

MASK = 2**64 - 1
EMPTY = 2**32 - 1


def splitmix64(seed: int) -> Iterator[int]:
    state = seed
    while True:
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        yield z ^ (z >> 31)


def keys(seed: int) -> tuple[int, int, int]:
    words = splitmix64(seed)
    return (next(words) & ~0xFF) | 0x20, (next(words) & ~0xFF) | 0x20, next(words) | 1


def tokens(text: bytes) -> list[bytes]:
    """By the rule's words, character by character; bytes that are no UTF-8 come as lone surrogates, and are letters."""
    found: list[str] = []
    run = alone = False
    for character in text.decode("utf-8", "surrogateescape"):
        kind = _kind(character)
        if kind == "extends" and (run or alone):
            found[-1] += character
        elif kind in ("joins", "extends"):
            if run:
                found[-1] += character
            else:
                found.append(character)
            run, alone = True, False
        elif kind == "alone":
            found.append(character)
            run, alone = False, True
        else:
            run = alone = False
    return [token.encode("utf-8", "surrogateescape") for token in found]


def _kind(character: str) -> str:
    if character < "\x80":
        return "joins" if character.isalnum() or character == "_" else "separates"
    if "\udc80" <= character <= "\udcff":
        return "joins"
    return ("separates", "joins", "extends", "alone")[class_of(ord(character))]


def fold(a: int, b: int) -> int:
    product = a * b
    return (product & MASK) ^ (product >> 64)


def rotate(x: int, by: int) -> int:
    return ((x << by) | (x >> (64 - by))) & MASK


def token_hash(token: bytes, seed: int) -> int:
    low, high, odd = keys(seed)
    state = 0
    for start in range(0, len(token), 16):
        part = token[start : start + 16].ljust(16, b"\0")
        a, b = int.from_bytes(part[:8], "little"), int.from_bytes(part[8:], "little")
        state = fold(a ^ low ^ state, b ^ high ^ rotate(state, 32))
    state ^= state >> 32
    state = (state * odd) & MASK
    return state ^ (state >> 29)


def shingle_hashes(text: bytes, seed: int) -> list[int]:
    t = [token_hash(token, seed) for token in tokens(text)]
    return [
        t[i] ^ rotate(t[i + 1], 13) ^ rotate(t[i + 2], 26) ^ rotate(t[i + 3], 39) ^ rotate(t[i + 4], 52)
        for i in range(len(t) - 4)
    ]


class Sketcher:
    def __init__(self, one_permutation: bool, size: int, bands: int, rows: int, seed: int) -> None:
        self.one_permutation, self.size, self.bands, self.rows, self.seed = one_permutation, size, bands, rows, seed
        words = splitmix64(~seed & MASK)
        self.weights = [next(words) for _ in range(rows)]
        if not one_permutation:
            pairs = [next(words) for _ in range(size)]
            self.multiply = [(w & EMPTY) | 1 for w in pairs]
            self.add = [w >> 32 for w in pairs]
            return
        self.order = []
        for _ in range(size):
            order = list(range(size))
            for i in range(size - 1, 0, -1):
                j = ((next(words) >> 32) * (i + 1)) >> 32
                order[i], order[j] = order[j], order[i]
            self.order.append(order)

    def sketch(self, text: bytes) -> list[int]:
        hashes = shingle_hashes(text, self.seed)
        values = [EMPTY] * self.size
        if not self.one_permutation:
            for h in hashes:
                x = (h ^ (h >> 32)) & EMPTY
                for i in range(self.size):
                    values[i] = min(values[i], (self.multiply[i] * x + self.add[i]) & EMPTY)
            return values
        for h in hashes:
            bin_ = ((h >> 32) * self.size) >> 32
            values[bin_] = min(values[bin_], h & EMPTY)
        if not hashes:
            return values
        return [
            v if v != EMPTY else next((values[o] for o in self.order[t] if values[o] != EMPTY), EMPTY)
            for t, v in enumerate(values)
        ]

    def signature(self, text: bytes) -> list[int]:
        count = max(0, len(tokens(text)) - 4)
        if count == 0:
            return [0] * (1 + self.bands)
        values = self.sketch(text)
        bands = [values[b * self.rows : (b + 1) * self.rows] for b in range(self.bands)]
        return [count] + [(sum(v * w for v, w in zip(band, self.weights, strict=True)) & MASK) >> 32 for band in bands]
