"""Columns of a row of data that follow from a settled row and from its repository's, without reading the file's bytes.

Writing takes them from here, an update compares them, and a retraction makes them for the copy that takes over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from drystone.building.stages.inventory import Inventoried
from drystone.building.stages.paths import base_name, path_text
from drystone.detect import secrets
from drystone.detect.languages.attributes import LanguageAttributes
from drystone.detect.paths import paths_flags
from drystone.detect.secrets.beside import evidence_without, metadata_without, shown_path, without
from drystone.detect.secrets.settings import People
from drystone.policy.licenses import license_names
from drystone.release.schema import DATA, OF_OCCURRENCE, OF_REPOSITORY, REPOSITORIES

#: Columns that have another name in a settled row.
_SETTLED: Final = {"src_encoding": "encoding", "length_bytes": "bytes", "is_generated": "generated"}
#: Columns of repositories.parquet that have another name in an inventory.
_INVENTORIED: Final = {
    "repository_id": "id",
    "repo_name": "name",
    "directory_id": "directory",
    "revision_id": "revision",
    "snapshot_id": "snapshot",
    "branch_name": "branch",
    "star_events_count": "stars",
    "fork_events_count": "forks",
}
#: Columns in which a row can differ between versions of a release whose program and settings are the same: the bytes,
#: and what those do not decide.
COMPARED: Final = ("content_id", *OF_OCCURRENCE, *OF_REPOSITORY)


def settled_column(rows: pa.Table, name: str) -> pa.Array | pa.ChunkedArray:
    """Return column `name` of data for settled rows."""
    make = _MADE.get(name)
    if make is None:
        return rows.column(_SETTLED.get(name, name))
    return make(rows)


def repository_columns(rows: pa.Table, repositories: pa.Table) -> dict[str, pa.ChunkedArray]:
    """Return the columns of data that the rows' repositories give; `repositories` has their rows."""
    owner = pc.index_in(rows.column("repository_id"), value_set=repositories.column("repository_id"))
    return {name: repositories.column(name).take(owner) for name in OF_REPOSITORY}


def derived(paths: Sequence[bytes], expressions: Iterable[str | None]) -> dict[str, list[Any]]:
    """Return the columns that follow from a file's path (no leading slash) and its licence, for many files."""
    flags = paths_flags([path_text(path)[1:] for path in paths])
    return {
        "detected_licenses": [license_names(expression) for expression in expressions],
        "extension": [_extension(shown_path(path)) for path in paths],
        "is_configuration": [flag.configuration for flag in flags],
        "is_test": [flag.test for flag in flags],
    }


def repository_row(
    repository: Inventoried,
    expression: str | None,
    license_type: str | None,
    kept: int,
    secret_settings: secrets.ScanSettings,
    people: People,
) -> dict[str, object]:
    """Return the row of repositories.parquet of a repository: what its root declares, the verdict on it, kept files.

    Its texts are redacted as content is; authors and committers are as `people` says.
    """
    secret_settings = replace(secret_settings, replacement="placeholder")
    branch, problem = repository["branch"], repository["problem"]
    told: Mapping[str, object] = {
        **repository,
        "branch": without(branch, secret_settings) if branch is not None else None,
        "problem": without(problem, secret_settings) if problem is not None else None,
    }
    metadata = metadata_without(repository["metadata"], secret_settings, people)
    made = {
        "license_expression": expression,
        "license_type": license_type,
        "kept": kept,
        "metadata": orjson.dumps(metadata, option=orjson.OPT_SORT_KEYS).decode(),
    }
    return {name: made[name] if name in made else told[_INVENTORIED.get(name, name)] for name in REPOSITORIES.names}


def compared(rows: pa.Table, repositories: pa.Table) -> pa.Table:
    """Return the columns COMPARED of settled rows, under the types of data."""
    of_repository = repository_columns(rows, repositories)
    columns = [of_repository.get(name) or settled_column(rows, name) for name in COMPARED]
    return pa.table(columns, schema=pa.schema([DATA.field(name) for name in COMPARED]))


def _content_ids(rows: pa.Table) -> pa.Array:
    return pa.array([id_.hex() for id_ in rows.column("id").to_pylist()], pa.string())


def _paths(rows: pa.Table) -> pa.Array:
    return pa.array([path_text(path) for path in rows.column("path").to_pylist()], pa.string())


def _evidence(rows: pa.Table) -> pa.Array:
    """Return the evidence of each row; few rows have one of their own."""
    encoded = rows.column("license_evidence").combine_chunks().dictionary_encode(null_encoding="encode")
    texts = [_with_paths(text) for text in encoded.dictionary.to_pylist()]
    return pa.array([orjson.loads(text) for text in evidence_without(texts)], DATA.field("license_evidence").type).take(
        encoded.indices
    )


def _with_paths(evidence: str) -> str:
    """Return pieces of evidence with their paths as rows have them."""
    pieces = orjson.loads(evidence)
    for piece in pieces:
        if piece["path"] is not None:
            piece["path"] = path_text(piece["path"].encode())
    return orjson.dumps(pieces).decode()


def _conflicts(rows: pa.Table) -> pa.Array:
    encoded = rows.column("license_conflict").combine_chunks().dictionary_encode()
    texts = evidence_without(encoded.dictionary.to_pylist())
    return pa.array(texts, pa.string()).take(encoded.indices)


def told(paths: Sequence[bytes], attributes: Sequence[str | None]) -> dict[str, list[bool]]:
    """Return the flags that .gitattributes files may set (in JSON); where they say nothing, the path does."""
    flags = paths_flags([path_text(path)[1:] for path in paths])
    said = [LanguageAttributes.from_json(text) if text else LanguageAttributes() for text in attributes]
    return {
        "is_documentation": [
            flag.documentation if of.documentation is None else of.documentation
            for of, flag in zip(said, flags, strict=True)
        ],
        "is_vendor": [
            flag.vendor if of.vendored is None else of.vendored for of, flag in zip(said, flags, strict=True)
        ],
    }


def _told(rows: pa.Table, name: str) -> pa.Array:
    return pa.array(told(rows.column("path").to_pylist(), rows.column("attributes").to_pylist())[name], pa.bool_())


_MADE: Final[dict[str, Callable[[pa.Table], pa.Array]]] = {
    "content_id": _content_ids,
    "is_documentation": lambda rows: _told(rows, "is_documentation"),
    "is_vendor": lambda rows: _told(rows, "is_vendor"),
    "license_conflict": _conflicts,
    "license_evidence": _evidence,
    "path": _paths,
}


def _extension(path: bytes) -> str:
    """Return the text after the last dot of the file name, without the dot; empty where there is none."""
    stem, dot, extension = base_name(path).rpartition(".")
    return extension if dot and stem else ""
