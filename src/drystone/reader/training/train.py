"""Fine-tunes a checkpoint on SQuAD-style data; needs torch, an extra.

A run is a folder: the best model so far, training.json (what made it), and `state/`, from which the same command goes
on after an interruption and gives the same weights. It knows nothing of runtimes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypedDict, cast

import numpy as np

from drystone import processor
from drystone.errors import MissingExtraError, ModelError, UsageError
from drystone.reader.evaluation.metrics import score
from drystone.reader.model.checkpoint import Checkpoint, read_checkpoint
from drystone.reader.model.families import Model, build_model
from drystone.reader.model.fingerprint import fingerprint
from drystone.reader.options import MEASURED_ANSWER_LEN, TrainingOptions
from drystone.reader.reader import Reader
from drystone.reader.spans.windows import Windower
from drystone.reader.training.batches import Packed, make_rows, order, pack, pool_steps
from drystone.reader.training.data import DataSet, Example, questions
from drystone.reader.training.files import Run, describe, write_model
from drystone.reader.training.records import CourseRow, ProgressRow, RunFacts, RunProgress, TrainingRecord, WeightsFacts
from drystone.reader.training.state import read_state, write_state

try:
    import torch
    from torch import distributed

    from drystone.reader.engines.torch import TorchEngine
    from drystone.reader.training.net import Lanes, Net, Objective, choose_bf16, choose_device, hard_labels
except ImportError:
    raise MissingExtraError("torch, which trains a reader", "train") from None

__all__ = ["DataSet", "Example", "Recipe", "train"]

#: Examples that are sorted by length together. A larger pool pads less and mixes lengths worse.
POOL = 2048
#: Numbers that torch adds up in one thread (its grain size).
_ALONE = 32768


@dataclass(frozen=True)
class Recipe:
    """What decides the weights, besides model and data.

    Lengths of the run are counted in examples: the learning rate rises over `warmup` of them, stays, and falls
    linearly over the last `decay`. Contexts are cut to rows of `crop` tokens around the answer until the decay begins,
    and to `max_seq_len` from then on. A step is `parts` parts of at most `tokens` / `parts` padded tokens. `average` is
    the decay, per step, of a running mean of the weights (0: none), which is then what is measured and kept.
    """

    examples: int
    warmup: int
    decay: int
    learning_rate: float = TrainingOptions.learning_rate
    weight_decay: float = 0.01
    clip: float = 1.0
    tokens: int = TrainingOptions.tokens
    parts: int = TrainingOptions.parts
    max_seq_len: int = TrainingOptions.max_seq_len
    crop: int | None = TrainingOptions.crop
    average: float = TrainingOptions.average
    train_words: bool = TrainingOptions.train_words
    frozen_layers: int = TrainingOptions.frozen_layers
    lora: int = TrainingOptions.lora
    bf16: bool = False
    int8: bool = False
    seed: int = TrainingOptions.seed

    def rate(self, seen: int, count: int) -> float:
        """Return the learning rate of a step of `count` examples after `seen`."""
        rising = (seen + count) / self.warmup if self.warmup else 1.0
        falling = (self.examples - seen) / self.decay if self.decay else 1.0
        return self.learning_rate * min(1.0, rising, falling)

    def longest(self, pool: int) -> int:
        """Return the row length of a pool, by whether the decay has begun before it."""
        whole = self.crop is None or pool * POOL >= self.examples - self.decay
        return self.max_seq_len if whole or self.crop is None else min(self.crop, self.max_seq_len)

    def same_past(self, other: Recipe, seen: int, pool: int) -> bool:
        """Whether a run that has come this far under `other` would be the same under this recipe."""
        if self == other:
            return True
        if replace(self, examples=other.examples, decay=other.decay) != other:
            return False
        ends = (self.examples, other.examples)
        stable = all(seen <= r.examples - r.decay and pool * POOL < r.examples - r.decay for r in (self, other))
        return stable and (pool + 1) * POOL <= min(ends)


def train(
    model: str | Path,
    data: Sequence[DataSet] | Sequence[Example] | Packed,
    out: Path,
    *,
    epochs: float = TrainingOptions.epochs,
    examples: int | None = TrainingOptions.examples,
    warmup: int | float = TrainingOptions.warmup,
    decay: int | float | None = TrainingOptions.decay,
    validation: Sequence[Example] = (),
    evaluate_every: int | None = TrainingOptions.evaluate_every,
    patience: int | None = TrainingOptions.patience,
    checkpoint_every: float = TrainingOptions.checkpoint_every,
    threads: int | None = TrainingOptions.threads,
    device: str = TrainingOptions.device,
    precision: str = TrainingOptions.precision,
    objective: Callable[[Packed, Model], Objective] | None = None,
    trace: bool = False,
    attention: bool = False,
    notes: Mapping[str, Any] | None = None,
    report: Callable[[ProgressRow], None] | None = None,
    stop_after: int | None = None,
    **recipe: Any,
) -> Path:
    """Fine-tune `model` into the folder `out`, or go on with the run that `out` holds; a head is made where none is.

    `data` may have been packed before, by the same tokenizer (`train_batches.save_packed`).
    The run shows `examples` examples, or `epochs` passes. `warmup` and `decay` are examples, or shares of them (decay:
    all that follows the warm-up). `validation` examples are answered every `evaluate_every` examples and at the end;
    the best model by F1 is kept, and `patience` evaluations without a better one end the run. The state is written
    every `checkpoint_every` seconds. `precision` is fp32, bf16, auto (bf16 where the device has it) or int8 (matrices
    that stay as they are, with LoRA or in frozen layers, are multiplied in int8, the rest in fp32). `report` gets
    rows of progress. Other keywords are fields of `Recipe`; a run may be resumed with other `examples` and `decay` as
    long as neither's decay has begun. `objective(packed, model)` replaces the hard labels' loss.

    Under torch's launcher (RANK, WORLD_SIZE) each process computes its share of every step's parts. Raises UsageError
    for families whose weights are folded when read (DeBERTa), for a run of another setting, and for data without an
    answer; ModelError, with the last good state kept, where the loss is not finite or the disk is full.
    """
    device = choose_device(device)
    bf16 = choose_bf16(device, precision)
    checkpoint, built, windower = open_checkpoint(model, int(recipe.get("seed", 0)))
    packed = data if isinstance(data, Packed) else pack(windower, _sets(data))
    total = examples or math.ceil(epochs * packed.epoch_size())
    fields = {"max_seq_len": windower.max_seq_len, "bf16": bf16, "int8": precision == "int8"} | recipe
    chosen = _checked(Recipe(total, *_course(total, warmup, decay), **fields), built)
    loss = objective(packed, built) if objective else hard_labels
    net = _net(built, chosen, device, loss, trace=trace, attention=attention)
    run = Run(out, _facts(checkpoint, built, packed, notes))
    loop = _Loop(net, packed, chosen, run, threads or processor.count(), report)
    loop.resume()
    loop.measure = _measurer(net, checkpoint, windower, validation)
    loop.keep = lambda flat: _keep(built, checkpoint, net.values(flat), out)
    with _torch_threads(loop.threads):
        loop.run(evaluate_every, patience, checkpoint_every, stop_after)
    return out


def _course(total: int, warmup: int | float, decay: int | float | None) -> tuple[int, int]:
    """Return how many of `total` examples the learning rate rises for, and falls for."""
    rises = warmup if isinstance(warmup, int) else round(warmup * total)
    return rises, total - rises if decay is None else decay if isinstance(decay, int) else round(decay * total)


def _net(built: Model, recipe: Recipe, device: str, loss: Objective, *, trace: bool, attention: bool) -> Net:
    return Net(
        built,
        train_words=recipe.train_words,
        frozen_layers=recipe.frozen_layers,
        lora=recipe.lora,
        seed=recipe.seed,
        device=device,
        bf16=recipe.bf16,
        int8=recipe.int8,
        trace=trace,
        attention=attention,
        objective=loss,
    )


def _facts(checkpoint: Checkpoint, built: Model, packed: Packed, notes: Mapping[str, Any] | None) -> RunFacts:
    name = checkpoint.folder.resolve().name if Path(checkpoint.name).is_dir() else checkpoint.name
    model: WeightsFacts = {"name": name, "weights": fingerprint(built)}
    if (made := _made(checkpoint.folder)) is not None:
        model["training"] = made
    return {"model": model, "data": list(packed.facts), "notes": dict(notes or {})}


@contextmanager
def _torch_threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class Measure(TypedDict):
    """What weights reach on the validation set, in per cent."""

    exact_match: float
    f1: float


class _Loop:
    """One run under way."""

    def __init__(self, net: Net, packed: Packed, recipe: Recipe, run: Run, threads: int, report: Any) -> None:
        self.net, self.packed, self.recipe, self.files, self.report = net, packed, recipe, run, report
        self.rank, self.world = _processes(net.device)
        self.threads = threads
        flat, cut = net.flat, net.decayed
        self._halves = [flat[:cut], flat[cut:]]
        self._gradient = torch.zeros(len(flat) + 1, device=flat.device)  # one place more, for the loss
        for half, gradient in zip(self._halves, (self._gradient[:cut], self._gradient[cut:-1]), strict=True):
            half.grad = gradient
        groups = [
            {"params": [half], "weight_decay": decay}
            for half, decay in zip(self._halves, (recipe.weight_decay, 0.0), strict=True)
            if len(half)
        ]
        self.optimizer = torch.optim.AdamW(groups, lr=recipe.learning_rate, fused=True)
        for half in self._halves:
            self.optimizer.state[half] = {
                "step": torch.zeros((), device=flat.device if flat.is_cuda else None),
                "exp_avg": torch.zeros_like(half),
                "exp_avg_sq": torch.zeros_like(half),
            }
        self.mean = flat.detach().clone() if recipe.average else None
        self.at: RunProgress = {
            "step": 0,
            "seen": 0,
            "pool": 0,
            "place": 0,
            "best": None,
            "stale": 0,
            "seconds": 0.0,
        }
        self.history: list[CourseRow] = []
        self.measure: Callable[[torch.Tensor], Measure] | None = None
        self.keep: Callable[[torch.Tensor], None] = lambda flat: None

    def resume(self) -> None:
        """Go on from the state in the run's folder, if it holds one of the same setting."""
        if not self.files.state.is_file():
            return
        tensors, facts = read_state(self.files.state)
        at = facts["at"]
        try:
            earlier = Recipe(**facts["recipe"])
        except TypeError:
            earlier = None
        differ = [k for k in ("model", "data", "notes") if _same(facts["facts"][k]) != _same(self.files.facts[k])]
        if earlier is None or not self.recipe.same_past(earlier, at["seen"], at["pool"]):
            mine, theirs = asdict(self.recipe), facts["recipe"]
            differ += [f"{k} ({theirs.get(k)!r}, now {v!r})" for k, v in mine.items() if theirs.get(k) != v]
        if differ:
            raise UsageError(
                f"{self.files.folder}: holds a run of another setting: {', '.join(differ)}. Give that setting to go "
                "on, or another --out."
            )
        with torch.no_grad():
            self.net.flat.copy_(torch.from_numpy(tensors["weights"]))
            for half, part in zip(self._halves, ("matrices", "vectors"), strict=True):
                for name in ("exp_avg", "exp_avg_sq"):
                    self.optimizer.state[half][name].copy_(torch.from_numpy(tensors[f"{part}.{name}"]))
                self.optimizer.state[half]["step"].fill_(at["step"])
            if self.mean is not None:
                self.mean.copy_(torch.from_numpy(tensors["mean"]))
        self.at, self.history = at, facts["history"]

    def save(self) -> None:
        """Write the state, from the first process."""
        if self.rank:
            return
        tensors = {"weights": self.net.flat.detach()}
        for half, part in zip(self._halves, ("matrices", "vectors"), strict=True):
            tensors |= {f"{part}.{name}": self.optimizer.state[half][name] for name in ("exp_avg", "exp_avg_sq")}
        if self.mean is not None:
            tensors["mean"] = self.mean
        facts = {"recipe": asdict(self.recipe), "at": self.at, "history": self.history, "facts": self.files.facts}
        write_state(self.files.state, {k: v.cpu().numpy() for k, v in tensors.items()}, facts)

    def run(
        self, evaluate_every: int | None, patience: int | None, checkpoint_every: float, stop_after: int | None
    ) -> None:
        """Train to the end of the recipe, or for `stop_after` more steps."""
        lanes = Lanes(self.net, min(self.recipe.parts, self.threads), self.threads)
        begun = saved = time.monotonic()
        before, at, since = self.at["seconds"], self.at, (self.at["seen"], time.monotonic())
        losses: list[tuple[float, int]] = []
        try:
            steps = 0
            while at["seen"] < self.recipe.examples and not (patience and at["stale"] >= patience):
                first = at["pool"] * POOL
                chosen = order(self.packed, self.recipe.seed, first, min(POOL, self.recipe.examples - first))
                pool = pool_steps(
                    self.packed,
                    chosen,
                    seed=self.recipe.seed,
                    pool=at["pool"],
                    longest=self.recipe.longest(at["pool"]),
                    tokens=self.recipe.tokens // self.recipe.parts,
                    parts=self.recipe.parts,
                )
                for step in pool[at["place"] :]:
                    if stop_after is not None and steps == stop_after:
                        self.save()
                        return
                    losses.append(self.step(lanes, step))
                    steps += 1
                    at["place"] += 1
                    at["seconds"] = before + time.monotonic() - begun
                    if at["place"] == len(pool):
                        at["pool"], at["place"] = at["pool"] + 1, 0
                    if at["step"] % 25 == 0:
                        now = time.monotonic()
                        speed = (at["seen"] - since[0]) / max(now - since[1], 1e-9)
                        since = (at["seen"], now)
                        self._note(losses, speed)
                        losses = []
                    due = at["seen"] // evaluate_every if evaluate_every else 0
                    if due > at.get("measured", 0) and at["seen"] < self.recipe.examples:
                        at["measured"] = due
                        self.assess([self.net.flat if self.mean is None else self.mean])
                        since = (at["seen"], time.monotonic())
                    if time.monotonic() - saved > checkpoint_every:
                        self.save()
                        saved = time.monotonic()
                    if patience and at["stale"] >= patience:
                        break
            self.finish(before + time.monotonic() - begun)
        except BaseException:
            lanes.close()
            raise
        lanes.close()

    def step(self, lanes: Lanes, step: list[np.ndarray]) -> tuple[float, int]:
        """Take one step; return the sum of losses and the number of examples."""
        count = sum(len(part) for part in step)
        mine = [make_rows(self.packed, part, self.net.model.positions_from) for part in step[self.rank :: self.world]]
        with torch.no_grad():
            self._gradient[-1] = self.net.collect(lanes.gradients(mine), self._gradient[:-1])
            if self.world > 1:
                distributed.all_reduce(self._gradient)
            loss = float(self._gradient[-1])
            gradient = self._gradient[:-1].div_(count)
            # Piece by piece, so that the sum does not depend on how many threads would share it.
            pieces = torch.split(gradient, _ALONE)
            norm = float(torch.stack(torch._foreach_norm(pieces)).norm())
            if not (math.isfinite(loss) and math.isfinite(norm)):
                names = [self.packed.names[i] for part in step for i in part[:, 0].tolist()]
                kept = f"The state of the last checkpoint is whole in {self.files.state}."
                raise ModelError(
                    f"step {self.at['step'] + 1}: the loss is {loss:g} and the gradient's norm {norm:g}, on questions "
                    f"{', '.join(names)}. {kept if self.files.state.exists() else 'No checkpoint was written yet.'} "
                    "Lower the learning rate, or leave these questions out."
                )
            gradient.mul_(min(1.0, self.recipe.clip / (norm + 1e-6)))
            for group in self.optimizer.param_groups:
                group["lr"] = self.recipe.rate(self.at["seen"], count)
            self.optimizer.step()
            if self.mean is not None:
                # A young run is averaged over less, or the first weights would stay in the mean.
                keep = min(self.recipe.average, (1 + self.at["step"]) / (10 + self.at["step"]))
                self.mean.lerp_(self.net.flat, 1 - keep)
        self.at["step"] += 1
        self.at["seen"] += count
        return loss, count

    def assess(self, candidates: list[torch.Tensor]) -> None:
        """Measure weights on the validation set; keep the best model so far."""
        if self.measure is None:
            return
        for flat in candidates:
            # Every process measures: they must agree on when to stop.
            found = self.measure(flat)
            row: CourseRow = {
                "seen": self.at["seen"],
                "step": self.at["step"],
                "exact_match": found["exact_match"],
                "f1": found["f1"],
            }
            self.history.append(row)
            if self.at["best"] is None or found["f1"] > self.at["best"]["f1"]:
                self.at["best"], self.at["stale"] = row, 0
                if not self.rank:
                    self.keep(flat)
            else:
                self.at["stale"] += 1
            self._tell(row)
        self.save()

    def finish(self, seconds: float) -> None:
        """Measure the last weights, keep what is best, and write the manifest last."""
        at = self.at
        at["seconds"] = seconds
        if at.get("finished") != at["seen"]:
            at["finished"] = at["seen"]
            both = [self.net.flat] if self.mean is None else [self.mean, self.net.flat]
            if self.measure is None and not self.rank:
                self.keep(both[0])
            self.assess(both)
            self.save()
        if not self.rank:
            self.files.finish(asdict(self.recipe), at, self.history, self.net.device, self.threads, self.world)

    def _note(self, losses: list[tuple[float, int]], speed: float) -> None:
        count = sum(n for _, n in losses)
        row: CourseRow = {
            "seen": self.at["seen"],
            "step": self.at["step"],
            "loss": sum(x for x, _ in losses) / max(count, 1),
            "rate": self.recipe.rate(self.at["seen"], 0),
        }
        self.history.append(row)
        self._tell(row, {"speed": speed})

    def _tell(self, row: CourseRow, more: ProgressRow | None = None) -> None:
        if self.report and not self.rank:
            of: ProgressRow = {"of": self.recipe.examples, "seconds": self.at["seconds"]}
            self.report(cast(ProgressRow, {**row, **(more or {}), **of}))


def open_checkpoint(model: str | Path, seed: int) -> tuple[Checkpoint, Model, Windower]:
    """Return a checkpoint to be trained, with a span head drawn by `seed` where it has none, and what reads for it."""
    checkpoint = read_checkpoint(model)
    hidden = int(checkpoint.config.get("hidden_size") or checkpoint.config.get("dim", 0))
    if "qa_outputs.weight" not in checkpoint.tensors:
        random = np.random.default_rng(seed)
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
    if "embed.type" in built.weights:
        windower.keep_types_below(len(built.weights["embed.type"]))
    return checkpoint, built, windower


def _made(folder: Path) -> TrainingRecord | None:
    """Return what made the weights to start from, where their folder says it: the manifest without its course."""
    if not (folder / "training.json").is_file():
        return None
    found = describe(folder)
    found.pop("history", None)
    return found


def _checked(recipe: Recipe, built: Model) -> Recipe:
    if not 16 <= recipe.max_seq_len <= built.max_tokens:
        raise UsageError(f"max_seq_len: must be from 16 to the model's {built.max_tokens}, not {recipe.max_seq_len}.")
    if recipe.int8 and not (recipe.lora or recipe.frozen_layers):
        raise UsageError("precision: int8 is for matrices that stay as they are; give lora or frozen_layers as well.")
    for name, least, most in (
        ("examples", 1, 1 << 40),
        ("warmup", 0, recipe.examples),
        ("decay", 0, recipe.examples),
        ("learning_rate", 1e-9, 1.0),
        ("tokens", recipe.parts, 1 << 24),
        ("parts", 1, 1024),
        ("crop", 16, 1 << 20),
        ("average", 0.0, 0.999999),
    ):
        value = getattr(recipe, name)
        if value is not None and not least <= value <= most:
            raise UsageError(f"{name}: must be from {least:g} to {most:g}, not {value!r}.")
    return recipe


def _sets(data: Sequence[Any]) -> list[DataSet]:
    named = all(isinstance(part, DataSet) for part in data)
    sets = [*data] if named else [DataSet("examples", tuple(data), "unstated", "")]
    if not any(part.examples for part in sets):
        raise UsageError("training data: is empty.")
    return sets


def _measurer(
    net: Net, checkpoint: Checkpoint, windower: Windower, validation: Sequence[Example]
) -> Callable[[torch.Tensor], Measure] | None:
    asked = questions(validation)
    if not asked:
        return None
    v2 = any(not q.golds for q in asked)

    def measure(flat: torch.Tensor) -> Measure:
        model = replace(net.model, weights=net.values(flat))
        engine = TorchEngine(model, "fp32", torch.get_num_threads())
        reader = Reader(model, windower, engine, checkpoint, "under training")
        found = reader.stream(
            ((q.question, q.context) for q in asked), max_answer_len=MEASURED_ANSWER_LEN, handle_impossible_answer=v2
        )
        marks = [score(q, a[0].text if a else "", v2=v2) for q, a in zip(asked, found, strict=True)]
        em, f1 = np.array(marks, float).mean(0) * 100
        return {"exact_match": float(em), "f1": float(f1)}

    return measure


def _keep(built: Model, checkpoint: Checkpoint, values: dict[str, np.ndarray], out: Path) -> None:
    # The model's arrays are views of the checkpoint's: what is written keeps the names it came with.
    for name, value in values.items():
        np.copyto(built.weights[name], value)
    write_model(checkpoint, out)


def _same(facts: Any) -> Any:
    """Return facts without names: a folder may have been moved."""
    if isinstance(facts, list):
        return [_same(part) for part in facts]
    return {k: v for k, v in facts.items() if k != "name"} if isinstance(facts, dict) else facts


def _processes(device: torch.device) -> tuple[int, int]:
    """Return this process's rank and how many there are, joining those that torch's launcher started."""
    if not distributed.is_torchelastic_launched():
        return 0, 1
    if not distributed.is_initialized():
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return distributed.get_rank(), distributed.get_world_size()
