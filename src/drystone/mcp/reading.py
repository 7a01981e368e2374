"""The tool `read`: which file is meant, and its lines as the quote of a citation, so many as fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from drystone._words import many
from drystone.answer.citing import CitedFile, CitedRelease
from drystone.errors import ReleaseError, UsageError
from drystone.identity.swhid import is_swhid, parse
from drystone.mcp.limits import RESULT_BYTES, RESULT_LINES
from drystone.mcp.pages import Cursors, ToolResult, page
from drystone.mcp.quoting import QUOTED, said
from drystone.mcp.render import read_text
from drystone.mcp.shapes import LinesFound, ReadArguments
from drystone.mcp.shelf import ReleaseShelf
from drystone.mcp.stopping import Stop
from drystone.release.columns import LedgerRow
from drystone.release.read import Release
from drystone.release.verbs import occurrences

#: Bytes of a line that stand together; a longer line goes on in the next piece.
_PIECE: Final = 1_000
#: Files of the same name that are told of, and occurrences that are looked at.
_TOLD: Final = 10
_LOOKED: Final = 100


@dataclass(frozen=True, slots=True)
class _File:
    """A kept file of a release, and what cites it."""

    cited: CitedRelease
    kept: CitedFile


def read(shelf: ReleaseShelf, asked: ReadArguments, stop: Stop) -> ToolResult:
    """Give lines of a kept file, verbatim, with the citation of just these."""
    served = shelf.open(asked.release)
    cursors = Cursors("read", asked.model_dump(exclude={"cursor"}), served.roots)
    offset = cursors.read(asked.cursor)
    file = _file(list(served.until(stop).values()), asked.file)
    data = file.kept.data
    low, high = _range(asked, data)
    begin = max(low, offset)
    if begin >= high:
        raise UsageError("cursor: nothing of these lines is behind it" if offset else _EMPTY)
    pieces = list(_pieces(data, begin, high))
    ends = [begin]
    for piece in pieces:
        ends.append(ends[-1] + piece)
    lines = data.count(b"\n") + (not data.endswith(b"\n"))
    column = len(data[data.rfind(b"\n", 0, begin) + 1 : begin].decode("utf-8", "replace"))

    def make(shown: Sequence[int], rest: str | None, notes: list[str]) -> ToolResult:
        end = begin + sum(shown)
        if data[end - 1 : end] == b"\n" and end - begin > 1:  # a citation's last line has its end outside
            end -= 1
        citation = file.cited.citation(file.kept, begin, end)
        found: LinesFound = {
            "quoted": QUOTED, "citation": citation, "of_lines": lines, "notes": [*file.cited.notes, *notes],
            "next": rest,
        }  # fmt: skip
        return ToolResult({**found, "citation": asdict(citation)}, read_text(found, column=column))

    return page(pieces, begin, cursors, make, more=ends[-1] < high, place=lambda count: ends[count])


_EMPTY: Final = "these lines hold no text"


def _file(releases: Sequence[Release], name: str) -> _File:
    """Return the kept content that `name` means. Raises `UsageError` where it means several, or none that is kept."""
    rows: list[tuple[Release, LedgerRow]] = []
    missing: ReleaseError | None = None
    for release in releases:
        try:
            rows += [(release, row) for row in occurrences(release, name, limit=_LOOKED)]
        except ReleaseError as error:
            missing = error
    if not rows and missing is not None:
        raise missing
    # An exact duplicate is out as an occurrence, but its bytes are those of the file that stands for it.
    kept = {
        (row["swhid"] or ""): (release, row)
        for release, row in reversed(rows)
        if row["decision"] == "kept" or (row["swhid"] and row["swhid"] == row["kept_swhid"])
    }
    if not kept:
        row = rows[0][1]
        decided = said("dropped", f"{row['path']} at stage {row['stage']}: {row['reason']}")
        raise UsageError(f"file: it is not in the release; the tool why says on what evidence\n{decided}")
    if len(kept) > 1:
        listed = [said("file", f"{row['origin']}:{row['path']} {swhid}") for swhid, (_, row) in reversed(kept.items())]
        told = "\n".join(listed[:_TOLD])
        raise UsageError(
            f"file: {len(kept)} files or more are meant; name one, as in REPOSITORY:PATH or by SWHID\n{told}"
        )
    ((swhid, (release, row)),) = kept.items()
    cited = CitedRelease(release)
    kept_text = cited.kept(swhid, language=row["language"], at=(row["origin"], row["path"]))
    if kept_text is None:
        raise ReleaseError(f"the release has no text of {swhid}: run drystone verify on it")
    return _File(cited, kept_text)


def _range(asked: ReadArguments, data: bytes) -> tuple[int, int]:
    """Return the bytes of the lines that are asked for. Raises `UsageError` where the file has none of them."""
    named = parse(asked.file).lines if is_swhid(asked.file) else None
    first = asked.first if asked.first is not None else named[0] if named else 1
    last = asked.last if asked.last is not None else named[1] if named and asked.first is None else None
    if last is not None and last < first:
        raise UsageError(f"last: line {last} is before line {first}")
    low = _line_start(data, first)
    if low is None or (low == len(data) and first > 1):
        lines = data.count(b"\n") + (not data.endswith(b"\n"))
        raise UsageError(f"first: the file has {many(lines, 'line')}, and no line {first:,}")
    high = None if last is None else _line_start(data, last + 1)
    return low, len(data) if high is None else high


def _line_start(data: bytes, number: int) -> int | None:
    """Return where a line begins; None where there are not so many."""
    at = 0
    for _ in range(number - 1):
        at = data.find(b"\n", at) + 1
        if not at:
            return None
    return at


def _pieces(data: bytes, begin: int, end: int) -> Iterator[int]:
    """Yield the sizes of lines, or of pieces of long ones, that follow each other: as many as one result can hold."""
    at = begin
    for _ in range(RESULT_LINES):
        if at >= end or at - begin > RESULT_BYTES:
            return
        line = data.find(b"\n", at, end) + 1 or end
        stop = min(line, at + _PIECE)
        while stop < line and data[stop] & 0xC0 == 0x80:  # not within a character
            stop -= 1
        yield stop - at
        at = stop
