"""The eight tools: each takes arguments and what is served as it is now, calls a verb, and gives a result that fits.

Names are stable: programs call tools by them. Knows no protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any, Final, cast

from pydantic import BaseModel

from drystone.answer.answering import Trace, check, read_by, steps
from drystone.answer.shapes import CitedAnswer, CitedAnswers
from drystone.answer.verbs import LEAST, MAX_ANSWER_LEN
from drystone.errors import ReleaseError, UsageError
from drystone.mcp import render
from drystone.mcp.artifacts import (
    ArtifactsCompared,
    ArtifactsFound,
    CompareArguments,
    FindArguments,
    PassportArguments,
    PassportShown,
    compare,
    find,
    passport,
)
from drystone.mcp.pages import Cursors, ToolResult, page
from drystone.mcp.quoting import QUOTED
from drystone.mcp.reading import read
from drystone.mcp.shapes import (
    AnswersFound,
    AskArguments,
    ExplainedOccurrence,
    FilesFound,
    LicensesArguments,
    LicensesFound,
    LinesFound,
    OccurrencesFound,
    ReadArguments,
    SearchArguments,
    WhyArguments,
)
from drystone.mcp.shelf import ReleaseShelf, Served
from drystone.mcp.stopping import Stop
from drystone.policy.compatibility import Obstacle, Used
from drystone.policy.verbs import licenses as license_report
from drystone.release.inspection.why import Explained, explain
from drystone.release.read import Release
from drystone.release.verbs import occurrences
from drystone.search.expressions.matcher import OutOfTimeError
from drystone.search.occurrences.ledger import search as search_ledger
from drystone.search.plan import asks_ledger
from drystone.search.query import QueryError
from drystone.search.results.records import (
    FileRecord,
    LedgerSummaryRecord,
    OccurrenceRecord,
    SummaryRecord,
    file_record,
    ledger_summary_record,
    occurrence_record,
    summary_record,
)

#: Occurrences that one result explains at most.
_EXPLAINED: Final = 20
#: The share of a call's time after which a search ends and gives what it has.
_SEARCHING: Final = 0.8
_LINE: Final = "\n"


def search(shelf: ReleaseShelf, asked: SearchArguments, stop: Stop) -> ToolResult:
    """Find files by words, patterns, symbols, language, licence, repository; or, of the ledger, what is out and why."""
    served = shelf.open(asked.release)
    cursors = Cursors("search", asked.model_dump(exclude={"cursor"}), served.roots)
    offset = cursors.read(asked.cursor)
    records, summary = (_of_ledger if asks_ledger(asked.query) else _of_files)(served, asked, offset, stop)
    stop.check()
    if not records and summary["reason"] == "time":
        raise UsageError("query: there was no time to find what comes here; narrow it by language, repository or path")

    def make(shown: Sequence[FileRecord | OccurrenceRecord], rest: str | None, notes: list[str]) -> ToolResult:
        found: FilesFound = {
            "quoted": QUOTED, "results": list(shown), "summary": summary, "notes": notes, "next": rest,
        }  # fmt: skip
        return ToolResult(found, render.search_text(found))

    return page(records, offset, cursors, make, more=bool(records) and not summary["exact"])


def _of_files(
    served: Served, asked: SearchArguments, offset: int, stop: Stop
) -> tuple[list[FileRecord | OccurrenceRecord], SummaryRecord]:
    with served.lock:
        found = served.searcher.search(
            asked.query, limit=None, bound=offset + asked.limit, skip=offset, lines=asked.lines, context=asked.context,
            seconds=stop.left * _SEARCHING, stopped=stop.reached,
        )  # fmt: skip
    return [file_record(each) for each in served.steps(iter(found))], summary_record(found)


def _of_ledger(
    served: Served, asked: SearchArguments, offset: int, stop: Stop
) -> tuple[list[FileRecord | OccurrenceRecord], LedgerSummaryRecord]:
    found = search_ledger(
        list(served.releases.values()), asked.query, limit=None, bound=offset + asked.limit, lines=asked.lines,
        seconds=stop.left * _SEARCHING, stopped=stop.reached,
    )  # fmt: skip
    return [occurrence_record(each) for each in islice(found, offset, None)], ledger_summary_record(found)


def ask(shelf: ReleaseShelf, asked: AskArguments, stop: Stop) -> ToolResult:
    """Answer a question with words of a file, each with its citation; or say that nothing is sure enough."""
    served = shelf.open(asked.release)
    cursors = Cursors("ask", asked.model_dump(exclude={"cursor"}), served.roots)
    offset = cursors.read(asked.cursor)
    answers = _answered(served, shelf, asked, stop)
    record = answers.as_dict()
    # Each place on its own: an answer that stands in many may go on in the next result.
    places = [
        CitedAnswer(each.text, each.score, (citation,)) for each in answers.answers for citation in each.citations
    ]

    def make(shown: Sequence[CitedAnswer], rest: str | None, notes: list[str]) -> ToolResult:
        together: list[CitedAnswer] = []
        for each in shown:
            if together and (together[-1].text, together[-1].score) == (each.text, each.score):
                each = CitedAnswer(each.text, each.score, (*together.pop().citations, *each.citations))  # noqa: PLW2901
            together.append(each)
        found: AnswersFound = {
            "quoted": QUOTED, "format": record["format"], "question": record["question"], "found": record["found"],
            "answers": together, "notes": [*record["notes"], *notes], "next": rest,
        }  # fmt: skip
        return ToolResult({**found, "answers": [asdict(each) for each in together]}, render.ask_text(found))

    return page(places[offset:], offset, cursors, make)


def _answered(served: Served, shelf: ReleaseShelf, asked: AskArguments, stop: Stop) -> CitedAnswers:
    check(asked.question)
    reader = shelf.reader()
    try:
        with served.lock:
            pieces = served.asker.find(asked.question, asked.where, stop.left * _SEARCHING)
    except OutOfTimeError:
        raise UsageError("where: there was no time to find the files that match it; narrow it") from None
    except QueryError as error:
        raise UsageError(f"where: {str(error).partition(_LINE)[0]}") from None
    traced = Trace(pieces, 0, [], 0)
    for so_far in steps(asked.question, pieces, read_by(reader, MAX_ANSWER_LEN)):
        stop.check()
        traced = so_far
    with served.lock:
        return served.asker.answers(asked.question, traced, top_k=asked.limit, least=LEAST)


def why(shelf: ReleaseShelf, asked: WhyArguments, stop: Stop) -> ToolResult:
    """Say why a file is in or out of a release: what the ledger has of each of its occurrences, with the evidence."""
    served = shelf.open(asked.release)
    cursors = Cursors("why", asked.model_dump(exclude={"cursor"}), served.roots)
    offset = cursors.read(asked.cursor)
    found = list(islice(_explained(served.until(stop).values(), asked.file, offset + _EXPLAINED + 1), offset, None))

    def make(shown: Sequence[ExplainedOccurrence], rest: str | None, notes: list[str]) -> ToolResult:
        explained: OccurrencesFound = {"quoted": QUOTED, "occurrences": list(shown), "notes": notes, "next": rest}
        return ToolResult(explained, render.why_text(explained))

    return page(found[:_EXPLAINED], offset, cursors, make, more=len(found) > _EXPLAINED)


def _explained(releases: Iterable[Release], file: str, most: int) -> Iterator[ExplainedOccurrence]:
    missing: ReleaseError | None = None
    any_found = False
    for release in releases:
        try:
            rows = occurrences(release, file, limit=most)
        except ReleaseError as error:
            missing = error
            continue
        any_found = True
        for row in rows:
            yield _explained_record(release, explain(release, row))
    if missing is not None and not any_found:
        raise missing


def _explained_record(release: Release, found: Explained) -> ExplainedOccurrence:
    row, repository, facts = found.ledger, found.repository, release.manifest.facts
    file = found.file if row["decision"] == "kept" else None  # else it is the one that stands for this
    pieces = (file["license_evidence"] if file else None) or []
    return {
        "kind": "occurrence", "release": facts.name, "version": facts.version, "root": release.root,
        "origin": row["origin"], "repository": (repository and repository["repo_name"]) or row["origin"],
        "path": row["path"], "language": row["language"], "license": row["license_expression"], "swhid": found.swhid,
        "decision": row["decision"], "stage": row["stage"], "reason": row["reason"], "evidence": found.evidence,
        "kept_path": row["kept_path"], "kept_swhid": row["kept_swhid"], "similarity": row["similarity"], "lines": [],
        "more": False, "revision": repository["revision_id"] if repository else None, "link": found.link,
        "license_evidence": [
            {
                "expression": each["expression"], "path": each["path"], "start_line": each["start_line"],
                "end_line": each["end_line"], "rule": each["rule"], "confidence": each["confidence"],
            }
            for each in pieces
        ],
        "redacted": len((file["redactions"] if file else None) or []),
    }  # fmt: skip


def licenses(shelf: ReleaseShelf, asked: LicensesArguments, stop: Stop) -> ToolResult:
    """Say which licences a release holds, what each asks, and whether a policy covers all that is kept."""
    served = shelf.open(asked.release)
    if len(served.releases) > 1:
        raise UsageError(f"release: name one of {', '.join(served.releases)}; each has licences of its own")
    cursors = Cursors("licenses", asked.model_dump(exclude={"cursor"}), served.roots)
    offset = cursors.read(asked.cursor)
    (release,) = served.until(stop).values()
    report, facts = license_report(release, policy=asked.policy), release.manifest.facts
    items: list[tuple[str, Used | Obstacle]] = [
        *(("licenses", each) for each in report.licenses),
        *(("refused", each) for each in report.refused),
        *(("unknown", each) for each in report.unknown),
    ]

    def make(shown: Sequence[tuple[str, Used | Obstacle]], rest: str | None, notes: list[str]) -> ToolResult:
        def of(kind: str) -> list[Any]:
            return [each for name, each in shown if name == kind]

        found: LicensesFound = {
            "quoted": QUOTED, "release": facts.name, "version": facts.version, "root": release.root,
            "policy": asked.policy, "kept": report.kept, "without_license": report.without_license,
            "distributable": report.distributable, "licenses": of("licenses"), "refused": of("refused"),
            "unknown": of("unknown"), "notes": notes, "next": rest,
        }  # fmt: skip
        return ToolResult(_plain(found), render.licenses_text(found))

    return page(items[offset:], offset, cursors, make)


def _plain(found: LicensesFound) -> dict[str, object]:
    lists = {name: [asdict(each) for each in cast("Mapping[str, Any]", found)[name]] for name in _OF_LICENSES}
    return {**found, **lists}


_OF_LICENSES: Final = ("licenses", "refused", "unknown")


@dataclass(frozen=True, slots=True)
class DrystoneTool:
    """A tool: its name, what it says of itself, the shapes of arguments and results, and what it does.

    `counts`: a call is counted in the catalog that is served, where one's own is; all else only reads.
    """

    name: str
    title: str
    description: str
    arguments: type[BaseModel]
    result: type
    run: Callable[[ReleaseShelf, Any, Stop], ToolResult]
    counts: bool = False


TOOLS: Final = {
    tool.name: tool
    for tool in (
        DrystoneTool(
            "search",
            "Search files of a release",
            "Find files of a governed code-dataset release by words, patterns, symbols, language, licence or "
            "repository. Every result has line numbers, licence and a SWHID to cite. With `kept:no` or `reason:` in "
            "the query: files that are out, and why.",
            SearchArguments,
            FilesFound,
            search,
        ),
        DrystoneTool(
            "ask",
            "Ask a release",
            "Answer a question with words that stand in a file of the release, never with others: each answer has the "
            "citation of every place where it was found, down to bytes. Nothing sure enough: found is false.",
            AskArguments,
            AnswersFound,
            ask,
        ),
        DrystoneTool(
            "read",
            "Read lines of a file",
            "Read a file of the release, or some lines of it, with numbers and the citation of just these lines. "
            "Secrets in it were replaced when the release was made.",
            ReadArguments,
            LinesFound,
            read,
        ),
        DrystoneTool(
            "why",
            "Why a file is in or out",
            "Say of each occurrence of a file whether it is in the release, at which stage and for which reason that "
            "was decided, and on what evidence; of duplicates, which file stands for it.",
            WhyArguments,
            OccurrencesFound,
            why,
        ),
        DrystoneTool(
            "licenses",
            "Licences of a release",
            "List the licences of a release with their files, what each asks (attribution, notice, share-alike, "
            "patents), and whether a policy covers everything. Facts from licence texts, not legal advice.",
            LicensesArguments,
            LicensesFound,
            licenses,
        ),
        DrystoneTool(
            "find",
            "Find what does a job",
            "Find datasets and readers of the catalog by what somebody wants done, best first, each with the reasons. "
            "Filters let through only what is known to be so.",
            FindArguments,
            ArtifactsFound,
            find,
            counts=True,
        ),
        DrystoneTool(
            "compare",
            "Compare datasets or readers",
            "Compare artifacts of the catalog: facts side by side, who is ahead at which job by which facts, or that "
            "they share no job. Nobody is ahead where an unknown value could turn it.",
            CompareArguments,
            ArtifactsCompared,
            compare,
        ),
        DrystoneTool(
            "passport",
            "What is known of a dataset or reader",
            "Show the passport of an artifact of the catalog: what it does, and each fact with the words that it rests "
            "on. What nobody knows is unknown, never 0.",
            PassportArguments,
            PassportShown,
            passport,
        ),
    )
}
