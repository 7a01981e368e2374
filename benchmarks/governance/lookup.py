"""How long a lookup takes over 10 versions of 1,000,000 occurrences: names and SWHIDs, those that are there and not.

The ledgers are written by the release's own writer; the index is built by the first look, which is timed apart. Each
lookup asks all versions, as the page and the command do.
"""

from __future__ import annotations

import hashlib
import random
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from tests.release.sample import FACTS

from benchmarks.builds import workplace
from benchmarks.harness import Figure
from drystone.release.inspection.lookup import open_index, parse
from drystone.release.read import open_release
from drystone.release.schema import LEDGER, REPOSITORIES
from drystone.release.writing.finish import finish
from drystone.release.writing.writer import write_ledger_part, write_repositories

_FILES = 100


def _release(folder: Path, occurrences: int, version: int) -> None:
    count = occurrences // _FILES
    origins = [f"https://github.com/owner{n % (count // 4)}/repository{n}" for n in range(count)]
    ids = [hashlib.sha256(f"{origin} {version}".encode()).hexdigest() for origin in origins]
    order = sorted(range(count), key=ids.__getitem__)
    random_bytes = np.random.default_rng(version // 2).bytes(20 * occurrences).hex()
    columns = {
        "repository_id": [ids[n] for n in order for _ in range(_FILES)],
        "origin": [origins[n] for n in order for _ in range(_FILES)],
        "path": [f"/src/module{i:03d}.py" for _ in order for i in range(_FILES)],
        "entry": pa.array(np.zeros(occurrences, np.int32)),
        "kind": ["file"] * occurrences,
        "mode": pa.array(np.full(occurrences, 0o100644, np.int32)),
        "swhid": [f"swh:1:cnt:{random_bytes[40 * i : 40 * i + 40]}" for i in range(occurrences)],
        "size": pa.array(np.full(occurrences, 1000)),
        "decision": ["dropped"] * occurrences,
        "stage": ["quality"] * occurrences,
        "reason": ["generated"] * occurrences,
    }
    table = pa.table({f.name: pa.array(columns.get(f.name, pa.nulls(occurrences)), f.type) for f in LEDGER})
    files = [write_ledger_part(folder, 0, 1, table.to_batches(max_chunksize=65536))]
    listed = {
        "repository_id": [ids[n] for n in order],
        "origin": [origins[n] for n in order],
        "repo_name": [origins[n].removeprefix("https://github.com/") for n in order],
        "occurrences": [_FILES] * count,
        "kept": [0] * count,
    }
    repositories = pa.table({f.name: pa.array(listed.get(f.name, pa.nulls(count)), f.type) for f in REPOSITORIES})
    files.append(write_repositories(folder, [repositories]))
    finish(folder, FACTS.model_copy(update={"version": f"1.{version}.0", "opted_out_repositories": 0}), files)


def figures(quick: bool) -> list[Figure]:
    """Measure."""
    occurrences, versions, looks = (100_000, 3, 300) if quick else (1_000_000, 10, 2000)
    rng = random.Random(3)
    with workplace() as home:
        folders = [Path(home) / f"v{n}" for n in range(versions)]
        for number, folder in enumerate(folders):
            _release(folder, occurrences, number)
        begin = time.process_time()
        indexes = [open_index(folder, Path(home) / "cache") for folder in folders]
        built = (time.process_time() - begin) / versions
        known = next(open_release(folders[0]).ledger(["swhid"])).column("swhid").to_pylist()
        count = occurrences // _FILES
        times, hits = [], 0
        for number in range(looks):
            kind = number % 5
            n = rng.randrange(count)
            text = (
                rng.choice(known)
                if kind == 0
                else f"swh:1:cnt:{rng.getrandbits(160):040x}"
                if kind == 1
                else f"https://github.com/owner{n % (count // 4)}/repository{n}.git"
                if kind == 2
                else f"owner{n % (count // 4)}"
                if kind == 3
                else f"nobody{n}/nothing"
            )
            begin = time.perf_counter()
            answers = [index.find(parse(text)) for index in indexes]
            times.append(1000 * (time.perf_counter() - begin))
            found = sum(a.repositories > 0 for a in answers)
            hits += found > 0
            if (kind in (2, 3) and found != versions) or (kind in (1, 4) and found):
                raise SystemExit(f"{text}: found in {found} of {versions} versions")
    p50, p95 = np.percentile(times, [50, 95])
    note = (
        f"{versions} versions of {occurrences:,} occurrences, {looks} lookups of which {hits} find something; "
        f"p50 {p50:.1f} ms; building an index takes {built:.1f} s of one processor for each version"
    )
    return [Figure("lookup of a name or SWHID, p95", float(p95), "ms", 200, 30, True, note)]
