"""Third stage: every distinct blob is read once and every detector looks at it once.

Annotations lie beside the content, never in it. Nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from drystone.building.stages.contents import Contents, Extent
from drystone.building.stages.tables import ANNOTATIONS, BLOBS, NAMES
from drystone.building.stages.text import to_text
from drystone.dedup import near
from drystone.detect import languages, licenses, quality, secrets
from drystone.detect.licenses.matching.scancode import ScanCode
from drystone.errors import SourceError
from drystone.work.engine import Summary
from drystone.work.ranges import Range, read
from drystone.work.store import Stage, write_table

#: Bytes of text that go through the detectors at a time.
_BATCH_BYTES = 8 << 20
_BATCH_BLOBS = 4096


def run(
    stage: Stage,
    task: str,
    blobs: list[Path],
    contents: Contents,
    partition: int,
    where: Range,
    secret_settings: secrets.ScanSettings,
    near_method: near.Method | None,
    scancode: bool,
) -> Summary:
    """Annotate the blobs of one partition that lie in a range of offsets or of ids.

    Writes `TASK.parquet` (ANNOTATIONS) and `TASK.names.parquet` (NAMES), both sorted by id.
    """
    rows = read(blobs, BLOBS, (), Range("partition", partition, partition + 1), where).sort_by(
        [("repository", "ascending"), ("offset", "ascending"), ("id", "ascending")]
    )
    annotations: list[pa.Table] = []
    names: list[pa.Table] = []
    for batch in _batches(rows):
        found, named = _annotate(batch, contents, secret_settings, near_method, scancode)
        annotations.append(found)
        names.append(named)
    table = pa.concat_tables([ANNOTATIONS.empty_table(), *annotations]).sort_by("id")
    write_table(
        stage.file(f"{task}.names.parquet"),
        pa.concat_tables([NAMES.empty_table(), *names]).sort_by([("id", "ascending"), ("name", "ascending")]),
    )
    write_table(stage.file(f"{task}.parquet"), table)
    return {"blobs": rows.num_rows, "bytes": sum(rows.column("size").to_pylist())}


def _batches(rows: pa.Table) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    size = 0
    for chunk in rows.to_batches(max_chunksize=_BATCH_BLOBS):
        for row in chunk.to_pylist():
            if batch and (size + row["size"] > _BATCH_BYTES or len(batch) >= _BATCH_BLOBS):
                yield batch
                batch, size = [], 0
            batch.append(row)
            size += row["size"]
    if batch:
        yield batch


@lru_cache(maxsize=2)
def _scanner(settings: secrets.ScanSettings) -> secrets.Scanner:
    return secrets.Scanner(settings)


@cache
def _scancode() -> ScanCode:
    """Return this process's ScanCode; it takes seconds and a gigabyte to start, so it starts once, when first asked."""
    return ScanCode()


def _read(batch: list[dict[str, Any]], contents: Contents) -> Iterator[bytes | SourceError]:
    """Yield each blob's bytes, or the error where it cannot be read."""
    places = [Extent(r["partition"], r["repository"], r["offset"], r["size"], r["id"]) for r in batch]
    return contents.try_read(places)


def _is_notebook(row: dict[str, Any]) -> bool:
    return any(name.endswith(".ipynb") for name in row["names"])


def _large_binary(texts: list[bytes]) -> pa.LargeBinaryArray:
    """Return the texts as one array; joined in one copy, where Arrow's builder would grow and copy again."""
    ends = np.cumsum([0, *map(len, texts)], dtype=np.int64)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(texts))]
    return pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(texts), buffers)


def _annotate(
    batch: list[dict[str, Any]],
    contents: Contents,
    secret_settings: secrets.ScanSettings,
    near_method: near.Method | None,
    scancode: bool,
) -> tuple[pa.Table, pa.Table]:
    excluded: list[dict[str, Any]] = []
    kept: list[dict[str, Any]] = []
    texts: list[bytes] = []
    encodings: list[str | None] = []
    notebooks: list[bool] = []
    for row, data in zip(batch, _read(batch, contents), strict=True):
        if isinstance(data, SourceError):
            excluded.append({"id": row["id"], "excluded": "damaged", "excluded_evidence": str(data)})
            continue
        notebook = _is_notebook(row)
        decoded = to_text(data, notebook)
        if decoded.text is None:
            kind = "binary" if decoded.binary else "undecodable"
            excluded.append(
                {"id": row["id"], "encoding": decoded.encoding, "excluded": kind, "excluded_evidence": decoded.reason}
            )
            continue
        kept.append(row)
        texts.append(decoded.text)
        encodings.append(decoded.encoding)
        notebooks.append(notebook)
    array = _large_binary(texts)
    ids = [row["id"] for row in kept]

    owners = [i for i, row in enumerate(kept) for _ in row["names"]]
    names = [name for row in kept for name in row["names"]]
    contents_of_names = [texts[i] for i in owners]
    found = languages.detect_languages(names, contents_of_names)
    named = pa.table(
        {
            "id": pa.array([ids[i] for i in owners], pa.binary()),
            "name": pa.array(names, pa.string()),
            "language": pa.array(found, pa.string()),
            "generated": pa.array(
                [languages.is_generated(n, t) for n, t in zip(names, contents_of_names, strict=True)], pa.bool_()
            ),
        },
        schema=NAMES,
    )
    html = {i for i, language in zip(owners, found, strict=True) if language == "HTML"}
    visible = [quality.visible_text(texts[i]) if i in html else (None, None) for i in range(len(kept))]
    headers = licenses.detect_headers(texts, [row["names"][0] for row in kept])
    license_texts = [
        licenses.detect_file(text, row["license_path"]) if row["license_path"] is not None else None
        for text, row in zip(texts, kept, strict=True)
    ]
    if scancode:
        license_texts = [
            _scancode().complete(found, text) if found is not None and found.unanswered else found
            for found, text in zip(license_texts, texts, strict=True)
        ]
    spans = _scanner(secret_settings).scan_batch(texts, [row["names"][0] for row in kept])
    measured = quality.measures(array)
    columns: dict[str, Any] = {
        "id": pa.array(ids, pa.binary()),
        "notebook": pa.array(notebooks, pa.bool_()),
        "encoding": pa.array(encodings, pa.string()),
        "excluded": pa.nulls(len(kept), pa.string()),
        "excluded_evidence": pa.nulls(len(kept), pa.string()),
        "text_bytes": pa.array([len(text) for text in texts], pa.int64()),
        **{name: measured.column(name) for name in measured.schema.names},
        "says_generated": pa.array([languages.says_generated(text) for text in texts], pa.bool_()),
        "visible_characters": pa.array([v[0] for v in visible], pa.int64()),
        "visible_fraction": pa.array([v[1] for v in visible], pa.float64()),
        "license": pa.array([a.to_json() if a is not None else None for a in license_texts], pa.string()),
        "header": pa.array([a.to_json() if a is not None else None for a in headers], pa.string()),
        "secrets": pa.array(
            [[s._asdict() for s in found_in] or None for found_in in spans], ANNOTATIONS.field("secrets").type
        ),
        "signature": near.signatures(array, near_method).cast(pa.binary())
        if near_method
        else pa.nulls(len(kept), pa.binary()),
    }
    table = pa.table([columns[name] for name in ANNOTATIONS.names], schema=ANNOTATIONS)
    return pa.concat_tables([table, pa.Table.from_pylist(excluded, ANNOTATIONS)]), named
