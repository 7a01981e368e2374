"""Which licences are in a release, what they ask, and whether the kept files can be distributed under one policy.

Reads a release's ledger and evaluates policies again over what it says; changes nothing. Unknown stays unknown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

import pyarrow as pa
import pyarrow.dataset as ds

from drystone.errors import ReleaseError
from drystone.policy.licenses import BLUE_OAK, STACK_V2, LicensePolicy, evaluate, license_names
from drystone.policy.obligations import Obligations, obligations

#: Policies that a distribution can be judged by, by name.
POLICIES: Final = {"permissive": BLUE_OAK, "stack-v2": STACK_V2}

Answer = Literal["yes", "no", "unknown"]


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
class Report:
    """What `drystone licenses` says of one release.

    `distributable`: "yes" where every kept file is allowed by the policy, "no" where one is refused, "unknown" where
    none is refused but some cannot be judged. `without_license` counts kept files for which nothing was found.
    """

    kept: int
    without_license: int
    licenses: tuple[Used, ...]
    expressions: tuple[tuple[str, int], ...]
    distributable: Answer
    refused: tuple[Obstacle, ...]
    unknown: tuple[Obstacle, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON-able data."""
        return asdict(self)


def licenses_of_release(release: Path, policy: LicensePolicy = BLUE_OAK) -> Report:
    """Return the licences of the kept files of the release at `release`, judged by `policy`.

    Reads the columns decision, license_expression, license_type, origin and path of ledger/*.parquet. Raises
    `ReleaseError` where there is no readable ledger.
    """
    counts: Counter[str | None] = Counter()
    examples: dict[str | None, str] = {}
    for batch in _kept(release):
        expressions = batch.column("license_expression").to_pylist()
        paths = batch.column("path")
        origins = batch.column("origin")
        for row, expression in enumerate(expressions):
            counts[expression] += 1
            place = examples.get(expression)
            if place is None or counts[expression] < 50:
                here = f"{origins[row].as_py()}{paths[row].as_py()}"
                examples[expression] = min(place, here) if place is not None else here
    return _report(counts, examples, policy)


def _kept(release: Path) -> Iterable[pa.RecordBatch]:
    folder = release / "ledger"
    shards = sorted(folder.glob("*.parquet"))
    if not shards:
        raise ReleaseError(f"{release}: no ledger/*.parquet there. Is it a release? `drystone verify` tells.")
    try:
        table = ds.dataset([str(s) for s in shards], format="parquet")
        yield from table.to_batches(
            columns=["license_expression", "license_type", "origin", "path"], filter=ds.field("decision") == "kept"
        )
    except (pa.ArrowException, OSError, KeyError) as error:
        raise ReleaseError(f"{folder}: cannot be read as a ledger ({str(error).splitlines()[0]}).") from None


def _report(counts: Counter[str | None], examples: dict[str | None, str], policy: LicensePolicy) -> Report:
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
        (unknown if expression is None or verdict.reason.startswith("unknown") else refused).append(obstacle)
    order = sorted(named, key=lambda n: (-named[n], n))
    return Report(
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
