"""What an earlier run knows: places in its order, what was kept for what, and signatures to use again.

Equal ids mean equal bytes, and equal methods equal signatures, so that what was measured then holds now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from drystone.dedup.ids import ID
from drystone.dedup.method import Method
from drystone.errors import UsageError
from drystone.work.remote.mirror import opened

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BATCH = 32768


@dataclass(frozen=True)
class Previous:
    """An earlier run of `decide`: its items, what it wrote, and `Method.describe` of its method."""

    items: Sequence[Path]
    decisions: Path
    method: dict[str, Any]


@dataclass(frozen=True)
class Past:
    """Old documents by id: group, place in the old order, place of the one kept for it, measured similarity."""

    ids: pa.Array
    groups: pa.Array
    places: NDArray[np.int64]
    keepers: NDArray[np.int64]
    similarities: NDArray[np.float64]

    def look_up(
        self, ids: pa.Array, groups: pa.Array
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Return (place, keeper, similarity) of each id; -1, -1, NaN for what is new or was in another group."""
        found = pc.index_in(ids, value_set=self.ids)
        same = pc.equal(self.groups.take(found), groups.fill_null("")).fill_null(False)
        known = same.to_numpy(zero_copy_only=False)
        at = found.fill_null(0).to_numpy()
        if not len(self.ids):
            return np.full(len(ids), -1), np.full(len(ids), -1), np.full(len(ids), np.nan)
        return (
            np.where(known, self.places[at], -1),
            np.where(known, self.keepers[at], -1),
            np.where(known, self.similarities[at], np.nan),
        )


def load(previous: Previous, method: Method, wanted: pa.Array) -> Past:
    """Return what is known of the wanted ids. Raises `UsageError` where the method was another."""
    if previous.method != method.describe():
        raise UsageError(
            f"{previous.decisions} was made by another method; decide from scratch, or with the method it was made by"
        )
    decisions = opened(previous.decisions, pq.read_table)
    decisions = decisions.filter(pc.is_valid(decisions.column("kept_id")))
    needed = pa.concat_arrays([_one(wanted), _one(decisions.column("kept_id"))])
    parts = []
    for path in previous.items:
        for batch in opened(path, _unbuffered).iter_batches(_BATCH, columns=["id", "group", "rank"], use_threads=False):
            ids = batch.column("id").cast(ID)
            columns = [ids, batch.column("group").fill_null(""), batch.column("rank").cast(pa.large_binary())]
            rows = pa.record_batch(columns, names=["id", "group", "rank"])
            parts.append(rows.filter(pc.is_in(ids, value_set=needed)))
    if not parts:
        return Past(pa.array([], ID), pa.array([], pa.string()), *(np.empty(0, k) for k in (int, int, float)))
    table = pa.Table.from_batches(parts).sort_by([("rank", "ascending"), ("id", "ascending")])
    ids = _one(table.column("id"))
    places = np.arange(len(ids), dtype=np.int64)
    keepers = places.copy()
    similarities = np.full(len(ids), np.nan)
    row = pc.index_in(_one(decisions.column("id")), value_set=ids)
    here = row.is_valid().to_numpy(zero_copy_only=False)
    rows = row.drop_null().to_numpy()
    keepers[rows] = pc.index_in(_one(decisions.column("kept_id")), value_set=ids).to_numpy(zero_copy_only=False)[here]
    similarities[rows] = decisions.column("similarity").to_numpy()[here]
    return Past(ids, _one(table.column("group")), places, keepers, similarities)


def _unbuffered(path: Path) -> pq.ParquetFile:
    return pq.ParquetFile(path, pre_buffer=False)


def _one(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    if isinstance(column, pa.ChunkedArray):
        return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    return column


def reuse(items: Sequence[Path], ids: pa.Array) -> tuple[pa.Array, NDArray[np.bool_]]:
    """Return signatures that earlier items hold for these ids, and which ids they hold.

    A signature is null for unknown ids and for texts of fewer than 5 tokens. The earlier method must be the same in
    `Method.describe` but for the threshold.
    """
    parts = []
    for path in items:
        for batch in opened(path, _unbuffered).iter_batches(_BATCH, columns=["id", "signature"], use_threads=False):
            rows = pa.record_batch([batch.column("id").cast(ID), batch.column("signature")], names=["id", "signature"])
            parts.append(rows.filter(pc.is_in(rows.column("id"), value_set=ids.cast(ID))))
    if not parts:
        return pa.nulls(len(ids), pa.binary()), np.zeros(len(ids), np.bool_)
    table = pa.Table.from_batches(parts)
    found = pc.index_in(ids.cast(ID), value_set=_one(table.column("id")))
    known: NDArray[np.bool_] = found.is_valid().to_numpy(zero_copy_only=False)
    return _one(table.column("signature")).take(found), known
