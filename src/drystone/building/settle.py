"""Seventh stage: what near duplicates were found meets the verdicts, and every row goes where it will be written.

`place` finds, by range of the kept file's id, where each kept file lies; `run` settles each range of ids and writes
ledger rows sorted by repository, and the rows of the release sorted by language and id.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from drystone.building.decide import CANDIDATES, VERDICTS
from drystone.building.engine import Summary
from drystone.building.store import Stage, write_table
from drystone.building.tables import NEAR, id_range, path_text, read
from drystone.release.schema import LEDGER

_PLACED: Final = pa.schema(
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


def place(stage: Stage, task: str, near: list[Path], candidates: list[Path], index: int, count: int) -> Summary:
    """Write, for each file dropped in favour of a kept file in this range of ids, where that kept file lies."""
    dropped = read(near, NEAR, (), id_range(index, count, "kept_id")).to_pylist()
    columns = ("id", "repository_id", "path")
    kept = (
        {r["id"]: r for r in read(candidates, CANDIDATES, columns, id_range(index, count)).to_pylist()}
        if dropped
        else {}
    )
    rows = [
        {**row, "kept_repository_id": kept[row["kept_id"]]["repository_id"], "kept_path": kept[row["kept_id"]]["path"]}
        for row in dropped
    ]
    write_table(stage.file(f"{task}.parquet"), pa.Table.from_pylist(rows, _PLACED).sort_by("id"))
    return {"dropped": len(rows)}


def run(
    stage: Stage,
    task: str,
    verdicts: Path,
    candidates: Path,
    near: list[Path],
    placed: list[Path],
    index: int,
    count: int,
) -> Summary:
    """Settle one range of ids; the summary counts rows, bytes of text by language, and kept files by repository."""
    where = id_range(index, count)
    clusters = {row["id"]: row["cluster"] for row in read(near, NEAR, ("id", "cluster"), where).to_pylist()}
    lost = {row["id"]: row for row in read(placed, _PLACED, (), where).to_pylist()}
    ledger: list[dict[str, Any]] = []
    for row in read([verdicts], VERDICTS).to_pylist():
        ledger.append(_ledger_row(row, lost.get(row["id"])))
    ledger.sort(key=lambda row: (row["repository_id"], row["path"], row["entry"]))
    write_table(stage.file(f"{task}.ledger.parquet"), pa.Table.from_pylist(ledger, LEDGER))

    rows = read([candidates], CANDIDATES)
    rows = rows.filter(pc.invert(pc.is_in(rows.column("id"), pa.array(list(lost), pa.binary()))))
    of_rows = [clusters.get(id_) for id_ in rows.column("id").to_pylist()]
    column = pa.array([f"swh:1:cnt:{cluster.hex()}" if cluster else None for cluster in of_rows], pa.string())
    rows = rows.append_column(ROWS.field("near_duplicate_cluster"), column)
    rows = rows.sort_by([("language", "ascending"), ("id", "ascending")])
    write_table(stage.file(f"{task}.rows.parquet"), rows, row_group=4096)

    languages: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for language, size in zip(rows.column("language").to_pylist(), rows.column("bytes").to_pylist(), strict=True):
        languages[language][0] += 1
        languages[language][1] += size
    return {
        "rows": len(ledger),
        "kept": rows.num_rows,
        "kept_bytes": sum(rows.column("size").to_pylist()),
        "near_duplicates": len(lost),
        "languages": dict(languages),
        "repositories": dict(Counter(rows.column("repository_id").to_pylist())),
    }


def _ledger_row(row: dict[str, Any], near: dict[str, Any] | None) -> dict[str, Any]:
    """Turn a verdict into a ledger row; all copies of a near duplicate point at the file that was kept instead."""
    out = {name: row.get(name) for name in LEDGER.names}
    path = row["path"]
    out["path"] = path_text(path)
    out["path_raw"] = path if not _is_utf8(path) else None
    if row["id"]:
        out["swhid"] = f"swh:1:{'rev' if row['kind'] == 'submodule' else 'cnt'}:{row['id'].hex()}"
    eligible = row["representative"] or row["stage"] == "exact_duplicates"
    if eligible and near is not None:
        out.update(
            stage="near_duplicates",
            reason="near_duplicate",
            kept_repository_id=near["kept_repository_id"],
            kept_path=path_text(near["kept_path"]),
            kept_swhid=f"swh:1:cnt:{near['kept_id'].hex()}",
            similarity=near["similarity"],
        )
    elif row["representative"]:
        out["stage"] = "release"
    out["decision"] = "kept" if out["stage"] == "release" else "dropped"
    return out


def _is_utf8(path: bytes) -> bool:
    try:
        path.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
