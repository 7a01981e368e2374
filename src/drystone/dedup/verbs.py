"""Removing near duplicates from a table: the verb of this room, light to load and with its defaults."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from drystone.dedup.method import Method
from drystone.errors import UsageError

Sketch = Literal["oph", "permutations"]


@dataclass(frozen=True, slots=True)
class Deduplicated:
    """How many documents there were, how many are kept and dropped, the groups that were found, and the method."""

    documents: int
    kept: int
    dropped: int
    clusters: int
    comparisons: int
    method: Method


def deduplicate(
    source: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    text: str = "content",
    id: str | None = None,
    group: str | None = None,
    order: str | None = None,
    threshold: float = Method.threshold,
    recall: float = Method.recall,
    sketch: Sketch = "oph",
    size: int = Method.size,
    bands: int | None = None,
    rows: int | None = None,
    seed: int = Method.seed,
) -> Deduplicated:
    """Remove near duplicates from the Parquet file `source`, each with its proof; write a new folder `output`.

    The folder has kept.parquet (all columns of the rows that are kept, and near_duplicate_cluster), removed.parquet
    (row, the row kept instead, their exact Jaccard similarity) and method.json. Columns: `text` holds the texts, string
    or binary; `id` names documents (default: row numbers); rows with different `group` are never compared; of two near
    duplicates the one with the smaller `order` is kept (default: the first). The other arguments are those of `Method`.
    Raises `UsageError` where the folder exists, a column is not there or a parameter is out of its range.
    """
    import json
    import tempfile

    from drystone.dedup.files import keep_file, write_kept
    from drystone.work.files import whole_folder

    method = Method(threshold, recall, sketch, size, bands, rows, seed)
    out = Path(output)
    if out.exists():
        raise UsageError(f"{out} exists already; name a folder that does not.")
    out.parent.mkdir(parents=True, exist_ok=True)
    with whole_folder(out) as part:
        with tempfile.TemporaryDirectory(prefix="work-", dir=part) as work:
            result, summary = keep_file(Path(source), method, Path(work), text=text, id=id, group=group, order=order)
        counts = write_kept(Path(source), result, part, id=id)
        (part / "method.json").write_text(json.dumps(method.describe(), indent=2) + "\n")
    return Deduplicated(summary["documents"], **counts, comparisons=summary["comparisons"], method=method)
