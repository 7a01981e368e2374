"""The words that passports share: jobs (ids of capabilities), names of facts, and what flows between artifacts."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Job(_Entry):
    """A thing that artifacts do.

    `judged_by`: facts that tell who does it better, the weightiest first. `costs`: facts that tell at what price; they
    are named beside, and decide nothing.
    """

    name: str
    intents: tuple[str, ...] = Field(min_length=1)
    judged_by: tuple[str, ...]
    costs: tuple[str, ...] = ()


class FactKind(_Entry):
    """What the name of a fact means. `better` is None where neither more nor less is; `kinds` of artifact have it.

    `questions`: how many a share in per cent was measured on, so that it is known how far chance could move it.
    """

    name: str
    title: str
    unit: str | None = None
    better: Literal["more", "less"] | None = None
    kinds: tuple[Literal["dataset", "reader"], ...] = ("dataset", "reader")
    questions: int | None = Field(None, ge=1)


class _Flow(_Entry):
    counts_as: tuple[str, ...] = ()


class _Vocabulary(BaseModel):
    model_config = ConfigDict(extra="forbid")

    jobs: dict[str, Job]
    facts: dict[str, FactKind]
    flows: dict[str, _Flow]


def jobs() -> dict[str, Job]:
    """Return all jobs by their ids, in the order of the file."""
    return _vocabulary().jobs


def fact_kinds() -> dict[str, FactKind]:
    """Return all facts that passports share by their names, in the order of the file."""
    return _vocabulary().facts


def fact_kind(name: str) -> FactKind:
    """Return what a fact's name means; of a name that is not shared only what it says itself."""
    return fact_kinds().get(name) or FactKind(name=name, title=name.replace("_", " ").replace(".", ", "))


@cache
def flows() -> dict[str, frozenset[str]]:
    """Return what can flow between artifacts, each with all that it counts as."""
    return {name: frozenset({name, *flow.counts_as}) for name, flow in _vocabulary().flows.items()}


@cache
def _vocabulary() -> _Vocabulary:
    tables = tomllib.loads(files("drystone.catalog.passports").joinpath("vocabulary.toml").read_text("utf-8"))
    facts = {name: {"name": name, **table} for name, table in tables["facts"].items()}
    return _Vocabulary.model_validate({**tables, "facts": facts})
