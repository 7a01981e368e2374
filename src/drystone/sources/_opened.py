"""What repositories that are streamed (archives, folders) share. Knows nothing of any one kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from drystone.errors import SourceError
from drystone.identity.hashes import EMPTY_TREE, Tree
from drystone.sources.base import About, Entry, Repository


class StreamedRepository:
    """An `OpenRepository` whose bytes come with its entries; a subclass gives `_listed`, and fills `_tree`.

    `about` holds what the user says of the repository, by field of `Repository`; it wins over what was found.
    """

    _empty = "it has no files"

    def __init__(self, found: Repository, about: About) -> None:
        self._tree = Tree()
        self._repository = describe(found, about)
        self._count = 0
        self._directories: list[tuple[bytes, bytes]] = []

    def _listed(self) -> Iterator[Entry]:
        raise NotImplementedError

    def entries(self) -> Iterator[Entry]:
        """Yield every occurrence once; damage becomes `UNREADABLE` entries."""
        self._tree = Tree()
        self._count = 0
        for entry in self._listed():
            self._count += 1
            yield entry
        self._directories = list(self._tree.hashes())
        root = self._directories[-1][1]
        if any(id_ == EMPTY_TREE and path for path, id_ in self._directories):
            # A tree goes by either name: with its empty folders, and without them, as git and a ledger have it.
            self._directories += self._tree.hashes(empty=False)
        self._repository = replace(
            self._repository,
            directory=root.hex(),
            empty=None if self._count else self._empty,
        )

    def repository(self) -> Repository:
        """Return the repository; its directory is known once `entries` was exhausted."""
        return self._repository

    def directories(self) -> list[tuple[bytes, bytes]]:
        """Return path and hash of every directory once `entries` was exhausted."""
        return self._directories

    def read(self, blobs: Iterable[bytes]) -> Iterator[bytes]:
        """Refuse: the bytes are given by `entries` alone."""
        raise SourceError(f"{self._repository.origin}: its bytes are streamed and cannot be read again by hash")


def describe(found: Repository, about: About) -> Repository:
    """Return a repository with what the user says of it in place of what was found; metadata are merged."""
    said = replace(found, **about)
    return replace(said, metadata={**found.metadata, **about.get("metadata", {})})
