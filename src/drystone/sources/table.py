"""The `table` source: The Stack v2's own tables, per file or per repository, with contents from an archive's store.

A row says which file of which repository, and under which licence; languages are found anew from the bytes. Rows of one
repository may lie anywhere in a table: they are brought together on disk, in parts of bounded size.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Final, TypedDict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from drystone.errors import SourceError
from drystone.identity.hashes import MODE_FILE
from drystone.sources._paths import path_problem
from drystone.sources._table_rows import (
    NO_FILES,
    REPOSITORY,
    ROWS,
    check_columns,
    columns_of,
    is_nested,
    names_of,
    rows_of,
    with_urls,
)
from drystone.sources.base import (
    FILE,
    LISTING,
    LOST_CONTENT,
    UNREADABLE,
    Collection,
    IsOut,
    Limits,
    Listing,
    Part,
    Repository,
    SourceState,
    Terms,
)
from drystone.sources.software_heritage import terms as swh_terms
from drystone.sources.software_heritage.contents import ContentId, ContentStore
from drystone.sources.software_heritage.http import shown
from drystone.work.files import whole
from drystone.work.store import Stage
from drystone.work.tasks import Runner, Task

#: Where a table names repositories without a URL, they are GitHub's.
GITHUB: Final = "https://github.com/"
#: Rows that one part lists at a time, about, and rows that one task sorts into parts.
_PART_ROWS: Final = 262_144
_TASK_ROWS: Final = 524_288
_MOST_PARTS: Final = 16_384
#: Rows read at a time; of repositories fewer, since each brings its files.
_BATCH: Final = 65_536
_BATCH_REPOSITORIES: Final = 256
#: Changes where the meaning of the files below the cache does.
_FORMAT: Final = 3


@dataclass(frozen=True)
class TableSource(Collection):
    """A Parquet file, or all below a folder, in the columns of The Stack v2; contents are those of `contents`.

    `contents` is a location as `ContentStore.open` takes it. `origins` goes before the name of a repository whose
    table gives no URL. `agreement` says under which agreement the archive is read in bulk.
    """

    path: Path
    contents: str
    origins: str = GITHUB
    agreement: str | None = None

    kind: ClassVar[str] = "table"

    @property
    def spec(self) -> str:
        """`table:PATH`."""
        return f"table:{self.path}"

    @property
    def terms(self) -> Terms:
        """The wording of the archive's terms, by SHA-256, and the agreement that was stated."""
        return Terms(swh_terms.SHA256, self.agreement)

    def parts(self, cache: Path, limits: Limits, run: Runner, out: IsOut | None = None) -> list[Part]:
        """Bring the rows of each repository together; return parts of about 262,144 rows.

        Of repositories that are `out` the names alone are taken, not the rows.

        Raises `SourceError` where there is no table, a file cannot be read, or a column is missing or of another type.
        """
        # Says at once what is wrong with the location.
        ContentStore.open(self.contents, max_bytes=limits.max_file_bytes).close()
        files = self._files()
        inspected = [_inspect(file) for file in files]
        key = hashlib.sha256()
        for file, (_, _, footer) in zip(files, inspected, strict=True):
            key.update(repr((file.name, file.stat().st_size, file.stat().st_mtime_ns, footer)).encode())
        count = 1
        while sum(weight for _, weight, _ in inspected) > count * _PART_ROWS and count < _MOST_PARTS:
            count *= 2
        key.update(repr((_FORMAT, count, self.origins)).encode())
        pieces = list(enumerate(_pieces(files, inspected)))
        if not pieces:
            raise SourceError(f"{self.path}: the table has no rows; there is nothing to build from it")
        gone: list[str] = []
        if out is not None:
            # Names alone are read for this; the rows are sorted again only where others are out than before.
            asked = [
                Task(f"{n:06d}", left_out, {"pieces": given, "origins": self.origins, "out": out})
                for n, given in pieces
            ]
            names = run("table: opt-outs", Stage(cache / "tables" / f"{key.hexdigest()[:32]}-{out.key[:16]}"), asked)
            gone = sorted({url for summary in names for url in summary["out"]})
            key.update(repr(gone).encode("utf-8", "surrogateescape") if gone else b"")
        folder = cache / "tables" / key.hexdigest()[:32]
        given = {"origins": self.origins, "parts": count, "out": gone}
        tasks = [Task(f"{number:06d}", sort_into_parts, {**given, "pieces": some}) for number, some in pieces]
        groups: list[list[tuple[str, int]]] = [[] for _ in range(count)]
        rows_of_part = [0] * count
        for task, summary in zip(tasks, run("table", Stage(folder), tasks), strict=True):
            for group, (part, number) in enumerate(summary["groups"]):
                groups[part].append((f"{task.id}.parquet", group))
                rows_of_part[part] += number
        return [
            TablePart(
                folder,
                tuple(found),
                self.contents,
                f"{self.spec}, part {part + 1} of {count}",
                rows_of_part[part],
                self.agreement,
            )
            for part, found in enumerate(groups)
            if found
        ]

    def _files(self) -> list[Path]:
        if self.path.is_file():
            return [self.path]
        if not self.path.is_dir():
            raise SourceError(f"{self.path}: there is no such table; give a Parquet file, or a folder of them")
        files = sorted(file for file in self.path.rglob("*.parquet") if file.is_file())
        if not files:
            raise SourceError(f"{self.path}: has no Parquet files; give the folder to which a table was downloaded")
        return files


@dataclass(frozen=True)
class TablePart(Part):
    """Some repositories of a table: row groups of the files in `folder`."""

    folder: Path
    groups: tuple[tuple[str, int], ...]
    contents: str
    name: str
    rows: int
    agreement: str | None = None

    kind: ClassVar[str] = "table"
    random_access: ClassVar[bool] = True

    @property
    def spec(self) -> str:
        """The table as a user would write it, and which part of it this is."""
        return self.name

    @property
    def terms(self) -> Terms:
        """The wording of the archive's terms, by SHA-256, and the agreement that was stated."""
        return Terms(swh_terms.SHA256, self.agreement)

    @property
    def contents_from(self) -> str:
        """The location of contents."""
        return shown(self.contents)

    def state(self, cache: Path) -> SourceState:
        """Return the state by the table's files and where contents come from."""
        return SourceState.of(100 * self.rows, self.folder.name, self.spec, self.groups, self.contents)

    def listing(self, cache: Path, limits: Limits) -> Listing:
        """Return the repositories of this part and their files; raise `SourceError` where a file went missing."""
        rows = self._read(ROWS.names)
        encoded = _keys(rows).dictionary_encode()
        described = rows.select(list(REPOSITORY)).append_column("key", encoded.indices)
        # Where rows disagree about a repository, the smallest description holds: any rule does that ignores order.
        found: dict[int, RepositoryOfTable] = {}
        for row in described.group_by(described.column_names, use_threads=False).aggregate([]).to_pylist():
            at = row.pop("key")
            if at not in found or _order(row) < _order(found[at]):
                found[at] = row
        order = sorted(found, key=lambda at: encoded.dictionary[at].as_py())
        with_files = pc.fill_null(pc.not_equal(rows.column("problem"), NO_FILES), True)
        filled = set(pc.unique(encoded.indices.filter(with_files.combine_chunks())).to_pylist())
        repositories = [_repository(found[at], at in filled) for at in order]
        place = np.empty(len(order), np.int32)
        place[order] = np.arange(len(order), dtype=np.int32)
        numbers = pa.array(place[encoded.indices.to_numpy()])
        rows = rows.append_column("repository", numbers).filter(with_files)
        return Listing(repositories, _occurrences(rows, limits))

    def read(self, blobs: Iterable[bytes], cache: Path, limits: Limits) -> Iterator[bytes | SourceError]:
        """Yield the bytes of each blob or why there are none; raise `BuildError` where the store does not answer."""
        ids, digests = _sha1s(self)
        wanted = (ContentId(sha1_git=blob, sha1=_find(ids, digests, blob)) for blob in blobs)
        store = _store(self.contents, cache, limits, os.getpid())
        for id_, data in store.fetch(wanted):
            if isinstance(data, bytes):
                yield data
            else:
                # No word of the place: the same build elsewhere gives the same ledger.
                yield SourceError(f"{id_.name} cannot be had: {data.reason}")

    def _read(self, columns: list[str]) -> pa.Table:
        found = [ROWS.empty_table().select(columns)]
        for name in sorted({name for name, _ in self.groups}):
            try:
                with pq.ParquetFile(self.folder / name) as file:
                    groups = [group for other, group in self.groups if other == name]
                    found.append(file.read_row_groups(groups, columns=columns, use_threads=False).select(columns))
            except (OSError, pa.ArrowException) as error:
                raise SourceError(f"{self.folder / name} cannot be read ({error}); remove {self.folder}") from None
        return pa.concat_tables([table.cast(found[0].schema) for table in found]).combine_chunks()


class OutUrls(TypedDict):
    """The URLs of repositories that are out, sorted."""

    out: list[str]


class SortedRows(TypedDict):
    """Part and rows of each row group that a task wrote."""

    groups: list[tuple[int, int]]


class RepositoryOfTable(TypedDict):
    """What a row says of its repository: the columns `REPOSITORY`."""

    name: str | None
    url: str | None
    directory: str | None
    revision: str | None
    snapshot: str | None
    branch: str | None
    visit_date: datetime | None
    revision_date: datetime | None
    committer_date: datetime | None
    github_id: int | None
    stars: int | None
    forks: int | None
    gha_license_id: str | None
    gha_event_created_at: datetime | None
    gha_created_at: datetime | None
    gha_language: str | None
    gha_updated_at: datetime | None
    gha_pushed_at: datetime | None


def left_out(stage: Stage, task: str, pieces: list[tuple[str, int, int]], origins: str, out: IsOut) -> OutUrls:
    """Return the URLs of repositories in `pieces` that are `out`; reads names and URLs alone."""
    urls: set[str] = set()
    for name, start, count in pieces:
        for _, table in _slices(Path(name), start, count, ("repo_name", "repo_url")):
            urls.update(pc.unique(with_urls(names_of(table), origins).column("url").drop_null()).to_pylist())
    return {"out": sorted(url for url in urls if out(url, {}))}


def sort_into_parts(
    stage: Stage, task: str, pieces: list[tuple[str, int, int]], origins: str, parts: int, out: Sequence[str] = ()
) -> SortedRows:
    """Write the rows of `pieces` (file, first row, rows) to `TASK.parquet`, a row group for each part that has any.

    A repository's part depends on its name alone. Of those whose URL is `out` nothing but that is written, once.
    Returns `groups`: part and rows of each row group.
    """
    found: list[pa.Table] = [ROWS.empty_table()]
    met: set[str] = set()
    for name, start, count in pieces:
        for number, table in _slices(Path(name), start, count):
            if out:
                url = with_urls(names_of(table), origins).column("url")
                gone = pc.fill_null(pc.is_in(url, pa.array(out, pa.string())), False)
                met.update(pc.unique(url.filter(gone)).to_pylist())
                table = table.filter(pc.invert(gone))  # noqa: PLW2901 -- what is out is out from here on
            found.append(with_urls(rows_of(table, Path(name).name, number), origins))
    if met:
        named = [{"url": url, "problem": NO_FILES} for url in sorted(met)]
        found.append(pa.Table.from_pylist(named, ROWS))
    rows = pa.concat_tables(found).combine_chunks()
    encoded = _keys(rows).dictionary_encode()
    part_of = np.array([_part(key, parts) for key in encoded.dictionary.to_pylist()], np.int64)
    part = part_of[encoded.indices.to_numpy()] if rows.num_rows else np.empty(0, np.int64)
    order = np.argsort(part, kind="stable")
    rows, part = rows.take(pa.array(order)), part[order]
    groups: list[tuple[int, int]] = []
    with (
        whole(stage.file(f"{task}.parquet"), durable=False) as temporary,
        pq.ParquetWriter(temporary, ROWS, compression="zstd") as writer,
    ):
        for number, first, count in zip(*np.unique(part, return_index=True, return_counts=True), strict=True):
            writer.write_table(rows.slice(int(first), int(count)), row_group_size=int(count))
            groups.append((int(number), int(count)))
    return {"groups": groups}


def _pieces(files: list[Path], inspected: list[tuple[int, int, str]]) -> Iterator[list[tuple[str, int, int]]]:
    """Yield, for each task, what it reads (file, first row, rows), so that it has about as many files as it may."""
    held: list[tuple[str, int, int]] = []
    weight = 0
    for file, (rows, files_listed, _) in zip(files, inspected, strict=True):
        step = max(1, _TASK_ROWS * rows // max(files_listed, 1))
        for start in range(0, rows, step):
            number = min(step, rows - start)
            held.append((str(file), start, number))
            weight += number * files_listed // rows
            if weight >= _TASK_ROWS // 2:
                yield held
                held, weight = [], 0
    if held:
        yield held


def _inspect(file: Path) -> tuple[int, int, str]:
    """Return a table file's rows, the files that they list, and a hash of its footer.

    Raises `SourceError` where it is not a table as it should be.
    """
    try:
        with pq.ParquetFile(file) as opened:
            check_columns(opened.schema_arrow, str(file))
            rows = files = int(opened.metadata.num_rows)
            if is_nested(opened.schema_arrow):
                leaf = next(i for i, c in enumerate(opened.schema) if c.path.endswith(".content_id"))
                groups = (opened.metadata.row_group(i) for i in range(opened.num_row_groups))
                files = sum(int(group.column(leaf).num_values) for group in groups)
        with file.open("rb") as raw:
            raw.seek(-8, os.SEEK_END)
            raw.seek(-8 - int.from_bytes(raw.read(4), "little"), os.SEEK_END)
            return rows, files, hashlib.file_digest(raw, "sha256").hexdigest()
    except (OSError, pa.ArrowException) as error:
        raise SourceError(f"{file} is not a readable Parquet file ({_first_line(error)}); download it again") from None


def _slices(file: Path, start: int, count: int, columns: Sequence[str] = ()) -> Iterator[tuple[int, pa.Table]]:
    """Yield `count` rows of a file from `start` on, some at a time, each with the number of its first row.

    They have `columns` that the file has, or else all that are needed.
    """
    try:
        with pq.ParquetFile(file) as opened:
            schema = opened.schema_arrow
            wanted = [name for name in columns if name in schema.names] or columns_of(schema)
            size = _BATCH_REPOSITORIES if is_nested(schema) else _BATCH
            at = 0
            for group in range(opened.num_row_groups):
                rows = opened.metadata.row_group(group).num_rows
                if at + rows > start and at < start + count:
                    here = at
                    batches = opened.iter_batches(size, [group], wanted, use_threads=False)
                    for batch in batches:
                        low, high = max(start, here), min(start + count, here + batch.num_rows)
                        if low < high:
                            yield low, pa.Table.from_batches([batch.slice(low - here, high - low)])
                        here += batch.num_rows
                at += rows
    except (OSError, pa.ArrowException) as error:
        raise SourceError(f"{file} cannot be read to its end ({_first_line(error)}); download it again") from None


def _keys(rows: pa.Table) -> pa.Array:
    """Return what tells repositories apart: origin, revision and directory."""
    parts = [pc.fill_null(rows.column(name), "") for name in ("url", "revision", "directory")]
    return pc.binary_join_element_wise(*parts, "\0").combine_chunks()


def _part(key: str, parts: int) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") % parts


def _order(row: RepositoryOfTable) -> list[tuple[bool, str]]:
    return [(value is not None, str(value)) for value in row.values()]


def _repository(row: RepositoryOfTable, filled: bool) -> Repository:
    origin = row["url"] or "table:unknown"
    times = {"gha_updated_at": row["gha_updated_at"], "gha_pushed_at": row["gha_pushed_at"]}
    return Repository(
        origin,
        "table",
        row["name"] or origin.removeprefix(GITHUB),
        directory=row["directory"] or "",
        revision=row["revision"],
        snapshot=row["snapshot"],
        branch=row["branch"],
        visit_date=row["visit_date"],
        revision_date=row["revision_date"],
        committer_date=row["committer_date"],
        stars=row["stars"],
        forks=row["forks"],
        github_id=row["github_id"],
        gha_license_id=row["gha_license_id"],
        gha_event_created_at=row["gha_event_created_at"],
        gha_created_at=row["gha_created_at"],
        gha_language=row["gha_language"],
        metadata={name: moment.isoformat() for name, moment in times.items() if moment is not None},
        empty=None if filled else NO_FILES,
    )


def _occurrences(rows: pa.Table, limits: Limits) -> pa.Table:
    """Return rows as `LISTING`; a path that cannot be taken makes an unreadable entry."""
    path = pc.fill_null(rows.column("path"), b"")
    absolute = pc.starts_with(path, b"/")
    relative = pc.if_else(absolute, pc.binary_replace_slice(path, 0, 1, b""), path).combine_chunks()
    problem = rows.column("problem").combine_chunks()
    # Few paths are looked at one by one: those that may be wrong.
    odd = pc.or_(
        pc.or_(pc.match_substring(relative, b".."), pc.match_substring(relative, b"\0")),
        pc.or_(pc.starts_with(relative, b"/"), pc.greater(pc.binary_length(relative), limits.max_path_bytes)),
    )
    odd = pc.or_(odd, pc.less_equal(pc.binary_length(relative), 1))
    at = np.flatnonzero(odd.to_numpy(zero_copy_only=False))
    found = [path_problem(relative[i].as_py(), limits) for i in at.tolist()]
    problems = np.full(len(relative), None, dtype=object)
    problems[at] = found
    # What a row does not say is lost; a path that leads out of the tree is refused.
    lost = pc.if_else(pc.is_valid(problem), LOST_CONTENT, pa.scalar(None, pa.string()))
    problem = pc.coalesce(problem, pa.array(problems, pa.string()))
    good = pc.is_null(problem)
    id_ = rows.column("id").combine_chunks()
    size = rows.column("size").combine_chunks()
    return pa.table(
        {
            "id": pc.if_else(good, id_, b""),
            "repository": rows.column("repository"),
            "path": relative,
            "kind": pc.if_else(good, FILE, UNREADABLE),
            "mode": pa.array(np.full(len(good), MODE_FILE, np.int32)),
            "size": pc.if_else(good, size, pa.scalar(None, pa.int64())),
            "readable": pc.and_(good, pc.less_equal(size, limits.max_file_bytes)),
            "problem": problem,
            "lost": lost,
            "note": pa.nulls(len(good), pa.string()),
            "told_license": rows.column("license"),
            "target": pa.nulls(len(good), pa.binary()),
        },
        schema=LISTING,
    )


@lru_cache(4)
def _store(location: str, cache: Path, limits: Limits, process: int) -> ContentStore:
    """Return this process's connections to a store; kept until it ends. `DRYSTONE_SWH_TOKEN` is for the web API."""
    token = os.environ.get("DRYSTONE_SWH_TOKEN")
    return ContentStore.open(
        location, cache=cache / "contents", max_bytes=limits.max_file_bytes, token=token, patience=limits.patience
    )


@lru_cache(maxsize=2)
def _sha1s(part: TablePart) -> tuple[Any, Any]:
    """Return the ids of a part, sorted, and for each one its SHA-1 (zeros where the table has none)."""
    table = part._read(["id", "sha1"])
    table = table.filter(pc.is_valid(table.column("id")))
    table = table.group_by("id", use_threads=False).aggregate([("sha1", "min")]).sort_by("id")
    ids = np.array(table.column("id").to_pylist(), dtype="S20")
    digests = table.column("sha1_min").to_pylist()
    return ids, digests


def _find(ids: Any, digests: list[bytes | None], blob: bytes) -> bytes | None:
    at = int(np.searchsorted(ids, np.bytes_(blob)))
    return digests[at] if at < len(ids) and ids[at].ljust(20, b"\0") == blob else None


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
