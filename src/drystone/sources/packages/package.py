"""What all packages share: a name and a version, one file in the cache with a note beside it, read as an archive.

None of a package's code is run. Knows nothing of any one registry.
"""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from drystone.errors import SourceError
from drystone.sources.archives.archive import open_archive
from drystone.sources.base import About, Limits, OpenRepository, Repository, RepositorySource, SourceState
from drystone.work.files import whole
from drystone.work.remote.mirror import here, opened

if TYPE_CHECKING:
    from drystone._json import Json


@dataclass(frozen=True)
class PackageSource(RepositorySource):
    """One release of one package of a registry.

    `sha256` (hex), where given, names the one file to take. `about` holds what the user says of the repository, by
    field of `Repository`.
    """

    package: str
    version: str
    sha256: str | None = None
    about: About = field(default_factory=About)

    random_access: ClassVar[bool] = False
    #: What the note beside a file has at least; all of it goes into the metadata of the repository.
    noted: ClassVar[Sequence[str]] = ("filename", "sha256")

    @property
    def name(self) -> str:
        """The package's name as the registry has it."""
        return self.package

    @property
    def release(self) -> str:
        """The version as the registry has it."""
        return self.version

    @property
    def place(self) -> str:
        """What `spec` says."""
        return self.spec

    @abstractmethod
    def bring(self, folder: Path) -> dict[str, Json]:
        """Download the file to `FOLDER/SHA256/NAME` and return its note; raise `SourceError` where it cannot be had."""

    def fetch(self, cache: Path) -> None:
        """Download the file under `cache`, once; raise `SourceError` where it cannot be had as promised."""
        if self._cached(cache) is None:
            note = self.bring(cache / self.kind)
            with whole(self._note(cache), durable=False) as part:
                part.write_bytes(json.dumps(note, indent=1, sort_keys=True).encode())

    def state(self, cache: Path) -> SourceState:
        """Return the state by the SHA-256 of the file: a release of a registry never changes."""
        note, path = self._fetched(cache)
        return SourceState.of(path.stat().st_size, self.spec, sorted(self.about.items()), note["sha256"])

    @contextmanager
    def open(self, cache: Path, limits: Limits) -> Iterator[OpenRepository]:
        """Open for reading; raise `SourceError` where it was not fetched or the file changed since."""
        note, path = self._fetched(cache)
        found = Repository(self.spec, self.kind, self.name, "", metadata=note)
        with open_archive(path, found, self.about, limits, str(note["sha256"])) as archive:
            yield archive

    def _fetched(self, cache: Path) -> tuple[dict[str, Json], Path]:
        note = self._cached(cache)
        if note is None:
            raise SourceError(f"{self.spec}: it was not fetched yet")
        return note, cache / self.kind / str(note["sha256"]) / str(note["filename"])

    def _note(self, cache: Path) -> Path:
        wanted = f"-{self.sha256.lower()}" if self.sha256 else ""
        return cache / self.kind / f"{quote(self.name, safe='')}-{self.release}{wanted}.json"

    def _cached(self, cache: Path) -> dict[str, Json] | None:
        """Return what an earlier fetch noted down, None where the file is not there as noted."""
        try:
            note = json.loads(opened(self._note(cache), Path.read_bytes))
            there = here(cache / self.kind / note["sha256"] / note["filename"]).is_file()
            found = {name: note[name] for name in self.noted}
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return found if there else None


def put(source: PackageSource, folder: Path, file: Path) -> tuple[str, Path]:
    """Move a downloaded file to its place below a folder; return its SHA-256 and that place.

    Raises `SourceError` where another file was asked for.
    """
    sha256 = sha256_of(file)
    if source.sha256 is not None and sha256 != source.sha256.lower():
        raise SourceError(
            f"{source.spec}: its SHA-256 is {sha256}, not {source.sha256.lower()} as asked for; correct the hash"
        )
    target = folder / sha256 / file.name
    target.parent.mkdir(parents=True, exist_ok=True)
    with whole(target, durable=False) as part:
        part.write_bytes(file.read_bytes())
    return sha256, target


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
