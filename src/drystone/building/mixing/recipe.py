"""What a mixture is made of: the tables of a mixture file, each with its keys, their defaults and what they may be."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from drystone.building.settings import Lines, problems_of
from drystone.errors import SettingsError, UsageError
from drystone.release.files import read_bounded_text
from drystone.release.layout import shown
from drystone.release.manifest import VERSION

_LARGEST = 1 << 20


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MixedRelease(_Part):
    """What the mixture is called, and where it goes."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$")
    version: str = Field("1.0.0", pattern=VERSION)
    output: Path
    description: str = ""
    date: str | None = Field(None, pattern=r"^\d{4}-\d{2}-\d{2}$")


class MixtureSettings(_Part):
    """Of which release, in which groups, and how the groups share what is taken.

    A group's share is its size to the power of 1 / `temperature`: at 1 as it is, above it small groups get more.
    """

    release: Path
    by: Literal["language", "license_type", "license_expression"] = "language"
    temperature: float = Field(1.0, gt=0, allow_inf_nan=False)
    seed: int = Field(0, ge=0)
    when_short: Literal["refuse", "take-all"] = "refuse"


class BudgetSettings(_Part):
    """How much is taken: tokens of a tokenizer, bytes of text, or files; by default as much as the shares allow."""

    tokens: int | None = Field(None, ge=1)
    bytes: int | None = Field(None, ge=1)
    files: int | None = Field(None, ge=1)
    tokenizer: Path | None = None

    @model_validator(mode="after")
    def _one(self) -> BudgetSettings:
        if sum(value is not None for value in (self.tokens, self.bytes, self.files)) > 1:
            raise ValueError("a budget is in tokens, bytes or files, not in several of them")
        if self.tokens is not None and self.tokenizer is None:
            raise ValueError("tokens are counted by a tokenizer: name a tokenizer.json as 'tokenizer'")
        return self


class OnlySettings(_Part):
    """Which files may be taken at all; a list without anything allows everything.

    `scores`: what `drystone score` has written of this release; `least_score`: the least score, from 0 to 5.
    """

    languages: tuple[str, ...] = ()
    licenses: tuple[str, ...] = ()
    license_types: tuple[str, ...] = ()
    scores: Path | None = None
    least_score: float | None = Field(None, ge=0, le=5)

    @model_validator(mode="after")
    def _scored(self) -> OnlySettings:
        if (self.scores is None) != (self.least_score is None):
            raise ValueError("scores and least_score go together")
        return self


class Mixture(_Part):
    """A mixture file. `weights`: shares by group in the place of the temperature's; other groups get nothing."""

    release: MixedRelease
    mixture: MixtureSettings
    budget: BudgetSettings = BudgetSettings()
    only: OnlySettings = OnlySettings()
    weights: dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = {}

    def configuration(self) -> dict[str, JsonValue]:
        """Return what decides the content, without names of the machine."""
        found = self.model_dump(mode="json", exclude={"release": True, "mixture": {"release"}, "budget": {"tokenizer"}})
        found["only"] = {name: value for name, value in found["only"].items() if name != "scores"}
        return found


def load_mixture(path: Path) -> Mixture:
    """Read a mixture file; relative paths are relative to it. Raises `SettingsError` with every problem, by line."""
    text = read_bounded_text(path, _LARGEST)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{shown(str(path))}: is no TOML: {error}") from None
    try:
        found = Mixture.model_validate_json(json.dumps(content, default=str), strict=True)
    except ValidationError as error:
        lines = Lines(path, text)
        raise SettingsError([lines.problem(*problem) for problem in problems_of(error)]) from None
    base = path.parent
    at = {name: None if place is None else base / place for name, place in _places(found).items()}
    return found.model_copy(
        update={
            "release": found.release.model_copy(update={"output": at["output"]}),
            "mixture": found.mixture.model_copy(update={"release": at["release"]}),
            "budget": found.budget.model_copy(update={"tokenizer": at["tokenizer"]}),
            "only": found.only.model_copy(update={"scores": at["scores"]}),
        }
    )


def _places(mixture: Mixture) -> dict[str, Path | None]:
    return {
        "output": mixture.release.output,
        "release": mixture.mixture.release,
        "tokenizer": mixture.budget.tokenizer,
        "scores": mixture.only.scores,
    }
