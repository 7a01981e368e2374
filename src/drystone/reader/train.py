"""Fine-tunes a checkpoint on SQuAD-style data; needs torch, an extra.

It trains the weights in the very arrays that the checkpoint was read into, so that what is written keeps the names it
came with. It knows nothing of runtimes or evaluation.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from drystone.errors import MissingExtraError, UsageError
from drystone.reader.checkpoint import read_checkpoint
from drystone.reader.encoder import forward
from drystone.reader.families import build_model
from drystone.reader.schedule import collate
from drystone.reader.windows import Window, Windower

try:
    import torch
    from safetensors.numpy import save_file

    from drystone.reader.torch_ops import TorchOps
except ImportError:
    raise MissingExtraError("torch, which trains a reader", "train") from None


class Example(NamedTuple):
    """A question, its context, and one answer as a string span; `start` is None where there is none."""

    question: str
    context: str
    start: int | None
    end: int


def train(
    model: str | Path,
    examples: Sequence[Example],
    out: Path,
    *,
    steps: int | None = None,
    batch: int = 16,
    learning_rate: float = 5e-5,
    max_seq_len: int = 384,
    seed: int = 0,
    report: Callable[[int, int, float], None] | None = None,
) -> Path:
    """Fine-tune `model` on examples and write a checkpoint folder; a head is made where the checkpoint has none.

    One pass over the examples unless `steps` says otherwise; AdamW with 10 % warm-up and linear decay, batches of
    similar length. `report(step, steps, loss)` is called after each step. Raises UsageError for families whose
    weights are folded when read (DeBERTa).
    """
    checkpoint = read_checkpoint(model)
    random = np.random.default_rng(seed)
    hidden = checkpoint.config.get("hidden_size", checkpoint.config.get("dim", 0))
    if "qa_outputs.weight" not in checkpoint.tensors:
        checkpoint.tensors["qa_outputs.weight"] = random.normal(0, 0.02, (2, hidden)).astype(np.float32)
        checkpoint.tensors["qa_outputs.bias"] = np.zeros(2, np.float32)
    built = build_model(checkpoint.config, checkpoint.tensors, checkpoint.name)
    if built.family.startswith("deberta"):
        raise UsageError(f"{model}: DeBERTa's weights are folded when read and cannot be trained here.")
    windower = Windower(
        checkpoint.tokenizer_json,
        checkpoint.tokenizer_config,
        built.max_tokens,
        len(built.weights["embed.word"]),
        str(model),
    )
    weights = {name: torch.from_numpy(value).requires_grad_() for name, value in built.weights.items()}
    ready = [found for example in examples if (found := _labelled(windower, example, max_seq_len))]
    batches = _batches([len(window) for window, _, _ in ready], batch, random)
    total = steps or len(batches)
    matrices = [w for w in weights.values() if w.ndim > 1]
    vectors = [w for w in weights.values() if w.ndim == 1]
    groups = [{"params": matrices, "weight_decay": 0.01}, {"params": vectors, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=learning_rate)
    warm = max(1, total // 10)
    for step in range(total):
        if step and step % len(batches) == 0:
            batches = _batches([len(window) for window, _, _ in ready], batch, random)
        rate = learning_rate * min((step + 1) / warm, (total - step) / max(1, total - warm))
        for group in optimizer.param_groups:
            group["lr"] = rate
        chosen = [ready[i] for i in batches[step % len(batches)]]
        loss = _loss(built, weights, chosen)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        torch.nn.utils.clip_grad_norm_(weights.values(), 1.0)
        optimizer.step()
        if report:
            report(step + 1, total, float(loss.detach()))
    return _write(checkpoint.folder, checkpoint.config, checkpoint.tensors, out)


def _loss(model: Any, weights: dict[str, torch.Tensor], chosen: Sequence[tuple[Window, int, int]]) -> torch.Tensor:
    rows = collate([window for window, _, _ in chosen], model.positions_from, model.max_tokens)
    ids, types, positions, blocks = map(torch.tensor, (rows.ids, rows.types, rows.positions, rows.blocks))
    logits = forward(TorchOps(weights), model, ids, types, positions, blocks)
    logits = logits.masked_fill((blocks == 0)[:, :, None], -1e4)
    starts = torch.tensor([start for _, start, _ in chosen])
    ends = torch.tensor([end for _, _, end in chosen])
    entropy = torch.nn.functional.cross_entropy
    return (entropy(logits[:, :, 0], starts) + entropy(logits[:, :, 1], ends)) / 2


def _labelled(windower: Windower, example: Example, max_seq_len: int) -> tuple[Window, int, int] | None:
    """Return the window that holds the answer whole, with its first and last position; 0 and 0 for no answer."""
    question, context = windower.texts([example.question, example.context])
    windows = windower.windows(0, question, context, max_seq_len=min(max_seq_len, windower.max_tokens))
    if example.start is None:
        return windows[0], 0, 0
    tokens = context.tokens(example.start, example.end)
    if tokens is None:
        return None
    for window in windows:
        if window.first <= tokens[0] and tokens[1] < window.first + window.count:
            shift = window.at - window.first
            return window, tokens[0] + shift, tokens[1] + shift
    return None


def _batches(lengths: Sequence[int], size: int, random: np.random.Generator) -> list[list[int]]:
    """Return shuffled batches of similar length."""
    order = random.permutation(len(lengths))
    pool = size * 50
    batches = []
    for at in range(0, len(order), pool):
        part = sorted(order[at : at + pool].tolist(), key=lambda i: lengths[i])
        batches += [part[i : i + size] for i in range(0, len(part), size)]
    return [batches[i] for i in random.permutation(len(batches))]


def _write(source: Path, config: dict[str, Any], tensors: dict[str, np.ndarray], out: Path) -> Path:
    out.mkdir(parents=True, exist_ok=True)
    names = {"bert": "Bert", "distilbert": "DistilBert", "roberta": "Roberta", "electra": "Electra"}
    stem = names.get(config["model_type"])
    if stem:
        config = config | {"architectures": [f"{stem}ForQuestionAnswering"]}
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        if (source / name).is_file():
            shutil.copyfile(source / name, out / name)
    prefix = {"camembert": "roberta", "xlm-roberta": "roberta"}.get(config["model_type"], config["model_type"])
    kept = {
        name if name.startswith((f"{prefix}.", "qa_outputs.")) else f"{prefix}.{name}": np.ascontiguousarray(value)
        for name, value in tensors.items()
        if not name.startswith(("cls.", "lm_head.", "pooler."))
        and ".pooler." not in name
        and not name.endswith("position_ids")
    }
    save_file(kept, out / "model.safetensors", metadata={"format": "pt"})
    return out
