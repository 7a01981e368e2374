"""Whether the index of a release is of its shards as they are, and whether its postings and rows agree with the texts.

A sample looks at some files of each segment, both ways: what they hold is in the postings, and what the postings name
holds it. A deep check makes every section anew. Reads; mends nothing.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from drystone.errors import ReleaseError
from drystone.release.layout import INDEX, MANIFEST, shown
from drystone.release.manifest import FileEntry, IndexFile
from drystone.release.read import Release
from drystone.search import _kernel
from drystone.search.expressions.formula import Formula
from drystone.search.index import facts_of, open_copies, sections_of
from drystone.search.indexes import copies
from drystone.search.occurrences.rows import KeptFiles, rows_of
from drystone.search.segment import FILES, SECTIONS, SUFFIX, Segment, segment_name

#: Files of a segment, keys of its postings and rows of the list of copies that a sample looks at.
SAMPLE: Final = 32
#: Sections that hold tables; the rest is compared as it is.
_TABLES: Final = frozenset({"shards", "files", "stretches", "passages", "symbols"})
#: What says where a text lies, and so is checked with the text.
_PLACED: Final = frozenset({"bytes", "shard", "page", "start", "not_indexed"})

#: Told a file of the release, and what is wrong with it.
Add = Callable[[str, str], object]


def check(
    release: Release,
    add: Add,
    *,
    quick: bool = False,
    deep: bool = False,
    done: Callable[[int, int], object] = lambda _done, _all: None,
) -> None:
    """Check the index that the manifest of a release lists; tell `add` what is wrong.

    With `quick` nothing is opened: each file must be of shards, or a ledger, as they are, and each shard in one. With
    `deep` each is made anew and compared. `done` is told (bytes of text done, of all).
    """
    entries = {entry.path: entry for entry in release.manifest.of_kind("data")}
    total, at = sum(entry.text_bytes for entry in entries.values()), 0
    seen: Counter[str] = Counter()
    for file in release.manifest.index:
        if not file.path.endswith(SUFFIX):
            continue
        seen.update(path for path in file.of if path in entries)
        group = [entries[path] for path in file.of if path in entries]
        if len(group) != len(file.of) or file.path != f"{INDEX}/{segment_name(group, file.symbols)}{SUFFIX}":
            add(file.path, "is stale: it was made for other shards than those of the manifest")
        elif not quick:
            _segment(release, file, group, add, deep)
        at += sum(entry.text_bytes for entry in group)
        done(at, total)
    for path in entries:
        if seen[path] != 1:
            add(
                path, "is in no segment of the index" if not seen[path] else f"is in {seen[path]} segments of the index"
            )
    _copies(release, add, quick, deep)


def _segment(release: Release, file: IndexFile, group: Sequence[FileEntry], add: Add, deep: bool) -> None:
    path = release.path / file.path
    if not path.is_file():
        return  # said to be missing already
    try:
        segment = Segment(path, group, file.symbols)
        for name in SECTIONS:
            segment.section(name)
        told = _deep(release, segment, group, file.symbols) if deep else _sample(release, segment, group)
        for what in told:
            add(file.path, what)
    except ReleaseError as error:
        add(file.path, str(error).replace(f"{shown(str(path))} ", ""))


def _deep(release: Release, segment: Segment, group: Sequence[FileEntry], symbols: str) -> Iterator[str]:
    """Yield the sections that differ from those that the shards give now; another compression is no difference."""
    for name, made in sections_of(release.path, group, symbols).items():
        there = bytes(segment.section(name))
        if there == made:
            continue
        if name in _TABLES:
            same = _table(there, name).equals(_table(made, name))
        else:
            same = name == "names" and segment.names == _names(made)
        if not same:
            yield f"section '{name}' is not what the shards give"


def _table(data: bytes, name: str) -> pa.Table:
    try:
        return pa.ipc.open_file(pa.py_buffer(data)).read_all()
    except pa.ArrowException as error:
        raise ReleaseError(f"section '{name}' is damaged: {error}") from None


def _names(section: bytes) -> bytes:
    return bytes(pa.decompress(section[8:], int.from_bytes(section[:8], "little"), codec="zstd"))


def _sample(release: Release, segment: Segment, group: Sequence[FileEntry]) -> Iterator[str]:
    """Yield what does not agree in some files of a segment: facts, texts, trigrams, terms, terms of paths."""
    facts = facts_of(release.path, group)
    for name in FILES.names:
        if name not in _PLACED and not _values(segment.files, name).equals(_values(facts, name)):
            yield f"column '{name}' of its files is not what the rows of the shards say"
            return
    kept = KeptFiles(release, [segment])
    chosen = np.unique(np.linspace(0, max(0, segment.count - 1), SAMPLE).astype(np.int64)).tolist()
    sums = _sums(release, group)
    trigrams: set[int] = set()
    for file in chosen if segment.count else []:
        name = shown(segment.value("path", file))
        text = bytes(kept.text(segment, file))
        if segment.value("not_indexed", file) is None:
            if hashlib.sha256(text).hexdigest() != sums[segment.value("swhid", file).hex()]:
                yield f"{name}: the text that is found is not the one of its row"
            yield from (f"{name}: {what}" for what in _missing(segment, file, text))
            trigrams.update(_kernel.trigrams(text).tolist()[:SAMPLE])
    yield from _too_much(segment, kept, sorted(trigrams))


def _values(table: pa.Table, name: str) -> pa.ChunkedArray:
    """Return a column without its dictionary: another order of distinct values is no difference."""
    column = table.column(name)
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _sums(release: Release, group: Sequence[FileEntry]) -> dict[str, str]:
    """Return the SHA-256 of the text of each row of shards, by the hash of its SWHID."""
    tables = (table for entry in group for table in release.rows(entry, ["swhid", "released_sha256"]))
    return {
        swhid[-40:]: sum_
        for table in tables
        for swhid, sum_ in zip(*(c.to_pylist() for c in table.columns), strict=True)
    }


def _missing(segment: Segment, file: int, text: bytes) -> Iterator[str]:
    """Yield what a text, or its path, holds and the postings do not say so."""
    asked = _kernel.trigrams(text).tolist()
    for at in range(0, len(asked), 256):
        words = Formula("and", frozenset(asked[at : at + 256])).words()
        if file not in segment.trigrams.candidates(words, segment.division):
            yield "trigrams of its text are not in the postings"
            break
    first, last = segment.passages.first[file], segment.passages.first[file + 1]
    if any(not _among(segment.terms.numbers(key), first, last) for key in _kernel.terms(text).tolist()):
        yield "terms of its text are not in the postings"
    path = segment.value("path", file).encode()
    if any(file not in segment.path_terms.numbers(key) for key in _kernel.terms(path).tolist()):
        yield "terms of its path are not in the postings"


def _among(numbers: Any, first: int, last: int) -> bool:
    return bool(np.searchsorted(numbers, first) < np.searchsorted(numbers, last))


def _too_much(segment: Segment, kept: KeptFiles, trigrams: Sequence[int]) -> Iterator[str]:
    """Yield files of which postings name a stretch for a trigram which is not in it."""
    held: dict[int, frozenset[int]] = {}
    divided = segment.stretches
    for trigram in trigrams[:: len(trigrams) // SAMPLE + 1]:
        numbers = segment.trigrams.numbers(trigram).tolist()
        for stretch in numbers[:: len(numbers) // 2 + 1]:
            file = int(divided.files[stretch])
            if stretch not in held:
                start = segment.starts[file]
                text = kept.text(segment, file)[divided.starts[stretch] - start : divided.ends[stretch] - start]
                held[stretch] = frozenset(_kernel.trigrams(bytes(text)).tolist())
            if trigram not in held[stretch]:
                yield f"{shown(segment.value('path', file))}: the postings name a trigram that is not in its text"


def _copies(release: Release, add: Add, quick: bool, deep: bool) -> None:
    parts = release.manifest.of_kind("ledger")
    wanted = f"{INDEX}/{copies.name(parts)}{copies.SUFFIX}"
    listed = [file.path for file in release.manifest.index if file.path.endswith(copies.SUFFIX)]
    for path in listed:
        if path != wanted:
            add(path, "is stale: it was made for another ledger than that of the manifest")
    if wanted not in listed:
        add(MANIFEST, "lists no list of copies of its ledger; drystone index makes it")
    if quick or wanted not in listed or not (release.path / wanted).is_file():
        return
    try:
        found = open_copies(release)
        if deep:
            if not _table(b"".join(copies.parts(release.path, parts)), "copies").equals(
                _table((release.path / wanted).read_bytes(), "copies")
            ):
                add(wanted, "does not list what the ledger holds")
            return
        for hash_, part, row in found.sample(SAMPLE):
            told = rows_of(release, [(part, row)], ["swhid"])
            if [one["swhid"] for one in told] != [f"swh:1:cnt:{hash_.hex()}"]:
                add(wanted, f"row {row:,} of part {part:,} of the ledger has other bytes than it says")
    except ReleaseError as error:
        add(wanted, str(error).replace(f"{shown(str(release.path / wanted))} ", ""))
