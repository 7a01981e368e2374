"""Measures the trainer against a plain Transformers loop, and the trained reader's F1, its student's and int8's.

`python -m benchmarks.reader_quality` prints them. The loop is what Transformers' examples do: examples in random order,
padded to the longest of each batch of 16, AdamW over all weights, `model.train()`. Both train the same weights on the
same SQuAD examples, tokenized beforehand, in alternating rounds. The reader is the one in models/mini, or the folder
that DRYSTONE_READER names; its held-out articles are those that its training.json says training never saw. The student
is the one in models/mini-half, or the folder that DRYSTONE_STUDENT names. A figure that has no model to be measured on
is printed as missed.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import reader_refusing
from benchmarks.harness import CACHE, Figure, main, peer
from benchmarks.minilm import minilm

ROOT = Path(__file__).parents[1]
SQUAD = ROOT.parent / "shared" / "data" / "squad" / "squad_v1.1_train.json.gz"
READER = Path(os.environ.get("DRYSTONE_READER", ROOT / "models/mini/src/drystone_mini/model"))
STUDENT = Path(os.environ.get("DRYSTONE_STUDENT", ROOT / "models/mini-half/src/drystone_mini_half/model"))
PEER = ("transformers-4.57", ["transformers==4.57.6", "torch==2.13.0"])
BATCH = 16

_LOOP = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import torch, transformers
transformers.logging.set_verbosity_error()
torch.set_num_threads(2)
torch.manual_seed(0)
model = transformers.AutoModelForQuestionAnswering.from_pretrained(sys.argv[1])
tokenizer = transformers.AutoTokenizer.from_pretrained(sys.argv[1])
dropout, batch = sys.argv[2] == "dropout", int(sys.argv[3])
model.train() if dropout else model.eval()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
for line in sys.stdin:
    rows = json.loads(line)
    encoded = tokenizer([r[0] for r in rows], [r[1] for r in rows], truncation="only_second", max_length=384)
    spans = []
    for i, (_, _, start, end) in enumerate(rows):
        first, last = encoded.char_to_token(i, start, 1), encoded.char_to_token(i, end - 1, 1)
        spans.append((first or 0, last or 0))
    begin, tokens = time.perf_counter(), 0
    for at in range(0, len(rows), batch):
        part = range(at, min(at + batch, len(rows)))
        inputs = tokenizer.pad(
            {k: [v[i] for i in part] for k, v in encoded.items()}, padding="longest", return_tensors="pt"
        )
        spot = torch.tensor([spans[i] for i in part])
        loss = model(**inputs, start_positions=spot[:, 0], end_positions=spot[:, 1]).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    print(json.dumps(time.perf_counter() - begin), flush=True)
"""

_OURS = """
import json, sys, time
import numpy as np, torch
from pathlib import Path
from drystone.reader.training import train as training
from drystone.reader.training.batches import pack, pool_steps
from drystone.reader.training.data import DataSet, Example
from drystone.reader.training.files import Run
from drystone.reader.training.net import Lanes, Net
checkpoint, built, windower = training.open_checkpoint(sys.argv[1], 0)
net = Net(built, train_words=sys.argv[2] == "words")
torch.set_num_threads(2)
lanes = Lanes(net, 2, 2)
for number, line in enumerate(sys.stdin):
    rows, wanted = json.loads(line)
    packed = pack(windower, [DataSet("squad", tuple(Example(*row) for row in rows), "", "")])
    recipe = training.Recipe(len(rows), 0, 0, learning_rate=1e-5)
    loop = training._Loop(net, packed, recipe, Run(Path("unused"), {}), 2, None)
    steps = pool_steps(packed, np.arange(len(rows)), seed=0, pool=number, longest=384, tokens=1536, parts=2)
    begin, seen = time.perf_counter(), 0
    for step in steps:
        seen += loop.step(lanes, step)[1]
        if seen >= wanted:
            break
    print(json.dumps((time.perf_counter() - begin) / seen), flush=True)
"""


def minilm_reader() -> Path:
    """The folder of all-MiniLM-L6-v2 with a span head, so that both sides train the same weights."""
    from drystone.reader.training.files import write_model
    from drystone.reader.training.train import open_checkpoint

    return write_model(open_checkpoint(minilm(), 0)[0], CACHE / "minilm-head")


def squad_rows(count: int) -> list[tuple[str, str, int, int]]:
    """Questions with context and answer span, drawn from the whole training set."""
    from drystone.reader.training.data import read_data

    examples = read_data(SQUAD, license="CC-BY-SA-4.0").examples
    chosen = np.random.default_rng(0).permutation(len(examples))[:count].tolist()
    return [(e.question, e.context, int(e.start or 0), e.end) for e in (examples[i] for i in chosen)]


def speed(quick: bool) -> list[Figure]:
    """Wall seconds per 1,000 examples on two threads, both sides in alternating rounds."""
    model = minilm_reader()
    rounds, each = (2, 48) if quick else (3, 160)
    # Length buckets need a pool to sort, of which a round takes random parts; the peer's rounds are random examples.
    rows = squad_rows(2048)
    python = str(peer(*PEER))
    runs = {
        "plain loop": [python, "-c", _LOOP, str(model), "dropout", str(BATCH)],
        "plain loop without dropout": [python, "-c", _LOOP, str(model), "none", str(BATCH)],
        "ours": [sys.executable, "-c", _OURS, str(model), "frozen words"],
        "ours, word embeddings too": [sys.executable, "-c", _OURS, str(model), "words"],
    }
    processes = {
        name: subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for name, command in runs.items()
    }
    times: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, process in processes.items():
            assert process.stdin and process.stdout
            part = rows[number * each : (number + 1) * each]
            process.stdin.write(json.dumps((rows, each) if name.startswith("ours") else part) + "\n")
            process.stdin.flush()
            seconds = json.loads(process.stdout.readline())
            each_takes = 1000 * (seconds if name.startswith("ours") else seconds / each)
            print(f"round {number}: {name} {each_takes:.0f} s per 1,000 examples", file=sys.stderr, flush=True)
            if number:  # the first round warms up
                times[name].append(each_takes)
    for process in processes.values():
        process.communicate()
    best = {name: statistics.median(values) for name, values in times.items()}
    note = ", ".join(f"{name} {value:.0f} s" for name, value in best.items())
    fair = best["plain loop without dropout"] / best["ours, word embeddings too"]
    return [
        Figure(
            "training against a plain Transformers loop", best["plain loop"] / best["ours"], "times", 1.7, 3, note=note
        ),
        Figure("the same, all weights trained and no dropout on either side", fair, "times"),
    ]


def held_out(model: Path) -> list[Any]:
    """The questions of the articles that a model's training held back."""
    from drystone.reader.training.data import hold_out, questions, read_data

    made = json.loads((model / "training.json").read_text())
    if "mean_of" in made:
        made = made["mean_of"][0]["training"]
    assert made["data"][0]["sha256"] == read_data(SQUAD, license="x").sha256, "trained on another file"
    _, held = hold_out(read_data(SQUAD, license="x"), made["notes"]["hold_out"], made["recipe"]["seed"])
    return list(questions(held))


def f1_by_question(model: Path, asked: list[Any], precision: str = "fp32") -> np.ndarray:
    """F1 of each question, in per cent."""
    from drystone.reader import Reader
    from drystone.reader.evaluation.metrics import score

    reader = Reader.load(model, precision=precision)
    answers = reader.stream(((q.question, q.context) for q in asked), max_answer_len=30)
    return np.array([100 * score(q, a[0].text if a else "")[1] for q, a in zip(asked, answers, strict=True)])


def interval(values: np.ndarray, titles: list[str]) -> tuple[float, float]:
    """95 % bootstrap interval of the mean, resampling articles: questions of one article go right or wrong together."""
    random = np.random.default_rng(0)
    names, place = np.unique(titles, return_inverse=True)
    sums, counts = np.bincount(place, values), np.bincount(place)
    picks = random.integers(0, len(names), (1000, len(names)))
    low, high = np.percentile(sums[picks].sum(1) / counts[picks].sum(1), [2.5, 97.5])
    return float(low), float(high)


def quality(quick: bool) -> list[Figure]:
    """F1 on held-out articles, what int8 costs, and what a student keeps."""
    names = ("F1 on articles that training never saw", "int8 loss", "a student of half the layers keeps")
    if not (READER / "training.json").is_file():
        note = f"no trained reader at {READER}: DRYSTONE_READER names one"
        return [Figure(names[0], float("nan"), "F1", 81, 88.5, note=note)]
    asked = held_out(READER)
    asked = asked[:: max(1, len(asked) // (300 if quick else 3000))]
    titles = [q.title for q in asked]
    full = f1_by_question(READER, asked)
    low, high = interval(full, titles)
    note = f"95 % {low:.1f} to {high:.1f} by article, {len(asked)} questions of {len(set(titles))} articles"
    figures = [Figure(names[0], float(full.mean()), "F1", 81, 88.5, note=note)]
    int8 = f1_by_question(READER, asked, "int8")
    note = f"fp32 {full.mean():.2f}, int8 {int8.mean():.2f}"
    figures.append(Figure(names[1], float(full.mean() - int8.mean()), "F1", 0.5, 0.2, lower_is_better=True, note=note))
    if (STUDENT / "model.safetensors").is_file():
        kept = f1_by_question(STUDENT, asked)
        note = f"student {kept.mean():.2f}, teacher {full.mean():.2f}"
        figures.append(Figure(names[2], 100 * float(kept.mean() / full.mean()), "%", 95, 98, note=note))
    else:
        note = f"no student at {STUDENT}: DRYSTONE_STUDENT names one"
        figures.append(Figure(names[2], float("nan"), "%", 95, 98, note=note))
    return figures


def measure(quick: bool) -> list[Figure]:
    """The trained reader's quality and the trainer's speed."""
    begun = time.perf_counter()
    figures = [*speed(quick), *quality(quick), *reader_refusing.measure(quick)]
    print(f"measured in {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    return figures


if __name__ == "__main__":
    main(measure)
