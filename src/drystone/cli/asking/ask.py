"""`drystone ask`: a question, answers that are spans of releases or a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from drystone.answer import verbs
from drystone.cli._options import as_json, option_of
from drystone.cli._out import echo, inline, print_json
from drystone.cli.asking.reader._options import load, max_answer_len, model_options, passage
from drystone.reader import verbs as reader_verbs

if TYPE_CHECKING:
    from drystone.answer.shapes import CitedAnswers

#: Places of an answer that are printed; JSON has them all.
_PLACES = 3


@click.command()
@click.argument("arguments", nargs=-1, required=True, metavar="[RELEASE]... QUESTION")
@click.option(
    "--context", type=click.File("r", encoding="utf-8"), help="Text file to answer from (- for standard input)."
)
@option_of(verbs.ask_releases, "--model", help="Installed model, folder or Hub id.")
@model_options
@option_of(verbs.ask_releases, "--top-k", type=click.IntRange(1, 100), help="Answers to give.")
@max_answer_len
@option_of(verbs.ask_releases, "--least", type=click.FloatRange(0, 1), help="How sure an answer must be.")
@option_of(verbs.ask_releases, "--where", help="Ask files alone that this query matches (docs/search.md).")
@as_json
def command(arguments: tuple[str, ...], context: Any, as_json: bool, **given: Any) -> None:
    """Answer QUESTION with spans copied from releases, each with its place and licence; or from a text.

    Every quote was read again from the bytes that its citation names; what --json prints, `drystone cite verify`
    checks. The exit status is 1 where no answer is sure enough. A release should have an index (drystone index); a
    small one without is read as a whole.

    \b
    Examples:
      drystone ask releases/mine "How long does a permanent session live?"
      drystone ask releases/mine --where lang:markdown --top-k 3 --json "Which port is the default?" > answer.json
      drystone ask --context README.md "Which licence is it under?"
      man ls | drystone ask --context - "What does -a do?" --top-k 3
    """
    *releases, question = arguments
    options = {name: given.pop(name) for name in ("top_k", "max_answer_len", "least", "where")}
    if context is not None:
        if releases or options["where"]:
            raise click.UsageError("--context goes without releases and --where")
        del options["least"], options["where"]
        _ask_text(question, context, as_json, options, given)
        return
    if not releases:
        raise click.UsageError("give releases and then the question; or --context and the question")
    found = verbs.ask_releases(releases, question, model=load(**given), **options)
    if as_json:
        print_json(found.as_dict())
    else:
        _print(found)
    if not found.found:
        raise click.exceptions.Exit(1)


def _ask_text(question: str, context: Any, as_json: bool, options: dict[str, Any], given: dict[str, Any]) -> None:
    text = passage(context)
    found = reader_verbs.ask(question, text, model=load(**given), **options)
    if as_json:
        print_json([answer.as_dict() for answer in found])
        return
    for one in found:
        line = text.count("\n", 0, one.start) + 1
        place = f"{inline(context.name)}:{line}, characters {one.start}-{one.end}"
        echo(f"{one.text}\n    score {one.score:.3f}, {place}")


def _print(found: CitedAnswers) -> None:
    if not found.found:
        echo("not found: no answer is sure enough (--least 0 shows what comes nearest)")
    for answer in found.answers:
        echo(f"{answer.text}\n    score {answer.score:.2f}")
        for one in answer.citations[:_PLACES]:
            first, last = one.lines
            lines = str(first) if first == last else f"{first}-{last}"
            licence = inline(one.license or "no licence found")
            echo(f"    {inline(one.repository)}:{inline(one.path)}:{lines}  {licence}")
            echo(f"        {inline(one.attribution)}\n        {inline(one.swhid)}")
        if (more := len(answer.citations) - _PLACES) > 0:
            echo(f"    and {more} more places; --json shows all")
