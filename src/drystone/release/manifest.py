"""The manifest: what a release consists of, and the root hash that names it. Reads and writes no Parquet."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final, Literal, cast

import orjson
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)

from drystone.errors import ReleaseError
from drystone.release import layout
from drystone.release.canonical import json_bytes
from drystone.release.columns import OPTIONAL, TABLES, Kind
from drystone.release.merkle import root_of

FORMAT: Final = "drystone-release"
#: The version of the format that this program writes: that of its newest column or document.
FORMAT_VERSION: Final = max(*layout.DOCUMENTS.values(), *(c.since for table in TABLES.values() for c in table))
#: The least version of the format whose programs read and verify what this one writes: they pass over the rest. It is
#: raised where they would take something for what it is not: another rule for hashes, another meaning of a column.
MIN_READER_VERSION: Final = 2
#: A larger manifest is refused before it is parsed: 100,000 files, the most a Hub repository may have, need 30 MB.
MAX_BYTES: Final = 256 * 1024**2

_HEX = r"^[0-9a-f]{64}$"
VERSION: Final = r"^\d{1,9}\.\d{1,9}\.\d{1,9}$"


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Recorded(_Plain):
    """A file of a release: path in it, bytes, SHA-256."""

    path: str
    bytes: int = Field(ge=0)
    sha256: str = Field(pattern=_HEX)


class FileEntry(Recorded):
    """One Parquet file: besides path, bytes and SHA-256 its rows and the Merkle root over them.

    `text_bytes` is the UTF-8 length of `content` over all rows of a data file, else 0. `revised` is the version that
    wrote the rows anew beside the old ones, into another file: `place`. None: they lie under `path`. `redactions`
    counts the spans of a data file that were replaced, by kind, `bases` its rows by `license_basis` ("unknown": null);
    None where nobody counted.
    """

    rows: int = Field(ge=0)
    root: str = Field(pattern=_HEX)
    text_bytes: int = Field(default=0, ge=0)
    revised: str | None = Field(default=None, pattern=VERSION)
    redactions: dict[str, Annotated[int, Field(ge=0)]] | None = None
    bases: dict[str, Annotated[int, Field(ge=0)]] | None = None

    @field_validator("path")
    @classmethod
    def _known(cls, path: str) -> str:
        try:
            layout.kind_and_language(path)
        except ReleaseError as error:
            raise ValueError(str(error)) from None
        return path

    @property
    def place(self) -> str:
        """The file that holds the rows, relative to the release."""
        return layout.revised_path(self.path, self.revised)

    @property
    def kind(self) -> Kind:
        """`data`, `ledger`, `repositories`, or one of those that a release may have."""
        return cast(Kind, layout.kind_and_language(self.path)[0])

    @property
    def language(self) -> str | None:
        """The language of a data file, else None."""
        return layout.kind_and_language(self.path)[1]


class Document(Recorded):
    """One file for people or catalogs."""

    @field_validator("path")
    @classmethod
    def _known(cls, path: str) -> str:
        if not layout.is_document(path):
            raise ValueError(f"'{layout.shown(path)}' is not a document of a release")
        return path


class IndexFile(Recorded):
    """One file of the index. It was made from `of`: files of the release, by their paths in the manifest.

    `symbols` says what found the names that are defined there: keywords, or a parser with its grammars and versions.
    """

    path: str = Field(pattern=r"^index/[0-9a-f]{32}\.(segment|copies)$")
    of: tuple[str, ...] = Field(strict=False)
    symbols: str = Field("keywords", max_length=1000)


class FunnelStep(_Plain):
    """What was left after a stage: `files` and `bytes` of original content."""

    stage: str
    files: int = Field(ge=0)
    bytes: int = Field(ge=0)


def names_optouts(registry_head: str | None) -> bool:
    """Return whether a state of a registry is one with events: a log without any has a head of zeros."""
    return bool((registry_head or "").strip("0"))


class EarlierVersion(_Plain):
    """A release that this one follows; `retracted` says that it must not be used: something in it was taken back.

    `registry_head` is the state of the registry that it was made with; None where nobody noted it.
    """

    version: str
    root: str = Field(pattern=_HEX)
    retracted: bool = False
    registry_head: str | None = None


class Counts(_Plain):
    """`occurrences` = `kept` + `dropped` = rows of the ledger; `opted_out_repositories` were never read."""

    occurrences: int = Field(ge=0)
    kept: int = Field(ge=0)
    dropped: int = Field(ge=0)
    repositories: int = Field(ge=0)
    opted_out_repositories: int = Field(ge=0)
    text_bytes: int = Field(ge=0)


class ArchiveTerms(_Plain):
    """The terms of the Software Heritage archive that a build was shown, by SHA-256, and the agreement it has."""

    sha256: str = Field(pattern=_HEX)
    agreement: str | None = None


class ReleaseFacts(_Plain):
    """What the one who builds a release knows and the files do not say.

    `configuration` is what decided the content, as plain JSON, without names of the machine; `registry_head` names the
    state of the registry, `optouts_in_force` how many of its requests took anything out (None: nobody noted it).
    `near_duplicate_threshold` is the least Jaccard similarity at which a near duplicate may be dropped; None where that
    stage did not run. `funnel` counts what was left after each stage, first the occurrences.
    `license` is the licence of the compilation (SPDX). `date` (YYYY-MM-DD) is the day of publication: no clock is read.
    `previous` is the release before this one, `earlier` those before that one, the newest first.
    `changes` are lines of Markdown for the change log, newest release first. `software_heritage` is set where contents
    came from the archive.
    """

    name: str = Field(min_length=1)
    version: str = Field(min_length=1)
    configuration: dict[str, JsonValue]
    registry_head: str | None = None
    program_version: str = Field(default_factory=lambda: version("drystone"))
    near_duplicate_threshold: float | None = Field(default=None, ge=0, le=1)
    opted_out_repositories: int = Field(default=0, ge=0)
    optouts_in_force: int | None = Field(default=None, ge=0)
    funnel: tuple[FunnelStep, ...] = Field(default=(), strict=False)
    description: str = ""
    authors: tuple[str, ...] = Field(default=(), strict=False)
    license: str = "ODC-By-1.0"
    url: str | None = None
    date: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}-\d{2}$")
    previous: EarlierVersion | None = None
    earlier: tuple[EarlierVersion, ...] = Field(default=(), strict=False)
    changes: tuple[str, ...] = Field(default=(), strict=False)
    software_heritage: ArchiveTerms | None = None

    @property
    def lineage(self) -> tuple[EarlierVersion, ...]:
        """All releases that this one follows, the newest first."""
        return (self.previous, *self.earlier) if self.previous is not None else ()


class Manifest(_Plain):
    """What `manifest.json` holds. `root` depends on rows, configuration, registry and program version only.

    `index` lists what makes the release quick to search. It can be made again from the rest, so that it has no part in
    the root hash nor in SHA256SUMS; a release without one lists nothing. `columns` are those of its Parquet files by
    kind, in their order; version 1 of the format does not say. `min_reader_version` is the least version of the format
    whose programs can read and verify the release.
    """

    format: Literal["drystone-release"] = FORMAT
    format_version: int = Field(default=FORMAT_VERSION, ge=1)
    min_reader_version: int = Field(default=MIN_READER_VERSION, ge=1)
    columns: dict[Kind, Annotated[tuple[str, ...], Field(strict=False)]] = {}
    root: str = Field(pattern=_HEX)
    facts: ReleaseFacts
    counts: Counts
    files: tuple[FileEntry, ...] = Field(strict=False)
    documents: tuple[Document, ...] = Field(default=(), strict=False)
    index: tuple[IndexFile, ...] = Field(default=(), strict=False)
    #: Fields of a newer version of the format that this program passed over, by their places.
    _unknown: tuple[str, ...] = PrivateAttr(default=())

    @model_validator(mode="after")
    def _announced(self) -> Manifest:
        needed = TABLES.keys() - OPTIONAL | {entry.kind for entry in self.files}
        if self.format_version > 1 and not needed <= self.columns.keys():
            raise ValueError(f"columns must be announced of {', '.join(kind for kind in TABLES if kind in needed)}")
        for kind, names in self.columns.items():
            if len(set(names)) != len(names):
                raise ValueError(f"a column of {kind} is announced twice")
        if self.format_version <= FORMAT_VERSION:
            unknown = self.unknown()
            if unknown:
                raise ValueError(f"version {self.format_version} of the format has no {layout.shown(unknown[0])}")
        return self

    @model_validator(mode="after")
    def _distinct_paths(self) -> Manifest:
        paths = [f.path for f in (*self.files, *self.documents, *self.index)]
        if len(set(paths)) != len(paths):
            raise ValueError("a path is listed twice")
        if paths[: len(self.files)] != sorted(paths[: len(self.files)]):
            raise ValueError("files are not sorted by path")
        return self

    @cached_property
    def languages(self) -> dict[str, list[FileEntry]]:
        """Data files by language, in path order."""
        found: dict[str, list[FileEntry]] = {}
        for entry in self.files:
            if entry.language is not None:
                found.setdefault(entry.language, []).append(entry)
        return found

    def unknown_columns(self) -> list[str]:
        """Return the announced columns that this program does not know, as "data: NAME"."""
        known = {kind: {column.name for column in table} for kind, table in TABLES.items()}
        return [f"{kind}: {name}" for kind, names in self.columns.items() for name in names if name not in known[kind]]

    def unknown(self) -> list[str]:
        """Return what a newer program wrote that this one does not know: columns, documents, fields of the manifest."""
        documents = [d.path for d in self.documents if d.path not in {*layout.DOCUMENTS, layout.PASSPORT, layout.SUMS}]
        return [*self.unknown_columns(), *documents, *(f"{layout.MANIFEST}: {field}" for field in self._unknown)]

    def of_kind(self, kind: str) -> list[FileEntry]:
        """Return the entries of a kind, in path order."""
        return [f for f in self.files if f.kind == kind]


def present_columns(files: Iterable[FileEntry] = ()) -> dict[Kind, tuple[str, ...]]:
    """Return the columns that this program writes, by kind of file: of those that need not be there only of `files`."""
    kinds = TABLES.keys() - OPTIONAL | {entry.kind for entry in files}
    return {kind: tuple(column.name for column in table) for kind, table in TABLES.items() if kind in kinds}


def release_root(facts: ReleaseFacts, files: Iterable[FileEntry], format_version: int = FORMAT_VERSION) -> str:
    """Return the root hash of a release of a version of the format, hex.

    A tree whose first leaf is the canonical JSON of configuration, format version, program version, registry head,
    opt-out count and threshold, followed by one leaf {path, root, rows} for each file, sorted by path.
    """
    head = {
        "configuration": facts.configuration,
        "format_version": format_version,
        "near_duplicate_threshold": facts.near_duplicate_threshold,
        "opted_out_repositories": facts.opted_out_repositories,
        "program_version": facts.program_version,
        "registry_head": facts.registry_head,
    }
    leaves = [{"path": f.path, "root": f.root, "rows": f.rows} for f in sorted(files, key=lambda f: f.path)]
    return root_of(json_bytes(leaf) for leaf in [head, *leaves]).hex()


def manifest_bytes(manifest: Manifest) -> bytes:
    """Return the text of `manifest.json`."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    left_out = {name for name in ("index", "columns") if not getattr(manifest, name)}
    left_out |= {"min_reader_version"} if manifest.format_version == 1 else set()
    return orjson.dumps(manifest.model_dump(mode="json", exclude=left_out), option=options)


def read_manifest(folder: Path) -> Manifest:
    """Read and check `manifest.json`.

    Raises `ReleaseError` where the folder is no release, is incomplete, is of a newer format, or lists impossible
    things.
    """
    path = folder / layout.MANIFEST
    if not folder.is_dir():
        raise ReleaseError(f"{_path(folder)} is not a folder, so it is not a release")
    if not path.exists():
        if any((folder / name).exists() for name in ("data", "ledger", layout.REPOSITORIES)):
            raise ReleaseError(
                f"{_path(folder)} is an incomplete release: {layout.MANIFEST} is missing. "
                "Run the build again; it goes on where it stopped"
            )
        raise ReleaseError(f"{_path(folder)} is not a release: it has no {layout.MANIFEST}")
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ReleaseError(f"{_path(path)} has {size:,} bytes; no manifest is that large (limit {MAX_BYTES:,})")
        value = orjson.loads(path.read_bytes())
    except OSError as error:
        raise ReleaseError(f"{_path(path)} cannot be read: {error.strerror}") from None
    except orjson.JSONDecodeError as error:
        raise ReleaseError(f"{_path(path)} is not JSON: {error}. Fetch the release again") from None
    return _parse(value, path)


def _parse(value: Any, path: Path) -> Manifest:
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise ReleaseError(f'{_path(path)} is not the manifest of a release: "format" is not "{FORMAT}"')
    number, least = value.get("format_version"), value.get("min_reader_version")
    newer = isinstance(number, int) and number > FORMAT_VERSION
    if newer and not (isinstance(least, int) and least <= FORMAT_VERSION):
        raise ReleaseError(
            f"{_path(path)} has format version {number} and cannot be read by programs of version {FORMAT_VERSION}. "
            "Install a newer drystone"
        )
    unknown: list[str] = []
    try:
        try:
            manifest = Manifest.model_validate(value)
        except ValidationError as error:
            if not newer:
                raise
            unknown = _pass_over(value, error)
            manifest = Manifest.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        lines = [f"{'.'.join(str(p) for p in e['loc']) or 'manifest'}: {e['msg']}" for e in found[:5]]
        more = f" (and {len(found) - 5} more)" if len(found) > 5 else ""
        raise ReleaseError(f"{_path(path)} is damaged: {layout.shown('; '.join(lines))}{more}") from None
    manifest._unknown = tuple(unknown)
    return manifest


def _pass_over(value: Any, error: ValidationError) -> list[str]:
    """Take out of a newer manifest the fields that this program does not know; return their names, each once."""
    found: dict[str, None] = {}
    for each in error.errors(include_url=False, include_input=False):
        if each["type"] == "extra_forbidden":
            *place, name = each["loc"]
            holder = value
            for step in place:
                holder = holder[step]
            del holder[name]
            found[".".join(str(step) for step in each["loc"] if isinstance(step, str))] = None
    return list(found)


def _path(path: Path) -> str:
    return layout.shown(str(path))
