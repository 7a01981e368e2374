"""The opt-outs in force as plain data, for builds and retractions to match against: hash lookups, no database.

Knows nothing of how requests are made, verified or decided.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from drystone.detect.licenses.paths import names_license_text
from drystone.identity import origins

#: Head of an event log without events.
GENESIS: Final = "0" * 64

_HEX: Final = re.compile(r"[0-9a-f]{64}")
_MAIL: Final = re.compile(r"<([^<>]*)>")
#: Names that one place is followed to; a registry in which more stand for one place is not made by people.
_MAX_NAMES: Final = 1000


def author_hashes(author: str) -> list[str]:
    """Return the SHA-256 (hex) by which an author may be known: of the e-mail address, and of `Name <address>`.

    The address is taken in lower case (Software Heritage hashes the full name as it stands: swh.model, anonymize).
    64 hex digits are taken for a hash already.
    """
    text = author.strip()
    if _HEX.fullmatch(text.lower()):
        return [text.lower()]
    match = _MAIL.search(text)
    address = (match[1] if match else text).strip().lower()
    hashed = [hashlib.sha256(address.encode("utf-8", "surrogateescape")).hexdigest()]
    if match:
        hashed.append(hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest())
    return hashed


def content_id(swhid: str) -> bytes:
    """Return the 20-byte id in a SWHID; qualifiers are passed over. Raises ValueError where there is none."""
    return bytes.fromhex(swhid.partition(";")[0].rpartition(":")[2])


@dataclass(frozen=True)
class OptOuts:
    """What is opted out at one state of the registry. Picklable; never changes. Values are ids of requests.

    `head` is the hash of the last event that changed what a build applies. `owners` and `repositories` are by canonical
    name, `paths` by canonical name of the repository (prefixes as bytes), `directories` by 20-byte id, `authors` by
    SHA-256. `blobs` holds the sorted 20-byte ids of contents that are out, `blob_requests` for each the position in
    `requests`. `forks` are the requests that forks follow. `settled` are ids that go however common they are: asked
    for by themselves, or decided one by one. `samples` are (id, position in `requests`, sample of shingles) of what is
    out with all that contains it. `aliases` gives the other names of a renamed place, `parents` what a place is a fork
    of.
    """

    head: str = GENESIS
    owners: Mapping[str, str] = field(default_factory=dict)
    repositories: Mapping[str, str] = field(default_factory=dict)
    paths: Mapping[str, tuple[tuple[bytes, str], ...]] = field(default_factory=dict)
    directories: Mapping[bytes, str] = field(default_factory=dict)
    authors: Mapping[str, str] = field(default_factory=dict)
    blobs: bytes = b""
    blob_requests: bytes = b""
    requests: tuple[str, ...] = ()
    forks: frozenset[str] = frozenset()
    settled: frozenset[bytes] = frozenset()
    samples: tuple[tuple[bytes, int, bytes], ...] = ()
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(
            self.owners
            or self.repositories
            or self.paths
            or self.directories
            or self.authors
            or self.blobs
            or self.samples
        )

    def in_force(self) -> int:
        """Return how many requests take anything out."""
        listed = (entry for each in self.paths.values() for _, entry in each)
        told = (self.owners, self.repositories, self.directories, self.authors)
        return len({*self.requests, *listed, *(request for each in told for request in each.values())})

    @cached_property
    def sha256(self) -> str:
        """Hash of everything that matching depends on: equal ones match alike, whatever their heads."""
        digest = hashlib.sha256()
        for each in fields(self):
            if each.name != "head":
                value: Any = getattr(self, each.name)
                plain = sorted(value.items()) if isinstance(value, Mapping) else value
                digest.update(repr(sorted(plain) if isinstance(plain, frozenset) else plain).encode())
        return digest.hexdigest()

    def with_forks(self, told: Iterable[tuple[str, str]]) -> OptOuts:
        """Return a snapshot that also knows what sources say: (repository, what it is a fork of), any form of place."""
        parents = {name: set(above) for name, above in self.parents.items()}
        for fork, upstream in told if self.forks else ():
            parents.setdefault(origins.canonical(fork), set()).add(origins.canonical(upstream))
        return replace(self, parents={name: tuple(sorted(above)) for name, above in sorted(parents.items())})

    def repository(self, origin: str, authors: Iterable[str] = (), forked_from: str | None = None) -> str | None:
        """Return the request that takes a whole repository out, None where none does.

        `authors` are those of its revision, as `Name <address>`, address or SHA-256; `forked_from` is what the source
        says that it is a fork of.
        """
        if not (self.owners or self.repositories or self.authors):
            return None
        names = self.names_of(origin)
        for name in names:
            if (found := self._named(name)) is not None:
                return found
        for upstream in self._upstreams(names, forked_from):
            if (found := self._named(upstream)) is not None and found in self.forks:
                return found
        if self.authors:
            for author in authors:
                for hashed in author_hashes(author):
                    if hashed in self.authors:
                        return self.authors[hashed]
        return None

    def has_paths(self, origin: str, forked_from: str | None = None) -> bool:
        """Return whether any path of a repository may be out: `path` need not be asked where not."""
        return bool(self._prefixes(origin, forked_from))

    def path(self, origin: str, path: bytes, forked_from: str | None = None) -> str | None:
        """Return the request that takes a path of a repository out: one of a prefix, by whole parts of the path."""
        below = self.paths_of(origin, forked_from)
        return below(path) if below is not None else None

    def paths_of(self, origin: str, forked_from: str | None = None) -> Callable[[bytes], str | None] | None:
        """Return a function from a path of a repository to the request that takes it out; None where no path is out.

        Its time does not grow with the number of prefixes.
        """
        prefixes = self._prefixes(origin, forked_from)
        return _below(prefixes) if prefixes else None

    def without(self, common: Collection[bytes]) -> OptOuts:
        """Return a snapshot in which these contents (20-byte ids) are no copies, nor what contains them."""
        if not common:
            return self
        stays = ~np.isin(self._ids, np.array(sorted(common), "S20"))
        return replace(
            self,
            blobs=self._ids[stays].tobytes(),
            blob_requests=self._positions[stays].tobytes(),
            samples=tuple(each for each in self.samples if each[0] not in common),
        )

    def content(self, swhid: str) -> str | None:
        """Return the request that takes a blob out, wherever it lies: by its own SWHID, or as a copy of what is out."""
        if not self.blobs:
            return None
        wanted = content_id(swhid)
        at = int(np.searchsorted(self._ids, np.array(wanted, "S20")))
        if at < len(self._ids) and self.blobs[20 * at : 20 * at + 20] == wanted:
            return self.requests[int(self._positions[at])]
        return None

    def contents(self, ids: npt.NDArray[np.bytes_]) -> npt.NDArray[np.int64]:
        """Return for each 20-byte id (dtype S20) the position in `requests` of the request that it is out by, or -1."""
        if not self.blobs or not len(ids):
            return np.full(len(ids), -1)
        at = np.minimum(np.searchsorted(self._ids, ids), len(self._ids) - 1)
        return np.where(self._ids[at] == ids, self._positions[at], -1).astype(np.int64)

    def copy(self, swhid: str, path: str) -> str | None:
        """Return the request that takes a blob out at a path (of any repository).

        One that is called as a licence's text stays: everybody has those. It goes where somebody asked for it by
        itself, or decided on it.
        """
        found = self.content(swhid)
        exempt = found is not None and names_license_text(path) and content_id(swhid) not in self.settled
        return None if exempt else found

    def directory(self, swhid: str) -> str | None:
        """Return the request that takes a directory out, wherever it lies."""
        return self.directories.get(content_id(swhid)) if self.directories else None

    def has_directories(self) -> bool:
        """Return whether any directory is out: `directory` need not be asked where not."""
        return bool(self.directories)

    @cached_property
    def _ids(self) -> npt.NDArray[np.bytes_]:
        return np.frombuffer(self.blobs, "S20")

    @cached_property
    def _positions(self) -> npt.NDArray[np.int32]:
        return np.frombuffer(self.blob_requests, np.int32)

    @cached_property
    def _longer(self) -> dict[str, list[str]]:
        """Return by name of a folder the names of the snapshot that tell more of its path."""
        found: dict[str, list[str]] = {}
        for name in sorted({*self.repositories, *self.paths, *self.aliases, *self.parents}):
            for end in origins.ends_of(name):
                found.setdefault(end, []).append(name)
        return found

    def __getstate__(self) -> dict[str, object]:
        # Views of the bytes are made anew where they are needed.
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def _named(self, name: str) -> str | None:
        if (found := self.repositories.get(name)) is not None:
            return found
        for owner in origins.owners_of(name):
            if (found := self.owners.get(owner)) is not None:
                return found
        return None

    def names_of(self, origin: str) -> list[str]:
        """Return the canonical name of a place, then its other names: its own former ones and those of its owners.

        A folder's name has as much of its path as told it apart in one build: with less, or with more, it may be the
        same, and what may be out is out.
        """
        name = origins.canonical(origin)
        names = [name, *origins.ends_of(name), *self._longer.get(name, ())]
        if not self.aliases:
            return names
        known = set(names)
        for name in names:  # grows while it is walked
            for above in (*origins.owners_of(name), name):
                for other in self.aliases.get(above, ()):
                    renamed = other + name[len(above) :]
                    if renamed not in known and len(known) < _MAX_NAMES:
                        known.add(renamed)
                        names.append(renamed)
        return names

    def _upstreams(self, names: list[str], forked_from: str | None) -> list[str]:
        """Return what a repository is a fork of, and what that is a fork of, under all of their names."""
        if not self.forks:
            return []
        found: list[str] = []
        known = set(names)
        waiting = [parent for name in names for parent in self.parents.get(name, ())]
        waiting += [forked_from] if forked_from else []
        for place in waiting:  # grows while it is walked
            for name in self.names_of(place):
                if name not in known and len(known) < _MAX_NAMES:
                    known.add(name)
                    found.append(name)
                    waiting += self.parents.get(name, ())
        return found

    def _prefixes(self, origin: str, forked_from: str | None) -> list[tuple[bytes, str]]:
        if not self.paths:
            return []
        names = self.names_of(origin)
        found = [prefix for name in names for prefix in self.paths.get(name, ())]
        upstreams = self._upstreams(names, forked_from)
        return found + [p for name in upstreams for p in self.paths.get(name, ()) if p[1] in self.forks]


def _below(prefixes: Sequence[tuple[bytes, str]]) -> Callable[[bytes], str | None]:
    """Return a function that gives the request of the first prefix at or above a path.

    Names count as equal in any normal form of Unicode.
    """
    position: dict[bytes, int] = {}
    for at, (prefix, _) in enumerate(prefixes):
        position.setdefault(prefix, at)
    never = len(prefixes)

    @lru_cache(maxsize=10_000)
    def of_folder(folder: bytes) -> int:
        """Return the first prefix at or above a folder."""
        first = never
        while folder:
            first = min(first, position.get(folder, never))
            folder = folder.rpartition(b"/")[0]
        return first

    def below(path: bytes) -> str | None:
        first = min(of_folder(path.rpartition(b"/")[0]), position.get(path, never))
        if first < never:
            return prefixes[first][1]
        if path.isascii():
            return None
        try:
            normal = unicodedata.normalize("NFC", path.decode("utf-8")).encode()
        except UnicodeDecodeError:
            return None
        return below(normal) if normal != path else None

    return below
