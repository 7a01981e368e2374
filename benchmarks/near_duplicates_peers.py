"""One way to remove near duplicates, timed in a process of its own: `python near_duplicates_peers.py PEER FILE`.

Runs under the peer's own Python and imports nothing of Drystone but for PEER = drystone. Every peer reads the same
Parquet file (column `content`), shingles by 5 tokens, sketches, joins by bands and gives the list of rows to keep.
Prints JSON: CPU and wall seconds from opening the file to the list (imports excluded), rows kept, peak memory.
"""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

BANDS, ROWS = 25, 10
_TOKENS = re.compile(r"[0-9A-Za-z_\x80-\U0010ffff]+")


def _shingles(text: str) -> set[str]:
    tokens = _TOKENS.findall(text)
    return {" ".join(tokens[i : i + 5]) for i in range(len(tokens) - 4)}


def _join(signatures: Any, used: Any) -> int:
    """Bands by sorting, connected components; returns rows kept. `signatures`: (n, 250) of rows `used`."""
    import numpy as np
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    n = len(signatures)
    left, right = [], []
    for band in range(BANDS):
        rows = np.ascontiguousarray(signatures[:, band * ROWS : (band + 1) * ROWS])
        _, inverse = np.unique(rows, axis=0, return_inverse=True)
        order = np.argsort(inverse.reshape(-1), kind="stable")
        same = inverse.reshape(-1)[order][1:] == inverse.reshape(-1)[order][:-1]
        left.append(order[:-1][same])
        right.append(order[1:][same])
    a, b = np.concatenate(left), np.concatenate(right)
    count, _ = connected_components(coo_matrix((np.ones(len(a), np.int8), (a, b)), shape=(n, n)), directed=False)
    return int(count) + int(np.sum(~used))


def drystone() -> Callable[[str], int]:
    import pyarrow.parquet as pq

    from drystone.dedup import near

    def run(path: str) -> int:
        table = pq.read_table(path, columns=["content"], use_threads=False)
        return int(near.keep(table).column("keep").to_numpy().sum())

    return run


def drystone_file() -> Callable[[str], int]:
    from drystone.dedup import near

    def run(path: str) -> int:
        with tempfile.TemporaryDirectory() as work:
            result, _ = near.keep_file(Path(path), near.Method(), Path(work))
            return int(result.column("keep").to_numpy().sum())

    return run


def daft() -> Callable[[str], int]:
    os.environ.setdefault("DO_NOT_TRACK", "1")
    import daft as engine
    import numpy as np
    from daft import col

    engine.set_runner_native(num_threads=1)

    def run(path: str) -> int:
        text = col("content").cast(engine.DataType.string())
        text = text.regexp_replace(r"[^0-9A-Za-z_\x{80}-\x{10ffff}]+", " ")
        frame = engine.read_parquet(path).select(text.minhash(num_hashes=BANDS * ROWS, ngram_size=5).alias("m"))
        column = frame.to_arrow().column("m").combine_chunks()
        rows = np.asarray(column.values).reshape(-1, BANDS * ROWS)
        return _join(rows, np.ones(len(rows), bool))

    return run


def rensa() -> Callable[[str], int]:
    import numpy as np
    import pyarrow.parquet as pq
    from rensa import RMinHash

    def run(path: str) -> int:
        texts = pq.read_table(path, columns=["content"], use_threads=False).column(0).to_pylist()
        sets = [_shingles(text) for text in texts]
        used = np.array([bool(s) for s in sets])
        matrix = RMinHash.digest_matrix_from_token_sets([list(s) for s in sets if s], BANDS * ROWS, 42)
        return _join(np.array(matrix.to_rows(), np.uint32).reshape(-1, BANDS * ROWS), used)

    return run


def datasketch() -> Callable[[str], int]:
    import numpy as np
    import pyarrow.parquet as pq
    import xxhash
    from datasketch import MinHash

    def run(path: str) -> int:
        texts = pq.read_table(path, columns=["content"], use_threads=False).column(0).to_pylist()
        rows, used = [], []
        for text in texts:
            shingles = _shingles(text)
            used.append(bool(shingles))
            if shingles:
                sketch = MinHash(BANDS * ROWS, hashfunc=xxhash.xxh32_intdigest)
                sketch.update_batch([s.encode() for s in shingles])
                rows.append(sketch.hashvalues)
        return _join(np.array(rows, np.uint32), np.array(used))

    return run


def datatrove() -> Callable[[str], int]:
    import datatrove.pipeline.dedup.minhash as steps
    import pyarrow.parquet as pq
    from datatrove.data import Document
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.utils.hashing import HashConfig
    from datatrove.utils.text import TextNormConfig
    from loguru import logger

    logger.remove()

    class Tokens:  # its default, spaCy, is eight times slower still
        def word_tokenize(self, text: str) -> list[str]:
            return _TOKENS.findall(text)

    steps.load_word_tokenizer = lambda language: Tokens()  # type: ignore[assignment]
    plain = TextNormConfig(
        lowercase=False, norm_whitespace=False, remove_punctuation=False, norm_unicode_diacritics=False,
        norm_numbers=False, norm_weekdays=False, norm_monthnames=False,
    )  # fmt: skip
    config = steps.MinhashConfig(
        n_grams=5, num_buckets=BANDS, hashes_per_bucket=ROWS, hash_config=HashConfig(precision=64), norm_config=plain
    )

    def run(path: str) -> int:
        work = tempfile.mkdtemp()
        texts = pq.read_table(path, columns=["content"], use_threads=False).column(0).to_pylist()
        documents = [Document(text=text, id=str(i)) for i, text in enumerate(texts)]
        kept = []

        def read(data: Any = None, rank: int = 0, world_size: int = 1) -> Any:
            yield from documents

        def count(data: Any, rank: int = 0, world_size: int = 1) -> Any:
            for document in data:
                kept.append(document.id)
                yield document

        signatures, buckets, removed = f"{work}/signatures", f"{work}/buckets", f"{work}/removed"
        plans = [
            ([read, steps.MinhashDedupSignature(output_folder=signatures, config=config)], 1),
            ([steps.MinhashDedupBuckets(input_folder=signatures, output_folder=buckets, config=config)], BANDS),
            ([steps.MinhashDedupCluster(input_folder=buckets, output_folder=removed, config=config)], 1),
            ([read, steps.MinhashDedupFilter(input_folder=removed), count], 1),
        ]
        for number, (pipeline, tasks) in enumerate(plans):
            LocalPipelineExecutor(pipeline, tasks=tasks, workers=1, logging_dir=f"{work}/logs-{number}").run()
        shutil.rmtree(work)
        return len(kept)

    return run


PEERS = {f.__name__: f for f in (drystone, drystone_file, daft, rensa, datasketch, datatrove)}


def main() -> None:
    name, path = sys.argv[1:3]
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    run = PEERS[name]()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    best = None
    for _ in range(int(sys.argv[3]) if len(sys.argv) > 3 else 1):
        cpu, wall = time.process_time(), time.perf_counter()
        kept = run(path)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        if best is None or cpu < best["cpu"]:
            best = {"cpu": cpu, "wall": wall, "kept": kept}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({**(best or {}), "memory_before": before * 1024, "memory_peak": peak * 1024}))


if __name__ == "__main__":
    main()
