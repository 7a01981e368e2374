"""Last stages: ledger parts and shards; contents are gathered within one shard at a time, and redacted as written."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from drystone.building.contents import Contents, Place, to_text
from drystone.building.engine import Summary
from drystone.building.settle import ROWS
from drystone.building.store import Stage
from drystone.building.tables import Range, id_range, path_text, read
from drystone.detect import secrets
from drystone.detect.paths import paths_flags
from drystone.errors import BuildError
from drystone.policy.licenses import license_names
from drystone.release import layout
from drystone.release.schema import DATA, LEDGER, REPOSITORIES
from drystone.release.writer import write_data_shard, write_ledger_part

#: Bytes of text gathered at a time.
_BATCH_BYTES = 4 << 20
_BATCH_ROWS = 2048


def shard_of(id_: bytes, count: int) -> int:
    """Return the shard (0 to count - 1) that holds a blob: shards are equal ranges of the git blob hash."""
    return int.from_bytes(id_[:4], "big") * count >> 32


def ledger_part(
    stage: Stage,
    task: str,
    settled: list[Path],
    release: Path,
    index: int,
    count: int,
    shards: dict[str, int],
    level: int,
) -> Summary:
    """Write one part of the ledger: an equal range of repository ids, sorted."""
    span = 16**8
    low = "" if index == 0 else f"{index * span // count:08x}"
    high = None if index == count - 1 else f"{(index + 1) * span // count:08x}"
    rows = read(settled, LEDGER, (), Range("repository_id", low, high))
    rows = rows.sort_by([("repository_id", "ascending"), ("path", "ascending"), ("entry", "ascending")])
    kept = zip(*(rows.column(name).to_pylist() for name in ("decision", "language", "swhid")), strict=True)
    names = [
        layout.data_path(language, shard_of(bytes.fromhex(swhid[10:18]), shards[language]), shards[language])
        if decision == "kept"
        else None
        for decision, language, swhid in kept
    ]
    position = LEDGER.get_field_index("shard")
    rows = rows.set_column(position, LEDGER.field(position), pa.array(names, pa.string()))
    entry = write_ledger_part(release, index, count, rows.to_batches(max_chunksize=16384), zstd_level=level)
    return {"files": [entry.model_dump()]}


def shards(
    stage: Stage,
    task: str,
    settled: list[Path],
    release: Path,
    repositories: Path,
    contents: Contents,
    members: list[tuple[str, int, int]],
    secret_settings: secrets.Settings,
    level: int,
) -> Summary:
    """Write some shards, each given by language, index and count."""
    redacted: Counter[str] = Counter()
    files = []
    names = [language for language, _, _ in members]
    # Members are neighbours in the order of languages: one pass over the settled rows serves all of them.
    rows = read(settled, ROWS, (), Range("language", names[0], names[-1] + "\0"), *_only_range(members))
    for language, index, count in members:
        of_language = rows.filter(pc.equal(rows.column("language"), language)).sort_by("id")
        owners = _owners(repositories, of_language)
        batches = _batches(of_language, owners, contents, secret_settings, redacted)
        files.append(write_data_shard(release, language, index, count, batches, zstd_level=level).model_dump())
    return {"files": files, "redactions": dict(redacted)}


def _only_range(members: list[tuple[str, int, int]]) -> list[Range]:
    """Return the range of ids where a task has a single shard; tasks of several hold languages of one shard each."""
    return [id_range(index, count) for _, index, count in members] if len(members) == 1 else []


def _owners(repositories: Path, rows: pa.Table) -> dict[str, dict[str, Any]]:
    listed = read([repositories], REPOSITORIES)
    wanted = pc.is_in(listed.column("repository_id"), pc.unique(rows.column("repository_id")))
    return {row["repository_id"]: row for row in listed.filter(wanted).to_pylist()}


def _batches(
    rows: pa.Table,
    owners: dict[str, dict[str, Any]],
    contents: Contents,
    secret_settings: secrets.Settings,
    redacted: Counter[str],
) -> Iterator[pa.RecordBatch]:
    batch: list[dict[str, Any]] = []
    size = 0
    for chunk in rows.to_batches(max_chunksize=_BATCH_ROWS):
        for row in chunk.to_pylist():
            if batch and (size + row["bytes"] > _BATCH_BYTES or len(batch) >= _BATCH_ROWS):
                yield _batch(batch, owners, contents, secret_settings, redacted)
                batch, size = [], 0
            batch.append(row)
            size += row["bytes"]
    if batch:
        yield _batch(batch, owners, contents, secret_settings, redacted)


def _batch(
    batch: list[dict[str, Any]],
    owners: dict[str, dict[str, Any]],
    contents: Contents,
    secret_settings: secrets.Settings,
    redacted: Counter[str],
) -> pa.RecordBatch:
    places = [Place(r["partition"], r["repository"], r["offset"], r["size"], r["id"]) for r in batch]
    order = sorted(range(len(batch)), key=places.__getitem__)
    for index, data in zip(order, contents.read(places[i] for i in order), strict=True):
        row = batch[index]
        path = path_text(row["path"])
        decoded = to_text(data, row["notebook"])
        text = decoded.text
        if text is None:
            raise BuildError(
                f"{path}: was text before, but now {decoded.reason}; the source has changed during the build"
            )
        spans = [secrets.Span(**span) for span in row["secrets"] or ()]
        released, replaced = secrets.redact(text, spans, secret_settings, path) if spans else (text, [])
        for span in replaced:
            redacted[span.kind] += 1
        row["content"] = released
        row["blob_id"] = hashlib.sha1(data, usedforsecurity=False).hexdigest()
        row["released_sha256"] = hashlib.sha256(released).hexdigest()
        row["redactions"] = [span._asdict() for span in replaced]
    columns = {field.name: _column(field.name, batch, owners) for field in DATA}
    arrays = [pa.array(columns[field.name], field.type) for field in DATA]
    return pa.record_batch(arrays, schema=DATA)


#: Columns that come from the row's repository, under the name they have there.
_OF_REPOSITORY = frozenset(REPOSITORIES.names) - {"license_expression", "license_type", "repository_id", "origin"}


def _column(name: str, batch: list[dict[str, Any]], owners: dict[str, dict[str, Any]]) -> list[Any]:
    if name in _OF_REPOSITORY:
        return [owners[row["repository_id"]][name] for row in batch]
    match name:
        case "path":
            return [path_text(row["path"]) for row in batch]
        case "content_id":
            return [row["id"].hex() for row in batch]
        case "swhid":
            return [f"swh:1:cnt:{row['id'].hex()}" for row in batch]
        case "detected_licenses":
            return [license_names(row["license_expression"]) for row in batch]
        case "license_evidence":
            return [_evidence(row["license_evidence"]) for row in batch]
        case "src_encoding":
            return [row["encoding"] for row in batch]
        case "length_bytes":
            return [row["bytes"] for row in batch]
        case "extension":
            return [_extension(row["path"]) for row in batch]
        case "is_generated":
            return [row["generated"] for row in batch]
        case "is_vendor" | "is_documentation" | "is_test" | "is_configuration":
            flags = paths_flags([path_text(row["path"])[1:] for row in batch])
            return [getattr(flag, name.removeprefix("is_")) for flag in flags]
        case _:
            return [row[name] for row in batch]


@lru_cache(maxsize=4096)
def _evidence(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = orjson.loads(text)
    return found


def _extension(path: bytes) -> str:
    """Return the text after the last dot of the file name, without the dot; empty where there is none."""
    name = path.rsplit(b"/", 1)[-1].decode("utf-8", "replace")
    stem, dot, extension = name.rpartition(".")
    return extension if dot and stem else ""
