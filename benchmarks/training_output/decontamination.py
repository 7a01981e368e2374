"""What decontamination costs with ten benchmarks, which planted tasks it finds, what falls of code that is older."""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from benchmarks.harness import Figure
from benchmarks.training_output import older
from benchmarks.training_output.dressing import dressed
from benchmarks.training_output.tasks import human_eval, human_eval_tasks, ten
from drystone.dedup.contamination.benchmarks import Benchmarks, Overlap
from drystone.dedup.contamination.formats import named, read_parts
from drystone.dedup.contamination.rule import THRESHOLD

#: How a planted solution is dressed.
_DRESSES: dict[str, Callable[[str, int], str]] = {
    "verbatim": lambda code, seed: code,
    "renamed": lambda code, seed: dressed(code, seed, rename=True, comments="drop"),
    "with translated comments": lambda code, seed: dressed(code, seed, comments="translate"),
}
_BOUNDS = {"verbatim": (100.0, 100.0), "renamed": (97.0, 99.0), "with translated comments": (95.0, 98.0)}


def figures(quick: bool) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        files = named([str(path) for path in ten(Path(folder))])
        parts = read_parts(files)
    all_ten = Benchmarks(parts)
    alone = Benchmarks(read_parts(named([str(human_eval())])))
    count = 5_000 if quick else 50_000
    texts = older.some(count)
    return [*_cost(all_ten, texts[:5_000]), *_planted(all_ten, texts), *_wrong(alone, all_ten, texts)]


def _cost(known: Benchmarks, texts: tuple[bytes, ...]) -> list[Figure]:
    """The least of three passes, in processor time of this process."""
    array = pa.array(texts, pa.large_binary())
    spent = []
    for _ in range(3):
        start = time.process_time()
        known.find(array, THRESHOLD)
        spent.append(time.process_time() - start)
    each = min(spent) / len(texts) * 1e6
    size = sum(map(len, texts))
    note = (
        f"{known.tasks:,} tasks (HumanEval, nine stand-ins), {len(texts):,} files of {size / len(texts):,.0f} bytes on "
        f"average, {size / min(spent) / 1e6:.0f} MB/s; the peer `decontaminate` is on no index here"
    )
    return [Figure("decontamination, a file and core", each, "us", 60, 30, True, note)]


def _planted(known: Benchmarks, texts: tuple[bytes, ...]) -> list[Figure]:
    """HumanEval's solutions, each in a real file of another package between two of its top-level lines."""
    hosts = [text for text in texts if 2_000 < len(text) < 20_000 and b"\ndef " in text and b"\nimport" in text]
    out = []
    for dress, change in _DRESSES.items():
        chance = random.Random(7)
        planted, wanted = [], []
        for number, task in enumerate(human_eval_tasks()):
            code = change(task["prompt"] + task["canonical_solution"], number).encode()
            host = chance.choice(hosts)
            at = host.index(b"\ndef ") + 1
            planted.append(host[:at] + code + b"\n\n" + host[at:])
            wanted.append(task["task_id"])
        found = known.find(pa.array(planted, pa.large_binary()), THRESHOLD)
        right = [each for each, task in zip(found, wanted, strict=True) if each is not None and each.task == task]
        generic = sum(each.generic for each in right)
        least, aim = _BOUNDS[dress]
        note = (
            f"{len(right)} of {len(wanted)} solutions of HumanEval under their names; {generic} as generic code, kept"
        )
        share = 100 * len(right) / len(wanted)
        out.append(Figure(f"planted solutions found, {dress}", share, "%", least, aim, note=note))
    return out


def _wrong(alone: Benchmarks, all_ten: Benchmarks, texts: tuple[bytes, ...]) -> list[Figure]:
    out = []
    for known, whose in ((alone, "HumanEval"), (all_ten, "all ten")):
        found = known.find(pa.array(texts, pa.large_binary()), THRESHOLD)
        removed = [each for each in found if each is not None and not each.generic]
        generic = sum(each is not None for each in found) - len(removed)
        named_ = ", ".join(f"{task} {count}" for task, count in _by_task(removed).most_common(4))
        note = f"{len(removed)} of {len(texts):,} files ({named_ or 'none'}); {generic} more hold generic code and stay"
        share = 1e4 * len(removed) / len(texts)
        out.append(
            Figure(f"files older than the benchmarks that fall, {whose}", share, "in 10,000", 1, 0.1, True, note)
        )
    return out


def _by_task(found: list[Overlap]) -> Counter[str]:
    return Counter(f"{each.benchmark}/{each.task}" for each in found)
