"""What training.json says of a run: plain data, as it is written and read again. It knows nothing of files."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict


class DataFacts(TypedDict):
    """One file of training data."""

    name: str
    license: str
    sha256: str
    weight: float
    examples: int
    left_out: list[str]


class WeightsFacts(TypedDict):
    """Weights by their model's name and fingerprint (SHA-256, hex); `training` says what made them, where known."""

    name: str
    weights: str
    training: NotRequired[TrainingRecord]


class RunFacts(TypedDict):
    """What a run was made of; `notes` are what else made its loss (distillation: teachers and weights)."""

    model: WeightsFacts
    data: list[DataFacts]
    notes: dict[str, Any]


class CourseRow(TypedDict, total=False):
    """A moment of a run: after `seen` examples and `step` steps, what was measured then."""

    seen: int
    step: int
    loss: float
    rate: float
    exact_match: float
    f1: float


class ProgressRow(CourseRow, total=False):
    """A `CourseRow` as it is reported: examples a second, examples in all, seconds so far."""

    speed: float
    of: int
    seconds: float


class RunProgress(TypedDict):
    """How far a run has come: steps and examples done, the pool and the place in it, the best measure so far, how many
    measures since were no better, seconds of training; `measured` and `finished` are marks of what is done.
    """

    step: int
    seen: int
    pool: int
    place: int
    best: CourseRow | None
    stale: int
    seconds: float
    measured: NotRequired[int]
    finished: NotRequired[int]


class Hardware(TypedDict):
    """What a run ran on."""

    processor: str
    threads: int
    processes: int
    device: str
    gpu: NotRequired[str]


class TrainingRecord(TypedDict, total=False):
    """training.json: of one run, or of a mean of models (`mean_of`), which has no course of its own."""

    finished: str
    model: WeightsFacts
    data: list[DataFacts]
    notes: dict[str, Any]
    recipe: dict[str, Any]
    steps: int
    examples_seen: int
    seconds: float
    best: CourseRow | None
    hardware: Hardware
    versions: dict[str, str]
    history: list[CourseRow]
    mean_of: list[WeightsFacts]
