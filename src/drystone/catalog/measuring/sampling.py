"""A sample of the files of a dataset or a repository, drawn by a seed. Looks at no content.

A Parquet dataset is sampled in two steps: row groups, then rows of each; what is measured is compared between row
groups, since the rows of one are alike. Of a repository single files are drawn.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from drystone._words import many
from drystone.detect.licenses import TreeLicenses, detect_file, is_license_file, tree_licenses
from drystone.errors import DrystoneError, UsageError
from drystone.release.layout import shown
from drystone.sources import Limits, RepositorySource, parse_source
from drystone.sources.base import FILE

#: Columns of tables of code, in the order in which they are looked for.
_TEXT: Final = ("content", "code", "text", "func_code_string", "whole_func_string", "content_text")
_PATH: Final = ("path", "file_path", "max_stars_repo_path", "func_path_in_repository", "filename", "file_name")
_REPOSITORY: Final = (
    "repo_url",
    "repo_name",
    "repo_path",
    "max_stars_repo_name",
    "repository_name",
    "repository",
    "repo",
)
_ID: Final = ("swhid", "blob_id", "content_id")
_LICENSE: Final = (
    "license_expression", "detected_licenses", "gha_license_id", "max_stars_repo_licenses", "licenses", "license",
)  # fmt: skip
#: Row groups that a sample is drawn from, and files of a table that are looked into.
_GROUPS: Final = 64
_MOST_TABLES: Final = 100_000


@dataclass(frozen=True, slots=True)
class SampledFiles:
    """Some files of a sample, side by side: bytes, path (empty where it is not told), repository, git id.

    `groups`: which group each was drawn in. `licensed`: whether the row names a licence, None where no column does.
    `weight`: how many rows of its group stand behind each.
    """

    groups: list[int]
    contents: list[bytes]
    paths: list[str]
    repositories: list[str | None]
    ids: list[str | None]
    licensed: list[bool | None]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample: how it was drawn (`said`), of how many files (None: not told), in how many of how many groups.

    `whole`: nothing was left out. `text`: the contents are texts already, of which no encoding is to be found out.
    `tree`: of a repository, what its licence files say of its folders and files.
    """

    said: str
    files: int | None
    groups: int
    all_groups: int
    whole: bool
    text: bool
    batches: Iterator[SampledFiles]
    tree: TreeLicenses | None = None


def draw(what: str, files: int, size: int, seed: int, text: str | None = None) -> Sample:
    """Draw about so many files, of about so many bytes, of what lies at a path or is named as a source of a build.

    `text`: the column of the contents of a Parquet dataset. Raises `UsageError`, `SourceError`.
    """
    path = Path(what)
    tables = _tables(path)
    if tables:
        return _of_tables(tables, files, size, seed, text)
    if text is not None:
        raise UsageError(f"{shown(what)}: is no Parquet dataset, so that --text names no column.")
    return _of_repository(what, files, size, seed)


def _tables(path: Path) -> list[Path]:
    """Return the Parquet files of a dataset; of a release those with contents; none where it is something else."""
    if path.is_file():
        return [path] if path.suffix == ".parquet" else []
    if (path / "manifest.json").is_file():
        path = path / "data"
    elif (path / ".git").exists():
        return []
    found = sorted(path.rglob("*.parquet"))
    if len(found) > _MOST_TABLES:
        raise UsageError(f"{shown(str(path))}: has more than {_MOST_TABLES:,} Parquet files; name a part of it.")
    return found


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns of a table that are read; those below `files` where each row is a repository."""

    text: str
    path: str | None
    repository: str | None
    id: str | None
    license: str | None
    nested: bool

    @property
    def read(self) -> list[str]:
        if self.nested:
            return ["files", *([self.repository] if self.repository else [])]
        return [one for one in (self.text, self.path, self.repository, self.id, self.license) if one is not None]


def _columns(schema: pa.Schema, where: str, text: str | None) -> _Columns:
    kind = schema.field("files").type if "files" in schema.names else None
    nested = kind is not None and pa.types.is_list(kind) and pa.types.is_struct(kind.value_type)
    names = [field.name for field in kind.value_type] if nested and kind is not None else schema.names
    chosen = text if text is not None else next((name for name in _TEXT if name in names), None)
    if chosen is None or chosen not in names:
        said = f"there is no column {text!r}" if text is not None else "no column holds contents"
        raise UsageError(
            f"{shown(where)}: {said}; the columns are {', '.join(map(shown, names))}. Name the one of the contents."
        )
    type_ = (kind.value_type if nested and kind is not None else schema).field(chosen).type
    if not any(
        is_(type_)
        for is_ in (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    ):
        raise UsageError(f"{shown(where)}: column {shown(chosen)} is {type_}, and holds no texts.")

    def first(wanted: Sequence[str], among: Sequence[str]) -> str | None:
        return next((name for name in wanted if name in among), None)

    return _Columns(
        chosen, first(_PATH, names), first(_REPOSITORY, schema.names), first(_ID, names), first(_LICENSE, names), nested
    )


def _of_tables(paths: list[Path], files: int, size: int, seed: int, text: str | None) -> Sample:
    try:
        schema = pq.read_schema(paths[0])
        columns = _columns(schema, str(paths[0]), text)
        groups, rows, bytes_ = _row_groups(paths, columns)
    except (pa.ArrowInvalid, OSError) as error:
        raise UsageError(f"{shown(str(error)).splitlines()[0][:300]}: cannot be read as Parquet") from None
    if not rows:
        raise UsageError(f"{shown(str(paths[0]))}: holds no rows")
    whole = rows <= files and bytes_ <= size
    draws = random.Random(seed)
    chosen = sorted(draws.sample(range(len(groups)), len(groups) if whole else min(_GROUPS, len(groups))))
    least = min(files, int(size / max(1.0, bytes_ / rows)))
    each = rows if whole else max(1, -(-least // len(chosen)))
    said = (
        f"{all_of(rows, 'row')} of {many(len(paths), 'Parquet file')}"
        if whole
        else f"up to {many(each, 'row')} of each of {len(chosen)} of {many(len(groups), 'row group')} "
        f"({many(rows, 'row')} in {many(len(paths), 'Parquet file')}), seed {seed}"
    )
    batches = _rows([(number, *groups[at]) for number, at in enumerate(chosen)], columns, each, seed)
    types = schema.field("files").type.value_type if columns.nested else schema
    kind = types.field(columns.text).type
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    count = None if columns.nested else rows
    return Sample(
        f"{said}; contents from column {columns.text}", count, len(chosen), len(groups), whole, is_text, batches
    )


def _row_groups(paths: list[Path], columns: _Columns) -> tuple[list[tuple[Path, int]], int, int]:
    """Return all row groups that hold rows, how many rows these are, and about how many bytes of content."""
    found, rows, bytes_ = [], 0, 0
    for path in paths:
        metadata = pq.read_metadata(path)
        for number in range(metadata.num_row_groups):
            group = metadata.row_group(number)
            if group.num_rows:
                found.append((path, number))
                rows += group.num_rows
                chunks = (group.column(at) for at in range(group.num_columns))
                bytes_ += sum(each.total_uncompressed_size for each in chunks if _is_text(each.path_in_schema, columns))
    return found, rows, bytes_


def _is_text(path: str, columns: _Columns) -> bool:
    """Return whether a path in a file's schema is that of the contents; what is between list and values varies."""
    return path.startswith("files.") and path.endswith(f".{columns.text}") if columns.nested else path == columns.text


def _rows(groups: list[tuple[int, Path, int]], columns: _Columns, each: int, seed: int) -> Iterator[SampledFiles]:
    opened: pq.ParquetFile | None = None
    where = None
    for group, path, number in groups:
        try:
            if opened is None or where != path:
                opened, where = pq.ParquetFile(path), path
            table = opened.read_row_group(number, columns=columns.read, use_threads=False)
        except (pa.ArrowInvalid, OSError, KeyError) as error:
            raise UsageError(
                f"{shown(str(path))}, row group {number}: {shown(str(error)).splitlines()[0][:300]}"
            ) from None
        weight = max(1.0, table.num_rows / each)
        if table.num_rows > each:
            picks = np.random.default_rng([seed, group]).choice(table.num_rows, each, replace=False)
            table = table.take(np.sort(picks))
        try:
            sampled = _sampled(table, columns, group, weight)
        except (KeyError, pa.ArrowException):
            raise UsageError(f"{shown(str(path))}: has other columns than the first file; measure it alone.") from None
        yield sampled


def _sampled(table: pa.Table, columns: _Columns, group: int, weight: float) -> SampledFiles:
    repositories = _texts(table, columns.repository)
    if columns.nested:
        files = table.column("files").combine_chunks()
        parents = pc.list_parent_indices(files).to_pylist()
        repositories = [repositories[at] for at in parents]
        flat = pc.list_flatten(files)
        names = [name for name in (columns.text, columns.path, columns.id, columns.license) if name is not None]
        table = pa.table({name: pc.struct_field(flat, name) for name in dict.fromkeys(names)})
    contents = table.column(columns.text).cast(pa.large_binary()).to_pylist()
    paths, ids = _texts(table, columns.path), _texts(table, columns.id)
    kept = [at for at, content in enumerate(contents) if content is not None]
    licensed = _licensed(table, columns.license)
    return SampledFiles(
        [group] * len(kept), [contents[at] for at in kept], [paths[at] or "" for at in kept],
        [repositories[at] for at in kept], [ids[at] for at in kept], [licensed[at] for at in kept], weight,
    )  # fmt: skip


def _texts(table: pa.Table, column: str | None) -> list[str | None]:
    if column is None:
        return [None] * table.num_rows
    return [value if isinstance(value, str) else None for value in table.column(column).to_pylist()]


def _licensed(table: pa.Table, column: str | None) -> list[bool | None]:
    if column is None:
        return [None] * table.num_rows
    return [_names_license(value) for value in table.column(column).to_pylist()]


def _names_license(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_names_license, value))
    return isinstance(value, str) and value.strip().casefold() not in _NO_LICENSE


#: How sources of many repositories are written (`parse_source`).
_MANY: Final = ("table:", "swh+")
#: Words of columns that name no licence.
_NO_LICENSE: Final = frozenset({"", "none", "noassertion", "unknown", "no_license", "other", "null", "[]"})


def _of_repository(what: str, files: int, size: int, seed: int) -> Sample:
    source = None if what.startswith(_MANY) else parse_source(what)
    if not isinstance(source, RepositorySource):
        raise UsageError(f"{shown(what)}: is a source of many repositories; name one repository, or Parquet files.")
    with tempfile.TemporaryDirectory(prefix="drystone-") as folder:
        cache = Path(folder)
        source.fetch(cache)
        with source.open(cache, Limits()) as opened:
            every = [
                (entry.path, entry.blob, entry.size or 0)
                for entry in opened.entries()
                if entry.kind == FILE and entry.blob is not None and (entry.size or 0) <= Limits().max_file_bytes
            ]
        if not every:
            raise UsageError(f"{shown(what)}: holds no files")
        order = sorted(every)
        random.Random(seed).shuffle(order)
        chosen: list[tuple[bytes, bytes, int]] = []
        left = size
        for one in order[:files]:
            if chosen and one[2] > left:
                break
            chosen.append(one)
            left -= one[2]
        contents = list(_contents(source, cache, chosen))
        tree = _tree(source, cache, every)
    whole = len(chosen) == len(every)
    said = all_of(len(every), "file") if whole else f"{len(chosen):,} of {len(every):,} files, seed {seed}"
    place = next(iter(source.places), what)
    paths = [path.decode("utf-8", "replace") for path, _, _ in chosen]
    batch = SampledFiles(
        list(range(len(chosen))), contents, paths, [place] * len(chosen), [blob.hex() for _, blob, _ in chosen],
        [None] * len(chosen),
    )  # fmt: skip
    said = f"{said} of {source.spec}"
    return Sample(said, len(every), len(chosen), len(every), whole, False, iter([batch]), tree)


def _tree(source: RepositorySource, cache: Path, every: list[tuple[bytes, bytes, int]]) -> TreeLicenses:
    """Return what all licence files of a repository say, whether they were drawn or not."""
    paths = {path.decode("utf-8", "replace") for path, _, _ in every}
    there = [one for one in sorted(every) if is_license_file(one[0].decode("utf-8", "replace"))]
    found = [
        (name, detect_file(data, name), f"swh:1:cnt:{blob.hex()}")
        for (path, blob, _), data in zip(there, _contents(source, cache, there), strict=True)
        for name in [path.decode("utf-8", "replace")]
    ]
    return tree_licenses(found, present=paths.__contains__)


def _contents(source: RepositorySource, cache: Path, chosen: list[tuple[bytes, bytes, int]]) -> Iterator[bytes]:
    """Yield the contents of chosen files, in their order."""
    with source.open(cache, Limits()) as opened:
        if source.random_access:
            yield from opened.read(blob for _, blob, _ in chosen)
            return
        wanted = {path for path, _, _ in chosen}
        held = {entry.path: entry.data for entry in opened.entries() if entry.path in wanted and entry.data is not None}
    for path, _, _ in chosen:
        if path not in held:
            raise DrystoneError(f"{shown(repr(path))}: changed while it was read; measure it again.")
        yield held[path]


def all_of(number: int, thing: str) -> str:
    """Return "the 1 file", "all 2 files"."""
    return f"{'the' if number == 1 else 'all'} {many(number, thing)}"
