"""Verifying a release from its folder alone: every checksum, and every law that the folder can show.

Streams: memory holds one row group of text and one bucket of ids. Knows nothing of how the release was built.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Final

import pyarrow as pa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from drystone._words import many
from drystone.errors import ReleaseError, UsageError
from drystone.release import layout
from drystone.release.checking.documents import check_documents
from drystone.release.checking.folder import CUT_SHORT, check_signatures, check_strangers, check_tombstones, place_of
from drystone.release.checking.laws import Conservation, FunnelTally, RepositoryCounts, check_data, check_ledger
from drystone.release.checking.relations import Relations
from drystone.release.columns import OPTIONAL
from drystone.release.files import file_sha256
from drystone.release.inspection.losses import Losses, losses_of
from drystone.release.inspection.stats import RowTally
from drystone.release.manifest import FileEntry, Manifest, names_optouts, release_root
from drystone.release.merkle import MerkleTree
from drystone.release.read import Release, open_release
from drystone.release.schema import SCHEMAS, Expected
from drystone.release.tables import batches, completed, open_parquet, schema_of
from drystone.release.versions import numbers as versions
from drystone.release.versions.numbers import Superseded
from drystone.release.writing.finish import sums_text

#: What is checked, by name, in the order of the report. An index is checked by who knows it (`building.verbs.verify`).
INDEX: Final = "index"
CHECKS: Final = {
    "files": "every file of the manifest is there with its size, and nothing else lies there: no other file, no link",
    "checksums": "every file has the SHA-256 that the manifest and SHA256SUMS give",
    "schemas": "every Parquet file can be read and has the columns of the format",
    "counts": "rows, text bytes, kept, dropped and repositories are as the manifest counts them",
    "roots": "the Merkle root over the rows of each file, and the root hash of the release, are as the manifest says",
    "order": "shards are sorted by SWHID, the ledger by repository, path and entry, repositories by id",
    "content": "content has its released_sha256; where it is the original, also its SWHID, blob_id and length",
    "decisions": "each ledger row is kept with a shard and no reason, or dropped for a known reason at its stage "
    "and without a shard; evidence is JSON",
    "funnel": "the funnel begins with the occurrences of the ledger, ends with what is kept, and never grows",
    "conservation": "each kept row is one row of the shard it names, and each row of data is a kept row",
    "duplicates": "each duplicate names the file that stands for it; near duplicates are as similar as required",
    "registry": "a version after one with opt-outs in force was not made with an empty registry",
    "repositories": "each ledger row belongs to a listed repository, whose counts of occurrences and kept files agree",
    "relations": "pairs and revisions are of listed repositories; the revision of each is in its history",
    "documents": "card, change log, citations and NOTICE say what the manifest says",
    "tombstones": "each tombstone is of a version that this one follows",
    "signatures": "what is signed was not altered since; with --key, all of it is signed by that key",
    INDEX: "every file of the index is of shards as they are, and agrees with their rows and texts",
}
_QUICK: Final = ("files", "schemas", "counts", "registry", "tombstones", "signatures")
_SLOW: Final = tuple(name for name in CHECKS if name != INDEX)
_EXAMPLES: Final = 20
#: A row weighs as much work as so many bytes of text, for the progress display.
_ROW_WEIGHT: Final = 4000

#: Called with the work done and the whole work, both in bytes.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it should be: which check, which file, what."""

    check: str
    path: str
    what: str


@dataclass(slots=True)
class Report:
    """The outcome: `problems` counts all by check, `examples` holds the first 20 of each check.

    `notes` tell what is no fault of this version: files that wait to be put in place, or to be removed. `superseded`
    names the version that took its place, where anything that was looked at says so. `signed_by` names the key that
    signed the manifest; None where it is not signed, or the signature does not hold. `losses` counts what sources
    promised and did not give; None where no rows were read, or they cannot be.
    """

    path: str
    name: str
    version: str
    root: str
    quick: bool
    checks: tuple[str, ...]
    problems: dict[str, int] = field(default_factory=dict)
    examples: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    superseded: Superseded | None = None
    signed_by: str | None = None
    losses: Losses | None = None

    @property
    def holds(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.problems

    def add(self, check: str, path: str, what: str) -> None:
        """Note a problem."""
        self.problems[check] = self.problems.get(check, 0) + 1
        if self.problems[check] <= _EXAMPLES:
            self.examples.append(Problem(check, layout.shown(path), layout.shown(what)))


def verify(
    path: str | os.PathLike[str],
    *,
    quick: bool = False,
    progress: Progress | None = None,
    against: Iterable[str | os.PathLike[str]] = (),
    known: Iterable[Superseded] = (),
    root: str | None = None,
    key: Ed25519PublicKey | None = None,
    reasons: Mapping[str, str] | None = None,
) -> Report:
    """Check a release and return what was found; problems are in the report, not raised.

    `against` are later releases, or tombstones, that may say that this one is superseded, besides what lies in the
    folder or beside it; `known` is what a registry says of that. `root`: the root hash that it must have, as a citation
    gives it (hex, with or without `sha256:`). `key`: the publisher's, by which it must be signed. `reasons`: those for
    which a file may be dropped, each with its stage (default: any).
    `quick` reads no rows: files, sizes, columns and counts only. Raises `ReleaseError` where the folder is no release
    or its manifest cannot be used, and where temporary space for ids cannot be had; `UsageError` where `root` is no
    root hash.
    """
    wanted = None if root is None else root_hash(root)
    release = open_release(path)
    manifest, folder = release.manifest, release.path
    around = [*map(Path, against), *versions.neighbours(folder, manifest)]
    superseded = versions.superseded(manifest, around, *known)
    facts = manifest.facts
    report = Report(str(folder), facts.name, facts.version, manifest.root, quick, _QUICK if quick else _SLOW)
    if quick and wanted is not None:
        report.checks = (*_QUICK, "roots")
    report.superseded = superseded
    if wanted not in (None, manifest.root):
        report.add("roots", layout.MANIFEST, f"the root hash is {manifest.root}, not {wanted}: another release")
    if unknown := manifest.unknown():
        what = f"version {manifest.format_version} of the format; this program does not know {', '.join(unknown)}"
        report.notes.append(f"{layout.shown(what)}: checksums and roots cover it, what it means is not checked")
    meter = _Meter(manifest, quick, progress)
    present = _files(folder, manifest, report)
    _counts(manifest, report)
    _registry(manifest, report)
    check_tombstones(folder, manifest, report.add)
    report.signed_by = check_signatures(folder, key, report.add)
    if not quick:
        check_documents(folder, manifest, present, report.add)
        _checksums(folder, manifest, present, report, meter)
    readable = [entry for entry in manifest.files if entry.path in present and _readable(release, entry, report)]
    _alike(release, readable, report)
    if not quick:
        _rows(release, readable, report, meter, _known(reasons, facts.program_version))
        with suppress(ReleaseError):  # told by the checks
            report.losses = losses_of(release)
        if release_root(facts, manifest.files, manifest.format_version) != manifest.root:
            report.add("roots", layout.MANIFEST, "the root hash does not follow from configuration and files")
    report.examples.sort(key=lambda p: list(CHECKS).index(p.check))
    return report


def root_hash(text: str) -> str:
    """Return a root hash as manifests have it. Raises `UsageError` where the text is none."""
    found = text.strip().lower().removeprefix("sha256:")
    if re.fullmatch(r"[0-9a-f]{64}", found) is None:
        raise UsageError(f"'{layout.shown(text)}' is no root hash: 64 hexadecimal digits, as the citation has them")
    return found


def _registry(manifest: Manifest, report: Report) -> None:
    """Note a version that forgot what was opted out: it says so itself, by the states of the registry that it names."""
    if names_optouts(manifest.facts.registry_head):
        return
    for earlier in manifest.facts.lineage:
        if names_optouts(earlier.registry_head):
            what = f"version {earlier.version} was made with a registry at state {str(earlier.registry_head)[:12]}"
            report.add("registry", layout.MANIFEST, f"{what}, this one with an empty one: opted-out files may be back")
            return


def _known(reasons: Mapping[str, str] | None, program: str) -> Mapping[str, str] | None:
    """Return the reasons that a release may have; None where a newer program may have others."""

    def numbers(text: str) -> list[int]:
        return [int(number) for number in re.findall(r"\d+", text)[:3]]

    return None if numbers(program) > numbers(version("drystone")) else reasons


class _Meter:
    def __init__(self, manifest: Manifest, quick: bool, progress: Progress | None) -> None:
        rows = sum(f.rows for f in manifest.files)
        files = (*manifest.files, *manifest.index)
        self._total = sum(f.bytes for f in files) + manifest.counts.text_bytes + rows * _ROW_WEIGHT
        self._done = 0
        self._progress = None if quick else progress

    def bytes(self, count: int) -> None:
        self._done += count
        if self._progress:
            self._progress(min(self._done, self._total), self._total)

    def rows(self, count: int, text: int = 0) -> None:
        self.bytes(count * _ROW_WEIGHT + text)


def _files(folder: Path, manifest: Manifest, report: Report) -> set[str]:
    present = set()
    listed = [*manifest.files, *manifest.documents, *manifest.index]
    paths = {entry.path for entry in listed}
    wanted = [name for name, since in layout.DOCUMENTS.items() if since <= manifest.format_version]
    for name in (*wanted, layout.SUMS, layout.REPOSITORIES):
        if name not in paths:
            report.add("files", layout.MANIFEST, f"{name} is not listed")
    for name, place, size in ((entry.path, place_of(folder, entry), entry.bytes) for entry in listed):
        path = folder / place
        if place == name + layout.NEXT:
            report.notes.append(f"{place} waits to become {name}: {CUT_SHORT}")
        if not path.is_file():
            report.add("files", name, "missing")
        elif path.stat().st_size != size:
            report.add("files", name, f"has {path.stat().st_size:,} bytes, the manifest says {size:,}")
            present.add(name)
        else:
            present.add(name)
    check_strangers(folder, manifest, report.add, report.notes.append)
    return present


def _checksums(folder: Path, manifest: Manifest, present: set[str], report: Report, meter: _Meter) -> None:
    for entry in (*manifest.files, *manifest.documents, *manifest.index):
        if entry.path not in present:
            continue
        try:
            found = file_sha256(folder / place_of(folder, entry), meter.bytes)
        except ReleaseError as error:
            report.add("checksums", entry.path, str(error))
            continue
        if found != entry.sha256:
            report.add("checksums", entry.path, f"has SHA-256 {found}, the manifest says {entry.sha256}")
    if layout.SUMS in present:
        expected = sums_text(manifest.files, manifest.documents)
        path = folder / next(place_of(folder, d) for d in manifest.documents if d.path == layout.SUMS)
        if path.stat().st_size != len(expected) or path.read_bytes() != expected:
            report.add("checksums", layout.SUMS, "does not list the files and checksums of the manifest")


def _counts(manifest: Manifest, report: Report) -> None:
    counts = manifest.counts
    sums = {
        "kept": sum(f.rows for f in manifest.of_kind("data")),
        "occurrences": sum(f.rows for f in manifest.of_kind("ledger")),
        "repositories": sum(f.rows for f in manifest.of_kind("repositories")),
        "text_bytes": sum(f.text_bytes for f in manifest.files),
        "opted_out_repositories": manifest.facts.opted_out_repositories,
    }
    for name, value in sums.items():
        if getattr(counts, name) != value:
            report.add("counts", layout.MANIFEST, f"{name} is {getattr(counts, name):,}, the files sum to {value:,}")
    if counts.occurrences != counts.kept + counts.dropped:
        what = f"{many(counts.occurrences, 'occurrence')} are not {counts.kept:,} kept + {counts.dropped:,} dropped"
        report.add("counts", layout.MANIFEST, what)


def _readable(release: Release, entry: FileEntry, report: Report) -> bool:
    try:
        with open_parquet(release.path / entry.place, release.expected(entry.kind)) as file:
            rows = file.metadata.num_rows
    except ReleaseError as error:
        report.add("schemas", entry.path, _without(release.path, error))
        return False
    if rows != entry.rows:
        report.add("counts", entry.path, f"has {many(rows, 'row')}, the manifest says {entry.rows:,}")
    return True


def _alike(release: Release, readable: list[FileEntry], report: Report) -> None:
    """Tell where a manifest announces no columns and files of one kind differ in them."""
    if release.manifest.columns:
        return
    first: dict[str, pa.Schema] = {}
    for entry in readable:
        found = schema_of(release.path / entry.place, release.expected(entry.kind))
        if found.names != first.setdefault(entry.kind, found).names:
            report.add("schemas", entry.path, f"has other columns than the first file of {entry.kind}")


def _rows(
    release: Release, readable: list[FileEntry], report: Report, meter: _Meter, reasons: Mapping[str, str] | None
) -> None:
    manifest = release.manifest
    funnel = FunnelTally()
    with tempfile.TemporaryDirectory(prefix="drystone-verify-") as scratch:
        laws = Conservation(Path(scratch), manifest.counts.occurrences + manifest.counts.kept)
        listed = [entry for entry in readable if entry.kind == "repositories"]
        tables = (table for entry in listed for _, table in _tables(release, entry, report))
        repositories = RepositoryCounts(tables, layout.REPOSITORIES, report.add)
        related = any(entry.kind in OPTIONAL for entry in readable)
        relations = Relations(
            (table for entry in listed for _, table in _tables(release, entry, report)) if related else (), report.add
        )
        last_key = None
        for entry in readable:
            tree = MerkleTree()
            text_bytes = 0
            counted = RowTally()
            last_swhid: str | None = None
            for whole, table in _tables(release, entry, report):
                _add_rows(tree, whole, entry, report)
                if entry.kind == "data":
                    counted.add(whole)
                size = 0
                if entry.kind == "data":
                    last_swhid, size = check_data(table, entry.path, entry.language or "", last_swhid, report.add)
                    laws.add_data(table, entry.path)
                elif entry.kind == "ledger":
                    last_key = check_ledger(table, entry.path, last_key, report.add, reasons)
                    funnel.add(table)
                    laws.add_ledger(table, entry.path, report.add)
                    repositories.add(table)
                elif entry.kind in OPTIONAL:
                    relations.add(table, entry.path, entry.kind)
                text_bytes += size
                meter.rows(table.num_rows, size)
            if tree.root().hex() != entry.root:
                report.add("roots", entry.path, f"rows have root {tree.root().hex()}, the manifest says {entry.root}")
            for name, found in counted.of_entry().items():
                if getattr(entry, name) is not None and found != getattr(entry, name):
                    report.add("counts", entry.path, f"{name} are {found}, the manifest says {getattr(entry, name)}")
            if text_bytes != entry.text_bytes:
                what = f"has {text_bytes:,} bytes of text, the manifest says {entry.text_bytes:,}"
                report.add("counts", entry.path, what)
        if len(readable) < len(manifest.files) or report.problems.get("schemas"):
            return  # laws across files would only repeat that one of them cannot be read
        repositories.finish()
        relations.finish()
        if repositories.kept != manifest.counts.kept:
            what = f"the ledger keeps {many(repositories.kept, 'file')}, the manifest says {manifest.counts.kept:,}"
            report.add("counts", layout.MANIFEST, what)
        funnel.check(manifest.facts.funnel, report.add)
        laws.check(manifest.facts.near_duplicate_threshold, report.add)


def _tables(release: Release, entry: FileEntry, report: Report) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Yield the rows of a file as they are, and under the columns that this program knows."""
    path, known = release.path / entry.place, SCHEMAS[entry.kind]
    try:
        whole = schema_of(path, release.expected(entry.kind))
        for table in batches(path, Expected(whole, frozenset(whole.names))):
            yield table, completed(table, known)
    except ReleaseError as error:
        report.add("schemas", entry.path, _without(release.path, error))


def _add_rows(tree: MerkleTree, whole: pa.Table, entry: FileEntry, report: Report) -> None:
    try:
        tree.add_rows(whole)
    except TypeError as error:  # a column of a newer format
        report.add("roots", entry.path, f"cannot be computed by this program: {error}")


def _without(folder: Path, error: ReleaseError) -> str:
    """The path stands beside the problem already."""
    return str(error).replace(f"{layout.shown(str(folder))}/", "")


def summary(report: Report) -> Iterable[tuple[str, str, int]]:
    """Yield (check, what it says, problems) for each check that was made."""
    return ((name, CHECKS[name], report.problems.get(name, 0)) for name in report.checks)
