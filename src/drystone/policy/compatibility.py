"""Which licences are in a release, what they ask, and whether the kept files can be distributed under one policy.

Reads a release's ledger and evaluates policies again over what it says; changes nothing. Unknown stays unknown.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow.compute as pc

from drystone.policy.decision import KEPT
from drystone.policy.licenses import BLUE_OAK, STACK_V2, Ground, LicensePolicy, evaluate, license_names
from drystone.policy.obligations import Obligations, YesNoUnknown, obligations
from drystone.release.verbs import opened

if TYPE_CHECKING:
    from drystone.release.verbs import AnyRelease

#: Policies that a distribution can be judged by, by name.
POLICIES: Final = {"permissive": BLUE_OAK, "stack-v2": STACK_V2}

#: Grounds on which nobody can say whether a file may be distributed.
_OPEN: Final = frozenset({Ground.ABSENT, Ground.UNKNOWN})
#: Files of one licence among which the example is the smallest path.
_COMPARED: Final = 50


@dataclass(frozen=True, slots=True)
class Used:
    """One licence of a release: kept files that name it, files that name it alone, and what it asks."""

    license: str
    files: int
    alone: int
    asks: Obligations


@dataclass(frozen=True, slots=True)
class Obstacle:
    """An expression that the policy does not accept (or cannot judge), with its number of kept files and an example."""

    expression: str
    files: int
    reason: str
    example: str


@dataclass(frozen=True, slots=True)
class LicenseReport:
    """What `drystone licenses` says of one release.

    `distributable`: "yes" where every kept file is allowed by the policy, "no" where one is refused, "unknown" where
    none is refused but some cannot be judged. `without_license` counts kept files for which nothing was found.
    """

    kept: int
    without_license: int
    licenses: tuple[Used, ...]
    expressions: tuple[tuple[str, int], ...]
    distributable: YesNoUnknown
    refused: tuple[Obstacle, ...]
    unknown: tuple[Obstacle, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON-able data."""
        return asdict(self)


def licenses_of_release(release: AnyRelease, policy: LicensePolicy = BLUE_OAK) -> LicenseReport:
    """Return the licences of the kept files of a release, judged by `policy`.

    Reads the columns decision, license_expression, origin and path of its ledger. Raises `ReleaseError` where there is
    no release, or its ledger is damaged.
    """
    counts: Counter[str | None] = Counter()
    examples: dict[str | None, str] = {}
    for table in opened(release).ledger(["license_expression", "origin", "path", "decision"]):
        kept = table.filter(pc.equal(table.column("decision"), KEPT.decision))
        columns = (kept.column(name).to_pylist() for name in ("license_expression", "origin", "path"))
        for expression, origin, path in zip(*columns, strict=True):
            counts[expression] += 1
            place = examples.get(expression)
            if place is None or counts[expression] < _COMPARED:
                examples[expression] = min(place or f"{origin}{path}", f"{origin}{path}")
    return _report(counts, examples, policy)


def _report(counts: Counter[str | None], examples: dict[str | None, str], policy: LicensePolicy) -> LicenseReport:
    named: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    refused: list[Obstacle] = []
    unknown: list[Obstacle] = []
    for expression, files in counts.items():
        names = license_names(expression)
        named.update(dict.fromkeys(names, files))
        if len(names) == 1:
            alone[names[0]] += files
        verdict = evaluate(expression, policy)
        if verdict.allowed:
            continue
        obstacle = Obstacle(expression or "(none found)", files, verdict.reason, examples[expression])
        (unknown if verdict.ground in _OPEN else refused).append(obstacle)
    order = sorted(named, key=lambda n: (-named[n], n))
    return LicenseReport(
        kept=sum(counts.values()),
        without_license=counts.get(None, 0),
        licenses=tuple(Used(n, named[n], alone[n], obligations(n)) for n in order),
        expressions=tuple(
            sorted(((e or "(none found)", c) for e, c in counts.items()), key=lambda row: (-row[1], row[0]))
        ),
        distributable="no" if refused else "unknown" if unknown else "yes",
        refused=tuple(sorted(refused, key=lambda o: (-o.files, o.expression))),
        unknown=tuple(sorted(unknown, key=lambda o: (-o.files, o.expression))),
    )
