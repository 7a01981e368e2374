"""How fast exports make tokens, beside datatrove in one run; that files come back from them; what packing wastes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from benchmarks.harness import Figure, packages
from benchmarks.training_output.demo import demo
from drystone.release.read import open_release
from drystone.release.verbs import export

PEER = ["datatrove==0.10.1", "loguru", "humanize", "dill", "multiprocess", "xxhash"]
SEQUENCE, VOCABULARY = 2048, 16_384
_END = "<|endoftext|>"


def figures(quick: bool) -> list[Figure]:
    """Export the demo; each tokeniser runs in a process of its own on one core."""
    release = demo().place
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tokenizer = folder / "tokenizer.json"
        _train(release, tokenizer)
        runs = [_both(release, folder / str(number), tokenizer) for number in range(1 if quick else 3)]
        mine, theirs = (min((run[at] for run in runs), key=lambda run: run["seconds"]) for at in (0, 1))
        made = export(release, "nanoset", folder / "packed", tokenizer=tokenizer, sequence_length=SEQUENCE)
        same, all_, broken = _back(release, folder / "packed")
    rates = [run["tokens"] / run["seconds"] for run in (mine, theirs)]
    counts = made.counts
    padding = 100 * counts["padding"] / (counts["tokens"] + counts["padding"])
    return [
        Figure(
            "tokens a second and core, times datatrove's", rates[0] / rates[1], "x", 1.3, 2.5,
            note=f"{rates[0]:,.0f} of a whole export, {rates[1]:,.0f} of DocumentTokenizer from memory; "
            f"{mine['tokens']:,} and {theirs['tokens']:,} tokens; {VOCABULARY:,} in the tokenizer, of the demo's texts",
        ),
        Figure("documents whose tokens give the file", 100 * same / all_, "%", 100, 100, note=f"{same:,} of {all_:,}"),
        Figure(
            f"padding, sequences of {SEQUENCE:,}", padding, "%", 1, 0.2, True,
            f"{counts['padding']:,} of {counts['tokens']:,} tokens; no token is dropped",
        ),
        Figure(
            "documents cut that fit a sequence", 100 * broken / all_, "%", 3, 1, True,
            f"{broken}; {counts['documents_cut']:,} of {all_:,} are longer than a sequence and cut",
        ),
    ]  # fmt: skip


def _train(release: Path, place: Path) -> None:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[_END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = (row["content"] for row in open_release(release).files(columns=["content"]))
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.save(str(place))


def _both(release: Path, folder: Path, tokenizer: Path) -> list[dict[str, Any]]:
    path = [str(Path(__file__).parents[2]), str(packages("datatrove", PEER))]
    there = {**os.environ, "RAYON_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    there["PYTHONPATH"] = os.pathsep.join(path)
    out = []
    for who in ("drystone", "datatrove"):
        code = [sys.executable, "-W", "ignore", "-m", __name__, who, str(release), str(folder / who), str(tokenizer)]
        done = subprocess.run(code, stdout=subprocess.PIPE, text=True, check=True, env=there)
        out.append(json.loads(done.stdout.splitlines()[-1]))
    return out


def _back(release: Path, folder: Path) -> tuple[int, int, int]:
    """Return how many files their tokens give, of how many, and how many lie in two samples and would fit in one."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    pieces: dict[tuple[str, str], list[tuple[int, list[int]]]] = defaultdict(list)
    for shard in sorted((folder / "data").glob("*.ds")):
        ids = np.fromfile(shard, np.uint16).reshape(-1, SEQUENCE)
        for row in pq.read_table(shard.with_suffix(".files.parquet")).to_pylist():
            some = ids[row["sample"], row["start"] : row["start"] + row["tokens"]].tolist()
            pieces[row["repository_id"], row["path"]].append((row["offset"], some))
    same = all_ = broken = 0
    for row in open_release(release).files(columns=["repository_id", "path", "content"]):
        found = sorted(pieces[row["repository_id"], row["path"]])
        ids_ = [id_ for _, some in found for id_ in some]
        text = tokenizer.decode(ids_, skip_special_tokens=False).removesuffix(_END)
        all_ += 1
        same += text == row["content"]
        broken += len(found) > 1 and len(ids_) < SEQUENCE
    return same, all_, broken


def _one(who: str, release: Path, folder: Path, tokenizer: Path) -> None:
    """Print the tokens that one of the two writes, and its processor time without imports."""
    if who == "drystone":
        start = time.process_time()
        tokens = export(release, "nanoset", folder, tokenizer=tokenizer).counts["tokens"]
    else:
        from datatrove.data import Document
        from datatrove.pipeline.tokens import DocumentTokenizer

        rows = open_release(release).files(columns=["swhid", "content"])
        documents = [Document(row["content"], row["swhid"]) for row in rows]
        step = DocumentTokenizer(str(folder), str(tokenizer), eos_token=_END, shuffle_documents=False)
        start = time.process_time()
        step.run(iter(documents))
        tokens = sum(file.stat().st_size for file in folder.glob("*.ds")) // 2
    print(json.dumps({"tokens": tokens, "seconds": time.process_time() - start}))


if __name__ == "__main__":
    _one(sys.argv[1], *map(Path, sys.argv[2:5]))
