"""Seventh stage: what near duplicates were found meets the verdicts, and every row goes where it will be written.

`place` finds, by range of the kept file's id, where each kept file lies; `run` settles each range of ids and writes
ledger rows sorted by repository, and the rows of the release sorted by language and id.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypedDict

import pyarrow as pa
import pyarrow.compute as pc

from drystone.building.stages.decide import CANDIDATES, VERDICTS
from drystone.building.stages.paths import path_text
from drystone.building.stages.tables import NEAR
from drystone.detect.secrets.beside import shown_path
from drystone.policy.decision import Drop, Kept, LedgerStage
from drystone.policy.judge import Copy, judge
from drystone.release.schema import LEDGER
from drystone.work.ranges import id_range, read
from drystone.work.store import Stage, write_table

PLACED: Final = pa.schema(
    [
        ("id", pa.binary()),
        ("kept_id", pa.binary()),
        ("kept_repository_id", pa.string()),
        ("kept_path", pa.binary()),
        ("similarity", pa.float64()),
    ]
)
#: A row of the release, still without content.
ROWS: Final = pa.schema([*CANDIDATES, ("near_duplicate_cluster", pa.string())])


def ledger_bounds(index: int, count: int) -> tuple[str, str | None]:
    """Return the first repository id of part `index` of `count` of the ledger, and the first after it (None: no end).

    Parts are equal ranges of the first eight hex digits.
    """
    low = "" if index == 0 else f"{index * 16**8 // count:08x}"
    return low, None if index == count - 1 else f"{(index + 1) * 16**8 // count:08x}"


class PlaceCounts(TypedDict):
    """Files that were dropped for a kept one."""

    dropped: int


class SettleCounts(TypedDict):
    """Ledger rows; kept files, their original bytes, near duplicates; kept files by language (and bytes of text) and
    by repository."""

    rows: int
    kept: int
    kept_bytes: int
    near_duplicates: int
    languages: dict[str, list[int]]
    repositories: dict[str, int]


def place(
    stage: Stage, task: str, dropped: Sequence[Path], candidates: Sequence[Path], index: int, count: int
) -> PlaceCounts:
    """Write, for each file dropped in favour of a kept file in this range of ids, where that kept file lies."""
    found = read(dropped, NEAR, (), id_range(index, count, "kept_id")).to_pylist()
    columns = ("id", "repository_id", "path")
    kept = (
        {r["id"]: r for r in read(candidates, CANDIDATES, columns, id_range(index, count)).to_pylist()} if found else {}
    )
    rows = [
        {**row, "kept_repository_id": kept[row["kept_id"]]["repository_id"], "kept_path": kept[row["kept_id"]]["path"]}
        for row in found
    ]
    write_table(stage.file(f"{task}.parquet"), pa.Table.from_pylist(rows, PLACED).sort_by("id"))
    return {"dropped": len(rows)}


def run(
    stage: Stage,
    task: str,
    verdicts: Path,
    candidates: Path,
    near: Sequence[Path],
    placed: Sequence[Path],
    index: int,
    count: int,
) -> SettleCounts:
    """Settle one range of ids; the summary counts rows, bytes of text by language, and kept files by repository."""
    where = id_range(index, count)
    clusters = {row["id"]: row["cluster"] for row in read(near, NEAR, ("id", "cluster"), where).to_pylist()}
    lost = read(placed, PLACED, (), where).combine_chunks()
    ledger = _ledger(read([verdicts], VERDICTS).combine_chunks(), lost)
    write_table(stage.file(f"{task}.ledger.parquet"), ledger)

    rows = read([candidates], CANDIDATES)
    rows = rows.filter(pc.invert(pc.is_in(rows.column("id"), lost.column("id"))))
    column = _swhids([clusters.get(id_) for id_ in rows.column("id").to_pylist()])
    rows = rows.append_column(ROWS.field("near_duplicate_cluster"), column)
    rows = rows.sort_by([("language", "ascending"), ("id", "ascending")])
    write_table(stage.file(f"{task}.rows.parquet"), rows, row_group=4096)

    languages: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for language, size in zip(rows.column("language").to_pylist(), rows.column("bytes").to_pylist(), strict=True):
        languages[language][0] += 1
        languages[language][1] += size
    return {
        "rows": ledger.num_rows,
        "kept": rows.num_rows,
        "kept_bytes": sum(rows.column("size").to_pylist()),
        "near_duplicates": lost.num_rows,
        "languages": dict(languages),
        "repositories": dict(Counter(rows.column("repository_id").to_pylist())),
    }


def _ledger(verdicts: pa.Table, lost: pa.Table) -> pa.Table:
    """Turn verdicts into ledger rows; all copies of a near duplicate point at the file that was kept instead."""
    ids, kinds = verdicts.column("id").to_pylist(), verdicts.column("kind").to_pylist()
    raw = verdicts.column("path").to_pylist()
    paths, kept_paths = [path_text(path) for path in raw], [path_text(p) for p in lost.column("kept_path").to_pylist()]
    stage, dropped = verdicts.column("stage"), judge(Copy(exact=False))
    # What would be kept were it not for its copies: whatever objects to a file itself was there first.
    eligible = pc.is_in(stage, pa.array([LedgerStage.RELEASE.word, LedgerStage.EXACT_DUPLICATES.word]))
    # The row of `lost` that speaks of a file, null where none does.
    found = pc.index_in(verdicts.column("id"), value_set=lost.column("id"))
    found = pc.if_else(eligible, found, pa.scalar(None, found.type))
    near = found.is_valid()

    def either(name: str, of_lost: pa.Array | pa.ChunkedArray) -> pa.ChunkedArray:
        return pc.if_else(near, of_lost.take(found), verdicts.column(name))

    stage = pc.if_else(near, dropped.stage.word, stage)
    made = {
        "path": pa.array(paths, pa.string()),
        "path_raw": pa.array([p if not _is_utf8(p) and shown_path(p) == p else None for p in raw], pa.binary()),
        "swhid": pa.array(
            [
                f"swh:1:{'rev' if kind == 'submodule' else 'cnt'}:{id_.hex()}" if id_ else None
                for id_, kind in zip(ids, kinds, strict=True)
            ],
            pa.string(),
        ),
        "decision": pc.if_else(pc.equal(stage, Kept.stage.word), Kept.decision, Drop.decision),
        "stage": stage,
        "reason": pc.if_else(near, dropped.reason.word, verdicts.column("reason")),
        "kept_repository_id": either("kept_repository_id", lost.column("kept_repository_id")),
        "kept_path": either("kept_path", pa.array(kept_paths, pa.string())),
        "kept_swhid": either("kept_swhid", _swhids(lost.column("kept_id").to_pylist())),
        "similarity": lost.column("similarity").take(found),
        "shard": pa.nulls(verdicts.num_rows, pa.string()),  # known when the ledger is written
    }
    columns = [made[name] if name in made else verdicts.column(name) for name in LEDGER.names]
    table = pa.table(columns, schema=LEDGER)
    return table.sort_by([("repository_id", "ascending"), ("path", "ascending"), ("entry", "ascending")])


def _swhids(ids: list[bytes | None]) -> pa.Array:
    return pa.array([f"swh:1:cnt:{id_.hex()}" if id_ else None for id_ in ids], pa.string())


def _is_utf8(path: bytes) -> bool:
    try:
        path.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
