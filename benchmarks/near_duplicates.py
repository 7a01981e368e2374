"""Near-duplicate removal against the peers on the package index, its recall against brute force, its memory and growth.

Same files, same core, in one run; times are CPU seconds of the process, the best of five for the fast ones.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("DO_NOT_TRACK", "1")

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import near_duplicates_corpus as corpus
from benchmarks.harness import CACHE, Figure, main, peer
from drystone.dedup import _kernel, near
from drystone.dedup.explain import shingles
from drystone.dedup.sketches import buffers, sketcher

PEERS = (
    ("daft", (), 5),
    ("rensa", ("rensa==0.5.0", "numpy", "pyarrow", "scipy"), 1),
    ("datasketch", ("datasketch==2.0.0", "xxhash==3.6.0", "pyarrow", "scipy"), 1),
    ("datatrove", ("datatrove[processing]==0.10.1", "pyarrow", "xxhash"), 1),
)


def best(function: Callable[[], object], repeats: int = 5) -> float:
    """CPU seconds of the fastest run."""
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        function()
        seconds.append(time.process_time() - start)
    return min(seconds)


def apart(python: str, name: str, path: Path, repeats: int = 1) -> dict[str, Any]:
    """Run one peer in a process of its own, pinned to one core."""
    command = [python, str(Path(__file__).with_name("near_duplicates_peers.py")), name, str(path), str(repeats)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=Path.cwd())
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'failed'}")
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def brute_force(texts: list[bytes], threshold: float) -> list[tuple[int, int]]:
    """All pairs whose exact Jaccard reaches the threshold: an incidence matrix of token 5-grams times itself."""
    from scipy.sparse import csr_matrix

    numbers: dict[tuple[bytes, ...], int] = {}
    columns, starts = [], [0]
    for text in texts:
        columns.append(np.array([numbers.setdefault(s, len(numbers)) for s in shingles(text)], np.int32))
        starts.append(starts[-1] + len(columns[-1]))
    sizes = np.diff(starts)
    matrix = csr_matrix(
        (np.ones(starts[-1], np.int32), np.concatenate(columns), np.array(starts)), shape=(len(texts), len(numbers))
    )
    del numbers, columns
    transposed = matrix.T.tocsr()
    pairs = []
    for first in range(0, len(texts), 256):
        shared = (matrix[first : first + 256] @ transposed).tocoo()
        rows, others = shared.row + first, shared.col
        similarity = shared.data / (sizes[rows] + sizes[others] - shared.data)
        wanted = (rows < others) & (similarity >= threshold)
        pairs += list(zip(rows[wanted].tolist(), others[wanted].tolist(), strict=True))
    return pairs


def speed(path: Path, quick: bool) -> list[Figure]:
    text_bytes = sum(len(t) for t in pq.read_table(path, columns=["content"]).column(0).cast(pa.binary()).to_pylist())
    size = text_bytes / 1e6
    figures, speeds = [], {}
    mine = apart(sys.executable, "drystone_file", path, 5)
    table = apart(sys.executable, "drystone", path, 5)
    for name, requirements, repeats in PEERS:
        if quick and name == "datatrove":
            _skip(name, "it takes minutes, and this is a --quick run")
            continue
        try:
            python = str(peer(name, requirements)) if requirements else sys.executable
            told = apart(python, name, path, repeats)
        except (RuntimeError, subprocess.CalledProcessError, OSError) as error:
            _skip(name, str(error))
            continue
        speeds[name] = size / told["cpu"]
        figures.append(Figure(name, speeds[name], "MB/s", note=f"keeps {told['kept']}, no pair is verified"))
    _skip("text-dedup", "it needs Python 3.12, and its wheel drops every member of a cluster, the head included")
    fastest = max(speeds, key=lambda name: speeds[name])
    return [
        Figure(
            "Parquet to verified keep list, against the fastest peer",
            size / mine["cpu"] / speeds[fastest],
            "times",
            8,
            15,
            note=f"fastest: {fastest}; {size:.0f} MB; the stage of `drystone dedup`",
        ),
        Figure("drystone, file", size / mine["cpu"], "MB/s", note=f"keeps {mine['kept']}, all verified"),
        Figure("drystone, read into a table", size / table["cpu"], "MB/s", note=f"keeps {table['kept']}"),
        *figures,
    ]


def _skip(name: str, reason: str) -> None:
    print(f"{name} is left out: {reason}", file=sys.stderr)


def kernel(path: Path) -> list[Figure]:
    texts = pq.read_table(path, columns=["content"]).column(0).combine_chunks()
    parts = buffers(texts)
    size = int(parts[1][-1] - parts[1][0]) / 1e6
    block = np.ones(256 * 2**20, np.uint8)
    target = np.empty_like(block)
    seconds = best(lambda: np.copyto(target, block))
    figures = [Figure("memcpy", len(block) / 1e9 / seconds, "GB/s")]
    rates = {}
    for sketch in ("oph", "permutations"):
        made = sketcher(near.Method(sketch=sketch))
        tokens = best(lambda made=made: made.tokenise(*parts), 7)
        sketches = best(lambda made=made: made.sketches(*parts), 7 if sketch == "oph" else 2)
        signatures = best(lambda made=made: made.signatures(*parts), 7 if sketch == "oph" else 2)
        rates[sketch] = (size / tokens, size / sketches, size / signatures)
    variant = sketcher(near.Method()).variant
    tokens, sketches, signatures = rates["oph"]
    note = f"variant {variant}; tokens found and hashed"
    return [
        Figure("sketch alone against tokenising alone", sketches / tokens, "ratio", 0.6, 0.8),
        Figure("tokenise", tokens, "MB/s", note=note),
        Figure("sketch, one permutation, 256", sketches, "MB/s", note=f"with band keys {signatures:.0f}"),
        Figure("sketch, 256 permutations", rates["permutations"][1], "MB/s"),
        *figures,
    ]


def quality(path: Path, label: str) -> list[Figure]:
    table = pq.read_table(path, columns=["content"])
    texts = [t.encode() for t in table.column(0).to_pylist()]
    method = near.Method()
    result = near.keep(table, method)
    kept = result.column("keep").to_numpy()
    pairs = np.array(brute_force(texts, method.threshold))
    settled = ~(kept[pairs[:, 0]] & kept[pairs[:, 1]])
    wrong = 0
    removals = 0
    for row, kept_row, similarity in zip(
        np.arange(len(texts)),
        result.column("kept_row").to_pylist(),
        result.column("similarity").to_pylist(),
        strict=True,
    ):
        if kept_row is None or similarity is None:
            continue
        removals += 1
        told = (
            near.explain(texts[row], texts[kept_row], method)["similarity"]
            if shingles(texts[row])
            else float(texts[row] == texts[kept_row])
        )
        wrong += told < method.threshold or told != similarity or not kept[kept_row]
    return [
        Figure(
            "pairs at or above the threshold with at most one kept",
            100 * float(settled.mean()),
            "%",
            98,
            99.5,
            note=f"{len(pairs)} pairs by brute force over all pairs of {len(texts)} files, {label}",
        ),
        Figure(
            "removals whose recomputed similarity is lower or other", wrong, "removals", 0, 0, True, f"of {removals}"
        ),
    ]


def _memory(key: str) -> int:
    """VmRSS (now) or VmHWM (most so far) of this process, bytes."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(key + ":"))
    return int(line.split()[1]) * 1024


def _stage(path: str, what: str) -> None:
    """Remove near duplicates of a file, or of a table in memory, in a process of its own.

    Memory is the most that is resident while it runs, less what the interpreter with all imports needs and, for a
    table, less the bytes of its buffers. (`ru_maxrss` is no use here: a process starts with its parent's.)
    """
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    near.keep(pa.table({"content": ["a b c d e f"] * 3}))  # imports and tables before memory is looked at
    rest = _memory("VmRSS")
    table = None
    if what == "table":  # Arrow's own format, so that no decoder's buffers are left over
        with pa.OSFile(path) as file, pa.ipc.open_file(file) as reader:
            table = reader.read_all()
    rest += table.nbytes if table is not None else 0
    pa.default_memory_pool().release_unused()
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak of reading: proc(5)
    told: dict[str, Any] = {}
    start = time.process_time()
    if table is not None:
        told["dropped"] = len(table) - int(near.keep(table).column("keep").to_numpy().sum())
    else:
        with tempfile.TemporaryDirectory(dir=CACHE) as work:
            told.update(near.keep_file(Path(path), near.Method(), Path(work))[1])
    seconds = time.process_time() - start
    print(json.dumps({"seconds": seconds, "memory": _memory("VmHWM") - rest, **told}))


def growth(source: Path, most: int) -> list[Figure]:
    path = corpus.edited(source, most)

    def stage(file: Path, what: str) -> dict[str, Any]:
        command = [sys.executable, "-m", "benchmarks.near_duplicates", "--stage", str(file), what]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return result

    told = []
    for part in (8, 4, 2, 1):
        file = corpus.first(path, most // part)
        runs = [stage(file, "file") for _ in range(2 if part > 1 else 1)]
        told.append(min(runs, key=lambda one: float(one["seconds"])))
    plain = CACHE / f"{path.stem}.arrow"
    if not plain.exists():
        held = pq.read_table(path, columns=["content"])
        with pa.OSFile(str(plain), "wb") as file, pa.ipc.new_file(file, held.schema) as writer:
            writer.write_table(held)
        del held
    table = stage(plain, "table")
    counts = np.array([most // part for part in (8, 4, 2, 1)], float)
    seconds = np.array([t["seconds"] for t in told])
    slope = float(np.polyfit(np.log(counts), np.log(seconds), 1)[0])
    last = told[-1]
    return [
        Figure(
            "growth of time with files, slope on log-log axes",
            slope,
            "",
            1.1,
            1.02,
            True,
            ", ".join(f"{int(n):,}: {s:.1f} s" for n, s in zip(counts, seconds, strict=True)),
        ),
        Figure(
            "peak memory beyond the input, table in memory",
            table["memory"] / most,
            "bytes/document",
            300,
            150,
            True,
            f"{most:,} documents, {table['dropped']:,} dropped",
        ),
        Figure(
            "peak memory beyond the program, file in a stream",
            last["memory"] / most,
            "bytes/document",
            300,
            150,
            True,
            f"{last['comparisons']:,} comparisons; buffers for reading and decoding are within it",
        ),
    ]


def candidates(count: int) -> list[Figure]:
    """One band's join by the kernel and by daft's group-by, over ids and keys only."""
    import daft

    daft.set_runner_native(num_threads=1)
    chance = np.random.default_rng(1)
    keys = chance.integers(0, count, count, np.uint32)
    groups, counts = np.zeros(count, np.uint32), np.ones(count, np.uint32)
    components = _kernel.Components(count)
    mine = best(lambda: components.link(keys, groups, counts), 3)
    frame = daft.from_pydict({"key": keys, "id": np.arange(count, dtype=np.uint32)})
    theirs = best(lambda: frame.groupby("key").agg(daft.col("id").min().alias("first")).to_arrow(), 3)
    return [Figure("one band joined, against daft's group-by", theirs / mine, "times", note=f"{count:,} documents")]


def measure(quick: bool) -> list[Figure]:
    """Near duplicates: speed against peers, recall by brute force, proofs, memory, growth."""
    path = corpus.real(10_000_000 if quick else 50_000_000)
    return [
        *speed(path, quick),
        *kernel(path),
        *quality(path, "real files"),
        *growth(path, 80_000 if quick else 1_000_000),
        *candidates(100_000 if quick else 1_000_000),
    ]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--stage"]:
        _stage(sys.argv[2], sys.argv[3])
    else:
        main(measure)
