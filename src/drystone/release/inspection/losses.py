"""What was promised and did not come, counted by kind and cause.

Directories, contents and repositories that a source names and cannot give are rows of the ledger; this counts them, of
rows that are not written yet, and of a release. Knows no source and no rule.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Final

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from drystone._words import many
from drystone.release.read import Release

#: Reasons, as the ledger has them, of rows that stand for something which did not come: bytes of a file, which were not
#: there or came damaged; a directory, or the rest of an archive or a tree; a repository.
CONTENT: Final = "lost_content"
DAMAGED: Final = "damaged"
DIRECTORY: Final = "lost_directory"
REPOSITORY: Final = "lost_repository"
LOST: Final = (CONTENT, DAMAGED, DIRECTORY, REPOSITORY)
#: Causes that are shown of each kind; the others are counted together.
_SHOWN: Final = 3
_ID: Final = re.compile(r"\b[0-9a-f]{16,}\b")
_NAMED: Final = re.compile(r"^\S+ cannot be had: ")

#: Rows of the ledger by reason and cause.
Causes = dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Losses:
    """What did not come of `occurrences` (rows of the ledger) and `repositories`.

    `causes`: rows by reason (one of `LOST`) and cause. `empty`: by the reason why, repositories that have no files, and
    of which nothing is missing.
    """

    occurrences: int
    repositories: int
    causes: Mapping[str, Mapping[str, int]]
    empty: Mapping[str, int]

    @property
    def lost(self) -> int:
        """Rows of the ledger that stand for something that did not come; what a lost directory holds nobody knows."""
        return sum(sum(of_reason.values()) for of_reason in self.causes.values())

    @property
    def share(self) -> float:
        """The share of rows that are lost, or that of repositories where it is greater: from 0 to 1."""
        gone = sum(self.causes.get(REPOSITORY, {}).values())
        return max(self.lost / max(self.occurrences, 1), gone / max(self.repositories, 1))

    def summary(self) -> dict[str, object]:
        """Return all of it as plain data, with `lost` and `share`."""
        return {"lost": self.lost, "share": self.share, **asdict(self)}

    def told(self) -> list[str]:
        """Return one line for each kind of thing that did not come, and one for repositories that are empty."""
        contents: Counter[str] = Counter()
        for reason in (CONTENT, DAMAGED):
            contents.update(self.causes.get(reason, {}))
        directories, gone = self.causes.get(DIRECTORY, {}), self.causes.get(REPOSITORY, {})
        of = many(self.repositories, "repository")
        kinds: list[tuple[Mapping[str, int], Callable[[int], str]]] = [
            (contents, lambda n: f"{n:,} of {many(self.occurrences, 'content')} could not be had"),
            (directories, lambda n: f"{many(n, 'directory')} did not come, with all that is below"),
            (gone, lambda n: f"{n:,} of {of} could not be read"),
            (self.empty, lambda n: f"{n:,} of {of} {'is' if n == 1 else 'are'} empty, with nothing missing"),
        ]
        return [f"{say(sum(found.values()))}: {_shown(found)}" for found, say in kinds if found]


def losses_of(release: Release) -> Losses:
    """Count what did not come of a release, in one pass over its ledger and its list of repositories.

    Raises `ReleaseError` where they are damaged.
    """
    causes: Causes = {}
    for table in release.ledger(["reason", "evidence"]):
        add(causes, table)
    empty: Counter[str] = Counter()
    for table in release.repositories(["status", "problem", "metadata"]):
        for row in table.filter(pc.equal(table.column("status"), "empty")).to_pylist():
            if is_empty(row["status"], orjson.loads(row["metadata"])):
                empty[row["problem"]] += 1
    counts = release.manifest.counts
    return Losses(counts.occurrences, counts.repositories, causes, empty)


def add(causes: Causes, rows: pa.Table) -> None:
    """Count rows with `reason` and `evidence`, as the ledger has them, by reason and cause."""
    gone = rows.filter(pc.is_in(rows.column("reason"), pa.array(LOST)))
    for reason, evidence in zip(*(gone.column(name).to_pylist() for name in ("reason", "evidence")), strict=True):
        of_reason = causes.setdefault(reason, {})
        why = cause(evidence)
        of_reason[why] = of_reason.get(why, 0) + 1


def together(found: Iterable[Causes]) -> Causes:
    """Return the sums of several counts, by reason and cause."""
    sums: dict[str, Counter[str]] = {}
    for causes in found:
        for reason, of_reason in causes.items():
            sums.setdefault(reason, Counter()).update(of_reason)
    return {reason: dict(sorted(of_reason.items())) for reason, of_reason in sorted(sums.items())}


def cause(evidence: str | None) -> str:
    """Return why something did not come, without what is particular to it, so that equal causes count together."""
    said = orjson.loads(evidence) if evidence else {}
    why = str(said.get("problem") or said.get("why") or "nobody knows why")
    return _ID.sub("...", _NAMED.sub("", why))


def is_empty(status: str, metadata: Mapping[str, object]) -> bool:
    """Whether a repository has no files of its own, and not because another one with the same files stands for it."""
    return status == "empty" and "same_directory_as" not in metadata


def _shown(found: Mapping[str, int]) -> str:
    most = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
    if len(most) == 1:
        return most[0][0]
    said = [f"{why} ({count:,})" for why, count in most[:_SHOWN]]
    others = sum(count for _, count in most[_SHOWN:])
    return "; ".join([*said, *([f"for other reasons ({others:,})"] if others else [])])
