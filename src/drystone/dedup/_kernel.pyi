from typing import Any

import numpy as np
from numpy.typing import NDArray

def variants(all: bool = False) -> list[str]: ...
def token_hashes(text: bytes, seed: int, variant: str = "") -> NDArray[np.uint64]: ...
def shingle_hashes(text: bytes, seed: int, variant: str = "") -> NDArray[np.uint64]: ...
def jaccard(a: bytes, b: bytes, seed: int, variant: str = "") -> tuple[int, int]: ...

class Sketcher:
    def __init__(
        self, one_permutation: bool, size: int, bands: int, rows: int, seed: int, variant: str = ""
    ) -> None: ...
    @property
    def variant(self) -> str: ...
    def sketches(
        self, data: NDArray[np.uint8], offsets: NDArray[Any], valid: NDArray[np.bool_]
    ) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]: ...
    def signatures(
        self, data: NDArray[np.uint8], offsets: NDArray[Any], valid: NDArray[np.bool_]
    ) -> NDArray[np.uint32]: ...
    def tokenise(self, data: NDArray[np.uint8], offsets: NDArray[Any], valid: NDArray[np.bool_]) -> int: ...

class Components:
    def __init__(self, documents: int) -> None: ...
    def link(self, keys: NDArray[np.uint32], groups: NDArray[np.uint32], counts: NDArray[np.uint32]) -> None: ...
    def roots(self) -> NDArray[np.uint32]: ...

class Keeper:
    comparisons: int
    known: int
    def __init__(self, threshold: float, bands: int, seed: int, variant: str = "") -> None: ...
    def add(
        self,
        buffers: list[NDArray[np.uint8]],
        which: NDArray[np.int64],
        starts: NDArray[np.int64],
        lengths: NDArray[np.int64],
        keys: NDArray[np.uint32],
        rows: NDArray[np.int64],
        first: NDArray[np.bool_],
        places: NDArray[np.int64],
        keepers: NDArray[np.int64],
        keep: bool = True,
    ) -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.uint64]]: ...
    def hold(
        self,
        buffers: list[NDArray[np.uint8]],
        which: NDArray[np.int64],
        starts: NDArray[np.int64],
        lengths: NDArray[np.int64],
        keys: NDArray[np.uint32],
        rows: NDArray[np.int64],
        places: NDArray[np.int64],
        keepers: NDArray[np.int64],
    ) -> None: ...
    def has_candidate(self, keys: NDArray[np.uint32]) -> bool: ...
    def clear(self) -> None: ...
    @property
    def kept(self) -> int: ...
