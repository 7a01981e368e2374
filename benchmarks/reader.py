"""Measures the reader against Transformers 4.57's question-answering pipeline: the same weights, pairs and core.

`python -m benchmarks.reader` prints pairs per CPU second of one core as ratios, the overhead around the forward pass,
the latency of a server under 8 clients, and what int8 costs in F1. CPU time, not the wall clock, is compared, in
alternating rounds, so that a busy machine does not tilt the ratio. Lengths are drawn from SQuAD training contexts where
that file is at hand (../shared/data/squad), else from the standard library's docstrings.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import random
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks.harness import CACHE, Figure, main, peer
from benchmarks.minilm import minilm
from benchmarks.reader_quality import READER, SQUAD, f1_by_question, held_out

ROOT = Path(__file__).parents[1]
ROUNDS = 3

_PEER = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import torch, transformers
torch.set_num_threads(1)
transformers.logging.set_verbosity_error()
run = transformers.pipeline("question-answering", model=sys.argv[1])
for line in sys.stdin:
    work = json.loads(line)
    inputs = [{"question": q, "context": c} for q, c in work["pairs"]]
    begin = time.process_time()
    run(inputs, batch_size=work["batch"])
    print(time.process_time() - begin, flush=True)
"""

_OURS = """
import json, sys, time
from drystone.reader import Reader
from drystone.reader.engines import packed
reader = Reader.load(sys.argv[1], precision=sys.argv[2], runtime=sys.argv[3], threads=1)
if sys.argv[4] == "warm":
    reader.warm()
inside = [0.0]
run = reader.engine.run
def timed(batch):
    begin = time.process_time()
    result = run(batch)
    inside[0] += time.process_time() - begin
    return result
reader.engine.run = timed
model = reader.model
inner = model.weights["layer.0.up.b"].shape[0]
def work_of(n):  # operations of one window: linear layers, then attention
    return 2 * model.layers * n * (4 * model.hidden ** 2 + 2 * model.hidden * inner + 2 * n * model.hidden)
for line in sys.stdin:
    pairs = list(map(tuple, json.loads(line)["pairs"]))
    operations = sum(work_of(len(w)) for pair in reader.prepare(pairs) for w in pair.windows)
    inside[0] = 0.0
    begin = time.process_time()
    for _ in reader.stream(pairs):
        pass
    spent = time.process_time() - begin
    best = packed.peak(0.1) if packed.variants() else 0.0
    print(spent, inside[0], operations / 1e9, best, reader.engine.name, flush=True)
"""


class Worker:
    """A process on one core that answers each line of work with its CPU seconds."""

    def __init__(self, python: str | Path, code: str, *arguments: str) -> None:
        core = str(min(os.sched_getaffinity(0)))
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
        self.process = subprocess.Popen(
            ["taskset", "-c", core, str(python), "-c", code, *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT,
        )  # fmt: skip

    def ask(self, work: Any) -> list[Any]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(work) + "\n")
        self.process.stdin.flush()
        return [float(part) if part[0].isdigit() else part for part in self.process.stdout.readline().split()]

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def real_pairs(count: int) -> list[tuple[str, str]]:
    if SQUAD.is_file():
        with gzip.open(SQUAD) as file:
            articles = json.load(file)["data"][-40:]
        every = [(q["question"], p["context"]) for a in articles for p in a["paragraphs"] for q in p["qas"][:1]]
    else:
        from tests.reader.checkpoints import prose

        every = [("What does it return?", text) for text in prose() if len(text) > 100]
    return random.Random(count).sample(every, min(count, len(every)))


def models() -> dict[str, Path]:
    """The two shapes: DistilBERT's with random weights, and MiniLM-L6's own weights with a random head."""
    import numpy as np
    from safetensors.numpy import load_file, save_file

    source = minilm()
    found = {}
    draw = np.random.default_rng(0)

    def head(size: int) -> dict[str, Any]:
        weight = draw.normal(0, 0.1, (2, size)).astype(np.float32)
        return {"qa_outputs.weight": weight, "qa_outputs.bias": np.zeros(2, np.float32)}

    for name in ("DistilBERT", "MiniLM-L6"):
        folder = CACHE / "shapes" / name
        found[name] = folder
        if (folder / "model.safetensors").is_file():
            continue
        folder.mkdir(parents=True, exist_ok=True)
        for part in ("tokenizer.json", "tokenizer_config.json", "vocab.txt"):
            (folder / part).write_bytes((source / part).read_bytes())
        if name == "MiniLM-L6":
            config = json.loads((source / "config.json").read_text()) | {"architectures": ["BertForQuestionAnswering"]}
            own = load_file(source / "model.safetensors")
            tensors = {f"bert.{n}": v for n, v in own.items() if "pooler" not in n and v.dtype == np.float32} | head(
                384
            )
        else:
            settings = json.loads((folder / "tokenizer_config.json").read_text())
            settings |= {"tokenizer_class": "DistilBertTokenizer", "model_input_names": ["input_ids", "attention_mask"]}
            (folder / "tokenizer_config.json").write_text(json.dumps(settings))
            config = {
                "model_type": "distilbert", "architectures": ["DistilBertForQuestionAnswering"], "vocab_size": 30522,
                "dim": 768, "hidden_dim": 3072, "n_layers": 6, "n_heads": 12, "max_position_embeddings": 512,
                "activation": "gelu", "pad_token_id": 0,
            }  # fmt: skip
            tensors = distilbert(draw) | head(768)
        (folder / "config.json").write_text(json.dumps(config))
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return found


def distilbert(draw: Any) -> dict[str, Any]:
    import numpy as np

    def matrix(*shape: int) -> Any:
        return draw.normal(0, 0.04, shape).astype(np.float32)

    tensors = {
        "distilbert.embeddings.word_embeddings.weight": matrix(30522, 768),
        "distilbert.embeddings.position_embeddings.weight": matrix(512, 768),
    }
    norms = ["distilbert.embeddings.LayerNorm"]
    for i in range(6):
        at = f"distilbert.transformer.layer.{i}"
        norms += [f"{at}.sa_layer_norm", f"{at}.output_layer_norm"]
        sizes = {f"attention.{n}_lin": (768, 768) for n in ("q", "k", "v", "out")}
        for name, shape in (sizes | {"ffn.lin1": (3072, 768), "ffn.lin2": (768, 3072)}).items():
            tensors[f"{at}.{name}.weight"] = matrix(*shape)
            tensors[f"{at}.{name}.bias"] = matrix(shape[0])
    for name in norms:
        tensors[f"{name}.weight"], tensors[f"{name}.bias"] = np.ones(768, np.float32), np.zeros(768, np.float32)
    return tensors


def throughput(name: str, folder: Path, pairs: list[tuple[str, str]], quick: bool) -> list[Figure]:
    """Pairs a CPU second against the pipeline's at its better batch size, 1 or 8, in alternating rounds."""
    oracle = peer("transformers-4.57", ["transformers==4.57.6", "torch==2.13.0"])
    theirs = Worker(oracle, _PEER, str(folder))
    ours = {
        "int8": Worker(sys.executable, _OURS, str(folder), "int8", "auto", "warm"),
        "fp32": Worker(sys.executable, _OURS, str(folder), "fp32", "auto", "warm"),
    }
    # What "auto" did not take, where it is installed.
    others = {
        "OpenVINO fp32": ("fp32", "openvino", "openvino"),
        "OpenVINO int8": ("int8", "openvino", "nncf"),
        "ONNX Runtime int8": ("int8", "onnxruntime", "onnxruntime"),
    }
    others = {key: value for key, value in others.items() if importlib.util.find_spec(value[2])}
    for key, (precision, runtime, _) in others.items():
        ours[key] = Worker(sys.executable, _OURS, str(folder), precision, runtime, "warm")
    for worker in (theirs, *ours.values()):
        worker.ask({"pairs": pairs[:2], "batch": 1})
    spent: dict[Any, list[float]] = {1: [], 8: []}
    shares, engine = [], ""
    for turn in range(1 if quick else ROUNDS):
        spent[1].append(theirs.ask({"pairs": pairs, "batch": 1})[0])
        if turn == 0 or spent[8][0] < 1.1 * spent[1][0]:
            spent[8].append(theirs.ask({"pairs": pairs, "batch": 8})[0])
        for key, worker in ours.items():
            total, inside, operations, best, worked = worker.ask({"pairs": pairs})
            spent.setdefault(key, []).append(total)
            if key == "int8" and best:
                shares.append(operations / inside / best)
                engine = str(worked)
    for worker in (theirs, *ours.values()):
        worker.close()
    rate = {key: len(pairs) / min(values) for key, values in spent.items()}
    base = max(rate[1], rate[8])
    bounds = {"DistilBERT": (3.5, 5.5), "MiniLM-L6": (2.5, 5.0)}[name]
    note = f"pipeline {base:.2f} pairs a CPU second (batch {1 if rate[1] >= rate[8] else 8}), ours"
    figures = [
        Figure(f"{name}: int8 over pipeline", rate["int8"] / base, "times", *bounds,
               note=f"{note} {rate['int8']:.2f} ({engine})"),
        Figure(f"{name}: fp32 over pipeline", rate["fp32"] / base, "times", 1.15, 1.5,
               note=f"{note} {rate['fp32']:.2f}"),
    ]  # fmt: skip
    figures += [
        Figure(f"{name}: {key} over pipeline", rate[key] / base, "times", note=f"{note} {rate[key]:.2f}")
        for key in others
    ]
    if shares:
        figures.append(Figure(f"{name}: share of the int8 peak", statistics.median(shares), "", 0.6, 0.85,
                              note="forward pass over the kernel's inner loop on operands at hand"))  # fmt: skip
    return figures


def overhead(folder: Path, quick: bool) -> Figure:
    """CPU time around the forward pass on texts not met before: the engine is replaced by one that answers at once."""
    import numpy as np

    from drystone.reader import Reader

    reader = Reader.load(folder, threads=1)
    draw = np.random.default_rng(0)
    noise = draw.normal(size=(8, 512, 2)).astype(np.float32)
    reader.engine.run = lambda batch: noise[: batch.ids.shape[0], : batch.ids.shape[1]]  # type: ignore[method-assign]

    def spend(pairs: list[tuple[str, str]]) -> float:
        begin = time.process_time()
        for _ in reader.stream(pairs):
            pass
        return (time.process_time() - begin) / len(pairs) * 1e3

    pairs = real_pairs(1200)
    first = spend(pairs[:200])
    parts = [pairs[i : i + 200] for i in range(200, 600 if quick else 1200, 200)]
    fresh = [spend(part) for part in parts]
    again = min(spend(part) for part in parts)
    note = f"new texts, a warm process; the first 200 pairs of a process {first:.2f}, texts met before {again:.2f}"
    return Figure("overhead around the forward pass", statistics.median(fresh), "CPU ms/pair", 0.5, 0.2,
                  lower_is_better=True, note=note)  # fmt: skip


def latency(folder: Path, quick: bool) -> Figure:
    """The 99th percentile at 8 clients, each with a passage of about 128 tokens, queue included, on two cores."""
    from drystone.reader import Reader
    from drystone.reader.batcher import Batcher
    from drystone.reader.reader import Options

    batcher = Batcher(Reader.load(folder, precision="int8", threads=2))
    context = "The heap is an array whose first item is the smallest one of all. " * 8
    times: list[float] = []

    def client(number: int) -> None:
        for i in range(10 if quick else 200):
            begin = time.perf_counter()
            batcher.submit([(f"What is item {number} {i}?", context)], Options()).result()
            times.append(time.perf_counter() - begin)

    client(0)
    times.clear()
    threads = [threading.Thread(target=client, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    batcher.close()
    p99 = statistics.quantiles(times, n=100)[98] * 1e3
    return Figure("DistilBERT int8: p99 at 8 clients", p99, "ms", 100, 60, lower_is_better=True,
                  note=f"median {statistics.median(times) * 1e3:.0f} ms by the wall clock")  # fmt: skip


def int8_loss(quick: bool) -> Figure:
    """F1 of fp32 less F1 of int8, of the reader in models/mini, on questions of articles that it never saw."""
    if not SQUAD.is_file():
        note = f"no questions: {SQUAD.name} is not at hand"
        return Figure("int8 loss", float("nan"), "F1", 0.5, 0.2, lower_is_better=True, note=note)
    asked = held_out(READER)[:: 40 if quick else 1]
    fp32, int8 = (float(f1_by_question(READER, asked, precision).mean()) for precision in ("fp32", "int8"))
    note = f"{fp32:.1f} and {int8:.1f} on {len(asked)} held-out questions"
    return Figure("int8 loss", fp32 - int8, "F1", 0.5, 0.2, lower_is_better=True, note=note)


def measure(quick: bool) -> list[Figure]:
    """The reader against Transformers 4.57's pipeline on one core."""
    shapes = models()
    counts = {"DistilBERT": 8, "MiniLM-L6": 24} if quick else {"DistilBERT": 24, "MiniLM-L6": 64}
    figures = [f for n, folder in shapes.items() for f in throughput(n, folder, real_pairs(counts[n]), quick)]
    return [*figures, overhead(shapes["MiniLM-L6"], quick), latency(shapes["DistilBERT"], quick), int8_loss(quick)]


if __name__ == "__main__":
    main(measure)
