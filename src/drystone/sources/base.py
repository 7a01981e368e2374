"""What every source gives: a repository at one revision, its occurrences, and their bytes.

A source lists everything it finds, also what can never be kept (symbolic links, submodules, devices, damaged members),
so that the ledger can account for it. It decides nothing and detects nothing.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, time
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, NamedTuple, Protocol, TypeAlias, TypedDict

import pyarrow as pa

from drystone._json import Json
from drystone.errors import SourceError
from drystone.work.tasks import Runner

#: Kinds of occurrence. Only `FILE` has content that may be kept.
FILE: Final = "file"
SYMLINK: Final = "symlink"
SUBMODULE: Final = "submodule"
DEVICE: Final = "device"
UNREADABLE: Final = "unreadable"

#: What an `UNREADABLE` entry stands for where something was promised and did not come: the bytes of one file, the
#: entries of a directory (or the rest of an archive or a tree), a whole repository. What came and cannot be taken, such
#: as a path that leads out of the tree, is not lost.
LOST_CONTENT: Final = "content"
LOST_DIRECTORY: Final = "directory"
LOST_REPOSITORY: Final = "repository"
LostThing = Literal["content", "directory", "repository"]
#: Key of a repository's metadata: the origin that stands for it, since the root directories of both are the same.
SAME_DIRECTORY: Final = "same_directory_as"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on hostile input; what exceeds them becomes a ledger row or a `SourceError`.

    `max_file_bytes`: a larger file is listed with its size, but its bytes are not yielded.
    `max_total_bytes`, `max_entries`, `max_ratio`: bounds on one archive once unpacked (bytes, members, unpacked bytes
    over packed bytes).
    `max_path_bytes`: longer paths are listed as unreadable.
    `patience`: seconds for which a store of contents may put one request off before it is given up.
    """

    max_file_bytes: int = 10 * 1024 * 1024
    max_total_bytes: int = 64 * 1024**3
    max_entries: int = 1_000_000
    max_ratio: float = 1000.0
    max_path_bytes: int = 4096
    patience: float = 7200.0


@dataclass(frozen=True, slots=True)
class Repository:
    """One origin at one revision.

    `directory`, `revision` and `snapshot` are hex git hashes (without the SWHID prefix). Times are naive UTC.
    `metadata` is JSON-able and holds what else the source knows: author and message of the revision, an archive's
    SHA-256. `empty` says why a repository has no files (an unborn branch, an archive without members), else None;
    `lost` why nothing of one could be read that should have some (a HEAD that names a branch which is not there).
    """

    origin: str
    kind: str
    name: str
    directory: str
    revision: str | None = None
    snapshot: str | None = None
    branch: str | None = None
    visit_date: datetime | None = None
    revision_date: datetime | None = None
    committer_date: datetime | None = None
    stars: int | None = None
    forks: int | None = None
    github_id: int | None = None
    gha_license_id: str | None = None
    gha_event_created_at: datetime | None = None
    gha_created_at: datetime | None = None
    gha_language: str | None = None
    metadata: dict[str, Json] = field(default_factory=dict)
    empty: str | None = None
    lost: str | None = None

    @property
    def id(self) -> str:
        """SHA-256 over origin, revision and directory, hex: the same repository has the same id on any machine."""
        parts = (self.origin, self.revision or "", self.directory)
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


class About(TypedDict, total=False):
    """What a user says of a repository, by field of `Repository`; it wins over what a source finds."""

    origin: str
    name: str
    visit_date: datetime
    stars: int
    forks: int
    github_id: int
    gha_license_id: str
    gha_event_created_at: datetime
    gha_created_at: datetime
    gha_language: str
    metadata: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Entry:
    """One occurrence.

    `path` is relative, as the source has it (bytes, no leading slash, "/" between parts). `mode` is the git mode.
    `blob` is the git blob hash (20 bytes) of a file's bytes or of a symbolic link's target, or a submodule's commit
    hash; None where the bytes could not be read. `data` holds a file's bytes where the source streams them (archives,
    folders); it is None for sources with random access (git), for files over `Limits.max_file_bytes` (hashed in a
    stream, so that `blob` and `size` are known), and for everything that is not a file.
    `target` is where a symbolic link leads, as written there. `problem` says why an entry is `UNREADABLE`,
    and `lost` what did not come with it (`LOST_CONTENT`, ...), if anything. `note` is a remark that belongs in the
    ledger's evidence (a duplicate name in an archive, a link's target out of the tree).
    """

    path: bytes
    kind: str
    mode: int
    blob: bytes | None
    size: int | None
    data: bytes | None = None
    problem: str | None = None
    note: str | None = None
    target: bytes | None = None
    lost: LostThing | None = None


@dataclass(frozen=True, slots=True)
class SourceState:
    """What a source holds at this moment: equal keys mean that reading it again would give the same.

    `size` is a cheap guess at the bytes to read, to plan work by. `repository` is what is known of the repository
    before any of its files is read, its root directory above all; None where reading tells.
    """

    key: str
    size: int
    repository: Repository | None = None

    @classmethod
    def of(cls, size: int, *parts: object) -> SourceState:
        """Return the state with the SHA-256 over the parts' representations as its key."""
        return cls(hashlib.sha256(repr(parts).encode("utf-8", "surrogateescape")).hexdigest(), size)


def moment_text(moment: datetime) -> str:
    """Return a moment (naive UTC) as people write it: the day alone where it is a day's beginning."""
    return moment.date().isoformat() if moment.time() == time() else f"{moment.isoformat()}Z"


class OpenRepository(Protocol):
    """A repository being read. Bytes of a blob are exactly those that its id names."""

    def entries(self) -> Iterator[Entry]:
        """Yield every occurrence once, in any order. Damage inside becomes `UNREADABLE` entries, not an exception."""
        ...

    def repository(self) -> Repository:
        """Return origin and revision metadata; complete only once `entries` was exhausted."""
        ...

    def directories(self) -> Iterable[tuple[bytes, bytes]]:
        """Return path and 20-byte git tree hash of every directory, the root's path empty; once `entries` ended."""
        ...

    def read(self, blobs: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the bytes of each blob (20-byte git hashes) in the order asked for.

        Only for sources with `random_access`. Raises `SourceError` for a blob that is missing or damaged.
        """
        ...


class Terms(NamedTuple):
    """Terms that come with contents: the SHA-256 of their wording, and the agreement that was stated, if any."""

    sha256: str
    agreement: str | None


class RepositorySource(ABC):
    """Where one repository comes from. Picklable, so that any worker can open it."""

    kind: ClassVar[str]
    #: True where blobs can be read again by id at any time (git); False where bytes are streamed by `entries`.
    random_access: ClassVar[bool]
    #: What the user says of the repository, by field of `Repository`.
    about: About

    @property
    @abstractmethod
    def spec(self) -> str:
        """The source as a user would write it: `git+https://...`, `pypi:flask==3.1.2`, a path."""

    @property
    @abstractmethod
    def place(self) -> str | None:
        """Where the repository is known to come from before it is opened: a URL, a package, a name; None for none."""

    @property
    def local(self) -> Path | None:
        """Where it lies on this machine, resolved, if nothing but that place names it; None for any other source."""
        return None

    @property
    def known_as(self) -> str:
        """The origin of a repository that cannot be opened: what the user says it is, its place, or kind and name."""
        return next(iter(self.places), f"{self.kind}:{self.address.rstrip('/').rpartition('/')[2]}")

    @property
    def address(self) -> str:
        """Where it is read from, whichever of its revisions is: what `spec` says without a reference."""
        return self.spec

    @property
    def places(self) -> list[str]:
        """What the user says that the repository's origin is, then `place`: the names by which it may be opted out."""
        said = (self.about.get("origin"), self.place)
        return [place for place in said if isinstance(place, str) and place]

    @abstractmethod
    def fetch(self, cache: Path) -> None:
        """Bring remote parts (clone, download) under `cache`; a second call finds them there and does nothing.

        Raises `SourceError` naming the source and what to do.
        """

    def at_points(self, cache: Path) -> list[RepositorySource]:
        """Return the source for each point in time that is asked for, or as it is; `fetch` has been called."""
        return [self]

    @abstractmethod
    def state(self, cache: Path) -> SourceState:
        """Return what the source holds now, without reading contents; `fetch` has been called."""

    @abstractmethod
    def open(self, cache: Path, limits: Limits) -> AbstractContextManager[OpenRepository]:
        """Open for reading; `fetch` has been called. Raises `SourceError` where the whole source is unreadable."""


#: Occurrences of several repositories at once: the fields of `Entry`, `repository` counts within the listing, `id` is
#: the git hash (20 bytes, empty where there is none), `readable` says that the bytes can be asked for, `target` where a
#: symbolic link leads. `told_license` is what a table says of the file's licence: its type, a colon, names with commas
#: between them; null where nothing.
LISTING: Final = pa.schema(
    [
        ("id", pa.binary()),
        ("repository", pa.int32()),
        ("path", pa.binary()),
        ("kind", pa.string()),
        ("mode", pa.int32()),
        ("size", pa.int64()),
        ("readable", pa.bool_()),
        ("problem", pa.string()),
        ("lost", pa.string()),
        ("note", pa.string()),
        ("told_license", pa.string()),
        ("target", pa.binary()),
    ]
)


class Listing(NamedTuple):
    """What a `Part` lists: its repositories, and their occurrences (`LISTING`) in any order."""

    repositories: list[Repository]
    occurrences: pa.Table


class Part(ABC):
    """Some repositories of a `Collection`, listed at once. Picklable, so that any worker can read it."""

    kind: ClassVar[str]
    random_access: ClassVar[bool]

    @property
    @abstractmethod
    def spec(self) -> str:
        """The collection as a user would write it, and which part of it this is."""

    @property
    @abstractmethod
    def terms(self) -> Terms | None:
        """The terms under which its contents are read; None where there are none."""

    @abstractmethod
    def state(self, cache: Path) -> SourceState:
        """Return what the part holds now, without reading contents."""

    @property
    def contents_from(self) -> str:
        """Where its contents are asked for, as it may be printed: without login and parameters; empty where nowhere."""
        return ""

    @abstractmethod
    def listing(self, cache: Path, limits: Limits) -> Listing:
        """Return all repositories and occurrences of this part. Raises `SourceError`."""

    @abstractmethod
    def read(self, blobs: Iterable[bytes], cache: Path, limits: Limits) -> Iterator[bytes | SourceError]:
        """Yield the bytes of each blob (20-byte git hashes), or why there are none, in the order asked for.

        Raises `BuildError` where the place of the contents does not answer.
        """


class IsOut(Protocol):
    """Says which repositories are out before they are read, by origin and what a source knows of them. Picklable."""

    @property
    def key(self) -> str:
        """Equal keys mean equal answers; part of the name of a folder."""
        ...

    def __call__(self, origin: str, metadata: Mapping[str, Any]) -> bool:
        """Return whether a repository is out."""
        ...


class Collection(ABC):
    """Where many repositories come from at once (a Software Heritage export, a table). Picklable."""

    kind: ClassVar[str]

    @property
    @abstractmethod
    def spec(self) -> str:
        """The collection as a user would write it."""

    @property
    @abstractmethod
    def terms(self) -> Terms | None:
        """The terms under which its contents are read; None where there are none."""

    @abstractmethod
    def parts(self, cache: Path, limits: Limits, run: Runner, out: IsOut | None = None) -> list[Part]:
        """Return the collection cut into parts of bounded size, after what work that takes. Raises `SourceError`.

        Of a repository that is `out` the parts say that it is there, and list nothing.
        """


#: What a user names: one repository, or many at once. `isinstance` tells which.
Source: TypeAlias = RepositorySource | Collection
#: What a build lists and reads, each at once: one repository, or a part of a collection.
Readable: TypeAlias = RepositorySource | Part
