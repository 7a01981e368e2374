"""Near duplicates of a Parquet file, in memory that does not grow with the bytes of its texts.

The file is read once for signatures, once for the texts that must be compared unless all of them fit in memory, and
once more to write what is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from drystone.dedup.decide import Summary, decide
from drystone.dedup.ids import ID, to_rows
from drystone.dedup.method import Method
from drystone.dedup.sketches import Spans, buffers
from drystone.dedup.table import BATCH_ROWS, HeldTexts, Items, as_binary, check, check_unique, outcome, places
from drystone.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Bytes of text up to which all of them are held in memory, and read once.
HELD_BYTES = 64 * 2**20

CLUSTER = "near_duplicate_cluster"


class _FileTexts:
    """Texts of a Parquet file's rows: those that may be asked for are copied out in one pass, then mapped."""

    def __init__(self, path: Path, text: str, work: Path) -> None:
        self._path, self._text, self._spill = path, text, work / "texts"
        self._lengths = self._wanted = np.empty(0, np.int64)

    def stage(self, ids: Iterable[pa.Array]) -> None:
        parts = [to_rows(part) for part in ids]
        self._wanted = np.sort(np.concatenate(parts)) if parts else self._wanted
        sizes = [np.empty(0, np.int64)]
        at = done = 0
        with self._spill.open("wb") as spill:
            for batch in _read(pq.ParquetFile(self._path, pre_buffer=False), [self._text]):
                end = int(np.searchsorted(self._wanted, at + len(batch)))
                column = as_binary(batch.column(0)).take(pa.array(self._wanted[done:end] - at))
                data, offsets, _ = buffers(column)
                spill.write(data[offsets[0] : offsets[-1]].data)
                sizes.append(np.diff(offsets).astype(np.int64))
                at += len(batch)
                done = end
        self._lengths = np.concatenate(sizes)

    def __call__(self, ids: list[bytes]) -> Iterator[Spans]:
        places = np.searchsorted(self._wanted, to_rows(pa.array(ids, ID)))
        starts = np.cumsum(self._lengths) - self._lengths
        data: NDArray[np.uint8] = np.empty(0, np.uint8)
        if self._spill.stat().st_size:
            data = np.memmap(self._spill, np.uint8, "r")
        yield Spans([data], np.zeros(len(places), np.int64), starts[places], self._lengths[places])


def _read(file: pq.ParquetFile, columns: list[str]) -> Iterator[pa.RecordBatch]:
    yield from file.iter_batches(BATCH_ROWS, columns=columns, use_threads=False)


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
        file = pq.ParquetFile(path, pre_buffer=False)
    except (pa.ArrowInvalid, OSError) as error:
        raise UsageError(f"{path} cannot be read as Parquet: {str(error).splitlines()[0]}") from None
    check(file.schema_arrow, text, id, group, order)
    if id is not None:
        check_unique(pq.read_table(path, columns=[id]).column(id), id)
    ranks = places(pq.read_table(path, columns=[order]).column(order)) if order else None
    items = work / "items.parquet"
    columns = [text] if group is None or group == text else [text, group]
    held: list[pa.Array] = []
    size = 0
    with Items(items, method) as writer:
        for batch in _read(file, columns):
            column = as_binary(batch.column(text))
            writer.add(column, batch.column(group) if group else None, ranks)
            if size <= HELD_BYTES:
                size += column.nbytes
                held.append(column)
            else:
                held.clear()
    texts = HeldTexts(pa.chunked_array(held)) if held and size <= HELD_BYTES else _FileTexts(path, text, work)
    held.clear()
    summary = decide([items], work / "out.parquet", method, texts, None, work)
    return outcome(pq.read_table(work / "out.parquet"), writer), summary


def write_kept(source: Path, result: pa.Table, out: Path, id: str | None = None) -> dict[str, int]:
    """Write `kept.parquet` and `removed.parquet` below `out` from what `keep_file` returned for `source`.

    Clusters and rows are named by the values of column `id`, or by row numbers. Returns the counts of rows kept and
    dropped, and of clusters. Raises `UsageError` where the file has a column near_duplicate_cluster already.
    """
    file = pq.ParquetFile(source, pre_buffer=False)
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
