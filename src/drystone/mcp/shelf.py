"""The releases that are served: by name, opened anew when they change, with their indexes and the reader.

What was retracted is served no longer once the manifest says so. Knows no tool.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from drystone.answer.answering import Asker
from drystone.catalog.matching.finder import ArtifactFinder
from drystone.catalog.shelf.shelf import Shelf
from drystone.errors import UsageError
from drystone.mcp.stopping import Stop
from drystone.release.inspection.browse import Fresh, named
from drystone.release.layout import shown
from drystone.release.read import Release, open_release
from drystone.search.search import Searcher

if TYPE_CHECKING:
    from drystone.reader import Reader

#: Bytes of text that stay unpacked for searches, and for questions.
_MEMORY: Final = 256 * 1024**2

_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Served:
    """Releases as they are now, by name."""

    releases: Mapping[str, Release]
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def roots(self) -> list[str]:
        """Their root hashes."""
        return [release.root for release in self.releases.values()]

    @cached_property
    def searcher(self) -> Searcher:
        """Their indexes. Raises `ReleaseError` where one has none, or a damaged one."""
        return Searcher(list(self.releases.values()), memory=_MEMORY)

    @cached_property
    def asker(self) -> Asker:
        """The releases to be asked. Raises `ReleaseError` where an index is damaged."""
        return Asker(list(self.releases.values()), memory=_MEMORY)

    def steps(self, results: Iterator[_Found]) -> Iterator[_Found]:
        """Yield results of the searcher, which serves one step at a time."""
        while True:
            with self.lock:
                found = next(results, None)
            if found is None:
                return
            yield found

    def until(self, stop: Stop) -> dict[str, Release]:
        """Return the releases so that reading their rows ends where the work is to end."""
        return {name: replace(release, step=stop.check) for name, release in self.releases.items()}


class ReleaseShelf:
    """What one server serves: releases in folders, a reader, which is loaded by the first question, and a catalog."""

    def __init__(self, places: Sequence[Path], load: Callable[[], Reader], catalog: Shelf | None = None) -> None:
        """Open them. `catalog`: passports (default: those that come with the program).

        Raises `ReleaseError` where a folder is no release, `UsageError` where there is none.
        """
        if not places:
            raise UsageError("name at least one release to serve")
        self._fresh = named((place, Fresh(place, partial(open_release, place))) for place in places)
        self._load = load
        self.catalog = catalog if catalog is not None else Shelf()
        self._reader: Reader | None = None
        self._held: dict[tuple[str, ...], Served] = {}
        self._lock, self._loading = threading.Lock(), threading.Lock()

    @cached_property
    def finder(self) -> ArtifactFinder:
        """What finds artifacts of the catalog."""
        return ArtifactFinder(self.catalog)

    @property
    def names(self) -> list[str]:
        """The names under which releases are served."""
        return list(self._fresh)

    def open(self, name: str | None = None) -> Served:
        """Return the release of this name, or all, as they are now. Raises `UsageError` for a name that is not served.

        Raises `ReleaseError` where one cannot be read.
        """
        if name is not None and name not in self._fresh:
            raise UsageError(f"release: '{shown(name[:100])}' is not served here; served are {', '.join(self._fresh)}")
        wanted = tuple(self._fresh) if name is None else (name,)
        releases = {each: self._fresh[each].now() for each in wanted}
        with self._lock:
            held = self._held.get(wanted)
            if held is None or any(held.releases[each] is not release for each, release in releases.items()):
                held = self._held[wanted] = Served(releases)
            return held

    def reader(self) -> Reader:
        """Return the reader. Raises `ModelError`, `MissingExtraError` where it cannot be loaded."""
        with self._loading:
            if self._reader is None:
                self._reader = self._load()
            return self._reader
