"""Quality scores of a release's files, in a table beside it: nothing in the release depends on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from drystone.detect.score import MODEL, quality_score
from drystone.errors import UsageError
from drystone.release.files import whole_file
from drystone.release.layout import shown
from drystone.release.read import Release

#: A row for each kept file, in the order of the release: which, its score from 0 to 5, and by which model.
SCORES: Final = pa.schema(
    [("swhid", pa.string()), ("quality_score", pa.float32()), ("quality_model", pa.dictionary(pa.int32(), pa.string()))]
)


@dataclass(frozen=True, slots=True)
class Scored:
    """What was scored: the model, and how many files have a score from n to below n + 1, by n."""

    model: str
    files: dict[int, int]


def score(
    release: Release,
    output: Path,
    *,
    replace: bool = False,
    progress: Callable[[int, int], object] = lambda done, all_: None,
) -> Scored:
    """Write the scores of a release's kept files into `output`, a Parquet file, and count them.

    Raises `UsageError` where a file lies there that may not be replaced, `ReleaseError` for a damaged release.
    """
    if output.is_dir() or (output.exists() and not replace):
        raise UsageError(f"{shown(str(output))}: is there already; choose another file, or replace it with --replace")
    counts: Counter[int] = Counter()
    done = 0
    with whole_file(output) as sink, pq.ParquetWriter(sink, SCORES, compression="zstd") as writer:
        for table in release.data(columns=["swhid", "path", "language", "content"]):
            columns = (table.column(name).to_pylist() for name in ("path", "language", "content"))
            scores = [quality_score(*row) for row in zip(*columns, strict=True)]
            counts.update(int(value) for value in scores)
            models = pa.DictionaryArray.from_arrays(pa.array([0] * len(scores), pa.int32()), [MODEL])
            rows = [table.column("swhid").combine_chunks(), pa.array(scores, pa.float32()), models]
            writer.write_table(pa.table(rows, schema=SCORES))
            done += len(scores)
            progress(done, release.manifest.counts.kept)
    return Scored(MODEL, dict(sorted(counts.items())))
