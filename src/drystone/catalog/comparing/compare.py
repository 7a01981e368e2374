"""Compares artifacts by their passports: jobs aligned, facts side by side, a verdict for each job or a refusal.

Where a value is unknown or disputed, all values that it may have are looked at; who is ahead in every case is ahead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from scipy.optimize import linear_sum_assignment

from drystone.catalog.comparing.likeness import SAME, likeness
from drystone.catalog.comparing.shapes import AlignedJob, Comparison, FactRow, Join, Verdict
from drystone.catalog.passports.intervals import NOWHERE, fact_ends
from drystone.catalog.passports.passport import Capability, Fact, Passport, text_of
from drystone.catalog.passports.vocabulary import FactKind, fact_kind, fact_kinds, flows, jobs
from drystone.errors import UsageError

#: Artifacts that are compared at once.
MOST: Final = 12


def compare_passports(passports: Sequence[Passport]) -> Comparison:
    """Compare two or more artifacts. Raises `UsageError` for fewer, more than `MOST`, or one twice."""
    names = [passport.artifact.name for passport in passports]
    if not 2 <= len(names) <= MOST:
        raise UsageError(f"compare takes 2 to {MOST} artifacts, not {len(names)}")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"{twice} is named twice")
    aligned = _aligned(passports)
    rows = _rows(passports)
    shared = [job for job in aligned if len(job.doers) > 1]
    verdicts = tuple(_verdict(job.id, job.name, job.doers, passports) for job in shared)
    joins = tuple(_joins(passports))
    titles = tuple(passport.artifact for passport in passports)
    both = titles, tuple(aligned), tuple(rows.values()), verdicts, joins
    if shared:
        return Comparison(*both, "compared", _in_short(verdicts, passports))
    return Comparison(*both, "no_shared_job", _apart(passports, joins))


def job_verdict(capability: str, one: Passport, other: Passport) -> Verdict:
    """Judge two artifacts that both have a capability by it alone, as `compare_passports` does for each shared job.

    `ahead` is 0 or 1, or None where what is known does not tell.
    """
    named = next((each.name for each in one.capabilities if each.id == capability), "")
    return _verdict(capability, _job_name(capability, named), (0, 1), (one, other))


def _aligned(passports: Sequence[Passport]) -> list[AlignedJob]:
    """Return all jobs, those that most artifacts do first; each artifact in turn is assigned to the jobs so far."""
    groups: list[list[Capability | None]] = []
    near: list[float] = []
    for at, passport in enumerate(passports):
        mine = passport.capabilities
        chances = np.array(
            [[max((likeness(one, other) for other in group if other), default=0.0) for one in mine] for group in groups]
        ).reshape(len(groups), len(mine))
        chances[chances < SAME] = 0.0
        taken = set()
        for row, column in zip(*linear_sum_assignment(chances, maximize=True), strict=True):
            if chances[row, column] > 0:
                groups[row].append(mine[column])
                near[row] = min(near[row], float(chances[row, column]))
                taken.add(int(column))
        for group in groups:
            group.extend([None] * (at + 1 - len(group)))
        fresh = [one for number, one in enumerate(mine) if number not in taken]
        groups.extend([*[None] * at, one] for one in fresh)
        near.extend([1.0] * len(fresh))
    found = [_job(group, chance) for group, chance in zip(groups, near, strict=True)]
    return sorted(found, key=lambda job: (-len(job.doers), job.doers))


def _job(group: list[Capability | None], chance: float) -> AlignedJob:
    there = [one for one in group if one is not None]
    known = next((one for one in there if one.id in jobs()), there[0])
    return AlignedJob(known.id, _job_name(known.id, known.name), tuple(group), chance)


def _rows(passports: Sequence[Passport]) -> dict[str, FactRow]:
    """Return the facts of all passports by name: those of the vocabulary in its order, then others by name."""
    spoken = {fact.name for passport in passports for fact in passport.facts}
    names = [name for name in fact_kinds() if name in spoken] + sorted(spoken - fact_kinds().keys())
    titles = [passport.artifact.title for passport in passports]
    kinds = [fact_kind(name) for name in names]
    return {kind.name: _row(kind, tuple(_cell(one, kind) for one in passports), titles) for kind in kinds}


def _cell(passport: Passport, kind: FactKind) -> Fact | None:
    """Return a fact of an artifact; of another kind of artifact it is not applicable, where the passport is silent."""
    found = passport.fact(kind.name)
    if found is None and passport.artifact.kind not in kind.kinds:
        return Fact(name=kind.name, status="not_applicable")
    return found


def _row(kind: FactKind, cells: tuple[Fact | None, ...], titles: Sequence[str]) -> FactRow:
    if kind.better is None:
        return FactRow(kind, cells, None, "neither more nor less of it is better")
    if any(cell is not None and cell.status == "not_applicable" for cell in cells):
        return FactRow(kind, cells, None, "not applicable to all")
    claims = [claim for cell in cells if cell is not None for claim in cell.claims]
    if any(claim.number is None for claim in claims):
        return FactRow(kind, cells, None, "not said in numbers")
    units = {claim.unit for claim in claims}
    if len(units) > 1:
        return FactRow(kind, cells, None, "in different units: " + ", ".join(sorted(str(unit) for unit in units)))
    ranges = [fact_ends(cell, kind.questions) for cell in cells]
    open_ = [title for title, found in zip(titles, ranges, strict=True) if found == NOWHERE]
    if open_:
        return FactRow(kind, cells, None, "not known of " + ", ".join(open_))
    sign = 1 if kind.better == "more" else -1
    lows = [min(sign * low, sign * high) for low, high in ranges]
    highs = [max(sign * low, sign * high) for low, high in ranges]
    best = max(range(len(cells)), key=lows.__getitem__)
    if all(lows[best] > high for at, high in enumerate(highs) if at != best):
        return FactRow(kind, cells, best, f"{titles[best]} has {kind.better}")
    return FactRow(
        kind,
        cells,
        None,
        "equal" if len(set(ranges)) == 1 and lows == highs else "too near to tell: their intervals overlap",
    )


def _verdict(id: str, name: str, doing: Sequence[int], passports: Sequence[Passport]) -> Verdict:
    """Judge a job, which the artifacts at `doing` do, by the facts that the vocabulary names for it.

    The first that decides, decides.
    """
    titles = [passports[at].artifact.title for at in doing]
    known = jobs().get(id)

    def rows(names: Sequence[str]) -> dict[str, FactRow]:
        kinds = [fact_kind(fact) for fact in names if fact_kind(fact).better is not None]
        return {kind.name: _row(kind, tuple(passports[at].fact(kind.name) for at in doing), titles) for kind in kinds}

    judged = rows(known.judged_by if known is not None else ())
    decided = next((fact for fact, row in judged.items() if row.ahead is not None), None)
    if decided is None:
        missing = tuple(fact for fact, row in judged.items() if row.said != "equal")
        return Verdict(id, None, (), (), missing, _untold(name, judged))
    ahead = judged[decided].ahead
    assert ahead is not None
    every = judged | rows(known.costs if known is not None else ())
    for_it = tuple(fact for fact, row in judged.items() if row.ahead == ahead)
    against = tuple(fact for fact, row in every.items() if row.ahead not in {None, ahead})
    before = list(judged)[: list(judged).index(decided)]
    would_turn = tuple(fact for fact in before if judged[fact].said != "equal")

    def shown(names: Sequence[str]) -> str:
        return _listed([f"{_title(fact)} ({_values(every[fact], titles)})" for fact in names])

    said = f"{titles[ahead]} is ahead at this: {name}. It rests on: {shown(for_it)}"
    if against:
        said += f". Against it: {shown(against)}"
    if would_turn:
        said += ". What could turn it: " + _listed([f"{_title(fact)}, {judged[fact].said}" for fact in would_turn])
    return Verdict(id, doing[ahead], for_it, against, would_turn, said + ".")


def _untold(name: str, here: dict[str, FactRow]) -> str:
    if not here:
        return f"Both do this: {name}. No fact is agreed on that would tell who does it better."
    reasons = [f"{_title(fact)}, {row.said}" for fact, row in here.items()]
    return f"Who is ahead at this cannot be told: {name}. What would tell it: " + _listed(reasons) + "."


def _in_short(verdicts: Sequence[Verdict], passports: Sequence[Passport]) -> str:
    told = [verdict for verdict in verdicts if verdict.ahead is not None]
    count = "1 job is shared" if len(verdicts) == 1 else f"{len(verdicts)} jobs are shared"
    if not told:
        return f"{count}; no known fact tells who is ahead at any."
    parts = []
    for at, passport in enumerate(passports):
        mine = [_job_name(verdict.job) for verdict in told if verdict.ahead == at]
        if mine:
            parts.append(f"{passport.artifact.title} is ahead at: " + "; ".join(mine))
    left = len(verdicts) - len(told)
    return f"{count}. " + ". ".join(parts) + "." + (f" Of {left} it cannot be told." if left else "")


def _apart(passports: Sequence[Passport], joins: Sequence[Join]) -> str:
    said = ["No shared job, so that neither is better."]
    for passport in passports:
        does = _listed([_job_name(one.id, one.name) for one in passport.capabilities[:3]])
        said.append(f"{passport.artifact.title}: {does or 'no capability is known'}.")
    return " ".join([*said, *(join.said for join in joins)])


def _joins(passports: Sequence[Passport]) -> list[Join]:
    """Return what flows from one kind of artifact into another, with what it takes to get it."""
    found = []
    for giver, one in enumerate(passports):
        for taker, other in enumerate(passports):
            if one.artifact.kind == other.artifact.kind:
                continue
            taken = {flow for capability in other.capabilities for flow in capability.inputs}
            giving = {
                flow: capability.requirements
                for capability in one.capabilities
                for flow in capability.outputs
                if flows().get(flow, frozenset({flow})) & taken
            }
            if giving:
                needs = "; ".join(dict.fromkeys(need.rstrip(".") for each in giving.values() for need in each))
                said = (
                    f"They join: {other.artifact.title} takes what {one.artifact.title} gives ({_flow_names(giving)})."
                )
                said += f" It needs: {needs}." if needs else ""
                found.append(Join(giver, taker, tuple(sorted(giving)), said))
    return found


def _flow_names(names: Iterable[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in sorted(names))


def _job_name(id: str, otherwise: str = "") -> str:
    return jobs()[id].name if id in jobs() else otherwise or id


def _title(name: str) -> str:
    return fact_kind(name).title


def _values(row: FactRow, titles: Sequence[str]) -> str:
    return ", ".join(f"{title} {text_of(cell)}" for title, cell in zip(titles, row.cells, strict=True))


def _listed(parts: Sequence[str]) -> str:
    return "; ".join(parts)
