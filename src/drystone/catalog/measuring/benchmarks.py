"""Finds texts of benchmarks in files: 13 words in a row that are the same, as language models' makers look for them.

The length is that of GPT-3 (arXiv:2005.14165, appendix C); words are those of the near-duplicate kernel.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from drystone.dedup._kernel import token_hashes
from drystone.errors import UsageError
from drystone.release.layout import shown

WORDS: Final = 13
#: Bytes of a line, and lines of a file.
_LONGEST, _MOST = 10_000_000, 1_000_000
_SEED: Final = 13
#: Odd, so that it has an inverse modulo 2^64: sums of words times its powers are hashes that can be cut anywhere.
_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)
_INVERSE: Final = np.uint64(pow(0x9E3779B97F4A7C15, -1, 1 << 64))
#: Runs of a text that are hashed at once.
_CHUNK: Final = 1 << 16

Hashes = NDArray[np.uint64]


def read_benchmarks(paths: Sequence[Path]) -> list[str]:
    """Return the texts of JSON Lines files: `text` of each object. Raises `UsageError`, which names file and line."""
    texts: list[str] = []
    for path in paths:
        try:
            with path.open("rb") as opened:
                for number, line in enumerate(iter(partial(opened.readline, _LONGEST + 1), b""), 1):
                    if number > _MOST or len(line) > _LONGEST:
                        raise UsageError(f"{shown(str(path))}:{number}: at most {_MOST:,} lines of {_LONGEST:,} bytes")
                    if line.strip():
                        texts.append(_text_of(line, f"{shown(str(path))}:{number}"))
        except OSError as error:
            raise UsageError(f"{shown(str(path))} cannot be read: {error.strerror}") from None
    if paths and not texts:
        raise UsageError(f"{shown(str(paths[0]))}: holds no text of a benchmark.")
    return texts


def _text_of(line: bytes, where: str) -> str:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise UsageError(f"{where}: is not JSON") from None
    text = found.get("text") if isinstance(found, dict) else None
    if not isinstance(text, str):
        raise UsageError(f'{where}: is no object with a "text"')
    return text


class BenchmarkTexts:
    """The runs of 13 words of benchmarks. `short` counts the texts that have fewer words, and cannot be found."""

    def __init__(self, texts: Iterable[str]) -> None:
        files = [text.encode("utf-8", "surrogatepass") for text in texts]
        parts = list(_runs_of(files))
        self._runs = np.concatenate([np.zeros(0, np.uint64), *(runs for runs, _ in parts)])
        owners = np.concatenate([np.zeros(0, np.int64), *(owners for _, owners in parts)])
        order = np.argsort(self._runs, kind="stable")
        self._runs, self._owners = self._runs[order], owners[order]
        self.count, self.short = len(files), len(files) - len(np.unique(owners))
        bits = max(16, int(16 * max(1, len(self._runs))).bit_length())
        self._shift = np.uint64(64 - bits)
        self._there = np.zeros(1 << bits, np.bool_)
        self._there[_mixed(self._runs) >> self._shift] = True
        self.found = np.zeros(self.count, np.bool_)

    def hits(self, files: Sequence[bytes]) -> NDArray[np.bool_]:
        """Return which files have a run of a benchmark's words, and note in `found` which texts these are of."""
        hit = np.zeros(len(files), np.bool_)
        for runs, owners in _runs_of(files):
            maybe = np.flatnonzero(self._there[_mixed(runs) >> self._shift])
            starts, ends = (np.searchsorted(self._runs, runs[maybe], side) for side in ("left", "right"))
            many = ends - starts
            hit[owners[maybe[many > 0]]] = True
            within = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
            self.found[self._owners[np.repeat(starts, many) + within]] = True
        return hit


def _runs_of(files: Sequence[bytes]) -> Iterator[tuple[Hashes, NDArray[np.int64]]]:
    """Yield 64-bit hashes of the runs of 13 words of texts, each with the number of its text; a part at a time."""
    words = [token_hashes(file, _SEED) for file in files]
    every = np.concatenate([np.zeros(0, np.uint64), *words])
    owners = np.repeat(np.arange(len(files)), [len(one) for one in words])
    for start in range(0, len(every) - WORDS + 1, _CHUNK):
        part = every[start : start + _CHUNK + WORDS - 1]
        sums = np.zeros(len(part) + 1, np.uint64)
        np.cumsum(part * _POWERS[: len(part)], out=sums[1:])
        runs = (sums[WORDS:] - sums[:-WORDS]) * _INVERSES[: len(part) - WORDS + 1]
        first = owners[start : start + len(runs)]
        one_text = first == owners[start + WORDS - 1 : start + WORDS - 1 + len(runs)]
        yield runs[one_text], first[one_text]


def _mixed(hashes: Hashes) -> Hashes:
    return (hashes ^ (hashes >> np.uint64(29))) * _FACTOR


def _powers(of: np.uint64) -> Hashes:
    found = np.full(_CHUNK + WORDS, of, np.uint64)
    found[0] = 1
    return np.multiply.accumulate(found)


_POWERS: Final = _powers(_FACTOR)
_INVERSES: Final = _powers(_INVERSE)
