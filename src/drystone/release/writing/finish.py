"""The last step of writing a release: documents, checksums, and the manifest, whose existence means complete."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from drystone._words import many
from drystone.errors import ReleaseError
from drystone.release import layout
from drystone.release.columns import Kind
from drystone.release.documents import card, citations, croissant
from drystone.release.documents.notice import Notice, merged, notice_lines, notice_text
from drystone.release.files import whole_file, write_whole
from drystone.release.inspection.stats import Stats, Tally, counts_of, stats
from drystone.release.manifest import (
    Counts,
    Document,
    FileEntry,
    IndexFile,
    Manifest,
    ReleaseFacts,
    manifest_bytes,
    present_columns,
    release_root,
)
from drystone.release.read import Release
from drystone.work.remote.mirror import remove, size

#: Documents of a release by their names, made of it and its counts by who knows their form.
MoreDocuments = Callable[[Release, Stats], Mapping[str, str]]


def no_documents(release: Release, counted: Stats) -> Mapping[str, str]:
    """Return none."""
    return {}


def finish(
    folder: Path,
    facts: ReleaseFacts,
    files: Iterable[FileEntry],
    notices: Iterable[Notice] = (),
    index: Callable[[Manifest], Iterable[IndexFile]] = lambda manifest: (),
    more: MoreDocuments = no_documents,
) -> Manifest:
    """Write everything around the Parquet files of a release, the manifest last, and return it.

    `files` are what the writers returned, in any order. `index` is asked for the files of the index before the manifest
    is written, and makes them. `more` as in `describe`. What is already there under the same names is replaced; other
    Parquet files under `data/` and `ledger/` (of an earlier build into this folder) are refused. Raises `ReleaseError`
    where files are missing or more than listed, where kept rows of the ledger and rows of data differ in number, or
    where the disk is full.
    """
    entries = tuple(sorted(files, key=lambda f: f.path))
    for name in (layout.MANIFEST + layout.SIGNATURE, layout.MANIFEST):
        remove(folder / name)
    _check_complete(folder, entries)
    manifest = describe(folder, facts, entries, list(notices), more=more)
    manifest = manifest.model_copy(update={"index": tuple(index(manifest))})
    write_whole(folder / layout.MANIFEST, manifest_bytes(manifest))
    return manifest


def describe(
    folder: Path,
    facts: ReleaseFacts,
    files: Iterable[FileEntry],
    notices: Sequence[Notice] | None,
    suffix: str = "",
    columns: Mapping[Kind, Iterable[str]] | None = None,
    older_notice: Iterable[str] = (),
    more: MoreDocuments = no_documents,
) -> Manifest:
    """Write the documents of a release, with `suffix` behind their names, and return its manifest, not yet written.

    Of `files` only the ledger need be there. `notices` are what NOTICE holds; None: an older program wrote it,
    and `older_notice` is its text in pieces. `more` is asked for documents that this room does not know. `columns` are
    those of the files by kind (default: all of this format). Raises `ReleaseError` where kept rows of the ledger and
    rows of data differ in number, or where the disk is full.
    """
    entries = tuple(sorted(files, key=lambda f: f.path))
    announced = present_columns(entries) if columns is None else {kind: tuple(names) for kind, names in columns.items()}
    manifest = Manifest(
        root=release_root(facts, entries), facts=facts, counts=_no_counts(), files=entries, columns=announced
    )
    manifest = manifest.model_copy(update={"counts": _counts(folder, manifest)})
    release = Release(folder, manifest)
    found = stats(release)
    told = None if notices is None else merged(notices)
    texts: dict[str, Iterable[str]] = {
        "CHANGELOG.md": card.changelog(facts, manifest.root),
        "CITATION.bib": citations.citation_bibtex(facts, manifest.root),
        "CITATION.cff": citations.citation_cff(facts, manifest.root),
        "NOTICE": older_notice if told is None else notice_text(f"{facts.name} {facts.version}", told),
        "README.md": card.readme(release, found),
        "citation.json": citations.citation_csl(facts, manifest.root),
        "croissant.json": croissant.croissant(manifest, found),
        "datacite.json": citations.datacite(facts, manifest.root),
        layout.NOTICES: notice_lines(told),
        **{name: (text,) for name, text in more(release, found).items()},
    }
    documents = [_write_document(folder, name, pieces, suffix) for name, pieces in texts.items()]
    sums = sums_text(entries, documents)
    written = write_whole(folder / f"{layout.SUMS}{suffix}", sums)
    documents.append(Document(path=layout.SUMS, bytes=len(sums), sha256=written))
    return manifest.model_copy(update={"documents": tuple(sorted(documents, key=lambda d: d.path))})


def sums_text(files: Iterable[FileEntry], documents: Iterable[Document]) -> bytes:
    """Return SHA256SUMS: a line for every file of the release but itself and the manifest, by name."""
    named = [(f.place, f.sha256) for f in files] + [(d.path, d.sha256) for d in documents if d.path != layout.SUMS]
    return "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(named)).encode()


def _check_complete(folder: Path, entries: tuple[FileEntry, ...]) -> None:
    listed = {entry.path for entry in entries}
    places = {entry.place for entry in entries}
    if len(listed) != len(entries):
        raise ReleaseError("a file of the release is listed twice")
    for entry in entries:
        path = folder / entry.place
        if size(path) != entry.bytes:
            raise ReleaseError(f"{layout.shown(str(path))} is missing or has another size than when it was written")
    stray = [path for path in layout.parquet_files(folder) if path not in places]
    if stray:
        raise ReleaseError(
            f"{layout.shown(stray[0])} lies in {layout.shown(str(folder))} but is not part of this release. "
            "Remove it, or choose another folder"
        )
    if layout.REPOSITORIES not in listed:
        raise ReleaseError(f"{layout.REPOSITORIES} was not written")
    groups: dict[str, list[str]] = {}
    for name in sorted(listed - layout.SINGLE.keys()):
        groups.setdefault(name.rpartition("/")[0], []).append(name)
    if "ledger" not in groups:
        raise ReleaseError("no part of the ledger was written")
    for name, paths in groups.items():
        count = int(paths[0].rpartition("-")[2].removesuffix(".parquet"))
        if len(paths) != count:
            raise ReleaseError(f"{layout.shown(name)} has {many(len(paths), 'file')} where their names say {count}")


def _no_counts() -> Counts:
    return Counts(occurrences=0, kept=0, dropped=0, repositories=0, opted_out_repositories=0, text_bytes=0)


def _counts(folder: Path, manifest: Manifest) -> Counts:
    rows = counts_of(manifest)
    tally = Tally(Release(folder, manifest).ledger(Tally.COLUMNS))
    kept, dropped = tally.decided("kept"), tally.decided("dropped")
    if kept != rows["kept"] or kept + dropped != rows["occurrences"]:
        raise ReleaseError(
            f"the ledger has {many(rows['occurrences'], 'row')}, {kept:,} kept and {dropped:,} dropped, "
            f"but data holds {many(rows['kept'], 'file')}"
        )
    return Counts(**rows, dropped=dropped, opted_out_repositories=manifest.facts.opted_out_repositories)


def _write_document(folder: Path, name: str, pieces: Iterable[str], suffix: str) -> Document:
    with whole_file(folder / f"{name}{suffix}") as sink:
        for piece in pieces:
            sink.write(piece.encode("utf-8", "backslashreplace"))
    return Document.model_validate({"path": name, "bytes": sink.size, "sha256": sink.hexdigest()})
