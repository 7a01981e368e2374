"""The passport of a folder of Parquet in the columns of The Stack v2 or v3, counted on a sample that is named.

Rows per file (v2) and rows per repository with a list of files (v2 and v3) are read. Only columns are counted here: no
content is looked at.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from drystone._words import many
from drystone.catalog.importing.imported import Imported, QuotedText, known, slug, unknown, with_always
from drystone.catalog.passports.passport import Capability, Identity, Passport, Procedure
from drystone.catalog.passports.vocabulary import jobs
from drystone.errors import UsageError
from drystone.release.layout import shown

#: Another number where a count changes its meaning.
_METHOD: Final = "1"
#: Files whose rows are looked at, about: what is more is a sample of row groups.
_SAMPLE: Final = 500_000
_SEED: Final = 1
_MOST_FILES: Final = 100_000
#: The names that each thing has: of v2 first, then of v3.
_NAMES: Final = {
    "repository": ("repo_name", "repo_path"),
    "path": ("path", "file_path"),
    "id": ("blob_id", "content_id"),
    "size": ("length_bytes", "size_bytes"),
    "language": ("language",),
    "license_type": ("license_type",),
    "content": ("content",),
}
_NEEDED: Final = ("path", "id", "license_type")
#: What these tables write of a file without a licence.
_NO_LICENSE: Final = "no_license"


@dataclass(frozen=True, slots=True)
class _Group:
    """One row group of one file."""

    path: Path
    number: int
    rows: int


def import_dataset(folder: Path, name: str, date: str, sample: int = _SAMPLE) -> Imported:
    """Return the passport of a folder of Parquet files; `sample` is how many rows of files are looked at, about.

    Raises `UsageError` where there is no Parquet file, one that cannot be read, or columns of neither dataset.
    """
    groups, rows, schema = _groups(folder)
    nested = "files" in schema.names and pa.types.is_list(schema.field("files").type)
    inner = schema.field("files").type.value_type if nested else schema
    names = _columns(inner, schema, folder)
    chosen, table = _sampled(groups, names, nested, sample)
    whole = len(chosen) == len(groups)
    measures = _measures(table, rows, names, nested=nested, whole=whole)
    lines = "".join(f"{key}: {value}\n" for key, (value, _, _) in measures.items())
    setup = (
        f"{many(table.num_rows, 'file')} in {len(chosen):,} of {many(len(groups), 'row group')}, "
        + ("all of them" if whole else f"chosen by seed {_SEED}")
        + f"; {many(len({group.path for group in groups}), 'Parquet file')} in {shown(folder.name)}"
    )[:4000]
    kept = QuotedText(f"{setup}\n{lines}", f"{shown(folder.name)}: its Parquet files"[:300], date)
    method = Procedure(name="counted from the columns", version=_METHOD, setup=setup)
    note = None if whole else "On the sample. Rows of one row group are alike, so that the interval is narrow."
    facts = [
        known(key, value, [kept.quote(f"{key}: {value}\n", key)], "measured", method, low, high, note)
        for key, (value, low, high) in measures.items()
    ]
    by = "drystone catalog measure, on a sample with contents"
    left = [unknown(key, by) for key in ("findings.per_million_files", "duplicates.near_share")]
    passport = Passport(
        artifact=Identity(
            kind="dataset", name=slug(name), title=name,
            description=f"A folder of Parquet with a row for each {'repository' if nested else 'file'}.",
        ),
        capabilities=_capabilities(kept, names),
        facts=with_always([*facts, *left], "its maintainers saying it"),
    )  # fmt: skip
    return Imported(passport, {kept.sha256: kept.text})


def _groups(folder: Path) -> tuple[list[_Group], int, pa.Schema]:
    """Return all row groups, how many rows they have together, and the columns of the first file."""
    paths = sorted(path for path in folder.rglob("*.parquet") if not path.name.startswith("."))[: _MOST_FILES + 1]
    if not paths:
        raise UsageError(f"{shown(str(folder))}: holds no Parquet file")
    if len(paths) > _MOST_FILES:
        raise UsageError(f"{shown(str(folder))}: holds more than {_MOST_FILES:,} Parquet files; name a folder of them")
    groups: list[_Group] = []
    schema: pa.Schema | None = None
    for path in paths:
        try:
            with pq.ParquetFile(path) as file:
                schema = schema or file.schema_arrow
                meta = file.metadata
                groups += [_Group(path, at, meta.row_group(at).num_rows) for at in range(meta.num_row_groups)]
        except (pa.ArrowException, OSError) as error:
            raise UsageError(f"{shown(str(path))}: cannot be read as Parquet: {_first_line(error)}") from None
    assert schema is not None
    return groups, sum(group.rows for group in groups), schema


def _first_line(error: Exception) -> str:
    return shown((str(error).splitlines() or [type(error).__name__])[0][:300])


def _columns(inner: pa.Schema | pa.StructType, outer: pa.Schema, folder: Path) -> dict[str, str]:
    """Return the names that things have here. Raises `UsageError` where one is missing that is needed."""
    there = {field.name for field in inner}
    found = {thing: next((name for name in names if name in there), "") for thing, names in _NAMES.items()}
    found["repository"] = next((name for name in _NAMES["repository"] if name in {*there, *outer.names}), "")
    missing = [" or ".join(_NAMES[thing]) for thing in _NEEDED if not found[thing]]
    if missing:
        raise UsageError(
            f"{shown(str(folder))}: has not the columns of The Stack v2 or v3: no {', no '.join(missing)}. "
            "drystone catalog measure looks at other tables."
        )
    return {thing: name for thing, name in found.items() if name}


def _sampled(
    groups: list[_Group], names: dict[str, str], nested: bool, sample: int
) -> tuple[list[_Group], pa.Table]:  # fmt: skip
    """Return row groups in an order by seed until there are `sample` files, and their files as one table."""
    if sum(group.rows for group in groups) <= sample and not nested:
        order = groups
    else:
        order = sorted(groups, key=lambda group: hashlib.sha256(_key(group)).digest())
    tables: list[pa.Table] = []
    files = 0
    for group in order:
        if tables and files >= sample:
            break
        tables.append(_flat(group, names, nested))
        files += tables[-1].num_rows
    return list(order[: len(tables)]), pa.concat_tables(tables)


def _key(group: _Group) -> bytes:
    return f"{_SEED}:{group.path.name}:{group.number}".encode("utf-8", "surrogateescape")


def _flat(group: _Group, names: dict[str, str], nested: bool) -> pa.Table:
    """Return one row for each file of a row group, with the columns by what they are. Contents are not read."""
    wanted = {thing: name for thing, name in names.items() if thing != "content"}
    try:
        with pq.ParquetFile(group.path) as file:
            columns = list(wanted.values())
            if nested:  # what is between a list and its values varies, so that a file says it itself
                places = [file.metadata.schema.column(at).path for at in range(file.metadata.num_columns)]
                columns += [place for place in places if place.startswith("files.") and _last(place) in columns]
            return _by_thing(file.read_row_group(group.number, columns=columns), wanted, nested)
    except KeyError:
        raise UsageError(f"{shown(str(group.path))}: has other columns than the first file; name it alone.") from None
    except (pa.ArrowException, OSError) as error:
        raise UsageError(f"{shown(str(group.path))}: row group {group.number}: {_first_line(error)}") from None


def _last(place: str) -> str:
    return place.rpartition(".")[2]


def _by_thing(table: pa.Table, wanted: dict[str, str], nested: bool) -> pa.Table:
    if nested:
        files = table["files"].combine_chunks()
        inside, parents = pc.list_flatten(files), pc.list_parent_indices(files)
        arrays = {t: pc.struct_field(inside, n) for t, n in wanted.items() if t != "repository"}
        if "repository" in wanted:
            arrays["repository"] = table[wanted["repository"]].take(parents)
        return pa.table({thing: _plain(array, thing) for thing, array in arrays.items()})
    return pa.table({thing: _plain(table[name], thing) for thing, name in wanted.items()})


def _plain(array: pa.Array | pa.ChunkedArray, thing: str) -> pa.Array | pa.ChunkedArray:
    """Return a column in a type that all files share."""
    return pc.cast(array, pa.int64() if thing == "size" else pa.large_string())


_Measure = tuple[int | float | str, float | None, float | None]


def _measures(table: pa.Table, rows: int, names: dict[str, str], *, nested: bool, whole: bool) -> dict[str, _Measure]:
    files = table.num_rows
    found: dict[str, _Measure] = {
        "contents": ("inline" if "content" in names else "identifiers only; no column holds contents", None, None),
        "offline": ("content" in names, None, None),
    }
    if nested:
        found["size.repositories"] = (rows, None, None)
    if not nested or whole:
        found["size.files"] = (files if nested else rows, None, None)
    if whole and "size" in names and not table["size"].null_count:
        found["size.text_bytes"] = (pc.sum(table["size"], min_count=0).as_py(), None, None)
    if whole and "language" in names and table["language"].null_count < max(1, files):
        found["languages.programming"] = (len(pc.unique(table["language"].drop_null())), None, None)
    if whole and "repository" in names and not nested and not table["repository"].null_count:
        found["size.repositories"] = (len(pc.unique(table["repository"])), None, None)
    if files:
        types = table["license_type"]
        unlicensed = pc.sum(pc.or_kleene(pc.is_null(types), pc.equal(types, _NO_LICENSE))).as_py() or 0
        found["licenses.unknown_share"] = _share(unlicensed, files, whole)
        for name, things in (("duplicates.exact_share", ["id"]), ("duplicates.paths_share", ["repository", "path"])):
            # Files of which this is not told are like none.
            told = table.select(things).drop_null() if set(things) <= names.keys() else table.slice(0, 0)
            if told.num_rows:
                distinct = told.group_by(things).aggregate([]).num_rows
                found[name] = _share(told.num_rows - distinct, told.num_rows, whole)
    return found


def _share(part: int, of: int, whole: bool) -> _Measure:
    """Return a share in per cent; on a sample with 95 % by Wilson's interval."""
    value = round(100 * part / of, 4)
    if whole:
        return value, None, None
    z = 1.96
    middle = (part + z * z / 2) / (of + z * z)
    half = z / (of + z * z) * math.sqrt(part * (of - part) / of + z * z / 4)
    return value, min(value, round(100 * (middle - half), 4)), max(value, round(100 * (middle + half), 4))


def _capabilities(kept: QuotedText, names: dict[str, str]) -> tuple[Capability, ...]:
    proof = (kept.quote(kept.text.split("\n", 1)[0]),)

    def gives() -> Iterator[tuple[str, str, tuple[str, ...]]]:
        flows = ("source_files",) if "content" in names else ("file_identifiers",)
        yield "code.training_files", "Rows " + ("hold" if "content" in names else "name") + " source files.", flows
        yield "code.license_filter", f"Column {names['license_type']} says what was found.", ("license",)
        if "language" in names:
            yield "code.languages", f"Column {names['language']} names the language of each file.", ()
        if "repository" in names:
            yield "code.provenance", f"Columns {names['repository']} and {names['path']}.", ("repositories",)

    return tuple(
        Capability(
            id=id, name=jobs()[id].name, description=said, intents=jobs()[id].intents, outputs=outputs, evidence=proof
        )
        for id, said, outputs in gives()
    )  # fmt: skip
