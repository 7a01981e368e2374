from collections.abc import Sequence
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

class Built(TypedDict):
    trigrams: bytes
    stretch_bytes: NDArray[np.uint32]
    terms: bytes
    defined: bytes
    paths: bytes
    passages: NDArray[np.uint32]
    passage_bytes: NDArray[np.uint32]
    passage_terms: NDArray[np.uint32]
    path_passages: NDArray[np.uint32]
    path_terms: NDArray[np.uint32]
    symbol_names: NDArray[np.uint32]
    symbol_documents: NDArray[np.uint32]
    symbol_lines: NDArray[np.uint32]
    symbol_kinds: NDArray[np.uint8]
    names: bytes

def fold(text: bytes) -> bytes: ...
def trigrams(text: bytes) -> NDArray[np.uint32]: ...
def terms(text: bytes) -> NDArray[np.uint64]: ...
def line_keys(lines: bytes) -> NDArray[np.uint64]: ...
def term_key(term: bytes) -> int: ...
def stem(word: bytes) -> bytes: ...
def passages(text: bytes, words: list[tuple[str, int]] = ..., shapes: int = ...) -> list[int]: ...
def plain_values(page: NDArray[np.uint8], start: int, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]: ...
def holding(
    pages: Sequence[NDArray[np.uint8] | memoryview],
    borders: Sequence[int],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    runs: list[bytes],
    in_line: bool,
    before: bool = False,
    after: bool = False,
) -> list[int]: ...
def write_postings(lists: list[tuple[int, list[tuple[int, int]]]], universe: int, levels: bool) -> bytes: ...

class Division:
    def __init__(self, first: NDArray[np.uint32]) -> None: ...

class Scores:
    def __init__(
        self,
        division: Division,
        terms: Postings,
        defined: Postings,
        paths: Postings,
        norm: NDArray[np.float32],
        keys: NDArray[np.uint64],
        weights: NDArray[np.float32],
        defined_weights: NDArray[np.float32],
        path_weights: NDArray[np.float32],
        priors: NDArray[np.float32],
        k1: float,
        more: float,
        cover: float,
    ) -> None: ...
    def files(self, most: int) -> list[tuple[int, int, float, float, float, float, float, float]]: ...
    def passages(self, most: int) -> list[tuple[int, float]]: ...
    def passages_of(self, document: int, most: int) -> list[tuple[int, float]]: ...

class Needle:
    def __init__(self, string: bytes) -> None: ...
    def times(self, text: NDArray[np.uint8], folded: bool) -> int: ...

class Builder:
    def __init__(
        self,
        documents: int,
        size: int,
        families: list[tuple[list[tuple[str, int]], int]],
        function: int,
        heading: int,
    ) -> None: ...
    def add(
        self,
        data: NDArray[np.uint8],
        starts: NDArray[np.int64],
        lengths: NDArray[np.int64],
        documents: NDArray[np.uint32],
        families: NDArray[np.uint8],
    ) -> None: ...
    def add_parsed(
        self, text: NDArray[np.uint8], document: int, definitions: Sequence[tuple[int, int, int, int]]
    ) -> None: ...
    def add_path(self, document: int, path: bytes) -> None: ...
    def finish(self) -> Built: ...

class Postings:
    def __init__(self, data: NDArray[np.uint8]) -> None: ...
    @property
    def universe(self) -> int: ...
    @property
    def keys(self) -> int: ...
    def counts(self, keys: NDArray[np.uint64]) -> NDArray[np.uint32]: ...
    def numbers(self, key: int) -> NDArray[np.uint32]: ...
    def lists(self) -> list[tuple[int, list[tuple[int, int]]]]: ...
    def candidates(
        self, formula: NDArray[np.uint32], files: Division | None = None, worth: int = ...
    ) -> NDArray[np.uint32]: ...
