"""Near duplicates of a Parquet file, in memory that does not grow with the bytes of its texts.

The file is read once for signatures, once for the texts that must be compared, and once more to write what is kept.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from drystone.dedup.decide import Summary, decide
from drystone.dedup.ids import ID, to_rows
from drystone.dedup.method import Method
from drystone.dedup.table import BATCH_ROWS, Items, as_bytes, check, check_unique, outcome, places
from drystone.errors import UsageError

CLUSTER = "near_duplicate_cluster"


class _FileTexts:
    """Texts of a Parquet file's rows: those that may be asked for are copied out in one pass, then read by offset."""

    def __init__(self, path: Path, text: str, work: Path) -> None:
        self._path, self._text, self._spill = path, text, work / "texts"
        self._offsets = np.empty(0, np.int64)
        self._wanted = np.empty(0, np.int64)

    def stage(self, ids: Iterable[pa.Array]) -> None:
        parts = [to_rows(part) for part in ids]
        self._wanted = np.sort(np.concatenate(parts)) if parts else self._wanted
        sizes = np.zeros(len(self._wanted), np.int64)
        at = done = 0
        with self._spill.open("wb") as spill:
            for batch in pq.ParquetFile(self._path).iter_batches(BATCH_ROWS, columns=[self._text], use_threads=False):
                end = int(np.searchsorted(self._wanted, at + len(batch)))
                column = batch.column(0)
                for i, row in enumerate(self._wanted[done:end], done):
                    value = column[int(row) - at].as_py()
                    data = as_bytes(value)
                    sizes[i] = len(data)
                    spill.write(data)
                at += len(batch)
                done = end
        self._offsets = np.concatenate([[0], np.cumsum(sizes)])

    def __call__(self, ids: list[bytes]) -> Iterator[bytes]:
        file = os.open(self._spill, os.O_RDONLY)
        try:
            for place in np.searchsorted(self._wanted, to_rows(pa.array(ids, ID))):
                start, end = int(self._offsets[place]), int(self._offsets[place + 1])
                yield _read(file, end - start, start)
        finally:
            os.close(file)


def _read(file: int, size: int, offset: int) -> bytes:
    parts = []
    while size > 0:  # one call reads at most 2 GiB
        part = os.pread(file, size, offset)
        parts.append(part)
        size -= len(part)
        offset += len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def keep_file(
    path: Path,
    method: Method,
    work: Path,
    *,
    text: str = "content",
    id: str | None = None,
    group: str | None = None,
    order: str | None = None,
) -> tuple[pa.Table, Summary]:
    """Do for a Parquet file what `keep` does for a table, in memory that does not grow with the bytes of text.

    `work` is an empty folder; it takes the signatures, and the texts of documents that must be compared.
    """
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise UsageError(f"{path} cannot be read as Parquet: {str(error).splitlines()[0]}") from None
    check(file.schema_arrow, text, id, group, order)
    if id is not None:
        check_unique(pq.read_table(path, columns=[id]).column(id), id)
    ranks = places(pq.read_table(path, columns=[order]).column(order)) if order else None
    items = work / "items.parquet"
    columns = [text] if group is None or group == text else [text, group]
    with Items(items, method) as writer:
        for batch in file.iter_batches(BATCH_ROWS, columns=columns, use_threads=False):
            writer.add(batch.column(text), batch.column(group) if group else None, ranks)
    summary = decide([items], work / "out.parquet", method, _FileTexts(path, text, work), None, work)
    return outcome(pq.read_table(work / "out.parquet"), writer), summary


def write_kept(source: Path, result: pa.Table, out: Path, id: str | None = None) -> dict[str, int]:
    """Write `kept.parquet` and `removed.parquet` below `out` from what `keep_file` returned for `source`.

    Clusters and rows are named by the values of column `id`, or by row numbers. Returns the counts of rows kept and
    dropped, and of clusters. Raises `UsageError` where the file has a column near_duplicate_cluster already.
    """
    file = pq.ParquetFile(source)
    schema = file.schema_arrow
    if CLUSTER in schema.names:
        raise UsageError(f"{source} has a column {CLUSTER!r} already; rename or drop it first")
    names = pq.read_table(source, columns=[id]).column(id).combine_chunks() if id else None

    def named(rows: pa.ChunkedArray | pa.Array) -> pa.Array:
        rows = rows.combine_chunks() if isinstance(rows, pa.ChunkedArray) else rows
        return rows if names is None else names.take(rows)

    kind = pa.int64() if names is None else names.type
    at = 0
    with pq.ParquetWriter(out / "kept.parquet", schema.append(pa.field(CLUSTER, kind)), compression="zstd") as writer:
        for batch in file.iter_batches(BATCH_ROWS, use_threads=False):
            part = result.slice(at, len(batch))
            at += len(batch)
            columns = [*batch.columns, named(part.column("cluster"))]
            rows = pa.record_batch(columns, names=[*batch.schema.names, CLUSTER])
            writer.write_batch(rows.filter(part.column("keep").combine_chunks()), row_group_size=BATCH_ROWS)
    dropped = np.flatnonzero(~result.column("keep").to_numpy())
    removed = result.take(dropped)
    proof = {"row": pa.array(dropped), "kept_row": removed.column("kept_row")}
    if names is not None:
        proof |= {"id": named(pa.array(dropped)), "kept_id": named(removed.column("kept_row"))}
    proof["similarity"] = removed.column("similarity")
    pq.write_table(pa.table(proof), out / "removed.parquet", compression="zstd")
    clusters = len(result.column("cluster").drop_null().unique())
    return {"kept": len(result) - len(dropped), "dropped": len(dropped), "clusters": clusters}
