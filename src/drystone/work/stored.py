"""Values in a file, which tasks look up by number: what a driver knows of many things, and each task needs of a few.

Knows nothing of what the values are.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Generic, TypeVar, overload

import numpy as np

from drystone.work.remote.mirror import opened
from drystone.work.store import write_atomically

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Stored(Sequence[_Value], Generic[_Value]):
    """A sequence in a file: first where each value begins, in eight bytes, and the end; then the values, pickled."""

    path: Path
    length: int

    @classmethod
    def of(cls, values: Iterable[_Value], path: Path) -> Stored[_Value]:
        """Write the values, and return what reads them."""
        pickled = [pickle.dumps(value) for value in values]
        starts = np.cumsum([8 * (len(pickled) + 1), *map(len, pickled)], dtype="<u8")

        def write(temporary: Path) -> None:
            with temporary.open("wb") as file:
                file.write(starts.tobytes())
                file.writelines(pickled)

        write_atomically(path, write, durable=False)
        return cls(path, len(pickled))

    def __len__(self) -> int:
        """Return how many there are."""
        return self.length

    @overload
    def __getitem__(self, at: int) -> _Value: ...
    @overload
    def __getitem__(self, at: slice) -> list[_Value]: ...
    def __getitem__(self, at: int | slice) -> Any:
        """Return one value, or those of a slice with no step."""
        found = range(self.length)[at]
        if isinstance(found, int):
            return self._read(found, found + 1)[0]
        return self._read(found.start, found.stop)

    def _read(self, first: int, last: int) -> list[Any]:
        with opened(self.path, lambda path: path.open("rb")) as file:
            file.seek(8 * first)
            starts = np.frombuffer(file.read(8 * (last - first + 1)), "<u8").tolist()
            file.seek(starts[0])
            # Written by `of`, in the work folder of this build.
            return [pickle.loads(file.read(end - start)) for start, end in pairwise(starts)]  # noqa: S301
