"""Tables in The Stack v2's columns, per file or per repository, brought to one form: a row for each file.

Checks columns and their types, and every id. Knows nothing of where tables lie or how they are cut.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from drystone.errors import SourceError

_TIME: Final = pa.timestamp("us")
#: Microseconds of 0001-01-01 and of 10000-01-01: outside of them there is no date.
_FIRST: Final = -62_135_596_800_000_000
_PAST: Final = 253_402_300_800_000_000

#: Columns of a repository, under the names of the fields of `Repository`, and the table's column that they come from.
REPOSITORY: Final[dict[str, tuple[str, pa.DataType]]] = {
    "name": ("repo_name", pa.string()),
    "url": ("repo_url", pa.string()),
    "directory": ("directory_id", pa.string()),
    "revision": ("revision_id", pa.string()),
    "snapshot": ("snapshot_id", pa.string()),
    "branch": ("branch_name", pa.string()),
    "visit_date": ("visit_date", _TIME),
    "revision_date": ("revision_date", _TIME),
    "committer_date": ("committer_date", _TIME),
    "github_id": ("github_id", pa.int64()),
    "stars": ("star_events_count", pa.int64()),
    "forks": ("fork_events_count", pa.int64()),
    "gha_license_id": ("gha_license_id", pa.string()),
    "gha_event_created_at": ("gha_event_created_at", _TIME),
    "gha_created_at": ("gha_created_at", _TIME),
    "gha_language": ("gha_language", pa.string()),
    "gha_updated_at": ("gha_updated_at", _TIME),
    "gha_pushed_at": ("gha_pushed_at", _TIME),
}
#: One row for each file. `problem` says why it cannot be taken; `NO_FILES` stands for a repository without any.
ROWS: Final = pa.schema(
    [
        *((name, type_) for name, (_, type_) in REPOSITORY.items()),
        ("path", pa.binary()),
        ("id", pa.binary()),  # git blob hash, 20 bytes
        ("sha1", pa.binary()),  # SHA-1 of the bytes, 20 bytes
        ("size", pa.int64()),
        ("license", pa.string()),  # its type, a colon, names with commas between them
        ("problem", pa.string()),
    ]
)
#: Columns by name, on their way into a table.
_Columns: TypeAlias = dict[str, pa.Array]
NO_FILES: Final = "the table lists no files of it"
_FILE: Final[dict[str, pa.DataType]] = {
    "blob_id": pa.string(),
    "content_id": pa.string(),
    "path": pa.string(),
    "length_bytes": pa.int64(),
}
#: What else a table may say of each file.
_LICENSE: Final[dict[str, pa.DataType]] = {
    "detected_licenses": pa.list_(pa.string()),
    "license_type": pa.string(),
}
#: Without these a row names no repository, or no content.
_NEEDED_OF_REPOSITORY: Final = ("directory_id", "revision_id", "snapshot_id", "branch_name")
_HEX: Final = r"^[0-9a-f]{40}$"


def check_columns(schema: pa.Schema, where: str) -> None:
    """Raise `SourceError` naming `where` and every column that is missing or has the wrong type."""
    nested = is_nested(schema)
    below: Any = schema.field("files").type.value_type if nested else ()
    if nested and not pa.types.is_struct(below):
        raise SourceError(f"{where}: column 'files' is {_short(schema.field('files').type)}, not a list of structs")
    of_file = {f.name: f.type for f in below} if nested else {f.name: f.type for f in schema}
    of_repository = {f.name: f.type for f in schema}
    missing = [f"files.{name}" if nested else name for name in _FILE if name not in of_file]
    missing += [name for name in _NEEDED_OF_REPOSITORY if name not in of_repository]
    if "repo_name" not in of_repository and "repo_url" not in of_repository:
        missing.append("repo_name")
    if missing:
        raise SourceError(
            f"{where}: missing columns {', '.join(missing)}; a table has the 26 columns of The Stack v2, or the "
            "columns of its train-full-ids and train-smol-ids"
        )
    wrong = [
        f"{name} is {_short(types[name])}, not {wanted}"
        for types, columns in ((of_file, {**_FILE, **_LICENSE}), (of_repository, dict(REPOSITORY.values())))
        for name, wanted in columns.items()
        if name in types and not _fits(types[name], wanted)
    ]
    if wrong:
        raise SourceError(f"{where}: wrong types: {'; '.join(wrong)}")


def is_nested(schema: pa.Schema) -> bool:
    """Return whether a row of the table is a repository with its `files`."""
    return "files" in schema.names and _is_list(schema.field("files").type)


def columns_of(schema: pa.Schema) -> list[str]:
    """Return the columns to read from a table of this schema."""
    wanted = {column for column, _ in REPOSITORY.values()} | ({"files"} if is_nested(schema) else {*_FILE, *_LICENSE})
    return [name for name in schema.names if name in wanted]


def names_of(table: pa.Table) -> pa.Table:
    """Return `name` and `url` of each row of a table whose columns were checked."""
    given = {name: table.column(name).combine_chunks() for name in table.column_names}
    chosen = {name: REPOSITORY[name] for name in ("name", "url")}
    return pa.table({n: _column(given.get(column), type_, table.num_rows) for n, (column, type_) in chosen.items()})


def with_urls(rows: pa.Table, origins: str) -> pa.Table:
    """Return rows in which those without a URL have one: `origins` and the name."""
    at = rows.schema.get_field_index("url")
    prefixed = pc.binary_join_element_wise(origins, rows.column("name"), "")
    blank = pc.fill_null(pc.equal(pc.utf8_trim_whitespace(rows.column("url")), ""), True)
    return rows.set_column(at, "url", pc.if_else(blank, prefixed, rows.column("url")))


def rows_of(table: pa.Table, place: str = "", first: int = 0) -> pa.Table:
    """Return the files of a table whose columns were checked, as `ROWS`.

    A problem names the row by `place`, the table's name, and its number, which begins at `first`.
    """
    count = table.num_rows
    numbers = pa.array(range(first, first + count), pa.int64())
    given = {name: table.column(name).combine_chunks() for name in table.column_names}
    repository = {name: _column(given.get(column), type_, count) for name, (column, type_) in REPOSITORY.items()}
    empty = None
    if is_nested(table.schema):
        files = given["files"]
        lengths = pc.fill_null(pc.list_value_length(files), 0)
        empty = pc.equal(lengths, 0)
        flat = pc.list_flatten(files)
        parents = pc.list_parent_indices(files)
        given = {f.name: pc.struct_field(flat, f.name) for f in flat.type if f.name in {*_FILE, *_LICENSE}}
        without = {name: array.filter(empty) for name, array in repository.items()}
        repository = {name: array.take(parents) for name, array in repository.items()}
        numbers = numbers.take(parents)
        count = len(flat)
    files = _files(given, repository, count)
    named = pc.binary_join_element_wise(f"{place} row ".lstrip(), numbers.cast(pa.string()), ": ", files["problem"], "")
    rows = pa.table({**repository, **files, "problem": named}, schema=ROWS)
    if empty is None or not pc.any(empty).as_py():
        return rows
    named = pa.table(without)
    for field in list(ROWS)[len(REPOSITORY) : -1]:
        named = named.append_column(field, pa.nulls(named.num_rows, field.type))
    return pa.concat_tables([rows, named.append_column("problem", pa.array([NO_FILES] * named.num_rows)).cast(ROWS)])


def _files(given: _Columns, repository: _Columns, count: int) -> _Columns:
    path = _as_binary(_column(given["path"], pa.binary(), count))
    content = pc.utf8_lower(_column(given["content_id"], pa.string(), count))
    blob = pc.utf8_lower(_column(given["blob_id"], pa.string(), count))
    length = _column(given["length_bytes"], pa.int64(), count)
    well_formed = pc.fill_null(pc.match_substring_regex(content, _HEX), False)
    sha1 = pc.fill_null(pc.match_substring_regex(blob, _HEX), False)
    named = pc.fill_null(pc.coalesce(repository["name"], repository["url"]), "")
    unnamed = pc.and_(_blank(repository["name"]), _blank(repository["url"]))
    problem = pc.case_when(
        pc.make_struct(
            unnamed,
            pc.match_substring_regex(named, r"[\x00-\x1f\x7f]"),
            pc.is_null(path),
            pc.is_null(content),
            pc.invert(well_formed),
            pc.and_(pc.is_valid(blob), pc.invert(sha1)),
            pc.fill_null(pc.less(length, 0), False),
        ),
        "repo_name and repo_url are empty; one of them names the repository",
        "repo_name holds a line break or another control character; it is OWNER/NAME",
        "path is empty",
        "content_id is empty; it is the git blob hash, 40 hex digits",
        "content_id is not 40 hex digits",
        "blob_id is not 40 hex digits, the SHA-1 of the bytes",
        "length_bytes is negative",
        pa.scalar(None, pa.string()),
    )
    return {
        "path": path,
        "id": _digests(content, well_formed),
        "sha1": _digests(blob, sha1),
        "size": pc.max_element_wise(pc.fill_null(length, 0), 0),
        "license": _license(given, count),
        "problem": problem,
    }


def _license(given: _Columns, count: int) -> Any:
    """Return `TYPE:NAME,NAME` of each row, null where it says neither."""
    type_ = pc.fill_null(_column(given.get("license_type"), pa.string(), count), "")
    names = given.get("detected_licenses")
    if names is None or pa.types.is_null(names.type):
        joined = pa.array([""] * count, pa.string())
    else:
        joined = pc.fill_null(pc.binary_join(names.cast(pa.list_(pa.string())), ","), "")
    told = pc.binary_join_element_wise(type_, joined, ":")
    return pc.if_else(pc.equal(told, ":"), pa.scalar(None, pa.string()), told)


def _column(array: Any, type_: pa.DataType, count: int) -> Any:
    """Return a column in the type wanted; nulls where it is missing or a value lies outside of the type."""
    if array is None or pa.types.is_null(array.type):
        return pa.nulls(count, type_)
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    return _CONVERT[str(type_)](array)


def _as_text(array: Any) -> Any:
    raw = _as_binary(array)
    try:
        return raw.cast(pa.string())
    except pa.ArrowInvalid:  # not UTF-8, whatever the column says
        decoded = [None if value is None else value.decode("utf-8", "backslashreplace") for value in raw.to_pylist()]
        return pa.array(decoded, pa.string())


def _as_binary(array: Any) -> Any:
    if pa.types.is_large_string(array.type):
        return array.cast(pa.large_binary()).cast(pa.binary())
    return array.cast(pa.binary())


def _as_integer(array: Any) -> Any:
    if pa.types.is_floating(array.type):  # whole numbers that passed through pandas
        array = pc.if_else(pc.is_finite(array), array, pa.scalar(None, array.type))
        array = pc.if_else(pc.less(pc.abs(array), 2**53), array, pa.scalar(None, array.type))
        return pc.cast(pc.trunc(array), pa.int64())
    return array.cast(pa.int64(), safe=not pa.types.is_uint64(array.type))


def _as_time(array: Any) -> Any:
    moments = array.cast(pa.timestamp("us", array.type.tz), safe=False).cast(pa.int64())
    inside = pc.and_(pc.greater_equal(moments, _FIRST), pc.less(moments, _PAST))
    return pc.if_else(inside, moments, pa.scalar(None, pa.int64())).cast(_TIME)


_CONVERT: Final[dict[str, Callable[[Any], Any]]] = {
    "string": _as_text,
    "binary": _as_binary,
    "int64": _as_integer,
    str(_TIME): _as_time,
}


def _digests(text: Any, well_formed: Any) -> Any:
    """Return 40 hex digits as 20 bytes, null where they are not well formed."""
    chosen = text.filter(well_formed)
    packed = bytes.fromhex("".join(chosen.to_pylist()))
    offsets = np.arange(0, len(packed) + 1, 20, dtype=np.int32)
    digests = pa.Array.from_buffers(pa.binary(), len(chosen), [None, pa.py_buffer(offsets), pa.py_buffer(packed)])
    mask = well_formed.to_numpy(zero_copy_only=False)
    return digests.take(pa.array(np.cumsum(mask) - 1, pa.int64(), mask=~mask))


def _blank(array: Any) -> Any:
    return pc.or_(pc.is_null(array), pc.fill_null(pc.equal(pc.utf8_trim_whitespace(array), ""), True))


def _fits(found: pa.DataType, wanted: pa.DataType) -> bool:
    if pa.types.is_dictionary(found):
        found = found.value_type
    if pa.types.is_null(found):
        return True
    if pa.types.is_list(wanted):
        return _is_list(found) and _fits(found.value_type, pa.string())
    if wanted == pa.string():
        return bool(pa.types.is_string(found) or pa.types.is_large_string(found) or pa.types.is_string_view(found))
    if wanted == pa.int64():
        return bool(pa.types.is_integer(found) or pa.types.is_floating(found))
    return bool(pa.types.is_timestamp(found))


def _is_list(found: pa.DataType) -> bool:
    return bool(pa.types.is_list(found) or pa.types.is_large_list(found) or pa.types.is_fixed_size_list(found))


def _short(found: pa.DataType) -> str:
    return str(found)[:80]
