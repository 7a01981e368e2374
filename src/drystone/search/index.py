"""Building the index of a release: segments of whole shards, each a file named by the shards' bytes, and their list.

A segment that is there for the same shards is kept, so that a build that was killed goes on, and a new version of a
release costs what has changed. Knows no query.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from drystone.errors import ReleaseError
from drystone.release import layout
from drystone.release.files import file_sha256, whole_file, write_whole
from drystone.release.layout import shown
from drystone.release.location import Bucket, Folder, locked
from drystone.release.manifest import FileEntry, IndexFile, manifest_bytes, read_manifest
from drystone.release.read import Release
from drystone.release.schema import ANY_DATA
from drystone.release.tables import batches
from drystone.release.versions.signatures import unsign
from drystone.search import _kernel, segment
from drystone.search.definitions.maker import KEYWORDS, SymbolMaker
from drystone.search.indexes import copies
from drystone.search.indexes.pieces import SEGMENT_BYTES, Piece, no_index, pieces, segments_of, stale_index
from drystone.search.limits import Symbols
from drystone.search.pages import ReadShard
from drystone.search.remote.objects import RemoteFile, fetch
from drystone.search.segment import FILES, PAGES, PASSAGES, STRETCHES, SUFFIX, SYMBOLS, Segment, segment_name
from drystone.work import files
from drystone.work.remote.mirror import here
from drystone.work.store import Stage

_COLUMNS: Final = (
    "path", "origin", "repo_name", "language", "license_expression", "license_type", "swhid", "is_vendor",
    "is_generated", "is_test", "is_documentation", "is_configuration", "num_lines", "committer_date", "revision_date",
)  # fmt: skip


class Indexed(NamedTuple):
    """What an index holds and what building it did, or (`dry_run`) would do.

    `built` of the `segments` were new, over `built_bytes` of the `text_bytes`. `not_indexed` counts by reason the files
    that no words of their texts find; in a dry run those of segments that are there. `index_bytes` lie on disk.
    """

    segments: int
    built: int
    files: int
    not_indexed: dict[str, int]
    text_bytes: int
    built_bytes: int
    index_bytes: int
    dry_run: bool = False


def make(folder: Path, piece: Piece) -> IndexFile:
    """Write one file of the index into a release. Raises `ReleaseError` for a damaged release or a full disk."""
    if piece.is_segment:
        parts = segment_parts(folder, piece.entries, piece.symbols)
    else:
        parts = copies.parts(folder, piece.entries)
    with whole_file(folder / piece.path) as sink:
        for part in parts:
            sink.write(part)
    of = tuple(entry.path for entry in piece.entries)
    return IndexFile(path=piece.path, bytes=sink.size, sha256=sink.hexdigest(), of=of, symbols=piece.symbols)


def make_piece(
    stage: Stage, task: str, release: Path, path: str, entries: Sequence[Mapping[str, Any]], symbols: str
) -> Mapping[str, Any]:
    """Make one file of the index of a release, as a task of a build; return its entry in the manifest."""
    piece = Piece(path, tuple(FileEntry.model_validate(entry) for entry in entries), symbols)
    return make(release, piece).model_dump(mode="json")


def there(folder: Path, piece: Piece, listed: Iterable[IndexFile] = ()) -> IndexFile | None:
    """Return the entry of a file that an earlier run left whole, or None. `listed` gives checksums that are known."""
    path, of = folder / piece.path, tuple(entry.path for entry in piece.entries)
    here(path)
    try:
        if piece.is_segment:
            found = Segment(path, piece.entries, piece.symbols)
            for name in segment.SECTIONS:
                found.section(name)
        else:
            copies.read(path, piece.entries)
        size = path.stat().st_size
        for file in listed:
            if (file.path, file.of, file.bytes) == (piece.path, of, size):
                return file
        return IndexFile(path=piece.path, bytes=size, sha256=file_sha256(path), of=of, symbols=piece.symbols)
    except (ReleaseError, OSError):
        return None


def not_indexed(release: Release, files: Iterable[IndexFile], bucket: Bucket | None = None) -> dict[str, int]:
    """Count the files that no words of their texts find, by the reason why. Raises `ReleaseError`."""
    entries = {entry.path: entry for entry in release.manifest.of_kind("data")}
    listed = [(file, [entries[path] for path in file.of]) for file in files if file.path.endswith(SUFFIX)]
    counts: Counter[str] = Counter()
    for opened in _opened(release, listed, bucket):
        reasons = opened.files.column("not_indexed")
        counts.update(reason for reason in reasons.to_pylist() if reason is not None)
    return dict(sorted(counts.items()))


def build(
    release: Release,
    *,
    symbols: Symbols | None = None,
    dry_run: bool = False,
    done: Callable[[int, int], object] = lambda _done, _all: None,
) -> Indexed:
    """Bring the index of a release up to date, list it in the manifest, and return what it holds.

    `symbols` says what makes symbols: None, what made those of the index that is there, else keywords. `done` is told
    (bytes of text done, of all) after each segment. Memory grows with one segment. With `dry_run`
    nothing is written. Raises `ReleaseError` where the release is damaged, where it is written by another process, or
    where the folder cannot be written.
    """
    if dry_run:
        return _brought_up_to_date(_as_it_is(release), symbols, True, done)
    with locked(release.path):
        return _brought_up_to_date(_as_it_is(release), symbols, False, done)


def _as_it_is(release: Release) -> Release:
    """Return the release with the manifest that lies there. Raises `ReleaseError` where it is another by now."""
    now = read_manifest(release.path)
    if now.root != release.root:
        raise ReleaseError(f"{shown(str(release.path))} has become another version meanwhile. Run the command again")
    return Release(release.path, now)


def _brought_up_to_date(
    release: Release, symbols: Symbols | None, dry_run: bool, done: Callable[[int, int], object]
) -> Indexed:
    total, at, built = sum(e.text_bytes for e in release.manifest.of_kind("data")), 0, list[Piece]()
    found: list[IndexFile] = []
    if not dry_run:
        _prepare(release.path)
    for piece in pieces(release.manifest, release.manifest.index, symbols):
        file = there(release.path, piece, release.manifest.index)
        if file is None:
            built.append(piece)
            file = None if dry_run else make(release.path, piece)
        found += [] if file is None else [file]
        if piece.is_segment:
            at += piece.weight
            done(at, total)
    if not dry_run:
        list_index(release, found)
    return indexed(release, found, built, dry_run)


def indexed(
    release: Release, found: Sequence[IndexFile], built: Iterable[Piece], dry_run: bool, bucket: Bucket | None = None
) -> Indexed:
    """Return what an index of these files holds, of which those of `built` are new, or (`dry_run`) are to be."""
    entries = release.manifest.of_kind("data")
    new = [piece for piece in built if piece.is_segment]
    return Indexed(
        sum(file.path.endswith(SUFFIX) for file in found) + (len(new) if dry_run else 0), len(new),
        sum(e.rows for e in entries), not_indexed(release, found, bucket), sum(e.text_bytes for e in entries),
        sum(piece.weight for piece in new), sum(file.bytes for file in found), dry_run,
    )  # fmt: skip


def _prepare(folder: Path) -> None:
    try:
        (folder / layout.INDEX).mkdir(exist_ok=True)
        files.remove_partial(folder / layout.INDEX)
    except OSError as error:
        raise ReleaseError(
            f"{shown(str(folder / layout.INDEX))} cannot be written: {files.why(error)}. The index "
            "lies in the release: make the folder writable, or copy the release"
        ) from None


def list_index(release: Release, found: Sequence[IndexFile]) -> None:
    """Write the manifest anew with these files as the index, and remove what else lies in the folder of the index."""
    index = tuple(sorted(found, key=lambda file: file.path))
    if index != release.manifest.index:
        anew = release.manifest.model_copy(update={"index": index})
        unsign(Folder(release.path))
        write_whole(release.path / layout.MANIFEST, manifest_bytes(anew))
    remove_others(release.path, index)


def remove_others(folder: Path, index: Iterable[IndexFile]) -> None:
    """Remove from the folder of the index what is not of this one, and the folder where nothing is left in it."""
    wanted = {file.path for file in index}
    try:
        for name in list(layout.index_files(folder)):
            if name not in wanted:
                (folder / name).unlink()
        if not wanted and (folder / layout.INDEX).is_dir() and not any((folder / layout.INDEX).iterdir()):
            (folder / layout.INDEX).rmdir()
    except OSError as error:
        raise ReleaseError(f"{shown(str(folder / layout.INDEX))} cannot be written: {files.why(error)}") from None


def open_segments(release: Release, bucket: Bucket | None = None) -> list[Segment]:
    """Open the index of a release; of one in a store (`bucket`) all beginnings are read in one round.

    Raises `ReleaseError` where there is none, where it is of another version of the release or of the format, or
    damaged.
    """
    try:
        return _segments(release, release.manifest.index, bucket)
    except ReleaseError:  # the index, or the release, may have been made anew since it was opened
        return _segments(release, _as_it_is(release).manifest.index, bucket)


def _segments(release: Release, index: Sequence[IndexFile], bucket: Bucket | None) -> list[Segment]:
    return list(_opened(release, segments_of(release, index), bucket))


def _opened(
    release: Release, listed: Sequence[tuple[IndexFile, Sequence[FileEntry]]], bucket: Bucket | None
) -> Iterator[Segment]:
    """Open segments one after another; of those in a store all beginnings are read in one round."""
    remote = [None if bucket is None else RemoteFile(bucket, file.path, file.bytes) for file, _ in listed]
    fetch((far, [(0, segment.FRONT)]) for far in remote if far is not None)
    for (file, group), far in zip(listed, remote, strict=True):
        yield Segment(release.path / file.path, group, file.symbols, far)


def open_copies(release: Release) -> copies.CopyList:
    """Open the list of bytes that lie in several places. Raises as `open_segments` does."""
    try:
        return _copies(release, release.manifest.index)
    except ReleaseError:
        return _copies(release, _as_it_is(release).manifest.index)


def _copies(release: Release, listed: Sequence[IndexFile]) -> copies.CopyList:
    parts = release.manifest.of_kind("ledger")
    wanted = f"{layout.INDEX}/{copies.name(parts)}{copies.SUFFIX}"
    if not any(file.path == wanted and file.of == tuple(part.path for part in parts) for file in listed):
        raise stale_index(release) if listed else no_index(release)
    return copies.read(release.path / wanted, parts)


def segment_parts(folder: Path, entries: Sequence[FileEntry], symbols: str = KEYWORDS) -> list[bytes]:
    """Return the bytes of the segment over shards of a release, in parts; `symbols` says what makes its symbols.

    Raises `ReleaseError` where a shard is damaged.
    """
    return segment.segment_bytes(segment_name(entries, symbols), sections_of(folder, entries, symbols))


def facts_of(folder: Path, entries: Sequence[FileEntry]) -> pa.Table:
    """Return what the rows of shards say of the files of their segment, in its order: `FILES`, but where texts lie."""
    rows, order = _rows(folder, entries)
    return _files(rows, _Located(rows.num_rows)).take(order).cast(FILES)


def _rows(folder: Path, entries: Sequence[FileEntry]) -> tuple[pa.Table, pa.Array]:
    """Return the rows of shards, and the order in which their files are numbered."""
    tables = [pa.concat_tables(batches(folder / entry.place, ANY_DATA, _COLUMNS)) for entry in entries]
    rows = pa.concat_tables(tables).combine_chunks()
    return rows, pc.sort_indices(
        rows, sort_keys=[("origin", "ascending"), ("path", "ascending"), ("swhid", "ascending")]
    )


def sections_of(folder: Path, entries: Sequence[FileEntry], symbols: str = KEYWORDS) -> dict[str, bytes]:
    """Return the sections of the segment over shards of a release. Raises `ReleaseError` where a shard is damaged."""
    rows, order = _rows(folder, entries)
    places = order.to_numpy()
    number = np.empty(len(places), np.uint32)
    number[places] = np.arange(len(places), dtype=np.uint32)
    size = sum(entry.text_bytes for entry in entries)
    builder = SymbolMaker.builder(len(places), min(size, 2 * SEGMENT_BYTES))
    for one, path in zip(number.tolist(), rows.column("path").to_pylist(), strict=True):
        builder.add_path(one, path.encode())
    languages = rows.column("language").combine_chunks().dictionary_encode()
    maker, codes = SymbolMaker(symbols, languages.dictionary.to_pylist()), languages.indices.to_numpy()
    located = _Located(len(places))
    at = 0
    for shard, entry in enumerate(entries):
        for read in ReadShard(folder / entry.place).pages():
            values = len(read.starts)
            here = slice(at, at + values)
            if at + values > len(places):
                raise ReleaseError(f"{shown(entry.path)} has more texts than rows")
            located.put(here, shard, read.page, read.starts, read.lengths)
            there = read.lengths >= 0
            size -= int(read.lengths[there].sum())
            if size < 0:  # segments are planned by what it says
                raise ReleaseError(f"{shown(entry.path)} has more text than the manifest says. Run drystone verify")
            maker.add(
                builder, np.frombuffer(read.data, np.uint8), read.starts[there], read.lengths[there],
                number[here][there], codes[here][there],
            )  # fmt: skip
            at += values
    if at != len(places):
        raise ReleaseError(f"{shown(entries[0].path)} and the shards after it have fewer texts than rows")
    built = builder.finish()
    names, found = _symbols(built)
    return {
        "shards": segment.table_bytes(located.pages()),
        "files": segment.table_bytes(_files(rows, located).take(order).cast(FILES)),
        "stretches": segment.table_bytes(pa.table([built["stretch_bytes"]], schema=STRETCHES)),
        "passages": segment.table_bytes(
            pa.table(
                [built["passage_bytes"].astype(np.uint16), np.minimum(built["passage_terms"], 65535).astype(np.uint16)],
                schema=PASSAGES,
            )
        ),
        "symbols": segment.table_bytes(found),
        "names": names,
        "trigrams": built["trigrams"],
        "terms": built["terms"],
        "defined": built["defined"],
        "paths": built["paths"],
    }


class _Located:
    """Where the text of each row lies."""

    def __init__(self, rows: int) -> None:
        self.shard = np.zeros(rows, np.uint16)
        self.page = np.zeros(rows, np.int32)
        self.start = np.zeros(rows, np.int64)
        self.bytes = np.zeros(rows, np.int64)
        self._pages: list[tuple[int, ...]] = []

    def put(self, rows: slice, shard: int, page: tuple[int, ...], starts: Any, lengths: Any) -> None:
        self.shard[rows], self.page[rows] = shard, len(self._pages)
        self.start[rows], self.bytes[rows] = starts, lengths
        self._pages.append((shard, *page))

    def pages(self) -> pa.Table:
        columns = list(zip(*self._pages, strict=True)) or [()] * len(PAGES)
        return pa.table([pa.array(c, f.type) for c, f in zip(columns, PAGES, strict=True)], schema=PAGES)


def _files(rows: pa.Table, located: _Located) -> pa.Table:
    """Return the rows as `FILES` has them, still in the order of the shards."""

    def column(name: str) -> pa.Array:
        return rows.column(name).combine_chunks()

    flags = np.zeros(rows.num_rows, np.uint8)
    for name, bit in zip(_COLUMNS[7:12], segment.FLAGS.values(), strict=True):
        flags |= pc.fill_null(column(name), False).to_numpy(zero_copy_only=False).astype(np.uint8) * np.uint8(bit)
    when = pc.coalesce(column("committer_date"), column("revision_date"))
    hashes = [bytes.fromhex(swhid.rpartition(":")[2]) for swhid in column("swhid").to_pylist()]
    none = located.bytes < 0
    reason = pa.scalar("the release holds no text of this file", pa.string())
    values: dict[str, Any] = {
        "path": column("path"),
        **{name: column(name).dictionary_encode() for name in _COLUMNS[1:6]},
        "swhid": pa.array(hashes, pa.binary(20)),
        "flags": flags,
        "year": pc.cast(pc.year(when), pa.int16()),
        "lines": column("num_lines"),
        "bytes": np.maximum(located.bytes, 0),
        "shard": located.shard,
        "page": located.page,
        "start": located.start,
        "not_indexed": pc.if_else(pa.array(none), reason, pa.scalar(None, pa.string())),
    }
    return pa.table([values[name] for name in FILES.names], names=FILES.names)


def _symbols(built: _kernel.Built) -> tuple[bytes, pa.Table]:
    """Return the distinct names, each a line, with their length before them and compressed; and the symbols."""
    of, documents = built["symbol_names"].astype(np.int32), built["symbol_documents"].astype(np.int32)
    lines = built["symbol_lines"].astype(np.int32)
    order = np.lexsort((lines, documents, of))
    packed = pa.compress(built["names"], codec="zstd", asbytes=True)
    table = pa.table([of[order], documents[order], lines[order], built["symbol_kinds"][order]], schema=SYMBOLS)
    return len(built["names"]).to_bytes(8, "little") + packed, table


def texts(found: Segment, release: Release) -> Iterator[tuple[int, memoryview]]:
    """Yield the number and the text of every indexed file of a segment, page by page, for checks and whole scans."""
    shards = [ReadShard(release.path / entry.place) for entry in found.entries]
    page, start, size = found.page_numbers.tolist(), found.starts.tolist(), found.sizes.tolist()
    by_page: dict[int, list[int]] = {}
    indexed = found.files.column("not_indexed").is_null().to_pylist()
    for number, of in enumerate(page):
        if indexed[number]:
            by_page.setdefault(of, []).append(number)
    for of in sorted(by_page):
        shard, place = found.pages[of]
        data = shards[shard].read(place)
        for number in by_page[of]:
            yield number, data[start[number] : start[number] + size[number]]
