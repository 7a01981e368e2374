"""Citations out of the rows of a release: bytes read again, licence, attribution. Knows no question."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import Final, NamedTuple

from drystone.answer.permalinks import Permalink, QuoteHash
from drystone.answer.shapes import Citation, LicenseDuties
from drystone.errors import ReleaseError
from drystone.identity import swhid as swhids
from drystone.identity.swhid import Swhid
from drystone.policy.obligations import Obligations, obligations
from drystone.release import layout
from drystone.release.columns import DataRow
from drystone.release.documents.notice import holders_of, read_notices
from drystone.release.read import Release
from drystone.search.index import open_segments
from drystone.search.occurrences.rows import KeptFiles

#: What a citation needs of a row, beside its text.
_COLUMNS: Final = [
    "swhid", "released_sha256", "path", "origin", "repo_name", "revision_id", "language", "detected_licenses",
    "license_expression", "license_evidence", "revision_date", "committer_date", "visit_date",
]  # fmt: skip
#: Copyright lines that an attribution names.
_HOLDERS: Final = 3
#: Lines before and after a quote's own that a citation shows, and bytes of them on each side.
_AROUND: Final = 2
_AROUND_BYTES: Final = 400
#: What is said where there is an index that does not fit.
_UNUSED: Final = (
    "the index of the release is of other bytes, or damaged, and was not used: rows were read in its place. drystone "
    "verify says what is wrong with it, drystone index makes it anew"
)
#: Files that are kept between citations.
_FILES: Final = 64


class CitedFile(NamedTuple):
    """A kept file: its row without content, and its text as UTF-8, whose SHA-256 is the row's `released_sha256`."""

    row: DataRow
    data: bytes


class CitedRelease:
    """A release from whose rows citations are made. Files read lately are kept. Not for several threads.

    `notes` say what to know of what was read so far: that an index of other bytes, or a damaged one, was not used.
    """

    def __init__(self, release: Release) -> None:
        self.release = release
        self.notes: list[str] = []
        self._read: dict[str, CitedFile | None] = {}

    def kept(self, swhid: str, *, language: str | None = None, at: tuple[str, str] | None = None) -> CitedFile | None:
        """Return the kept file with these original bytes (core SWHID); None where the release keeps none.

        An index tells where it lies. Without one `at` (origin and path) is looked at first, then the shards of
        `language`, then all. Raises `ReleaseError` where the release is damaged: no other text than the one that
        `released_sha256` names is ever returned.
        """
        if swhid not in self._read:
            if len(self._read) == _FILES:
                self._read.clear()
            found = self._found(swhid, language, at)
            if found is not None and hashlib.sha256(found.data).hexdigest() != found.row["released_sha256"]:
                raise ReleaseError(
                    f"{layout.shown(str(self.release.path))}: the text of {swhid} is not the one that its row names; "
                    "run drystone verify, and fetch the release again"
                )
            self._read[swhid] = found
        return self._read[swhid]

    def text(self, swhid: str, language: str | None) -> bytes | None:
        """Return the text of a kept file, UTF-8, as `kept` finds it; None where the release keeps none."""
        kept = self.kept(swhid, language=language)
        return None if kept is None else kept.data

    def cite(self, swhid: str, language: str | None, start: int, end: int, quote: str) -> Citation | None:
        """Return the citation of these bytes of a content; None where they are not the quote.

        `language` says where it is looked for first where there is no index. Raises as `kept` does.
        """
        kept = self.kept(swhid, language=language)
        if kept is None or not quote or kept.data[start:end] != quote.encode("utf-8", "surrogatepass"):
            return None
        return self.citation(kept, start, end)

    def citation(self, kept: CitedFile, start: int, end: int) -> Citation:
        """Return the citation of bytes of a kept file."""
        row, data = kept
        facts, quote = self.release.manifest.facts, data[start:end]
        lines = (data.count(b"\n", 0, start) + 1, data.count(b"\n", 0, end) + 1)
        revision = row["revision_id"]
        named = Swhid(
            "cnt", row["swhid"].rpartition(":")[2], origin=row["origin"] or None, path=row["path"].encode(),
            lines=lines, anchor=Swhid(swhids.REVISION, revision) if revision else None,
        )  # fmt: skip
        link = Permalink(facts.name, facts.version, self.release.root, named, start, end, QuoteHash.of(quote))
        asked = {license_: obligations(license_) for license_ in row["detected_licenses"]}
        return Citation(
            quote.decode("utf-8", "replace"), facts.name, facts.version, self.release.root,
            row["repo_name"] or row["origin"], row["origin"], revision, row["path"], lines, (start, end), str(named),
            row["released_sha256"], row["language"], row["license_expression"],
            tuple(_asked(license_, one) for license_, one in asked.items()),
            self._attribution(row, asked), _date(row), *_around(data, start, end), str(link),
        )  # fmt: skip

    def _found(self, swhid: str, language: str | None, at: tuple[str, str] | None) -> CitedFile | None:
        if self._index is not None:
            place = self._index.place(swhid)
            if place is None:
                return None
            segment, file = place
            shard = segment.entries[segment.pages[segment.page_numbers[file]][0]].path
            row = self.release.kept_file(swhid, shard, _COLUMNS)
            if row is None:
                name = layout.shown(str(self.release.path / shard))
                raise ReleaseError(f"{name} has no row of {swhid}, which the index has; run drystone verify")
            return CitedFile(row, bytes(self._index.text(segment, file)))
        tried = (self.release.kept_file(swhid, shard, [*_COLUMNS, "content"]) for shard in self._likely(language, at))
        row = next((row for row in tried if row is not None), None)
        return None if row is None else CitedFile(row, row["content"].encode())

    @cached_property
    def _index(self) -> KeptFiles | None:
        """Where kept files lie, by the index; None where there is none that fits the release."""
        if not self.release.manifest.index:
            return None
        try:
            return KeptFiles(self.release, open_segments(self.release))
        except ReleaseError:  # what it would tell is in the rows as well
            self.notes.append(_UNUSED)
            return None

    def _likely(self, language: str | None, at: tuple[str, str] | None) -> Iterator[str | None]:
        """Yield the shards that a file may lie in, the likely ones first; last None, which stands for all."""
        if at is not None:
            for id_ in self.repositories.get(at[0], []):
                for table in self.release.ledger_of(id_, at[1], ["shard"]):
                    yield from (shard for shard in table["shard"].to_pylist() if shard is not None)
        yield from (entry.path for entry in self.release.manifest.languages.get(language or "", []))
        yield None

    @cached_property
    def repositories(self) -> dict[str, list[str]]:
        """The ids of the repositories of each origin: there is one for each revision."""
        found: dict[str, list[str]] = {}
        for table in self.release.repositories(["origin", "repository_id"]):
            for row in table.to_pylist():
                found.setdefault(row["origin"], []).append(row["repository_id"])
        return found

    def _attribution(self, row: DataRow, asked: dict[str, Obligations]) -> str:
        """Return one line that names work, holders and licence, as what most licences ask is begun with."""
        name, license_ = row["repo_name"] or row["origin"], row["license_expression"]
        parts = [f"{name}, {row['path'].lstrip('/')}"]
        wanted = any(one.attribution != "no" for one in asked.values())
        resting = {piece["swhid"]: None for piece in row["license_evidence"] or [] if piece["swhid"]}
        lines = (line for swhid in resting for line in self._holders.get((row["origin"], swhid), ()))
        named = list(dict.fromkeys(lines)) if wanted else []
        if named:
            more = len(named) - _HOLDERS
            parts.append("; ".join(named[:_HOLDERS]) + (f"; and {more} more in NOTICE" if more > 0 else ""))
        parts.append(f"licensed under {license_}" if license_ else "no licence was found")
        return ". ".join(layout.shown(part.rstrip(".")) for part in parts) + "."

    @cached_property
    def _holders(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """Copyright lines by the origin and SWHID of the text that has them; none where an older program wrote it."""
        return holders_of(read_notices(self.release.path, self.release.manifest.format_version) or ())


def _asked(license_: str, one: Obligations) -> LicenseDuties:
    return LicenseDuties(
        license_, one.attribution, one.notice, one.share_alike, one.patent, one.limits, one.redistribution
    )


def _around(data: bytes, start: int, end: int) -> tuple[str, str]:
    """Return the text right before and after these bytes; characters that are cut are left out."""
    before = data[max(0, start - _AROUND_BYTES) : start].split(b"\n")[-1 - _AROUND :]
    after = data[end : end + _AROUND_BYTES].split(b"\n")[: 1 + _AROUND]
    return b"\n".join(before).decode("utf-8", "ignore"), b"\n".join(after).decode("utf-8", "ignore")


def _date(row: DataRow) -> str | None:
    dates: list[datetime | None] = [row["revision_date"], row["committer_date"], row["visit_date"]]
    return next((date.date().isoformat() for date in dates if date is not None), None)
