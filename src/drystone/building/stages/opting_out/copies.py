"""Copies that no hash of their bytes tells: the same text written in another form, and texts that contain a known one.

Runs where annotations are there, and only where a request is in force that asks for copies. Bytes are read again only
where a request asks for what contains its files, too.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final, TypedDict

import pyarrow as pa
import pyarrow.compute as pc

from drystone.building.stages.contents import Contents, Extent
from drystone.building.stages.snapshots import load
from drystone.building.stages.tables import ANNOTATIONS, BLOBS
from drystone.building.stages.text import to_text
from drystone.dedup.containment import KnownTexts
from drystone.errors import SourceError
from drystone.identity import swhid
from drystone.registry import OptOuts
from drystone.work.ranges import id_range, read
from drystone.work.store import Stage, write_table

#: Contents that are copies: by which request they go, of what, and how much of that they contain (null: all of it, in
#: another form).
COPIES: Final = pa.schema([("id", pa.binary()), ("request", pa.string()), ("of", pa.string()), ("share", pa.float64())])
_BATCH: Final = 256


class CopyCounts(TypedDict):
    """How many contents are copies, and a hash over what was found."""

    copies: int
    digest: str


def run(
    stage: Stage,
    task: str,
    blobs: list[Path],
    annotations: list[Path],
    contents: Contents,
    snapshot: Path,
    index: int,
    count: int,
) -> CopyCounts:
    """Write the copies among the contents of one range of ids, as COPIES sorted by id."""
    optouts, where = load(snapshot), id_range(index, count)
    found = _written_otherwise(optouts, read(annotations, ANNOTATIONS, ("id", "plain_id"), where))
    if optouts.samples:
        texts = read(annotations, ANNOTATIONS, ("id", "excluded", "notebook"), where)
        found += _containing(optouts, read(blobs, BLOBS, (), where), texts, contents, {row["id"] for row in found})
    table = pa.Table.from_pylist(found, COPIES).sort_by("id")
    write_table(stage.file(f"{task}.parquet"), table)
    return {"copies": table.num_rows, "digest": hashlib.sha256(repr(table.to_pylist()).encode()).hexdigest()}


def _written_otherwise(optouts: OptOuts, table: pa.Table) -> list[dict[str, object]]:
    if not optouts.blobs:
        return []
    table = table.filter(table.column("plain_id").is_valid())
    rows = zip(table.column("id").to_pylist(), table.column("plain_id").to_pylist(), strict=True)
    return [
        {"id": id_, "request": request, "of": name, "share": None}
        for id_, plain in rows
        if (request := optouts.content(name := swhid.content(plain))) is not None
    ]


def _containing(
    optouts: OptOuts, blobs: pa.Table, texts: pa.Table, contents: Contents, known: set[object]
) -> list[dict[str, object]]:
    """Return what contains most of a file that is out with all that contains it."""
    samples = KnownTexts([sample for _, _, sample in optouts.samples])
    texts = texts.filter(texts.column("excluded").is_null())
    notebooks = dict(zip(texts.column("id").to_pylist(), texts.column("notebook").to_pylist(), strict=True))
    wanted = blobs.filter(pc.is_in(blobs.column("id"), value_set=texts.column("id").combine_chunks()))
    order = [("partition", "ascending"), ("repository", "ascending"), ("offset", "ascending"), ("id", "ascending")]
    columns = ["partition", "repository", "offset", "size", "id"]
    found: list[dict[str, object]] = []
    for batch in wanted.sort_by(order).select(columns).to_batches(max_chunksize=_BATCH):
        extents = [Extent(*row) for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)]
        for extent, data in zip(extents, contents.try_read(extents), strict=True):
            if extent.id in known or isinstance(data, SourceError):
                continue
            text = to_text(data, notebooks[extent.id]).decoded.text
            most = samples.contained(text) if text is not None else None
            if most is not None:
                blob, at, _ = optouts.samples[most.known]
                row = {"id": extent.id, "request": optouts.requests[at], "of": swhid.content(blob)}
                found.append({**row, "share": round(most.share, 3)})
    return found
