"""Rows of The Stack v2's and v3's tables per repository, out of a release's rows. Reads and writes no file.

Where a release does not know what a column asks for (issues, pull requests, whose fork it is), the value is null.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from drystone.release.columns import RepositoryRow

if TYPE_CHECKING:
    from drystone._json import Json

#: In microseconds: Spark reads no nanoseconds.
_TIME: Final = pa.timestamp("us")
_LICENSES: Final = ("detected_licenses", pa.list_(pa.string()))

#: bigcode/the-stack-v2-train-full-ids and -train-smol-ids: one row per repository.
STACK_V2_REPOSITORIES: Final = pa.schema(
    [
        ("repo_name", pa.string()),
        ("repo_url", pa.string()),
        ("snapshot_id", pa.string()),
        ("revision_id", pa.string()),
        ("directory_id", pa.string()),
        ("branch_name", pa.string()),
        ("visit_date", _TIME),
        ("revision_date", _TIME),
        ("committer_date", _TIME),
        ("github_id", pa.int64()),
        ("star_events_count", pa.int64()),
        ("fork_events_count", pa.int64()),
        ("gha_license_id", pa.string()),
        ("gha_created_at", _TIME),
        ("gha_updated_at", _TIME),
        ("gha_pushed_at", _TIME),
        ("gha_language", pa.string()),
        (
            "files",
            pa.list_(
                pa.struct(
                    [
                        ("blob_id", pa.string()),
                        ("path", pa.string()),
                        ("content_id", pa.string()),
                        ("language", pa.string()),
                        ("length_bytes", pa.int64()),
                        _LICENSES,
                        ("license_type", pa.string()),
                        ("src_encoding", pa.string()),
                        ("is_vendor", pa.bool_()),
                        ("is_generated", pa.bool_()),
                        ("alphanum_fraction", pa.float32()),
                        ("alpha_fraction", pa.float32()),
                        ("num_lines", pa.int32()),
                        ("avg_line_length", pa.float32()),
                        ("max_line_length", pa.int32()),
                    ]
                )
            ),
        ),
        ("num_files", pa.int64()),
    ]
)

#: HuggingFaceCode/stack-v3-train: one row per repository, contents inside. `content_id` is the SHA-1 of the original
#: bytes; `file_timestamp` (Unix seconds) is null, since a release does not know when a file was last changed.
STACK_V3: Final = pa.schema(
    [
        ("repo_path", pa.string()),
        ("repo_id", pa.int64()),
        ("commit_id", pa.string()),
        (
            "github_metadata",
            pa.struct(
                [
                    ("branch", pa.string()),
                    ("commit_count", pa.int32()),
                    ("repo_created_at", pa.string()),
                    ("is_fork", pa.bool_()),
                    ("is_org_owned", pa.bool_()),
                    ("forked_from", pa.string()),
                    ("stars", pa.int32()),
                    ("forks", pa.int32()),
                    ("issues", pa.int32()),
                    ("pull_requests", pa.int32()),
                ]
            ),
        ),
        ("num_files", pa.int64()),
        (
            "files",
            pa.list_(
                pa.struct(
                    [
                        ("content_id", pa.string()),
                        ("content", pa.string()),
                        ("size_bytes", pa.int32()),
                        ("file_path", pa.string()),
                        ("file_timestamp", pa.int64()),
                        ("language", pa.string()),
                        ("is_vendor", pa.bool_()),
                        ("license_type", pa.string()),
                        _LICENSES,
                    ]
                )
            ),
        ),
    ]
)

#: Columns by name: values, or an array of them.
_Columns = dict[str, "list[Any] | pa.Array | pa.ChunkedArray"]

#: Text of one row group, about; and of one row: Arrow's strings end at 2 GiB, so a larger repository has several rows.
_GROUP_BYTES: Final = 16 << 20
_ROW_BYTES: Final = 1 << 30
_GROUP_ROWS: Final = 1000
_INT32: Final = 2**31 - 1
_REFS: Final = "refs/heads/"


def repository_rows(form: str, repositories: pa.Table, files: pa.Table) -> Iterator[pa.Table]:
    """Yield rows per repository under the schema of `form` (stack-v2-repos or stack-v3), in pieces for row groups.

    `repositories` and `files` are rows of a release (`schema.REPOSITORIES`, `schema.DATA`) that belong together. Rows
    are in order of repository_id, the files of each in order of path.
    """
    order = pc.sort_indices(files, [("repository_id", "ascending"), ("path", "ascending"), ("swhid", "ascending")])
    known = {row["repository_id"]: row for row in repositories.to_pylist()}
    ids = files.column("repository_id").combine_chunks().take(order).to_pylist()
    sizes = pc.binary_length(files.column("content")) if form == "stack-v3" else None
    weights = [100] * len(ids) if sizes is None else pc.add(sizes, 100).take(order).to_pylist()
    group: list[tuple[int, int, RepositoryRow]] = []
    held = 0
    for first, end, weight in _runs(ids, weights):
        if group and (held + weight > _GROUP_BYTES or len(group) >= _GROUP_ROWS):
            yield _rows(form, group, files, order)
            group, held = [], 0
        group.append((first, end, known[ids[first]]))
        held += weight
    if group:
        yield _rows(form, group, files, order)


def _runs(ids: list[str], weights: list[int]) -> Iterator[tuple[int, int, int]]:
    """Yield first, end and weight of each run of equal ids, cut where it grows too heavy for one row."""
    first = weight = 0
    for at, (id_, size) in enumerate(zip(ids, weights, strict=True)):
        if at > first and (id_ != ids[first] or weight + size > _ROW_BYTES):
            yield first, at, weight
            first, weight = at, 0
        weight += size
    if ids:
        yield first, len(ids), weight


def _rows(form: str, group: list[tuple[int, int, RepositoryRow]], files: pa.Table, order: pa.Array) -> pa.Table:
    low, high = group[0][0], group[-1][1]
    here = files.take(order.slice(low, high - low)).combine_chunks()
    offsets = pa.array(np.array([first - low for first, _, _ in group] + [high - low], np.int32))
    known = [repository for _, _, repository in group]
    counts = [end - first for first, end, _ in group]
    make = _stack_v3 if form == "stack-v3" else _stack_v2
    schema = STACK_V3 if form == "stack-v3" else STACK_V2_REPOSITORIES
    columns, of_files = make(known, here)
    struct = schema.field("files").type.value_type
    arrays = [_array(of_files[field.name], field.type) for field in struct]
    nested = pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(arrays, fields=list(struct)))
    columns |= {"files": nested.cast(schema.field("files").type), "num_files": counts}
    return pa.table([_array(columns[field.name], field.type) for field in schema], schema=schema)


def _stack_v2(known: list[RepositoryRow], files: pa.Table) -> tuple[_Columns, _Columns]:
    more = [_metadata(row) for row in known]
    told: list[Mapping[str, object]] = [*known]
    columns: _Columns = {
        name: [row[name] for row in told]
        for name in STACK_V2_REPOSITORIES.names
        if name not in ("repo_url", "gha_updated_at", "gha_pushed_at", "files", "num_files")
    }
    columns["repo_url"] = [row["origin"] for row in known]
    for name in ("gha_updated_at", "gha_pushed_at"):
        columns[name] = [_moment(metadata.get(name)) for metadata in more]
    for name in ("visit_date", "revision_date", "committer_date", "gha_created_at"):
        columns[name] = [_moment(value) for value in columns[name]]
    struct = STACK_V2_REPOSITORIES.field("files").type.value_type
    return columns, {field.name: files.column(field.name) for field in struct}


def _stack_v3(known: list[RepositoryRow], files: pa.Table) -> tuple[_Columns, _Columns]:
    def metadata(row: RepositoryRow) -> dict[str, str | int | None]:
        created = row["gha_created_at"]
        return {
            "branch": row["branch_name"].removeprefix(_REFS) if row["branch_name"] else None,
            "repo_created_at": created.isoformat() if created else None,
            "stars": _int32(row["star_events_count"]),
            "forks": _int32(row["fork_events_count"]),
        }

    columns: _Columns = {
        "repo_path": [row["repo_name"] for row in known],
        "repo_id": [row["github_id"] for row in known],
        "commit_id": [row["revision_id"] for row in known],
        "github_metadata": [metadata(row) for row in known],
    }
    of_files: _Columns = {
        "content_id": files.column("blob_id"),
        "content": files.column("content"),
        "size_bytes": files.column("length_bytes"),
        "file_path": pc.replace_substring_regex(files.column("path"), "^/", ""),
        "file_timestamp": pa.nulls(files.num_rows, pa.int64()),
        **{name: files.column(name) for name in ("language", "is_vendor", "license_type", "detected_licenses")},
    }
    return columns, of_files


def _array(values: Any, type_: pa.DataType) -> pa.Array:
    if isinstance(values, list):
        return pa.array(values, type_)
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if pa.types.is_int32(type_):  # what does not fit is as large as can be said
        array = pc.min_element_wise(array, _INT32, skip_nulls=False)
    return array.cast(type_)


def _int32(value: int | None) -> int | None:
    return None if value is None else min(value, _INT32)


def _metadata(row: RepositoryRow) -> dict[str, Json]:
    try:
        found = orjson.loads(row["metadata"] or "{}")
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _moment(value: Any) -> datetime | None:
    """Return a time that nanoseconds since 1970 can say (1678 to 2261), as pandas wants it, else None."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value).replace(tzinfo=None)
        except ValueError:
            return None
    return value if isinstance(value, datetime) and 1677 < value.year < 2262 else None
