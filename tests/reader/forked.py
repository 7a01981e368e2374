"""Run in a process of its own by test_processes: a reader used with two threads, then forked, mapped and sent around.

`python -m tests.reader.forked MODEL RUNTIME` prints what each process answered, as JSON.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from drystone.reader import Reader

CONTEXT = "A heap is an array for people who sort. It was found in 1964. " * 12
QUESTIONS = [f"What is {i}?" for i in range(24)]


def texts(reader: Reader) -> list[str]:
    return [answer.text for answer in reader.answer(QUESTIONS, CONTEXT)]  # type: ignore[union-attr]


def by_fork(reader: Reader) -> list[str]:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, json.dumps(texts(reader)).encode())
        sys.exit(0)  # as a program ends, with everything that ends with it
    os.close(write)
    with os.fdopen(read) as answers:
        found: list[str] = json.load(answers)
    assert os.waitpid(child, 0)[1] == 0
    return found


def by_datasets(reader: Reader) -> list[str]:
    from datasets import Dataset, disable_progress_bars

    disable_progress_bars()
    rows = Dataset.from_dict({"question": QUESTIONS})

    def answer(row: dict[str, Any]) -> dict[str, str]:
        return {"text": reader.answer(row["question"], CONTEXT).text}  # type: ignore[union-attr]

    return list(rows.map(answer, num_proc=2)["text"])


def by_spawn(reader: Reader) -> list[str]:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return list(pool.submit(texts, reader).result())


if __name__ == "__main__":
    model = Reader.load(sys.argv[1], runtime=sys.argv[2], threads=2)
    expected = texts(model)
    ways = {"fork": by_fork, "datasets": by_datasets, "spawn": by_spawn}
    chosen = sys.argv[3:] or list(ways)
    print(json.dumps({"here": expected, **{way: ways[way](model) for way in chosen}}))
