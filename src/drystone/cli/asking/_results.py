"""How what a search found is printed: for people in colour, a line of JSON each, names alone, counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import orjson

from drystone._words import many
from drystone.cli._out import echo, inline, print_json, text
from drystone.cli._pager import paged
from drystone.cli._progress import spinner

if TYPE_CHECKING:
    from rich.text import Text

    from drystone.search.counting import StringCount
    from drystone.search.occurrences.shapes import FoundOccurrence, LedgerResult
    from drystone.search.questions.scores import WordWeight
    from drystone.search.results.found import Found, Line, Passage, RankedFile, SearchResult

#: Characters of evidence that are shown.
_EVIDENCE: Final = 240
#: What people are told of a search that stopped.
_WHY: Final = {
    "limit": "--limit 0 shows all",
    "time": "there was no time to look further",
    "text": "whether these match is not known, since their text is not in the release",
}


def files_sentence(answer: SearchResult) -> str:
    """Return how many files match, and whether that is all."""
    return _sentence(many(answer.files, "file"), answer.exact, answer.at_most, answer.reason, answer.seconds)


def _sentence(counted: str, exact: bool, at_most: int, reason: str | None, seconds: float) -> str:
    if exact:
        return f"{counted}, that is all ({seconds:.3f} s)"
    why = _WHY.get(reason or "limit", reason)
    return f"{counted}, and at most {at_most:,} more: {why} ({seconds:.3f} s)"


def print_records(answer: SearchResult | LedgerResult) -> None:
    """Print each result as a line of JSON, then the summary."""
    for record in answer.records():
        print_json(record, indent=False)


def print_names(answer: SearchResult, several: bool) -> None:
    """Print the name of each file."""
    for found in answer:
        echo(inline(_name(found, several)))
    _notes(answer.notes)
    echo(files_sentence(answer), err=True)


def print_files(answer: SearchResult, several: bool, pager: bool) -> None:
    """Print each file with its lines, through the pager on a terminal; last how many there are."""
    with spinner("searching", True):
        first = next(answer.results, None)
    with paged(pager) as out:
        for found in _with_first(first, answer.results):
            for line in _file(found, _name(found, several)):
                out.print(line)
        out.print(text(files_sentence(answer)))
    _notes(answer.notes)


def print_ranks(answer: SearchResult, several: bool) -> None:
    """Print in which order files stand, and why."""
    for place, found in enumerate(answer, 1):
        echo(f"{place:>7}  {inline(_name(found, several))}  {', '.join((found.why, *found.flags))}")
    _notes(answer.notes)
    echo(files_sentence(answer))


def _with_first(first: Found | None, rest: Iterator[Found]) -> Iterator[Found]:
    if first is not None:
        yield first
    yield from rest


def _notes(notes: Iterable[str]) -> None:
    for note in notes:
        echo(f"note: {note}", err=True)


def _name(found: Found | FoundOccurrence, several: bool) -> str:
    name = f"{found.repository}:{found.path}"
    return f"{found.release} {found.version} {name}" if several else name


def _file(found: Found, name: str) -> Iterator[Text]:
    facts = [found.language or "unknown language", found.license or "no licence", *found.flags]
    facts += [found.why] if found.why != "text" else []
    yield text(name, "bold magenta") + text("  " + ", ".join(facts), "dim")
    with_context = any(not line.spans for line in found.lines)
    before = 0
    for line in found.lines:
        if with_context and before and line.number > before + 1:
            yield text("  ...", "dim")
        before = line.number
        yield _line(line)
    if found.more:
        yield text("         more lines match", "dim")
    yield text(f"         {found.swhid}", "dim")
    if found.lost is not None:
        yield text(f"         {found.lost.text}", "yellow")
    if found.occurrences > 1:
        others = [f"{each.origin}{each.path}" + ("" if each.kept else " (not kept)") for each in found.places]
        if (left := found.occurrences - 1 - len(others)) > 0:
            others.append(f"{left:,} more")
        yield text(f"         the same bytes: {', '.join(others)}", "dim")


def _line(line: Line) -> Text:
    row, at = text(f"{line.number:>7}{':' if line.spans else '-'} ", "green"), 0
    row += _piece("... " if line.column else "")
    for begin, end in line.spans:
        row += _piece(line.text[at:begin]) + _piece(line.text[max(at, begin) : end], "bold red")
        at = max(at, end)
    return row + _piece(line.text[at:] + (" ..." if line.cut else ""))


def _piece(of_line: str, style: str = "") -> Text:
    return text(of_line.expandtabs(4), style)


def print_ledger(answer: LedgerResult, several: bool, given: Mapping[str, Any]) -> None:
    """Print what the ledger says of each occurrence: in or out, at which stage, why."""
    if given["as_json"]:
        print_records(answer)
        return
    if given["files"]:
        for found in answer:
            echo(inline(_name(found, several)))
        echo(_ledger_sentence(answer), err=True)
        return
    with paged(given["pager"]) as out:
        for found in answer:
            for line in _occurrence(found, _name(found, several)):
                out.print(line)
        out.print(text(_ledger_sentence(answer)))
    _notes(answer.notes)


def _ledger_sentence(answer: LedgerResult) -> str:
    counted = many(answer.occurrences, "occurrence")
    return _sentence(counted, answer.exact, answer.at_most, answer.reason, answer.seconds)


def _occurrence(found: FoundOccurrence, name: str) -> Iterator[Text]:
    facts = [found.language or "unknown language", found.license or "no licence"]
    yield text(name, "bold magenta") + text("  " + ", ".join(facts), "dim")
    row = text("         ") + text(found.decision, "green" if found.decision == "kept" else "red")
    if found.reason:
        row += text(f" at {found.stage}: {found.reason}")
    if found.kept_path is not None:
        row += text(f", {found.kept_path} stands for it")
        row += text(f" ({found.similarity:.3f} alike)" if found.similarity is not None else "")
    yield row
    if found.evidence:
        told = orjson.dumps(found.evidence).decode()
        rest = " ... (drystone why tells all)" if len(told) > _EVIDENCE else ""
        yield text(f"         evidence: {told[:_EVIDENCE]}{rest}", "dim")
    yield from map(_line, found.lines)
    if found.more:
        yield text("         more lines match", "dim")
    if found.swhid:
        yield text(f"         {found.swhid}", "dim")


def print_counts(answer: SearchResult, counts: dict[str, int], by: str | None, as_json: bool) -> None:
    """Print how many files match, and with `by` those of each value."""
    if as_json:
        from_records = list(answer.records())
        print_json({**from_records[-1], **({"by": by, "counts": counts} if by else {})}, indent=False)
        return
    _print_values(counts)
    _notes(answer.notes)
    echo(files_sentence(answer))


def print_times(counted: StringCount, by: str | None, as_json: bool) -> None:
    """Print how often a string stands in texts."""
    if as_json:
        print_json(counted, indent=False)
        return
    if by:
        _print_values(counted.by)
    more = "that is all" if counted.exact else f"and at most {many(counted.at_most, 'more file')}: there was no time"
    unread = f"; {many(counted.unread, 'file')} without text" if counted.unread else ""
    echo(f"{many(counted.times, 'time')} in {many(counted.files, 'file')}, {more}{unread} ({counted.seconds:.3f} s)")


def _print_values(counts: dict[str, int]) -> None:
    for name, number in counts.items():
        echo(f"{number:>12,}  {inline(name)}")


def print_passages(passages: list[Passage], as_json: bool) -> None:
    """Print passages, best first."""
    for passage in passages:
        if as_json:
            print_json(passage, indent=False, kind="passage")
            continue
        first, last = passage.lines
        echo(f"{inline(passage.repository)}:{inline(passage.path)}:{first}-{last}  score {passage.score:.2f}")
        echo(f"    {inline(passage.swhid)}")
        echo(passage.text)


def print_best(files: list[RankedFile], weights: list[WordWeight], given: Mapping[str, Any]) -> None:
    """Print files that fit words, best first, with where their best passages are; with `explain` what each score is."""
    if given["as_json"]:
        for weight in weights:
            print_json(weight._asdict(), indent=False, kind="word")
        for file in files:
            print_json(file, indent=False, kind="ranked")
        return
    with paged(given["pager"]) as out:
        for weight in weights:
            counts = f"counts for nothing: {weight.left_out}" if weight.left_out else f"counts {weight.weight:.2f}"
            out.print(text(f"{weight.word:>20}  in {many(weight.passages, 'passage')}, {counts}", "dim"))
        for file in files:
            for line in _ranked(file, given["explain"], given["lines"]):
                out.print(line)


def _ranked(file: RankedFile, explain: bool, most: int) -> Iterator[Text]:
    facts = [file.language or "unknown language", file.license or "no licence", *file.flags]
    name = text(f"{file.repository}:{file.path}", "bold magenta")
    yield name + text(f"  score {file.score:.2f}  {', '.join(facts)}", "dim")
    if explain:
        parts = " + ".join(f"{part} {value:.2f}" for part, value in file.parts.items() if value)
        yield text(f"         {file.prior:.2f} x ({parts})", "cyan")
    for place, passage in enumerate(file.passages):
        defines = f"  defines {', '.join(passage.defines)}" if passage.defines else ""
        yield text(f"         lines {passage.lines[0]}-{passage.lines[1]}  score {passage.score:.2f}{defines}", "dim")
        if not place:
            for number, line in enumerate(passage.text.splitlines()[:most], passage.lines[0]):
                yield text(f"{number:>7}  ", "green") + _piece(line)
    yield text(f"         {file.swhid}", "dim")
