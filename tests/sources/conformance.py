"""Every kind of source, laid out from one description of files, and read to its end in one way.

A new kind of source gets a class here, in `KINDS`; `test_conformance.py` then holds it to the laws. What a kind cannot
keep it says under `excused`, with the reason.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final, NamedTuple

from drystone.errors import SourceError
from drystone.identity.hashes import MODE_FILE, Tree, blob_hash
from drystone.release.schema import STACK_V2
from drystone.sources import (
    ArchiveSource,
    Collection,
    FolderSource,
    GitSource,
    Limits,
    NpmSource,
    PypiSource,
    Repository,
    RepositorySource,
    SoftwareHeritage,
    Source,
    TableSource,
    parse_source,
)
from drystone.sources.base import FILE
from drystone.work.tasks import run_here
from tests.sources.conftest import Git
from tests.sources.software_heritage.world import World
from tests.sources.test_table import write as write_table

Files = Mapping[bytes, bytes]


class Occurrence(NamedTuple):
    """One path as a source lists it; `data` are its bytes, where it gives them."""

    path: bytes
    kind: str
    mode: int
    blob: bytes | None
    size: int | None
    problem: str | None
    data: bytes | None


class Reading(NamedTuple):
    """What a source gave: its repositories, and all their occurrences in its order."""

    repositories: list[Repository]
    occurrences: list[Occurrence]

    def by_path(self) -> dict[bytes, Occurrence]:
        assert len({each.path for each in self.occurrences}) == len(self.occurrences), "a path is listed twice"
        return {each.path: each for each in self.occurrences}


def read_all(source: Source, cache: Path, limits: Limits | None = None) -> Reading:
    """Read a source of either form as a build does: streamed bytes as they come, others by id."""
    limits = limits or Limits()
    if isinstance(source, RepositorySource):
        source.fetch(cache)
        with source.open(cache, limits) as opened:
            entries = list(opened.entries())
            given = {e.blob: e.data for e in entries if e.blob is not None and e.data is not None}
            if source.random_access:
                wanted = [
                    e.blob for e in entries if e.kind == FILE and e.blob and (e.size or 0) <= limits.max_file_bytes
                ]
                given = dict(zip(wanted, opened.read(wanted), strict=True))
            found = [
                Occurrence(e.path, e.kind, e.mode, e.blob, e.size, e.problem, given.get(e.blob or b"")) for e in entries
            ]
            return Reading([opened.repository()], found)
    repositories: list[Repository] = []
    found = []
    for part in source.parts(cache, limits, run_here):
        listing = part.listing(cache, limits)
        repositories += listing.repositories
        rows = listing.occurrences.to_pylist()
        wanted = [row["id"] for row in rows if row["readable"]]
        bytes_of: dict[bytes, bytes] = {}
        for id_, data in zip(wanted, part.read(wanted, cache, limits), strict=True):
            assert not isinstance(data, SourceError), data
            bytes_of[id_] = data
        found += [
            Occurrence(
                r["path"], r["kind"], r["mode"], r["id"] or None, r["size"], r["problem"],
                bytes_of.get(r["id"]) if r["readable"] else None,
            )
            for r in rows
        ]  # fmt: skip
    return Reading(repositories, found)


def states(source: Source, cache: Path) -> list[str]:
    """Return the keys of the states of a source, or of all parts of one."""
    if isinstance(source, RepositorySource):
        source.fetch(cache)
        return [source.state(cache).key]
    return [part.state(cache).key for part in source.parts(cache, Limits(), run_here)]


def tree_hash_of(files: Files) -> str:
    tree = Tree()
    for path, data in files.items():
        tree.add(path, MODE_FILE, blob_hash(data))
    return tree.hash().hex()


def nested(files: Files) -> dict[bytes, Any]:
    """Return files as dictionaries of dictionaries, one for each directory."""
    root: dict[bytes, Any] = {}
    for path, data in files.items():
        *above, name = path.split(b"/")
        here = root
        for part in above:
            here = here.setdefault(part, {})
        here[name] = data
    return root


class Kind(ABC):
    """One kind of source; `make` lays files out so that the same source, by its spec, holds them and nothing else."""

    name: ClassVar[str]
    #: Laws that it does not keep: the name of the test without `test_`, and why not.
    excused: ClassVar[Mapping[str, str]] = {}
    #: Whether file names may be any bytes, or UTF-8 alone.
    any_bytes: ClassVar[bool] = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cache = folder / "cache"
        self.cache.mkdir(parents=True, exist_ok=True)

    @abstractmethod
    def make(self, files: Files) -> Source:
        """Lay files out, in place of what was laid out before."""

    @abstractmethod
    def spoil(self, source: Source) -> str:
        """Damage the whole source so that nothing can be read; return the name that an error must give."""

    def parsed(self, source: Source) -> Source:
        """Return what the user would get who writes the source's spec."""
        return parse_source(source.spec)


class GitKind(Kind):
    name = "git"
    any_bytes = True

    def make(self, files: Files) -> Source:
        path = self.folder / "project"
        git = Git(path)
        if not path.exists():
            path.mkdir()
            git("init", "-q")
        git("update-ref", "HEAD", git("commit-tree", "-m", "one", self._tree(git, nested(files))))
        return GitSource(path=path)

    def _tree(self, git: Git, items: Mapping[bytes, Any]) -> str:
        # Written object by object: git's own commands refuse names that hostile repositories have.
        entries = [
            (b"40000", name + b"/", name, self._tree(git, item))
            if isinstance(item, dict)
            else (b"100644", name, name, git("hash-object", "-w", "--stdin", stdin=item))
            for name, item in items.items()
        ]
        body = b"".join(
            mode + b" " + name + b"\0" + bytes.fromhex(id_)
            for mode, _, name, id_ in sorted(entries, key=lambda entry: entry[1])
        )
        return git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", stdin=body)

    def spoil(self, source: Source) -> str:
        (self.folder / "project/.git/HEAD").write_text("no reference")
        return str(self.folder / "project")


class FolderKind(Kind):
    name = "folder"
    excused: ClassVar = {"paths_that_lead_out_are_rows_with_a_problem": "a file system has no such names"}

    def make(self, files: Files) -> Source:
        root = self.folder / "project"
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        for name, data in files.items():
            path = Path(bytes(root).decode()) / name.decode("utf-8", "surrogateescape")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return FolderSource(root)

    def spoil(self, source: Source) -> str:
        shutil.rmtree(self.folder / "project")
        return str(self.folder / "project")


def tar_of(files: Files) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", format=tarfile.PAX_FORMAT, errors="surrogateescape") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name.decode("utf-8", "surrogateescape"))
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return packed.getvalue()


class TarKind(Kind):
    name = "archive"
    file = "project.tar.gz"

    def pack(self, files: Files) -> bytes:
        return tar_of(files)

    def make(self, files: Files) -> Source:
        (self.folder / self.file).write_bytes(self.pack(files))
        return ArchiveSource(self.folder / self.file)

    def spoil(self, source: Source) -> str:
        (self.folder / self.file).write_bytes(b"this is no archive" * 100)
        return str(self.folder / self.file)


class ZipKind(TarKind):
    name = "archive-zip"
    file = "project.zip"
    any_bytes = False
    excused: ClassVar = {"a_listing_ends_at_the_limit_of_entries": "its directory tells before anything is listed"}

    def pack(self, files: Files) -> bytes:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name, data in files.items():
                archive.writestr(zipfile.ZipInfo(name.decode()), data)
        return packed.getvalue()


class PypiKind(Kind):
    """A package as a fetch leaves it in the cache; `test_pypi` asks the index itself."""

    name = "pypi"
    excused: ClassVar = {
        "a_state_changes_with_the_content": "a version on the index never changes; its file is named by its hash"
    }

    def make(self, files: Files) -> Source:
        data = tar_of(files)
        sha256 = hashlib.sha256(data).hexdigest()
        file = self.cache / "pypi" / sha256 / "stone-1.0.tar.gz"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        note = {"filename": file.name, "sha256": sha256, "package_type": "sdist", "yanked": False,
                "upload_time": None, "yanked_reason": None}  # fmt: skip
        (self.cache / "pypi/stone-1.0.json").write_text(json.dumps(note))
        self.packed = file
        return PypiSource("stone", "1.0")

    def spoil(self, source: Source) -> str:
        self.packed.write_bytes(b"another file")
        return str(self.packed)


class NpmKind(PypiKind):
    """As npm's, with a scope; `test_npm` asks the registry itself."""

    name = "npm"

    def make(self, files: Files) -> Source:
        data = tar_of(files)
        sha256 = hashlib.sha256(data).hexdigest()
        self.packed = self.cache / "npm" / sha256 / "mason-stone-1.0.0.tgz"
        self.packed.parent.mkdir(parents=True, exist_ok=True)
        self.packed.write_bytes(data)
        note = {"filename": self.packed.name, "sha256": sha256, "package": "@mason/stone", "integrity": "sha512-x"}
        (self.cache / "npm/%40mason%2Fstone-1.0.0.json").write_text(json.dumps(note))
        return NpmSource("@mason/stone", "1.0.0")


NOTHING_TO_FETCH: Final = {"a_second_fetch_finds_what_is_there": "a collection has nothing to fetch before its parts"}


class TableKind(Kind):
    name = "table"
    excused: ClassVar = {
        "the_directory_is_the_hash_of_the_tree": "a table may hold some files of a repository; its rows say which tree",
        "a_listing_ends_at_the_limit_of_entries": "rows are bounded by parts, not by repository",
        "without_files_it_says_so": "a table without rows names no repository: it is refused, see test_table",
        **NOTHING_TO_FETCH,
    }

    def make(self, files: Files) -> Source:
        world = World()
        for folder in ("table", "contents"):
            shutil.rmtree(self.folder / folder, ignore_errors=True)
        rows: list[dict[str, Any]] = [
            {"blob_id": hashlib.sha1(data).hexdigest(), "content_id": world.blob(data).hex(),
             "path": "/" + path.decode("utf-8", "surrogateescape"), "length_bytes": len(data),
             "repo_name": "example/project", "directory_id": "1" * 40, "revision_id": "2" * 40}
            for path, data in files.items()
        ]  # fmt: skip
        write_table(self.folder / "table/files.parquet", [dict.fromkeys(STACK_V2.names) | row for row in rows])
        world.bucket(self.folder / "contents")
        return TableSource(self.folder / "table", str(self.folder / "contents"))

    def spoil(self, source: Source) -> str:
        (self.folder / "table/files.parquet").write_bytes(b"PAR1 but no table PAR1")
        return str(self.folder / "table")

    def parsed(self, source: Source) -> Source:
        return parse_source(source.spec, contents=str(self.folder / "contents"))


class SoftwareHeritageKind(Kind):
    name = "software-heritage"
    excused: ClassVar = NOTHING_TO_FETCH

    def make(self, files: Files) -> Source:
        for folder in ("export", "contents"):
            shutil.rmtree(self.folder / folder, ignore_errors=True)
        world = World()
        world.repository("https://example.org/project", dict(nested(files)))
        world.write(self.folder / "export")
        world.bucket(self.folder / "contents")
        return SoftwareHeritage(str(self.folder / "export"), str(self.folder / "contents"))

    def spoil(self, source: Source) -> str:
        for file in self.folder.glob("export/orc/directory_entry/*"):
            file.write_bytes(b"this is no table")
        return "directory_entry"

    def parsed(self, source: Source) -> Source:
        found = parse_source(source.spec, contents=str(self.folder / "contents"))
        assert isinstance(found, Collection)
        return found


KINDS: Final[tuple[type[Kind], ...]] = (
    GitKind,
    FolderKind,
    TarKind,
    ZipKind,
    NpmKind,
    PypiKind,
    TableKind,
    SoftwareHeritageKind,
)
