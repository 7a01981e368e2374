"""How answers are printed for people: the span in the lines around it, then where it stands and under which licence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from drystone._words import many
from drystone.cli._out import console, echo, text

if TYPE_CHECKING:
    from rich.text import Text

    from drystone.answer.shapes import Citation, CitedAnswer, CitedAnswers

#: Places of an answer that are printed; JSON has them all.
_PLACES: Final = 3


def print_answers(found: CitedAnswers, several: bool) -> None:
    """Print answers, the surest first, or that there is none; `several`: with the release that each stands in."""
    out = console()
    for place, one in enumerate(found.answers):
        if place:
            out.print()
        for line in _answer(one, several):
            out.print(line)
    if not found.found:
        echo("not found: no answer is sure enough (--least 0 shows what comes nearest)")
    for note in found.notes:
        echo(f"note: {note}", err=True)


def _answer(found: CitedAnswer, several: bool) -> Iterator[Text]:
    yield text(" ".join(found.text.split()), "bold") + text(f"  score {found.score:.2f}", "dim")
    for place, one in enumerate(found.citations[:_PLACES]):
        yield _place(one, several)
        if not place:
            yield from _context(one)
        yield text(f"    {one.attribution}", "dim")
        yield text(f"    {one.swhid}", "dim")
    if (more := len(found.citations) - _PLACES) > 0:
        yield text(f"    and {many(more, 'more place')}; --json shows all", "dim")


def _place(one: Citation, several: bool) -> Text:
    first, last = one.lines
    lines = str(first) if first == last else f"{first}-{last}"
    release = f"{one.release} {one.version} " if several else ""
    name = text(f"    {release}{one.repository}:{one.path}:{lines}", "magenta")
    return name + text("  " + ", ".join((one.language or "unknown language", one.license or "no licence found")))


def _context(one: Citation) -> Iterator[Text]:
    """Yield the lines around a quote with their numbers, the quote marked on a terminal."""
    number = one.lines[0] - one.prefix.count("\n")
    row = _number(number)
    for part, style in ((one.prefix, ""), (one.quote, "bold red"), (one.suffix, "")):
        first, *others = part.split("\n")
        row += text(first.expandtabs(4), style)
        for line in others:
            yield row
            number += 1
            row = _number(number) + text(line.expandtabs(4), style)
    yield row


def _number(number: int) -> Text:
    return text(f"{number:>10}  ", "green")
