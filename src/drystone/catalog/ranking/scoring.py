"""How artifacts are scored: aspects with weights by kind, and the scale of each measure. Reads scoring.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from drystone.catalog.passports.passport import ArtifactKind, Day, FactName, Line
from drystone.catalog.passports.reading import problems_of
from drystone.errors import UsageError
from drystone.release.files import read_bounded
from drystone.release.layout import shown

Aspect = Literal["adoption", "quality", "ecosystem", "matches", "freshness"]
ASPECTS: Final[tuple[Aspect, ...]] = get_args(Aspect)
#: Measures that no fact of a passport gives: the day of its newest version, and the outcomes of matches.
NEWEST: Final = "versions.newest"
OUTCOMES: Final = "matches.success_share"
#: Bytes of a file of this form.
_LARGEST: Final = 1_000_000

Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e15, le=1e15)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ScoredFact(_Entry):
    """One fact on a scale from 0 (`worst`) to 1 (`best`); `weight` is its share of its aspect."""

    fact: FactName
    aspect: Aspect
    weight: float = Field(gt=0, le=1000, allow_inf_nan=False)
    shape: Literal["linear", "log", "yes", "count", "age", "outcomes"]
    worst: Number | None = None
    best: Number | None = None
    half_life: float | None = Field(None, gt=0, le=1e5, allow_inf_nan=False)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.shape in {"linear", "log", "count"}:
            if self.worst is None or self.best is None or self.worst == self.best:
                raise ValueError(f"{self.fact}: a {self.shape} scale has a worst and a best that differ")
            if self.shape != "linear" and min(self.worst, self.best) <= 0:
                raise ValueError(f"{self.fact}: the ends of a {self.shape} scale are greater than 0")
        if (self.shape == "age") != (self.half_life is not None):
            raise ValueError(f"{self.fact}: an age has a half_life, and nothing else has")
        if (self.shape == "age") != (self.fact == NEWEST) or (self.shape == "outcomes") != (self.fact == OUTCOMES):
            raise ValueError(f"{self.fact}: {NEWEST} is an age, {OUTCOMES} are outcomes, and nothing else is")
        return self

    @property
    def of_passport(self) -> bool:
        """Whether a fact of the passport gives it."""
        return self.shape not in {"age", "outcomes"}

    @property
    def said(self) -> str:
        """The scale for people."""
        match self.shape:
            case "yes":
                return "yes counts all, no nothing"
            case "age":
                return f"half after {self.half_life:,.10g} days"
            case "outcomes":
                return "the share of people whose match succeeded"
            case _:
                steps = "" if self.shape == "linear" else ", by powers of ten"
                return f"{self.worst:,.10g} counts nothing, {self.best:,.10g} all{steps}"


class KindScoring(_Entry):
    """The weights of aspects (points, 100 together) and the measures of one kind of artifact."""

    weights: dict[Aspect, Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]]
    measures: tuple[ScoredFact, ...] = Field(min_length=1, max_length=200)

    @model_validator(mode="after")
    def _sums(self) -> Self:
        if abs(sum(self.weights.values()) - 100) > 1e-9:
            raise ValueError(f"the weights add up to {sum(self.weights.values()):g}, not 100")
        measured = {one.aspect for one in self.measures}
        odd = [name for name, weight in self.weights.items() if weight and name not in measured]
        odd += [name for name in measured if not self.weights.get(name)]
        if odd:
            raise ValueError(f"{odd[0]}: an aspect has a weight and measures, or neither")
        names = [one.fact for one in self.measures]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise ValueError(f"{twice[0]}: a fact is measured once")
        return self

    def points(self, measure: ScoredFact) -> float:
        """Return how many of the 100 points a measure can give: no fact moves a rank by more."""
        whole = sum(one.weight for one in self.measures if one.aspect == measure.aspect)
        return self.weights[measure.aspect] * measure.weight / whole


class Scoring(_Entry):
    """One version of how artifacts are ranked."""

    version: Line
    date: Day
    about: Line
    declared: float = Field(ge=0, le=1, allow_inf_nan=False)
    dataset: KindScoring
    reader: KindScoring

    def of(self, kind: ArtifactKind) -> KindScoring:
        """Return the weights and measures of a kind."""
        return self.dataset if kind == "dataset" else self.reader


@cache
def scorings() -> dict[str, Scoring]:
    """Return all versions that come with the program, the one in use first."""
    folder = files("drystone.catalog.ranking")
    earlier = [one for one in folder.joinpath("earlier").iterdir() if one.name.endswith(".toml")]
    texts = [folder.joinpath("scoring.toml"), *sorted(earlier, key=lambda one: one.name, reverse=True)]
    found = [_read(one.read_bytes(), one.name) for one in texts]
    return {one.version: one for one in found}


def find_scoring(which: str | None = None) -> Scoring:
    """Return how it is scored by a version or the path of a file like scoring.toml; None: the version in use.

    Raises `UsageError`, which names each key at fault.
    """
    if which is None:
        return next(iter(scorings().values()))
    if which in scorings():
        return scorings()[which]
    if not Path(which).is_file():
        raise UsageError(f"{shown(which)}: is no version of the scoring ({', '.join(scorings())}) and no file.")
    return _read(read_bounded(Path(which), _LARGEST), which)


def _read(data: bytes, name: str) -> Scoring:
    try:
        return Scoring.model_validate(tomllib.loads(data.decode()))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{shown(name)}: is not TOML: {error}") from None
    except ValidationError as error:
        raise UsageError("\n".join(f"{shown(name)}: {shown(line)}" for line in problems_of(error))) from None
