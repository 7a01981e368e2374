"""What became of a quote in a release: the very version it was cited from, or a later one. Knows no reader.

The ledger says why a file is not there, the tombstones whether it was taken back. What neither tells is said to be
unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from drystone.answer.citing import CitedFile, CitedRelease
from drystone.answer.permalinks import Permalink
from drystone.answer.shapes import CheckedCitation, Citation, State
from drystone.errors import ReleaseError, UsageError
from drystone.release.layout import shown
from drystone.release.manifest import EarlierVersion
from drystone.release.read import Release
from drystone.search.occurrences.lost import LaterVersion, number
from drystone.search.occurrences.shapes import LostFile

#: How a file is lost by somebody's request: by itself, or what took its place by its reason in the ledger.
_WITHDRAWN: Final = frozenset({"opted_out", "retracted"})


@dataclass(frozen=True, slots=True)
class CitedQuote:
    """A quote as it was cited: its permalink; where they are known its words, and the SHA-256 of the text around."""

    link: Permalink
    quote: bytes | None = None
    released_sha256: str | None = None

    @property
    def core(self) -> str:
        """The content's core SWHID."""
        return str(self.link.swhid.core)

    @property
    def place(self) -> tuple[str, str]:
        """Origin and path, as a release writes them."""
        return _plain(self.link.swhid.origin or ""), self.link.path

    def stands(self, data: bytes) -> bool:
        """Whether the quote stands at its bytes of a text."""
        return self.link.quote.is_of(data[self.link.start : self.link.end])

    def find(self, data: bytes) -> int:
        """Return where in a text the quote stands, as near to its old place as may be; -1 where it does not."""
        start = self.link.start
        if self.quote is None:
            return self.link.quote.find(data, start)
        places = [data.rfind(self.quote, 0, start + len(self.quote)), data.find(self.quote, start)]
        return min((at for at in places if at >= 0), key=lambda at: abs(at - start), default=-1)


class Resolver:
    """A release in which quotes are looked for. Not for several threads."""

    def __init__(self, release: Release) -> None:
        self._release, self._cited = release, CitedRelease(release)
        facts = release.manifest.facts
        self._lineage = {line.root for line in facts.lineage}

    def resolve(self, wanted: CitedQuote) -> CheckedCitation:
        """Say what became of a quote here. Raises `ReleaseError` where the release is damaged."""
        kept = self._cited.kept(wanted.core, at=wanted.place)
        if kept is not None and (kept.row["origin"], kept.row["path"]) == wanted.place:
            return self._in_text(wanted, kept, None)
        lost = self._later.lost(self._of(wanted), *wanted.place, wanted.core)
        if lost is None:
            place = shown(str(self._release.path))
            raise ReleaseError(f"{place}: its ledger keeps {wanted.core}, no shard has it; run drystone verify")
        if wanted.link.root == self._release.root:
            return self._said(wanted, "never_there", "the version that is cited keeps no such file at this place")
        if lost.by in _WITHDRAWN or lost.reason in _WITHDRAWN:
            return self._said(wanted, "withdrawn", f"it was taken out of the release: {lost.text}", lost=lost)
        if kept is None and lost.by == "changed" and lost.swhid is not None:
            kept = self._cited.kept(lost.swhid, at=wanted.place)
        if kept is not None:
            return self._in_text(wanted, kept, lost)
        if lost.by == "changed":
            return self._said(wanted, "changed", lost.text, lost=lost)
        return self._said(wanted, "gone", self._gone(wanted, lost), lost=lost)

    def _in_text(self, wanted: CitedQuote, kept: CitedFile, lost: LostFile | None) -> CheckedCitation:
        """Look for the quote in a text: that of the file cited, of the same bytes elsewhere, or what took its place."""
        link, data, sha256 = wanted.link, kept.data, wanted.released_sha256
        same, stands = self._release.root == link.root, wanted.stands(data)
        other = sha256 is not None and sha256 != kept.row["released_sha256"]
        if same and other:
            return self._said(
                wanted, "never_there", "the version that is cited has the file with another released_sha256"
            )
        at = link.start if stands else wanted.find(data)
        if at >= 0:
            now = self._cited.citation(kept, at, at + link.quote.size)
            if stands and lost is None:
                text = f"bytes {link.start} to {link.end} are the quote"
                text += "" if same else f"; it was cited from version {shown(link.version)}"
                text += "; the rest of the text is another since" if other else ""
                return self._said(wanted, "stands", text, now)
            return self._said(wanted, "moved", _moved(now, link, lost), now, lost)
        if same:
            return self._said(wanted, "never_there", "the version that is cited does not say this in the file")
        text = "the quote is not in the text any more"
        return self._said(wanted, "changed", text if lost is None else f"{text}: {lost.text}", lost=lost)

    def _gone(self, wanted: CitedQuote, lost: LostFile) -> str:
        if wanted.link.root in self._lineage:
            return lost.text
        return (
            f"{lost.text}; whether it ever was in the release is not known, since version "
            f"{shown(wanted.link.version)} with that root hash is none that this one follows"
        )

    def _of(self, wanted: CitedQuote) -> EarlierVersion:
        return EarlierVersion(version=wanted.link.version, root=wanted.link.root)

    @cached_property
    def _later(self) -> LaterVersion:
        return LaterVersion(self._release, [])

    def _said(
        self, wanted: CitedQuote, state: State, said: str, now: Citation | None = None, lost: LostFile | None = None
    ) -> CheckedCitation:
        facts, quote = self._release.manifest.facts, wanted.quote
        words = quote.decode("utf-8", "replace") if quote is not None else now.quote if now is not None else None
        notes = tuple(self._cited.notes)
        return CheckedCitation(words, wanted.link.path, state, said, facts.name, facts.version, now, lost, notes)


def resolve(link: Permalink, releases: Sequence[Release]) -> CheckedCitation:
    """Say what became of a quote in the newest of these versions; raises as `verbs.resolve_permalink` does.

    Where the newest cannot tell why the file is gone, an older one that can does.
    """
    named = [release for release in releases if release.manifest.facts.name == link.release]
    if not named:
        known = ", ".join(sorted({shown(release.manifest.facts.name) for release in releases})) or "none"
        raise UsageError(f"the permalink is of the release '{shown(link.release)}', which is not here; here: {known}")
    named.sort(key=lambda release: number(release.manifest.facts.version))
    newest = Resolver(named[-1]).resolve(wanted := CitedQuote(link))
    if newest.state == "gone":
        for release in named[:-1]:
            if number(release.manifest.facts.version) > number(link.version):
                found = Resolver(release).resolve(wanted)
                if found.state == "withdrawn":
                    return found
    return newest


def _moved(now: Citation, link: Permalink, lost: LostFile | None) -> str:
    start, end = now.bytes
    first, last = now.lines
    lines = f"line {first}" if first == last else f"lines {first} to {last}"
    if lost is None:
        return f"the quote stands at bytes {start} to {end}, {lines}, not at {link.start} to {link.end}"
    return f"the quote stands at bytes {start} to {end} of {shown(now.path)}, {lines}: {lost.text}"


def _plain(text: str) -> str:
    """Return a text without what is no Unicode: no row has such a one."""
    return text.encode("utf-8", "replace").decode()
