"""Which files a text covers, in few lines and none left out: a folder stands for all files there and below.

Knows paths of one origin, and nothing of texts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator


class Folders:
    """Files of one origin, counted by folder. Memory grows with the bytes of their paths, however deep they lie."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._below: dict[tuple[int, str], int] = {}
        self._files: Counter[int] = Counter()
        for path in paths:
            here = 0
            self._files[here] += 1
            for part in path.split("/")[1:-1]:
                here = self._below.setdefault((here, part), len(self._below) + 1)
                self._files[here] += 1

    def told(self, some: Iterable[str]) -> tuple[str, ...]:
        """Return some of the files as the fewest lines, sorted: a path that ends in `/` stands for all files below."""
        covered = list(some)
        counts: Counter[int] = Counter()
        for path in covered:
            counts.update(self._above(path))
        found: dict[str, None] = {}
        for path in covered:
            parts = path.split("/")
            depths = (at for at, here in enumerate(self._above(path), 1) if counts[here] == self._files[here])
            depth = next(depths, None)
            found[path if depth is None else "/".join(parts[:depth]) + "/"] = None
        return tuple(sorted(found))

    def _above(self, path: str) -> Iterator[int]:
        """Yield the folders above a path from the top down, by their numbers."""
        here = 0
        yield here
        for part in path.split("/")[1:-1]:
            here = self._below[here, part]
            yield here


def covered(paths: Iterable[str], covers: Iterable[str]) -> list[str]:
    """Return those of the paths that lines of `Folders.told` stand for, in their order."""
    lines = frozenset(covers)
    longest = max(map(len, lines), default=0)
    return [path for path in paths if path in lines or any(folder in lines for folder in _folders(path, longest))]


def _folders(path: str, longest: int) -> Iterator[str]:
    """Yield the folders above a path whose names, with the slash, have at most so many characters, the top first."""
    end = path.find("/")
    while 0 <= end < longest:
        yield path[: end + 1]
        end = path.find("/", end + 1)
