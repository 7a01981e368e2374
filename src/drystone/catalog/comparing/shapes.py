"""What a comparison says, as plain data. Knows no passport's file and no face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from drystone.catalog.passports.passport import Capability, Fact, Identity, text_of
from drystone.catalog.passports.vocabulary import FactKind


@dataclass(frozen=True, slots=True)
class AlignedJob:
    """One job: the capability by which each artifact does it, None where it does not.

    `likeness`: 1 where all share an id, else how near the intents are (0 to 1).
    """

    id: str
    name: str
    by: tuple[Capability | None, ...]
    likeness: float

    @property
    def doers(self) -> tuple[int, ...]:
        """The numbers of the artifacts that do it."""
        return tuple(at for at, capability in enumerate(self.by) if capability is not None)


@dataclass(frozen=True, slots=True)
class FactRow:
    """One fact of all artifacts, None where a passport does not speak of it.

    `ahead` is the number of the artifact whose value is better whatever the unknown ones are; None where that cannot be
    told, and `said` tells why.
    """

    kind: FactKind
    cells: tuple[Fact | None, ...]
    ahead: int | None
    said: str

    @property
    def texts(self) -> tuple[str, ...]:
        """The cells for people."""
        return tuple(map(text_of, self.cells))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows for one job: who does it better, by which facts, and what would turn that.

    `ahead`: the number of an artifact; None: it cannot be told. `rests_on`, `against` and `would_turn` are names of
    facts: those that decide, those in which another is ahead, those whose value is missing and counts as much or more.
    """

    job: str
    ahead: int | None
    rests_on: tuple[str, ...]
    against: tuple[str, ...]
    would_turn: tuple[str, ...]
    said: str


@dataclass(frozen=True, slots=True)
class Join:
    """What one artifact gives and another takes: artifacts by number, flows by name."""

    giver: int
    taker: int
    flows: tuple[str, ...]
    said: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Artifacts side by side. `verdicts` is empty where no job is shared; then `said` tells what each is for."""

    artifacts: tuple[Identity, ...]
    jobs: tuple[AlignedJob, ...]
    facts: tuple[FactRow, ...]
    verdicts: tuple[Verdict, ...]
    joins: tuple[Join, ...]
    state: Literal["compared", "no_shared_job"]
    said: str

    @property
    def shared(self) -> tuple[AlignedJob, ...]:
        """The jobs that two or more artifacts do."""
        return tuple(job for job in self.jobs if len(job.doers) > 1)
