"""What a later version of a release lost: a file that an older one has, and what the later one says of it.

What a retraction takes out leaves no row behind, so that the tombstone of the version before is all that can be told.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Final

from drystone._words import many
from drystone.release.columns import LedgerRow
from drystone.release.layout import shown
from drystone.release.manifest import EarlierVersion
from drystone.release.read import Release
from drystone.release.versions.numbers import RETRACTION, read_tombstone
from drystone.search.occurrences.rows import Fetch, KeptFiles, Owner, bring_ledger, evidence_of, is_here, owners
from drystone.search.occurrences.shapes import LostBy, LostFile
from drystone.search.segment import Segment

_DUPLICATES: Final = frozenset({"exact_duplicate", "near_duplicate"})
_OPTED_OUT: Final = "opted_out"


def newest(releases: Sequence[Release]) -> list[int | None]:
    """Return for each release which of them is the newest of the same name; None where it is that itself."""
    found: dict[str, int] = {}
    numbers = [number(release.manifest.facts.version) for release in releases]
    for at, release in enumerate(releases):
        best = found.setdefault(release.manifest.facts.name, at)
        if numbers[at] > numbers[best]:
            found[release.manifest.facts.name] = at
    ends = [found[release.manifest.facts.name] for release in releases]
    return [end if numbers[end] > numbers[at] else None for at, end in enumerate(ends)]


def number(version: str) -> tuple[int, ...]:
    """Return a version as numbers that compare; a version that is none comes before all."""
    parts = version.split(".")
    return tuple(int(part) for part in parts) if all(part.isdecimal() and len(part) < 10 for part in parts) else ()


class LaterVersion:
    """The later version that files of an older one are looked for in."""

    def __init__(self, release: Release, segments: Sequence[Segment], fetch: Fetch = is_here) -> None:
        self._release, self._kept, self._fetch = release, KeptFiles(release, segments), fetch

    @cached_property
    def _owners(self) -> dict[str, Owner]:
        bring_ledger(self._release, self._fetch)
        return owners(self._release)

    @cached_property
    def _ids(self) -> dict[str, list[str]]:
        """Ids of repositories by origin: there is one for each revision."""
        found: dict[str, list[str]] = {}
        for id_, owner in self._owners.items():
            found.setdefault(owner["origin"], []).append(id_)
        return found

    def lost(self, older: EarlierVersion, origin: str, path: str, swhid: str) -> LostFile | None:
        """Return how this version lost a kept file of `older`; None where it has the file still, at the same place.

        Raises `ReleaseError` where the ledger is damaged.
        """
        place = self._kept.place(swhid)
        kept = None
        if place is not None:
            segment, file = place
            kept = (str(segment.value("origin", file)), str(segment.value("path", file)))
            if kept == (origin, path):
                return None
        ids = self._ids.get(origin, [])
        row = next((row for id_ in ids for row in self._rows(id_, path)), None)
        if row is not None:
            return None if row["decision"] == "kept" and row["swhid"] == swhid else self._from_row(row, swhid)
        if kept is not None:
            where = kept[1] if kept[0] == origin else f"{kept[0]}:{kept[1]}"
            return self._lost("moved", f"the same bytes lie at {shown(where)} in it", path=kept[1], swhid=swhid)
        if not ids:
            return self._without_repository(older)
        row = next((row for id_ in ids for row in self._elsewhere(id_, swhid)), None)
        if row is not None:
            return self._lost(
                "moved", f"the same bytes lie at {shown(row['path'])} in it, which is dropped for {row['reason']}", row
            )
        return self._lost("removed", "its repository has no such file any more")

    def _from_row(self, row: LedgerRow, swhid: str) -> LostFile:
        if row["swhid"] != swhid:
            now = "" if row["decision"] == "kept" else f", which are dropped for {row['reason']}"
            return self._lost("changed", f"other bytes lie at its path{now}", row)
        if row["reason"] == _OPTED_OUT:
            return self._lost("opted_out", "it was opted out", row)
        if row["reason"] in _DUPLICATES:
            return self._lost("duplicate", f"{shown(row['kept_path'] or 'another file')} stands for it", row)
        return self._lost("dropped", f"it is dropped for {row['reason']}", row)

    def _without_repository(self, older: EarlierVersion) -> LostFile:
        """Return what can be told of a file whose repository is not in this version."""
        facts = self._release.manifest.facts
        since = [line for line in facts.lineage if number(line.version) >= number(older.version)]
        requests = self._requests([line.root for line in since if line.retracted])
        if len(since) == 1 and since[0].root == older.root and since[0].retracted:
            # Between these two lies one retraction and nothing else, and only that takes repositories out.
            return self._lost("retracted", "its repository was taken back", evidence={"requests": requests})
        text = "its repository is not in it"
        if any(line.retracted for line in since):
            text += "; between the two something was retracted"
        if facts.opted_out_repositories:
            text += (
                f"; it leaves out {many(facts.opted_out_repositories, 'opted-out repository')}, which it does not name"
            )
        return self._lost("repository_missing", text, evidence={"requests": requests} if requests else None)

    def _requests(self, roots: Sequence[str]) -> list[str]:
        """Return the requests that retractions of these versions followed, as far as their tombstones lie here.

        Raises `ReleaseError` for one that cannot be read.
        """
        found: set[str] = set()
        for path in sorted(self._release.path.glob("tombstones/*.json")):
            stone = read_tombstone(path)
            if stone["reason"] == RETRACTION and stone["root"] in roots:
                found.update(stone["requests"])
        return sorted(found)

    def _rows(self, repository_id: str, path: str) -> list[LedgerRow]:
        return [row for table in self._release.ledger_of(repository_id, path) for row in table.to_pylist()]

    def _elsewhere(self, repository_id: str, swhid: str) -> list[LedgerRow]:
        tables = self._release.ledger_of(repository_id)
        return [row for table in tables for row in table.to_pylist() if row["swhid"] == swhid]

    def _lost(
        self, by: LostBy, text: str, row: LedgerRow | None = None, *, path: str | None = None,
        swhid: str | None = None, evidence: dict[str, list[str]] | None = None,
    ) -> LostFile:  # fmt: skip
        version = self._release.manifest.facts.version
        text = f"not in {shown(version)}: {text}"
        if row is None:
            return LostFile(version, by, text, path=path, swhid=swhid, evidence=evidence)
        return LostFile(version, by, text, row["stage"], row["reason"], evidence_of(row), row["path"], row["swhid"])
