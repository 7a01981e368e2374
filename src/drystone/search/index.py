"""Building the index of a release: segments of whole shards, each a file named by the shards' bytes, and their list.

A segment that is there for the same shards is kept, so that a build that was killed goes on, and a new version of a
release costs what has changed. Knows no query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypedDict, cast

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from drystone.errors import ReleaseError
from drystone.release.layout import shown
from drystone.release.manifest import FileEntry
from drystone.release.read import Release
from drystone.search import _kernel, segment
from drystone.search.definitions import keywords
from drystone.search.pages import ReadShard
from drystone.search.segment import FILES, PAGES, PASSAGES, SUFFIX, SYMBOLS, Segment, segment_name
from drystone.work import files

#: The folder of the index, in the release's.
FOLDER: Final = "index"
#: The list of segments, written last.
LIST: Final = "index.json"
FORMAT: Final = "drystone-index"
#: Shards are put together until they have so many bytes of text.
SEGMENT_BYTES: Final = 64 * 1024**2
#: Most files in one segment: what the numbers of files may count to.
_MOST_FILES: Final = 1 << 24

_COLUMNS: Final = (
    "path", "origin", "repo_name", "language", "license_expression", "license_type", "swhid", "is_vendor",
    "is_generated", "is_test", "is_documentation", "is_configuration", "num_lines", "committer_date", "revision_date",
)  # fmt: skip


class _Listed(TypedDict):
    name: str
    shards: list[str]
    bytes: int


class _List(TypedDict):
    format: str
    version: int
    root: str
    segments: list[_Listed]


class Indexed(NamedTuple):
    """What an index holds and what building it did: segments, of those built now, files, texts, bytes on disk."""

    segments: int
    built: int
    files: int
    not_indexed: int
    text_bytes: int
    index_bytes: int


def plan(entries: Sequence[FileEntry], kept: Sequence[Sequence[str]] = ()) -> list[list[FileEntry]]:
    """Divide shards into segments: groups of `kept` (paths) first where all are there, others by path until they fill.

    So an index over an earlier version of a release keeps every segment none of whose shards have changed.
    """
    left = {entry.path: entry for entry in entries}
    groups = []
    for paths in kept:
        if paths and all(path in left for path in paths):
            groups.append([left.pop(path) for path in paths])
    filling: list[FileEntry] = []
    for entry in left.values():
        if filling and (
            sum(e.text_bytes for e in filling) >= SEGMENT_BYTES
            or sum(e.rows for e in filling) + entry.rows > _MOST_FILES
        ):
            groups.append(filling)
            filling = []
        filling.append(entry)
    return [*groups, filling] if filling else groups


def build(
    release: Release, folder: Path | None = None, done: Callable[[int, int], None] = lambda _done, _all: None
) -> Indexed:
    """Bring the index of a release up to date and return what it holds.

    `folder` is where it lies: by default `index` in the release. `done` is told (bytes of text done, of all) after each
    segment. Memory grows with one segment. Raises `ReleaseError` where the release is damaged or the disk is full.
    """
    folder = folder or release.path / FOLDER
    entries = release.manifest.of_kind("data")
    total, at, built, left_out = sum(e.text_bytes for e in entries), 0, 0, 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files.remove_partial(folder)
        listed: list[_Listed] = []
        for group in plan(entries, _unchanged(folder, entries)):
            path = folder / f"{segment_name(group)}{SUFFIX}"
            found = _opened(path, group)
            if found is None:
                with files.whole(path) as temporary, temporary.open("wb") as file:
                    file.writelines(segment_parts(release, group))
                found = Segment(path, group)
                built += 1
            left_out += found.count - found.files.column("not_indexed").null_count
            listed.append({"name": found.name, "shards": [e.path for e in group], "bytes": path.stat().st_size})
            at += sum(e.text_bytes for e in group)
            done(at, total)
        value = _List(format=FORMAT, version=segment.VERSION, root=release.root, segments=listed)
        with files.whole(folder / LIST) as temporary:
            temporary.write_bytes(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        names = {f"{one['name']}{SUFFIX}" for one in listed}
        for path in folder.glob(f"*{SUFFIX}"):
            if path.name not in names:
                path.unlink()
    except OSError as error:
        raise ReleaseError(f"{shown(str(folder))} cannot be written: {files.why(error)}") from None
    return Indexed(
        len(listed), built, sum(e.rows for e in entries), left_out, total, sum(one["bytes"] for one in listed)
    )


def open_segments(release: Release, folder: Path | None = None) -> list[Segment]:
    """Open the index of a release.

    Raises `ReleaseError` where there is none, it is of another version of the release or of the format, or damaged.
    """
    folder = folder or release.path / FOLDER
    listed = _listed(folder)
    if listed is None:
        raise ReleaseError(f"{shown(str(release.path))} has no index. Make it with: drystone index {release.path}")
    entries = {entry.path: entry for entry in release.manifest.of_kind("data")}
    groups = listed["segments"]
    if listed["root"] != release.root or sorted(p for g in groups for p in g["shards"]) != sorted(entries):
        raise ReleaseError(
            f"{shown(str(folder))} was made for another version of the release. "
            f"Bring it up to date with: drystone index {release.path}"
        )
    return [
        Segment(folder / f"{group['name']}{SUFFIX}", [entries[path] for path in group["shards"]]) for group in groups
    ]


def _listed(folder: Path) -> _List | None:
    """Return the list of segments; None where there is none. Raises `ReleaseError` for what is no such list."""
    path = folder / LIST
    try:
        value = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, orjson.JSONDecodeError) as error:
        raise ReleaseError(
            f"{shown(str(path))} cannot be read: {error}. Remove it and run drystone index again"
        ) from None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise ReleaseError(f"{shown(str(path))} is not the list of an index. Remove it and run drystone index again")
    if value.get("version") != segment.VERSION:
        raise ReleaseError(
            f"{shown(str(path))} has version {shown(str(value.get('version')))} of the format, this program reads "
            f"{segment.VERSION}. Run drystone index again"
        )
    try:
        for one in value["segments"]:
            if not (isinstance(one["name"], str) and all(isinstance(path, str) for path in one["shards"])):
                raise TypeError
        str(value["root"])
    except (KeyError, TypeError):
        raise ReleaseError(f"{shown(str(path))} is damaged. Remove it and run drystone index again") from None
    return cast(_List, value)


def _unchanged(folder: Path, entries: Sequence[FileEntry]) -> list[list[str]]:
    """Return the shards of each segment of the last build that still holds for them."""
    try:
        listed = _listed(folder)
    except ReleaseError:
        return []
    by_path = {entry.path: entry for entry in entries}
    found = []
    for one in listed["segments"] if listed else []:
        group = [by_path[path] for path in one["shards"] if path in by_path]
        if len(group) == len(one["shards"]) and segment_name(group) == one["name"]:
            found.append([entry.path for entry in group])
    return found


def _opened(path: Path, group: Sequence[FileEntry]) -> Segment | None:
    """Return the segment that a build before this one left whole, or None."""
    try:
        found = Segment(path, group)
        for name in segment.SECTIONS:
            found.section(name)
    except ReleaseError:
        return None
    return found


def segment_parts(release: Release, entries: Sequence[FileEntry]) -> list[bytes]:
    """Return the bytes of the segment over `entries`, in parts. Raises `ReleaseError` where a shard is damaged."""
    tables = [pa.concat_tables(release.rows(entry, _COLUMNS)) for entry in entries]
    rows = pa.concat_tables(tables).combine_chunks()
    order = pc.sort_indices(rows, sort_keys=[("origin", "ascending"), ("path", "ascending"), ("swhid", "ascending")])
    places = order.to_numpy()
    number = np.empty(len(places), np.uint32)
    number[places] = np.arange(len(places), dtype=np.uint32)
    builder = _kernel.Builder(
        len(places), [(list(f.words), f.shapes) for f in keywords.families()], keywords.FUNCTION, keywords.HEADING
    )
    for one, path in zip(number.tolist(), rows.column("path").to_pylist(), strict=True):
        builder.add_path(one, path.encode())
    languages = rows.column("language").combine_chunks().dictionary_encode()
    of_language = np.array([keywords.family_of(name) for name in languages.dictionary.to_pylist()] or [0], np.uint8)
    families = of_language[languages.indices.to_numpy()]
    located = _Located(len(places))
    at = 0
    for shard, entry in enumerate(entries):
        for read in ReadShard(release.path / entry.place).pages():
            values = len(read.starts)
            here = slice(at, at + values)
            if at + values > len(places):
                raise ReleaseError(f"{shown(entry.path)} has more texts than rows")
            located.put(here, shard, read.page, read.starts, read.lengths)
            there = read.lengths >= 0
            builder.add(
                np.frombuffer(read.data, np.uint8), read.starts[there], read.lengths[there], number[here][there],
                families[here][there],
            )  # fmt: skip
            at += values
    if at != len(places):
        raise ReleaseError(f"{shown(entries[0].path)} and the shards after it have fewer texts than rows")
    built = builder.finish()
    names, found = _symbols(built)
    sections = {
        "shards": segment.table_bytes(located.pages()),
        "files": segment.table_bytes(_files(rows, located).take(order).cast(FILES)),
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
    return segment.segment_bytes(segment_name(entries), sections)


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
    raw = built["symbol_names"]
    starts, sizes = built["symbol_starts"].tolist(), built["symbol_sizes"].tolist()
    all_names = [raw[start : start + size] for start, size in zip(starts, sizes, strict=True)]
    distinct = sorted(set(all_names))
    place = {name: i for i, name in enumerate(distinct)}
    of = np.fromiter((place[name] for name in all_names), np.int32, len(all_names))
    documents, lines = built["symbol_documents"].astype(np.int32), built["symbol_lines"].astype(np.int32)
    order = np.lexsort((lines, documents, of))
    joined = b"".join(name + b"\n" for name in distinct)
    packed = pa.compress(joined, codec="zstd", asbytes=True)
    table = pa.table([of[order], documents[order], lines[order], built["symbol_kinds"][order]], schema=SYMBOLS)
    return len(joined).to_bytes(8, "little") + packed, table


def texts(found: Segment, release: Release) -> Iterator[tuple[int, memoryview]]:
    """Yield the number and the text of every indexed file of a segment, page by page, for checks and whole scans."""
    shards = [ReadShard(release.path / entry.place) for entry in found.entries]
    page, start, size = found.places
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
