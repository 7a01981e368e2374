"""Distils a reader from one teacher or several: a student from the teacher's layers or given, soft and hard labels.

The losses are those of DistilBERT (Sanh et al. 2019) and tinyroberta; the training itself is `train`'s. It needs torch,
an extra.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from drystone.errors import MissingExtraError, UsageError
from drystone.reader.model.checkpoint import Checkpoint, read_checkpoint
from drystone.reader.model.families import Model, build_model
from drystone.reader.model.fingerprint import fingerprint
from drystone.reader.options import Precision
from drystone.reader.reader import Reader
from drystone.reader.training.batches import Packed
from drystone.reader.training.cache import TeacherLogits, teacher_logits
from drystone.reader.training.data import DataSet, Example
from drystone.reader.training.files import write_model

try:
    import torch
    from torch import Tensor
    from torch.nn import functional

    from drystone.reader.model.encoder import Trace, forward
    from drystone.reader.training.net import (
        Inputs,
        Objective,
        TrainOps,
        choose_bf16,
        choose_device,
        hard_labels,
        masked,
    )
    from drystone.reader.training.train import train
except ImportError:
    raise MissingExtraError("torch, which distils a reader", "train") from None

_LAYER = re.compile(r"^(.*\.layer\.)(\d+)(\..*)$")


def distil(
    teachers: Sequence[str | Path],
    data: Sequence[DataSet] | Sequence[Example] | Packed,
    out: Path,
    *,
    student: str | Path | None = None,
    layers: int | Sequence[int] | None = None,
    temperature: float = 2.0,
    soft: float = 0.75,
    hard: float = 0.25,
    hidden: float = 0.0,
    attention: float = 0.0,
    cache: Path | None = None,
    teacher_precision: Precision = "fp32",
    report_teacher: Callable[[int, int], None] | None = None,
    **training: Any,
) -> Path:
    """Train a student to answer as its teachers do, into the folder `out`; other keywords are those of `train`.

    The student is a checkpoint, or `layers` of the first teacher: numbers, or how many, evenly taken. The loss of a row
    is `soft` x T^2 x KL(teachers at temperature T || student at T), averaged over start and end, plus `hard` x the
    cross-entropy of the labels, plus `hidden` x (1 - cosine of hidden states, layer by layer evenly mapped), plus
    `attention` x the mean squared difference of attention weights averaged over heads; the last two take the first
    teacher, which then runs along. Several teachers' distributions are averaged. Outputs of teachers that do not run
    along are kept under `cache` (default: in `out`), by teacher and data, and are not computed again; they are computed
    in `teacher_precision`. A teacher may number the student's tokens otherwise, and have special ones of its own (MPNet
    beside BERT). Raises UsageError for wrong weights of the loss, layers that are not there, or a teacher of another
    vocabulary or shape.
    """
    weights = LossWeights(soft, hard, hidden, attention, temperature)
    if not teachers:
        raise UsageError("teacher: name at least one.")
    if (student is None) == (layers is None):
        raise UsageError("student: give a checkpoint, or the teacher's layers to keep, and not both.")
    readers = [Reader.load(teacher, precision=teacher_precision) for teacher in teachers]
    with tempfile.TemporaryDirectory() as scratch:
        if student is None:
            student = keep_layers(teachers[0], layers or 0, Path(scratch) / "student")
        numbers = _all_numbers(readers, read_checkpoint(student), along=bool(hidden or attention))

        def objective(packed: Packed, model: Model) -> Objective:
            alongside = _alongside(readers[0].model, model, weights, training)
            asked = [*zip(readers, numbers, strict=True)][alongside is not None :] if soft else []
            home = cache or out / "teachers"
            known = [teacher_logits(reader, packed, home, ids, report=report_teacher) for reader, ids in asked]
            return _Distillation(known, weights, alongside)

        notes = dict(training.pop("notes", None) or {}) | {
            "teachers": [{"name": reader.name, "weights": fingerprint(reader.model)} for reader in readers],
            "loss": asdict(weights),
            "layers": layers if layers is None or isinstance(layers, int) else list(layers),
        }
        training |= {"objective": objective, "trace": hidden > 0, "attention": attention > 0, "notes": notes}
        try:
            return train(student, data, out, **training)
        finally:
            for reader in readers:
                reader.close()


@dataclass(frozen=True)
class LossWeights:
    """What each part of the loss weighs, and the temperature of the soft labels.

    Raises UsageError for weights below 0 or all 0, and for temperatures out of 0.1 to 100.
    """

    soft: float
    hard: float
    hidden: float
    attention: float
    temperature: float

    def __post_init__(self) -> None:
        parts = {name: value for name, value in asdict(self).items() if name != "temperature"}
        for name, value in parts.items():
            if not 0 <= value <= 1e6:
                raise UsageError(f"{name}: the weight of a loss must be at least 0, not {value!r}.")
        if sum(parts.values()) == 0:
            raise UsageError("soft, hard, hidden, attention: at least one loss needs a weight above 0.")
        if not 0.1 <= self.temperature <= 100:
            raise UsageError(f"temperature: must be from 0.1 to 100, not {self.temperature!r}.")


def _alongside(teacher: Model, student: Model, weights: LossWeights, training: Mapping[str, Any]) -> _Alongside | None:
    """Return the teacher to run along, where the loss compares what lies inside; None where it does not."""
    if not (weights.hidden or weights.attention):
        return None
    device = choose_device(training.get("device", "auto"))
    bf16 = choose_bf16(device, training.get("precision", "auto"))
    return _Alongside(teacher, student, weights.hidden, weights.attention, device, bf16=bf16)


def keep_layers(teacher: str | Path, layers: int | Sequence[int], out: Path) -> Path:
    """Write a checkpoint of some of a teacher's layers, in their order, with its embeddings and head.

    A number takes so many, evenly from the first to the last. Raises UsageError where one is not there.
    """
    checkpoint = read_checkpoint(teacher)
    model = build_model(checkpoint.config, checkpoint.tensors, checkpoint.name)
    if isinstance(layers, int):
        if not 1 <= layers <= model.layers:
            raise UsageError(f"layers: must be from 1 to the teacher's {model.layers}, not {layers}.")
        kept = [round(x) for x in np.linspace(0, model.layers - 1, layers).tolist()] if layers > 1 else [0]
    else:
        kept = list(layers)
    if not kept or len(set(kept)) < len(kept) or not all(0 <= at < model.layers for at in kept):
        raise UsageError(f"layers: must be different numbers from 0 to {model.layers - 1}, not {kept}.")
    places = {old: new for new, old in enumerate(sorted(kept))}
    tensors = {}
    for name, value in checkpoint.tensors.items():
        found = _LAYER.match(name)
        if found is None:
            tensors[name] = value
        elif int(found[2]) in places:
            tensors[f"{found[1]}{places[int(found[2])]}{found[3]}"] = value
    count = "n_layers" if checkpoint.config["model_type"] == "distilbert" else "num_hidden_layers"
    config = checkpoint.config | {count: len(kept)}
    return write_model(replace(checkpoint, config=config, tensors=tensors), out)


def _all_numbers(readers: Sequence[Reader], student: Checkpoint, *, along: bool) -> list[np.ndarray | None]:
    numbers = [token_numbers(reader, student) for reader in readers]
    if along and numbers[0] is not None:
        raise UsageError(
            f"hidden, attention: {readers[0].name} numbers its tokens otherwise than the student {student.name}, so it "
            "cannot run along on the student's rows; give soft and hard alone."
        )
    return numbers


def token_numbers(teacher: Reader, student: Checkpoint) -> np.ndarray | None:
    """Return the teacher's id of each of the student's tokens, or None where all are the same.

    Raises UsageError where the teacher would cut a text into other tokens.
    """
    (theirs, *their_rest), (ours, *our_rest) = teacher.checkpoint.vocabulary(), student.vocabulary()
    if (theirs, their_rest) == (ours, our_rest):
        return None
    known, own = theirs.get("vocab"), ours.get("vocab")
    if isinstance(known, dict) and isinstance(own, dict) and theirs | {"vocab": own} == ours and their_rest == our_rest:
        added = json.loads(teacher.checkpoint.tokenizer_json).get("added_tokens", [])
        special = {token["content"] for token in added if token["special"]}
        if own.keys() <= known.keys() <= own.keys() | special:
            numbers = np.zeros(max(own.values()) + 1, np.int32)
            numbers[list(own.values())] = [known[token] for token in own]
            return numbers
    raise UsageError(
        f"{teacher.name}: has another tokenizer than the student {student.name}; distillation compares token by token, "
        "so both need the same, but for ids and special tokens."
    )


class _Distillation:
    """The loss of a part's rows; called from several threads."""

    def __init__(
        self,
        teachers: Sequence[TeacherLogits],
        weights: LossWeights,
        alongside: _Alongside | None,
    ) -> None:
        self._teachers, self._weights, self._alongside = teachers, weights, alongside

    def __call__(self, logits: Tensor, trace: Trace | None, inputs: Inputs) -> Tensor:
        total = logits.new_zeros(())
        if self._weights.hard:
            total = total + self._weights.hard * hard_labels(logits, trace, inputs)
        known = [torch.from_numpy(t.rows(inputs.rows)).to(logits.device) for t in self._teachers]
        if self._alongside is not None and trace is not None:
            apart, theirs = self._alongside(trace, inputs)
            total = total + apart
            known.insert(0, theirs)
        if self._weights.soft:
            heat = self._weights.temperature
            wanted = torch.stack([torch.softmax(t / heat, 1) for t in known]).mean(0)
            ours = functional.log_softmax(logits / heat, 1)
            divergence = functional.kl_div(ours, wanted, reduction="sum") / 2
            total = total + self._weights.soft * heat * heat * divergence
        return total


class _Alongside:
    """The first teacher, run on the student's own rows in the student's own precision."""

    def __init__(
        self, teacher: Model, student: Model, hidden: float, attention: float, device: str, *, bf16: bool
    ) -> None:
        if hidden and teacher.hidden != student.hidden:
            raise UsageError(
                f"hidden: the teacher's states have {teacher.hidden} numbers, the student's {student.hidden}; they "
                "can be compared only where both are the same."
            )
        self._model, self._hidden, self._attention = teacher, hidden, attention
        steps = max(student.layers, 1)
        # Layer i of the student answers to the teacher's layer at the same share of its depth; 0 is the embeddings.
        self._places = [round(i * teacher.layers / steps) for i in range(steps + 1)]
        weights = {
            name: torch.from_numpy(np.ascontiguousarray(value.T if name.endswith(".w") else value)).to(device)
            for name, value in teacher.weights.items()
        }
        self._ops = TrainOps(weights, keeps=attention > 0)
        self._device, self._bf16 = device.partition(":")[0], bf16

    def __call__(self, trace: Trace, inputs: Inputs) -> tuple[Tensor, Tensor]:
        """Return the sum over rows of what parts the student's hidden states and attention from the teacher's, and the
        teacher's logits [rows, tokens, 2], masked as the student's are."""
        theirs = Trace()
        with torch.no_grad(), torch.autocast(self._device, torch.bfloat16, enabled=self._bf16):
            found = forward(self._ops, self._model, inputs.ids, inputs.types, inputs.positions, inputs.blocks, theirs)
            logits = masked(found, inputs)
        real = (inputs.blocks > 0).float()
        total = real.new_zeros(())
        if self._hidden:
            for ours, place in zip(trace.hidden, self._places, strict=True):
                apart = 1 - functional.cosine_similarity(ours.float(), theirs.hidden[place].float(), dim=-1)
                total = total + self._hidden * ((apart * real).sum(1) / real.sum(1)).sum() / len(self._places)
        if self._attention:
            for ours, place in zip(trace.attentions, self._places[1:], strict=True):
                apart = (ours.float().mean(1) - theirs.attentions[place - 1].float().mean(1)).square().sum(-1)
                total = total + self._attention * ((apart * real).sum(1) / real.sum(1)).sum() / len(trace.attentions)
        return total, logits
