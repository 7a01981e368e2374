"""Citations out of the rows of a release: bytes read again, licence, attribution. Knows no question."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from drystone.answer.shapes import Citation
from drystone.errors import ReleaseError
from drystone.identity import swhid as swhids
from drystone.identity.swhid import Swhid
from drystone.policy.obligations import obligations
from drystone.release import layout
from drystone.release.columns import DataRow
from drystone.release.documents.notice import holders_of
from drystone.release.read import Release

#: What a citation needs of a row.
_COLUMNS: Final = [
    "swhid", "content", "released_sha256", "path", "origin", "repo_name", "revision_id", "language",
    "detected_licenses", "license_expression", "revision_date", "committer_date", "visit_date",
]  # fmt: skip
#: Copyright lines that an attribution names.
_HOLDERS: Final = 3
#: Lines before and after a quote's own that a citation shows, and bytes of them on each side.
_AROUND: Final = 2
_AROUND_BYTES: Final = 400


class CitedRelease:
    """A release from whose rows citations are made; a row that was read is kept."""

    def __init__(self, release: Release) -> None:
        self._release = release
        self._rows: dict[str, tuple[DataRow, bytes] | None] = {}
        self._notice: str | None = None

    def text(self, swhid: str, language: str | None) -> bytes | None:
        """Return the text of a content as the release holds it, UTF-8; None where it holds none.

        `language` is where it is looked for first.
        """
        read = self._read(swhid, language)
        return None if read is None else read[1]

    def sha256(self, swhid: str) -> str | None:
        """Return what the release says is the SHA-256 of this text."""
        read = self._read(swhid, None)
        return None if read is None else read[0]["released_sha256"]

    def cite(self, swhid: str, language: str | None, start: int, end: int, quote: str) -> Citation | None:
        """Return the citation of these bytes of a content; None where they are not the quote."""
        read = self._read(swhid, language)
        if read is None or not quote or read[1][start:end] != quote.encode("utf-8", "surrogatepass"):
            return None
        row, data = read
        facts = self._release.manifest.facts
        lines = (data.count(b"\n", 0, start) + 1, data.count(b"\n", 0, end) + 1)
        revision = row["revision_id"]
        named = Swhid(
            "cnt", row["swhid"].rpartition(":")[2], origin=row["origin"] or None, path=row["path"].encode(),
            lines=lines, anchor=Swhid(swhids.REVISION, revision) if revision else None,
        )  # fmt: skip
        return Citation(
            quote, facts.name, facts.version, self._release.root, row["repo_name"] or row["origin"], row["origin"],
            revision, row["path"], lines, (start, end), str(named), row["released_sha256"], row["language"],
            row["license_expression"], self._attribution(row), _date(row), *_around(data, start, end),
        )  # fmt: skip

    def _read(self, swhid: str, language: str | None) -> tuple[DataRow, bytes] | None:
        if swhid not in self._rows:
            near = [entry.path for entry in self._release.manifest.languages.get(language or "", [])]
            tried = (self._release.kept_file(swhid, shard, _COLUMNS) for shard in [*near, None])
            row = next((row for row in tried if row is not None), None)
            self._rows[swhid] = None if row is None else (row, row["content"].encode())
        return self._rows[swhid]

    def _attribution(self, row: DataRow) -> str:
        """Return one line that names work, holders and licence, as what most licences ask is begun with."""
        name, license_ = row["repo_name"] or row["origin"], row["license_expression"]
        parts = [f"{name}, {row['path'].lstrip('/')}"]
        asked = any(obligations(one).attribution != "no" for one in row["detected_licenses"])
        holders = holders_of(self._notices(), name) if asked else []
        if holders:
            more = len(holders) - _HOLDERS
            parts.append("; ".join(holders[:_HOLDERS]) + (f"; and {more} more in NOTICE" if more > 0 else ""))
        parts.append(f"licensed under {license_}" if license_ else "no licence was found")
        return ". ".join(layout.shown(part.rstrip(".")) for part in parts) + "."

    def _notices(self) -> str:
        if self._notice is None:
            try:
                self._notice = (self._release.path / "NOTICE").read_text("utf-8")
            except FileNotFoundError:
                self._notice = ""
            except (OSError, UnicodeDecodeError) as error:
                raise ReleaseError(
                    f"{layout.shown(str(self._release.path / 'NOTICE'))} cannot be read: {error}"
                ) from None
        return self._notice


def _around(data: bytes, start: int, end: int) -> tuple[str, str]:
    """Return the text right before and after these bytes; characters that are cut are left out."""
    before = data[max(0, start - _AROUND_BYTES) : start].split(b"\n")[-1 - _AROUND :]
    after = data[end : end + _AROUND_BYTES].split(b"\n")[: 1 + _AROUND]
    return b"\n".join(before).decode("utf-8", "ignore"), b"\n".join(after).decode("utf-8", "ignore")


def _date(row: DataRow) -> str | None:
    dates: list[datetime | None] = [row["revision_date"], row["committer_date"], row["visit_date"]]
    return next((date.date().isoformat() for date in dates if date is not None), None)
