"""Last stages: ledger parts and shards; contents are gathered within one shard at a time, and redacted as written."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NotRequired, TypedDict

import pyarrow as pa
import pyarrow.compute as pc

from drystone.building.stages.contents import Contents, Extent
from drystone.building.stages.rows import derived, repository_columns, settled_column, told
from drystone.building.stages.settle import ROWS, ledger_bounds
from drystone.building.stages.text import to_text
from drystone.detect import secrets
from drystone.detect.secrets.beside import evidence_without
from drystone.errors import BuildError
from drystone.release import layout
from drystone.release.schema import DATA, LEDGER, REPOSITORIES
from drystone.release.writing.writer import write_data_shards, write_ledger_part
from drystone.work.ranges import Range, id_range, read
from drystone.work.store import Stage

#: Bytes of text gathered at a time.
_BATCH_BYTES: Final = 4 << 20
_BATCH_ROWS: Final = 2048
#: Rows of the ledger that are put in order at a time.
_LEDGER_ROWS: Final = 16384
#: What writing reads of the settled rows: sketches stay where they are.
_WRITTEN: Final = pa.schema([field for field in ROWS if field.name not in ("group", "rank", "signature")])


class WrittenFiles(TypedDict):
    """Manifest entries of the files that were written, and replaced spans by kind."""

    files: list[dict[str, Any]]
    redactions: NotRequired[dict[str, int]]


def shard_of(id_: bytes, count: int) -> int:
    """Return the shard (0 to count - 1) that holds a blob: shards are equal ranges of the git blob hash."""
    return int.from_bytes(id_[:4], "big") * count >> 32


def ledger_part(
    stage: Stage,
    task: str,
    settled: Sequence[Path],
    release: Path,
    index: int,
    count: int,
    shards: dict[str, int],
    level: int,
) -> WrittenFiles:
    """Write one part of the ledger: an equal range of repository ids, sorted."""
    rows = read(settled, LEDGER, (), Range("repository_id", *ledger_bounds(index, count))).combine_chunks()
    paths = {
        language: [layout.data_path(language, number, parts) for number in range(parts)]
        for language, parts in shards.items()
    }
    entry = write_ledger_part(release, index, count, _ledger_batches(rows, paths), zstd_level=level)
    return {"files": [entry.model_dump()]}


def _ledger_batches(rows: pa.Table, paths: dict[str, list[str]]) -> Iterator[pa.Table]:
    """Yield rows in the ledger's order, each with its shard: one of `paths`, those of each language."""
    order = pc.sort_indices(rows, [(name, "ascending") for name in ("repository_id", "path", "entry")])
    position = LEDGER.get_field_index("shard")
    for start in range(0, len(order), _LEDGER_ROWS):
        batch = rows.take(order[start : start + _LEDGER_ROWS])
        kept = zip(*(batch.column(name).to_pylist() for name in ("decision", "language", "swhid")), strict=True)
        names = [
            paths[language][shard_of(bytes.fromhex(swhid[10:18]), len(paths[language]))] if decision == "kept" else None
            for decision, language, swhid in kept
        ]
        batch = batch.set_column(position, LEDGER.field(position), pa.array(names, pa.string()))
        told = LEDGER.get_field_index("evidence")
        yield batch.set_column(told, LEDGER.field(told), _without(batch.column(told)))


def _without(evidence: pa.ChunkedArray) -> pa.Array:
    """Return evidence without addresses and secrets; each distinct piece is looked at once."""
    encoded = evidence.combine_chunks().dictionary_encode(null_encoding="encode")
    texts = encoded.dictionary.to_pylist()
    shown = iter(evidence_without([text for text in texts if text is not None]))
    return pa.array([None if text is None else next(shown) for text in texts], pa.string()).take(encoded.indices)


def shards(
    stage: Stage,
    task: str,
    settled: Sequence[Path],
    release: Path,
    repositories: Path,
    contents: Contents,
    members: list[tuple[str, int, int]],
    secret_settings: secrets.ScanSettings,
    level: int,
) -> WrittenFiles:
    """Write some shards, each given by language, index and count."""
    redacted: Counter[str] = Counter()
    names = [language for language, _, _ in members]
    # Members are near each other in the order of languages, so one pass over the settled rows serves all of them. An
    # update leaves languages between them out that are taken over.
    rows = read(settled, _WRITTEN, (), Range("language", names[0], names[-1] + "\0"), *_only_range(members))
    rows = rows.filter(pc.is_in(rows.column("language"), pa.array(names, rows.column("language").type)))
    rows = rows.sort_by([("language", "ascending"), ("id", "ascending")]).combine_chunks()
    owners = read([repositories], REPOSITORIES)
    owners = owners.filter(pc.is_in(owners.column("repository_id"), pc.unique(rows.column("repository_id"))))
    batches = (_batch(batch, owners, contents, secret_settings, redacted) for batch in _batches(rows))
    files = write_data_shards(release, members, batches, zstd_level=level)
    return {"files": [file.model_dump() for file in files], "redactions": dict(redacted)}


def _only_range(members: list[tuple[str, int, int]]) -> list[Range]:
    """Return the range of ids where a task has a single shard; tasks of several hold languages of one shard each."""
    return [id_range(index, count) for _, index, count in members] if len(members) == 1 else []


def _batches(rows: pa.Table) -> Iterator[pa.Table]:
    """Cut rows so that each piece can be held with its text: one row, or at most `_BATCH_BYTES` and `_BATCH_ROWS`."""
    start = size = 0
    for position, length in enumerate(rows.column("bytes").to_pylist()):
        if position > start and (size + length > _BATCH_BYTES or position - start >= _BATCH_ROWS):
            yield rows.slice(start, position - start)
            start, size = position, 0
        size += length
    if rows.num_rows:
        yield rows.slice(start)


def _spans(column: pa.ChunkedArray) -> dict[int, list[secrets.Span]]:
    """Return the spans of the rows that have any, by position; few have."""
    places = pc.indices_nonzero(column.is_valid())
    found = column.take(places).to_pylist()
    return {at: [secrets.Span(**span) for span in spans] for at, spans in zip(places.to_pylist(), found, strict=True)}


def _batch(
    rows: pa.Table,
    owners: pa.Table,
    contents: Contents,
    secret_settings: secrets.ScanSettings,
    redacted: Counter[str],
) -> pa.RecordBatch:
    paths = settled_column(rows, "path").to_pylist()
    notebooks, found = rows.column("notebook").to_pylist(), _spans(rows.column("secrets"))
    places = [Extent(*place) for place in zip(*(rows.column(name).to_pylist() for name in Extent._fields), strict=True)]
    order = sorted(range(len(places)), key=places.__getitem__)
    texts: list[bytes] = [b""] * len(places)
    blob_ids = [""] * len(places)
    redactions: list[list[dict[str, Any]]] = [[]] * len(places)
    for index, data in zip(order, contents.read(places[i] for i in order), strict=True):
        decoded, _ = to_text(data, notebooks[index])
        text = decoded.text
        if text is None:
            raise BuildError(
                f"{paths[index]}: was text before, but now {decoded.reason}; the source has changed during the build"
            )
        if spans := found.get(index):
            text, replaced = secrets.redact(text, spans, secret_settings, paths[index])
            redactions[index] = [span._asdict() for span in replaced]
            redacted.update(span.kind for span in replaced)
        texts[index] = text
        blob_ids[index] = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    content_ids = settled_column(rows, "content_id").to_pylist()
    made: dict[str, Any] = {
        **repository_columns(rows, owners),
        **derived(rows.column("path").to_pylist(), rows.column("license_expression").to_pylist()),
        **told(rows.column("path").to_pylist(), rows.column("attributes").to_pylist()),
        "blob_id": blob_ids,
        "content": texts,
        "redactions": redactions,
        "released_sha256": [hashlib.sha256(text).hexdigest() for text in texts],
        "swhid": [f"swh:1:cnt:{id_}" for id_ in content_ids],
    }
    columns = []
    for field in DATA:
        values = made[field.name] if field.name in made else settled_column(rows, field.name)
        columns.append(pa.array(values, field.type) if isinstance(values, list) else values)
    return pa.table(columns, schema=DATA)
