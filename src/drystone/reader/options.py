"""What can be asked of a reader and of a training run, with all defaults: plain data that is light to load."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from drystone.errors import UsageError

#: Scores are shares among the answers to a question; or, as the Transformers pipeline ranked, among a window's.
Normalize = Literal["question", "window"]
#: What becomes of a pair that cannot be answered: it ends the run, or its error stands in its place.
OnError = Literal["raise", "return"]
Runtime = Literal["auto", "openvino", "onnxruntime", "packed", "torch"]
Precision = Literal["auto", "fast", "fp32", "bf16", "int8"]
TrainingPrecision = Literal["auto", "fp32", "bf16", "int8"]
Pooling = Literal["mean", "first"]
#: The model of those who name none, where its package is installed (models/mini).
DEFAULT_MODEL: Final = "mini"
TOP_K_MOST: Final = 1000
#: Answers that are measured are at most so many tokens long, as in the official runs of SQuAD.
MEASURED_ANSWER_LEN: Final = 30


@dataclass(frozen=True, slots=True)
class Options:
    """What can be asked of an answer; the names and meanings are those of the Transformers pipeline."""

    top_k: int = 1
    max_answer_len: int = 15
    max_seq_len: int | None = None
    doc_stride: int | None = None
    max_question_len: int | None = None
    handle_impossible_answer: bool = False
    align_to_words: bool = True
    normalize: Normalize = "question"

    def __post_init__(self) -> None:
        for name, least, most in (
            ("top_k", 1, TOP_K_MOST),
            ("max_answer_len", 1, 1 << 20),
            ("max_seq_len", 8, 1 << 20),
            ("doc_stride", 0, 1 << 20),
            ("max_question_len", 1, 1 << 20),
        ):
            value = getattr(self, name)
            if value is None and name not in {"top_k", "max_answer_len"}:
                continue
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                raise UsageError(f"{name}: must be an integer from {least} to {most}, not {value!r}.")
        for name in ("handle_impossible_answer", "align_to_words"):
            if not isinstance(getattr(self, name), bool):
                raise UsageError(f"{name}: must be true or false, not {getattr(self, name)!r}.")
        if self.normalize not in ("question", "window"):
            raise UsageError(f"normalize: must be 'question' or 'window', not {self.normalize!r}.")


@dataclass(frozen=True)
class LoadOptions:
    """How a reader is loaded; see `Reader.load`."""

    revision: str | None = None
    offline: bool | None = None
    runtime: Runtime = "auto"
    precision: Precision = "fp32"
    threads: int | None = None
    device: str = "cpu"


class TrainingFile(NamedTuple):
    """A SQuAD file to learn from; `weight` is how often an epoch shows it, `license` that of a file that names none."""

    path: Path
    weight: float = 1.0
    license: str | None = None


@dataclass(frozen=True)
class TrainingOptions:
    """How a reader is trained.

    The run shows `examples` examples, or `epochs` passes over the data. `learning_rate` is the highest of AdamW; it
    rises over `warmup` and falls over the last `decay` (examples from 1 on, else a share of the run; decay None: all
    after the warm-up). A step is `parts` parts, computed side by side, of `tokens` padded tokens together. Rows have
    `max_seq_len` tokens, and `crop` until the decay begins. `average`: decay per step of a running mean of the weights.
    `lora`: rank of low-rank additions, which alone are trained. `frozen_layers`: lower layers left as they are.
    `train_words`: word embeddings as well. `unanswerable`: mined questions for each answerable one. `skip_bad`: leave
    out answers that are not in their context. Measured is on the file `validation`, or on the share `hold_out` of the
    first file's articles, at most `validation_limit` questions, every `evaluate_every` examples; `patience`
    measurements without a better one end the run. `checkpoint_every` seconds. `threads`: default all processors.
    `device`: auto, cpu, cuda, cuda:1. `seed`: of order, crops and what is held back.
    """

    validation: Path | None = None
    hold_out: float = 0.0
    validation_limit: int | None = None
    epochs: float = 1.0
    examples: int | None = None
    learning_rate: float = 1.2e-4
    warmup: float = 0.08
    decay: float | None = None
    tokens: int = 3072
    parts: int = 2
    max_seq_len: int = 384
    crop: int | None = None
    average: float = 0.0
    lora: int = 0
    frozen_layers: int = 0
    train_words: bool = False
    unanswerable: float = 0.0
    skip_bad: bool = False
    evaluate_every: int | None = None
    patience: int | None = None
    checkpoint_every: float = 120.0
    threads: int | None = None
    device: str = "auto"
    precision: TrainingPrecision = "auto"
    seed: int = 0


def parse_options(options: Mapping[str, Any]) -> Options:
    """Return checked options; raises UsageError naming one that is unknown or wrong."""
    unknown = set(options) - set(Options.__slots__)
    if unknown:
        known = ", ".join(Options.__slots__)
        raise UsageError(f"{sorted(unknown)[0]}: not an option of the reader. Options are {known}.")
    return Options(**options)
