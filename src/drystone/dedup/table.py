"""Near duplicates among a table's rows: any text column in, what to keep and why out.

For people who want only this. Rows stand for documents, and their numbers for ids. Knows nothing of files of texts.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from drystone.dedup.decide import decide
from drystone.dedup.ids import ID, from_rows, to_rows
from drystone.dedup.method import Method
from drystone.dedup.sketches import Spans, signature_type, signatures
from drystone.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

BATCH_ROWS = 4096

#: One row for each row of the input, in its order. `cluster` and `kept_row` are row numbers.
KEEP = pa.schema(
    [("keep", pa.bool_()), ("cluster", pa.int64()), ("kept_row", pa.int64()), ("similarity", pa.float64())]
)


def keep(
    table: pa.Table,
    method: Method | None = None,
    *,
    text: str = "content",
    id: str | None = None,
    group: str | None = None,
    order: str | None = None,
) -> pa.Table:
    """Return for each row whether to keep it, its cluster, and for removals the row kept instead with the similarity.

    `text` names a string or binary column; null is kept. `id` names a column that must be unique and not null. Rows of
    different `group` are never compared. Of two near duplicates the one with the smaller `order` is kept, and among
    equals (and without `order`) the one that comes first. Texts of fewer than 5 tokens are only dropped for an exact
    copy. A cluster is named by its smallest row number.
    Returns {keep: bool, cluster: int64, kept_row: int64, similarity: float64}, one row for each row, in order.
    Raises `UsageError` naming a column that is missing, of a wrong type, or not unique.
    """
    method = method or Method()
    check(table.schema, text, id, group, order)
    if id is not None:
        check_unique(table.column(id), id)
    column = table.column(text)
    with tempfile.TemporaryDirectory(prefix="drystone-") as folder:
        work = Path(folder)
        writer = Items(work / "items.parquet", method)
        ranks = places(table.column(order)) if order else None
        with writer:
            for part in table.select([c for c in {text, group} if c]).to_batches(max_chunksize=BATCH_ROWS):
                writer.add(part.column(text), part.column(group) if group else None, ranks)
        decide([work / "items.parquet"], work / "out.parquet", method, HeldTexts(column), None, work)
        return outcome(pq.read_table(work / "out.parquet"), writer)


def check(schema: pa.Schema, text: str, id: str | None, group: str | None, order: str | None) -> None:
    """Raise `UsageError` where a named column is missing or the text's type is wrong."""
    for name in (text, id, group, order):
        if name is not None and name not in schema.names:
            raise UsageError(f"there is no column {name!r}; the columns are {', '.join(schema.names)}")
    kind = schema.field(text).type
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    if not (_is_text(value) or pa.types.is_null(value)):
        raise UsageError(f"column {text!r} is of type {kind}; it must be string or binary")

    empty = {name: pa.array([], schema.field(name).type) for name in (id, group, order) if name is not None}
    for name, use in ((id, "value_counts"), (group, "cast"), (order, "sort")):
        try:
            if name is not None:
                empty[name].cast(pa.string()) if use == "cast" else getattr(empty[name], use)()
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid, pa.ArrowTypeError):
            kind = schema.field(name).type
            raise UsageError(f"column {name!r} is of type {kind}; it must be of numbers, strings or dates") from None


def _is_text(kind: pa.DataType) -> bool:
    views = (pa.string_view(), pa.binary_view())
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return kind in views or any(test(kind) for test in tests)


def check_unique(ids: pa.ChunkedArray, name: str) -> None:
    """Raise `UsageError` naming a value that is null or occurs twice."""
    if ids.null_count:
        raise UsageError(f"column {name!r} has null values; an id may not be null")
    counts = ids.value_counts()
    twice = counts.field("counts").to_numpy() > 1
    if twice.any():
        value = counts.field("values")[int(np.flatnonzero(twice)[0])].as_py()
        raise UsageError(f"column {name!r} holds {value!r} more than once; an id may occur once")


def places(order: pa.ChunkedArray) -> NDArray[np.int64]:
    """Return each row's place in the order of choice; null comes last, equals in their order."""
    place = np.empty(len(order), np.int64)
    table = pa.table({"order": order, "row": np.arange(len(order))})
    place[table.sort_by([("order", "ascending"), ("row", "ascending")]).column("row").to_numpy()] = np.arange(
        len(order)
    )
    return place


class Items:
    """Writes item rows while texts pass by, and settles texts of fewer than 5 tokens, which only have exact copies."""

    def __init__(self, path: Path, method: Method) -> None:
        self.method = method
        self.rows = 0
        self.first: dict[tuple[Any, bytes], tuple[int, int]] = {}
        self.copies: list[tuple[int, tuple[Any, bytes]]] = []
        self._schema = pa.schema(
            [
                ("id", ID),
                ("group", pa.string()),
                ("rank", pa.binary(8)),
                ("bytes", pa.int64()),
                ("signature", signature_type(method)),
            ]
        )
        self._writer = pq.ParquetWriter(path, self._schema, compression="none", use_dictionary=["group"])

    def __enter__(self) -> Items:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def add(self, texts: pa.ChunkedArray, groups: pa.ChunkedArray | None, ranks: NDArray[np.int64] | None) -> None:
        """Add the next rows; `ranks` holds the place of every row in the order of choice, None for their own order."""
        count = len(texts)
        if count == 0:
            return
        texts = as_binary(_one(texts))
        found = signatures(texts, self.method)
        group = pa.array([""] * count) if groups is None else _one(groups).cast(pa.string())
        places = np.arange(self.rows, self.rows + count) if ranks is None else ranks[self.rows : self.rows + count]
        rank = pa.FixedSizeBinaryArray.from_buffers(
            pa.binary(8), count, [None, pa.py_buffer(places.astype(">u8").tobytes())]
        )
        sizes = pc.binary_length(texts).fill_null(0).cast(pa.int64())
        self._writer.write_batch(
            pa.record_batch([from_rows(self.rows, count), group, rank, sizes, found], schema=self._schema)
        )
        for i in np.flatnonzero(found.is_null().to_numpy(zero_copy_only=False)):
            text = texts[i].as_py()
            if text is None:
                continue
            key = (group[i].as_py(), hashlib.blake2b(text, digest_size=20).digest())
            place = (int(places[i]), self.rows + int(i))
            self.first[key] = min(self.first.get(key, place), place)
            self.copies.append((self.rows + int(i), key))
        self.rows += count


def as_binary(texts: pa.Array) -> pa.Array:
    """Return texts as binary; no bytes are copied but for dictionaries and views."""
    if pa.types.is_dictionary(texts.type):
        texts = texts.dictionary_decode()
    wide = pa.types.is_large_string(texts.type) or pa.types.is_large_binary(texts.type)
    return texts.cast(pa.large_binary() if wide else pa.binary())


def _one(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    if isinstance(column, pa.ChunkedArray):
        return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return column


def outcome(decisions: pa.Table, items: Items) -> pa.Table:
    """Return decisions as one row a row of the input (schema `KEEP`)."""
    rows = to_rows(decisions.column("id"))
    kept = np.full(items.rows, -1, np.int64)
    cluster = np.full(items.rows, -1, np.int64)
    similarity = np.zeros(items.rows)
    kept[rows] = to_rows(decisions.column("kept_id"))
    cluster[rows] = to_rows(decisions.column("cluster"))
    similarity[rows] = decisions.column("similarity").fill_null(0.0).to_numpy()
    smallest: dict[tuple[Any, bytes], int] = {}
    for row, key in items.copies:  # in the order of rows
        smallest.setdefault(key, row)
        first = items.first[key][1]
        if row != first:
            kept[row], similarity[row] = first, 1.0
            cluster[row] = cluster[first] = smallest[key]
    dropped = kept >= 0
    return pa.table(
        [
            pa.array(~dropped),
            pa.array(cluster, mask=cluster < 0),
            pa.array(kept, mask=~dropped),
            pa.array(similarity, mask=~dropped),
        ],
        schema=KEEP,
    )


class HeldTexts:
    """Texts held in memory by row."""

    def __init__(self, texts: pa.ChunkedArray) -> None:
        self._texts = texts  # keeps the buffers alive
        self._spans = Spans.of(texts)

    def __call__(self, ids: list[bytes]) -> Iterator[Spans]:
        yield self._spans.take(to_rows(pa.array(ids, ID)))
