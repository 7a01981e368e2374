"""Pieces that the passports coming with the catalog are made of."""

from __future__ import annotations

from typing import Final

from drystone.catalog.importing.imported import known
from drystone.catalog.passports.passport import Capability, Claim, Fact, Procedure, Reference
from drystone.catalog.passports.vocabulary import fact_kind, jobs

#: The day on which the texts were read.
READ: Final = "2026-11-30"


def does(
    id: str, description: str, evidence: list[Reference], *, outputs: tuple[str, ...] = (),
    inputs: tuple[str, ...] = (), limits: tuple[str, ...] = (), requirements: tuple[str, ...] = (),
    best_for: tuple[str, ...] = (),
) -> Capability:  # fmt: skip
    """Return a capability of the vocabulary."""
    return Capability(
        id=id, name=jobs()[id].name, description=description, intents=jobs()[id].intents, inputs=inputs,
        outputs=outputs, limits=limits, requirements=requirements, best_for=best_for, evidence=tuple(evidence),
    )  # fmt: skip


def disputed(name: str, settled_by: str, *claims: tuple[str | float, Reference], note: str | None = None) -> Fact:
    """Return a fact of which sources say different things."""
    made = []
    for value, quote in claims:
        unit = fact_kind(name).unit if isinstance(value, int | float) else None
        made.append(Claim(value=value, unit=unit, basis="declared", evidence=(quote,)))
    return Fact(name=name, status="disputed", claims=tuple(made), settled_by=settled_by, note=note)


def offline(evidence: Reference, *, is_so: bool, why: str) -> Fact:
    """Return whether an artifact needs no network once it is there, as it follows from what is quoted."""
    return known("offline", is_so, [evidence], "derived", Procedure(name=why, version="1"))
