"""Removing near duplicates, and benchmarks' tasks, from a table: light to load and with their defaults."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from drystone.dedup import method as methods
from drystone.dedup.contamination.rule import THRESHOLD
from drystone.dedup.method import Method
from drystone.errors import UsageError

Sketch = Literal["oph", "permutations"]
Tokens = methods.Tokens
Generic = Literal["keep", "drop"]


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
    tokens: Tokens = Method.tokens,
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

    method = Method(threshold, recall, sketch, size, bands, rows, seed, tokens)
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


@dataclass(frozen=True, slots=True)
class Decontaminated:
    """How many texts there were, how many are kept and dropped, how many hold generic code; tasks of the benchmarks."""

    texts: int
    kept: int
    dropped: int
    generic: int
    tasks: int
    benchmarks: dict[str, int]


def decontaminate(
    source: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    against: Sequence[str | os.PathLike[str]],
    text: str = "content",
    id: str | None = None,
    threshold: float = THRESHOLD,
    generic: Generic = "keep",
) -> Decontaminated:
    """Remove texts that hold a benchmark's task from the Parquet file `source`; write a new folder `output`.

    The folder has kept.parquet (all columns of the rows that are kept), found.parquet (a row for each text that holds
    a task: what became of it, benchmark, task, part, measure, overlap, the lines of both) and method.json. `against`:
    benchmarks, each PATH or NAME=PATH (docs/training-output.md has their formats). `text` holds the texts, string or
    binary; `id` names them (default: row numbers). `threshold`: least share of the distinct shingles of a task's
    question or solution that a text has. `generic`: what becomes of texts that hold only a task so short that any
    program may. `benchmarks` of the result counts texts by the benchmark that they hold most of. Raises `UsageError`
    where the folder exists, a column is not there, or a benchmark cannot be read.
    """
    from drystone.dedup.contamination.files import remove_tasks
    from drystone.dedup.contamination.formats import named
    from drystone.work.files import whole_folder

    if not 0 < threshold <= 1:
        raise UsageError(f"threshold is {threshold}; it must be above 0 and at most 1")
    if not against:
        raise UsageError("name at least one benchmark, as PATH or NAME=PATH")
    files = tuple(named([os.fspath(each) for each in against]))
    out = Path(output)
    if out.exists():
        raise UsageError(f"{out} exists already; name a folder that does not.")
    out.parent.mkdir(parents=True, exist_ok=True)
    with whole_folder(out) as part:
        found = remove_tasks(Path(source), files, part, text=text, id=id, threshold=threshold, drop=generic == "drop")
    return Decontaminated(**found)
