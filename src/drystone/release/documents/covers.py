"""Which files a text covers, in few lines and none left out: a folder stands for all files there and below.

A line is a path, a folder (a path that ends in `/`), or either after `!`, which takes it out again: the line with the
longest path above a file, or its own, decides. Knows paths of one origin, and nothing of texts.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Folder:
    """A folder: its folders and the names of its files."""

    below: dict[str, _Folder] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)


class _Chosen:
    """What is chosen in a folder and below; `lines` by whether the folder's files are in unless a line says otherwise.

    Folders in which nothing is chosen have none.
    """

    __slots__ = ("below", "files", "flips", "lines")

    def __init__(self) -> None:
        self.below: dict[str, _Chosen] = {}
        self.files: set[str] = set()
        self.lines = [0, 0]
        self.flips = [False, False]


class Folders:
    """The files of one origin. Memory grows with the bytes of their paths."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._top = _Folder()
        for path in paths:
            *folders, name = path.split("/")[1:]
            here = self._top
            for part in folders:
                here = here.below.setdefault(part, _Folder())
            here.files.add(name)

    def told(self, some: Iterable[str]) -> tuple[str, ...]:
        """Return some of the files as the fewest lines, sorted by path."""
        top = _Chosen()
        order = [(self._top, top)]
        for path in some:
            *folders, name = path.split("/")[1:]
            folder, here = self._top, top
            for part in folders:
                folder = folder.below[part]
                if part not in here.below:
                    here.below[part] = _Chosen()
                    order.append((folder, here.below[part]))
                here = here.below[part]
            here.files.add(name)
        for folder, here in reversed(order):  # what lies below comes later
            _count(folder, here)
        return tuple(sorted(_lines(self._top, top), key=lambda line: (line.removeprefix("!"), line)))


def _count(folder: _Folder, here: _Chosen) -> None:
    """Find the fewest lines for a folder, where its files are out, and where they are in, unless a line says else."""
    out = len(here.files) + sum(each.lines[False] for each in here.below.values())
    others = len(folder.files) - len(here.files) + len(folder.below) - len(here.below)
    inside = others + sum(each.lines[True] for each in here.below.values())
    here.flips = [inside + 1 < out or bool(out and not inside), out + 1 < inside]
    here.lines = [min(out, inside + 1), min(inside, out + 1)]


def _lines(top: _Folder, chosen: _Chosen) -> Iterator[str]:
    waiting = [("/", top, chosen, False)]
    while waiting:
        path, folder, here, inside = waiting.pop()
        if here.flips[inside]:
            yield f"{'!' if inside else ''}{path}"
            inside = not inside
        if inside:
            yield from (f"!{path}{name}" for name in folder.files - here.files)
            yield from (f"!{path}{name}/" for name in folder.below if name not in here.below)
        else:
            yield from (f"{path}{name}" for name in here.files)
        waiting += [(f"{path}{name}/", folder.below[name], each, inside) for name, each in here.below.items()]


def below(ordered: Sequence[str], covers: Iterable[str]) -> Iterator[str]:
    """Yield those of sorted paths that lie at or below a line, once each: of many only these need to be asked about."""
    seen = 0
    for line in sorted(line for line in covers if not line.startswith("!")):
        # What is in a folder comes before what begins with its name and "0", which follows "/".
        end = bisect_left(ordered, f"{line[:-1]}0") if line.endswith("/") else bisect_right(ordered, line)
        yield from ordered[max(bisect_left(ordered, line), seen) : end]
        seen = max(seen, end)


def covered(paths: Iterable[str], covers: Iterable[str]) -> list[str]:
    """Return those of the paths that lines of `Folders.told` stand for, in their order."""
    lines = frozenset(covers)
    longest = max(map(len, lines), default=0)

    def stands(path: str) -> bool:
        return next((line in lines for line in _above(path, longest) if line in lines or f"!{line}" in lines), False)

    return [path for path in paths if stands(path)]


def _above(path: str, longest: int) -> Iterator[str]:
    """Yield a path and the folders above it that have at most so many characters, the longest first."""
    yield path
    end = path.rfind("/", 0, longest)
    while end >= 0:
        yield path[: end + 1]
        end = path.rfind("/", 0, end)


def line_text(line: str) -> str:
    """Return a line for people."""
    return f"except {line[1:]}" if line.startswith("!") else f"for {line}"
