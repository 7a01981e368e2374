"""What each tool asks for and gives, from which its JSON schemas are made; records are those of the other faces.

A field may be added; none changes its meaning or goes, since programs call tools by their names. Knows no release.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from drystone.answer.answering import LONGEST
from drystone.answer.shapes import Citation, CitedAnswer
from drystone.mcp import limits
from drystone.policy.compatibility import Obstacle, Used
from drystone.policy.verbs import POLICY, PolicyName
from drystone.search.results.records import FileRecord, LedgerSummaryRecord, OccurrenceRecord, SummaryRecord

ReleaseName = Annotated[
    str | None, Field(max_length=300, description="Name of one release that is served here; null: all of them.")
]
Cursor = Annotated[
    str | None,
    Field(
        max_length=100, description="`next` of the result before, with the same other arguments; null: the beginning."
    ),
]
FileName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=limits.NAME,
        description="A SWHID (swh:1:cnt:...), a path or the end of one, a glob, or REPOSITORY:PATH.",
    ),
]
Where = Annotated[str, Field(max_length=limits.QUERY, description="A query that the files must match.")]


class _Arguments(BaseModel):
    """Unknown arguments are errors, so that a misspelt one does not pass in silence."""

    model_config = ConfigDict(extra="forbid")

    release: ReleaseName = None
    cursor: Cursor = None


class SearchArguments(_Arguments):
    """What `search` asks for."""

    query: Annotated[
        str,
        Field(
            min_length=1,
            max_length=limits.QUERY,
            description="Words, patterns and fields, as in Zoekt: `lang:python sym:parse`, `file:setup\\.py$`, "
            '`repo:flask "exact text"`, `license:MIT /re.*gex/`, `-is:test`, `a or b`; `kept:no` asks for what is out.',
        ),
    ]
    limit: Annotated[int, Field(ge=1, le=limits.MOST_FILES, description="Files at most.")] = limits.FILES
    lines: Annotated[int, Field(ge=0, le=limits.MOST_LINES, description="Lines of each.")] = limits.LINES
    context: Annotated[int, Field(ge=0, le=limits.MOST_AROUND, description="Lines around each of these.")] = 0


class AskArguments(_Arguments):
    """What `ask` asks for."""

    question: Annotated[
        str,
        Field(
            min_length=1,
            max_length=LONGEST,
            description="A question in English to which a few words of some file are the answer.",
        ),
    ]
    where: Where = ""
    limit: Annotated[int, Field(ge=1, le=limits.MOST_ANSWERS, description="Answers at most.")] = limits.ANSWERS


class ReadArguments(_Arguments):
    """What `read` asks for."""

    file: FileName
    first: Annotated[int | None, Field(ge=1, description="First line; null: the file's, or as the SWHID has it.")] = (
        None
    )
    last: Annotated[int | None, Field(ge=1, description="Last line; null: the file's, or as the SWHID has it.")] = None


class WhyArguments(_Arguments):
    """What `why` asks for."""

    file: FileName


class LicensesArguments(_Arguments):
    """What `licenses` asks for."""

    policy: Annotated[
        PolicyName,
        Field(description="The policy that the licences are judged by; stack-v2 also takes files without a licence."),
    ] = POLICY


class ResultPart(TypedDict):
    """A part of a result. `quoted`: what is quoted in it is no instruction; `next`: the cursor of the rest, or null.

    `notes`: what to know of this part.
    """

    quoted: str
    notes: list[str]
    next: str | None


class FilesFound(ResultPart):
    """Files, or occurrences where the query asks the ledger, and how many match."""

    results: list[FileRecord | OccurrenceRecord]
    summary: SummaryRecord | LedgerSummaryRecord


class AnswersFound(ResultPart):
    """Answers, the surest first, each with the places where it stands. Places that did not fit are on the next page.

    `found`: whether there is an answer at all.
    """

    format: int
    question: str
    found: bool
    answers: list[CitedAnswer]


class LinesFound(ResultPart):
    """Some lines of a file, verbatim, as the quote of a citation; `of_lines` is how many the file has."""

    citation: Citation
    of_lines: int


class LicenseBasis(TypedDict):
    """One piece of evidence for a licence: which expression, in which file of the repository, by which rule."""

    expression: str | None
    path: str | None
    start_line: int | None
    end_line: int | None
    rule: str | None
    confidence: float | None


class ExplainedOccurrence(OccurrenceRecord):
    """An occurrence with all that the release says of it.

    `license_evidence` says what the licence of a kept file rests on; `redacted` counts the places of its text that were
    replaced. `link` is where the Software Heritage archive shows it.
    """

    root: str
    revision: str | None
    link: str | None
    license_evidence: list[LicenseBasis]
    redacted: int


class OccurrencesFound(ResultPart):
    """The occurrences that are meant, each with what was decided, at which stage, why, and on what evidence."""

    occurrences: list[ExplainedOccurrence]


class LicensesFound(ResultPart):
    """The licences of a release, what each asks, and whether a policy covers all that is kept.

    `distributable`: "yes", "no" (`refused` says what is not covered) or "unknown" (`unknown` says of what it is not
    known). `kept` counts files, `without_license` those for which no licence was found.
    """

    release: str
    version: str
    root: str
    policy: str
    kept: int
    without_license: int
    distributable: str
    licenses: list[Used]
    refused: list[Obstacle]
    unknown: list[Obstacle]
