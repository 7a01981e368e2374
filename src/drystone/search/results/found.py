"""What a query found: files, lines, passages, and how many there are. Plain data; knows no index and no form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from drystone.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

    from drystone.search.occurrences.shapes import LostFile
    from drystone.search.results.records import FileRecord, SummaryRecord


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file: its number from 1, text, the spans in it that match, as characters; `cut` if not all is shown.

    A line without spans stands for context. `byte_spans` are the same spans as bytes of the file's text; `column` is
    the character of the line that `text` begins with, from 0: another one only where the line is cut.
    """

    number: int
    text: str
    spans: tuple[tuple[int, int], ...] = ()
    cut: bool = False
    byte_spans: tuple[tuple[int, int], ...] = ()
    column: int = 0


@dataclass(frozen=True, slots=True)
class OtherPlace:
    """Another occurrence of a file's bytes: its origin and path, whether it was kept, and if not the reason."""

    origin: str
    path: str
    kept: bool
    reason: str | None


@dataclass(frozen=True, slots=True)
class OfFile:
    """What every result says of its file: its release and version, where it lies, language, licence and SWHID."""

    release: str
    version: str
    path: str
    origin: str
    repository: str
    language: str | None
    license: str | None
    swhid: str


@dataclass(frozen=True, slots=True)
class Found(OfFile):
    """A file that matches. `lines` are the first that do, with context; `more` says that there are further ones.

    `why` says what ranked it: "definition", "path" or "text"; `root` is the root hash of its release; `swhid` names the
    file with origin, path and those lines. `occurrences` counts the places of the same bytes in the release, this one
    among them, and `places` are the first others that were asked for. `lost` says that a later version among those
    searched has the file no more.
    """

    flags: tuple[str, ...]
    why: str
    root: str
    lines: tuple[Line, ...] = ()
    more: bool = False
    occurrences: int = 1
    places: tuple[OtherPlace, ...] = ()
    lost: LostFile | None = None


@dataclass(frozen=True, slots=True)
class Passage(OfFile):
    """A piece of a file's text that fits the words: its lines (from 1, inclusive), text and score.

    `swhid` names the file with origin, path and these lines; `bytes` are those of the file's text, the last not among
    them; `defines` are the names that are defined there, in order.
    """

    lines: tuple[int, int]
    bytes: tuple[int, int]
    text: str
    score: float
    defines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RankedFile(OfFile):
    """A file that fits the words, with its best passages, best first.

    `score` is `prior` times the sum of `parts`: "text" and "definitions" are what the best passage says and defines,
    "passages" what further ones do, "words" how many of the words the file has, "path" what its path says. `prior` is
    below 1 for tests, documentation, data, vendored and generated files. `swhid` names the file with origin and path.
    """

    flags: tuple[str, ...]
    score: float
    prior: float
    parts: Mapping[str, float]
    passages: tuple[Passage, ...]


@dataclass(slots=True)
class SearchResult:
    """What a query found: an iterator over files, looked for as it goes on, and counts that are right at its end.

    `files` matched; with `exact` no more do. Else `at_most` more may, and `reason` says why nobody looked: "limit",
    "time", or the parts of an index that are missing.
    """

    query: str
    results: Iterator[Found] = field(default_factory=lambda: iter(()))
    files: int = 0
    exact: bool = False
    at_most: int = 0
    reason: str | None = None
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    whole: Callable[[], pa.Table] | None = field(default=None, repr=False)

    def __iter__(self) -> Iterator[Found]:
        return self.results

    def table(self) -> pa.Table:
        """Return all files that match as one Arrow table, without lines; the iterator stays where it is.

        Under the schema `drystone.search.search.TABLE`. Raises as the search does.
        """
        if self.whole is None:
            raise UsageError("this answer was counted; search again for its table")
        return self.whole()

    def records(self) -> Iterator[FileRecord | SummaryRecord]:
        """Yield what was found as plain data for JSON: each file, then how many there are (docs/search.md)."""
        from drystone.search.results.records import records  # noqa: PLC0415  (it stands on this module)

        return records(self)

    def sarif(self) -> dict[str, Any]:
        """Return what was found as a log in SARIF 2.1.0, for editors."""
        from drystone.search.results.sarif import sarif  # noqa: PLC0415  (it stands on this module)

        return sarif(self)
