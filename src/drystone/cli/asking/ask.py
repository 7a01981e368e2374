"""`drystone ask`: a question, answers that are spans of releases or a text."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

import click

from drystone.answer import verbs
from drystone.cli._options import as_json, option_of
from drystone.cli._out import echo, inline, print_json
from drystone.cli._progress import spinner
from drystone.cli.asking.reader._options import align_to_words, load, max_answer_len, model_options_of, passage

if TYPE_CHECKING:
    from drystone.answer.forms import CitationForm
    from drystone.reader import Reader

#: The exit status where no answer is sure enough: neither a failure (1) nor misuse (2).
NOT_FOUND: Final = 3
#: Forms of citations.
CITED: Final = ("bibtex", "csl")


@click.command()
@click.argument("arguments", nargs=-1, required=True, metavar="[RELEASE]... QUESTION")
@click.option(
    "--context", type=click.File("r", encoding="utf-8"), help="Text file to answer from (- for standard input)."
)
@option_of(verbs.ask_releases, "--model", help="Installed model, folder or Hub id.")
@model_options_of(verbs.ask_releases)
@option_of(verbs.ask_releases, "--top-k", "--top", type=click.IntRange(1, 100), help="Answers to give.")
@max_answer_len
@align_to_words
@option_of(verbs.ask_releases, "--least", type=click.FloatRange(0, 1), help="How sure an answer must be.")
@option_of(verbs.ask_releases, "--where", help="Ask files alone that this query matches (docs/search.md).")
@click.option(
    "--as",
    "form",
    type=click.Choice(["text", "json", "bibtex", "csl"]),
    default="text",
    show_default=True,
    help="Print JSON, or the citations of the answers alone: BibTeX, CSL-JSON.",
)
@as_json
def command(arguments: tuple[str, ...], context: Any, form: str, as_json: bool, **given: Any) -> None:
    """Answer QUESTION with spans copied from releases, each with its place and licence; or from a text.

    Every quote was read again from the bytes that its citation names; what --json prints, `drystone cite verify`
    checks. Ask in the language of the texts. A release should have an index (drystone index); a small one without is
    read as a whole. A text (--context) is read in the same pieces, and its best spans are given however unsure.

    The exit status is 3 where no answer is sure enough: "not found" is an answer, too.

    \b
    Examples:
      drystone ask releases/mine "How long does a permanent session live?"
      drystone ask releases/mine --where lang:markdown --top 3 --json "Which port is the default?" > answer.json
      drystone ask releases/mine --as bibtex "How long does a permanent session live?" >> paper.bib
      drystone ask --context README.md "Which licence is it under?"
      man ls | drystone ask --context - "What does -a do?" --top 3
    """
    *releases, question = arguments
    form = "json" if as_json else form
    options = {name: given.pop(name) for name in ("top_k", "max_answer_len", "least", "where", "align_to_words")}
    if context is not None:
        if releases or options["where"] or form in CITED:
            raise click.UsageError("--context goes without releases, --where, and citations")
        del options["least"], options["where"]
        _ask_text(question, context, form == "json", options, given)
        return
    if not releases:
        raise click.UsageError("give releases and then the question; or --context and the question")
    with spinner("searching and reading", True):
        found = verbs.ask_releases(releases, question, model=partial(load, **given), **options)
    if form == "json":
        print_json(found.as_dict())
    elif form in CITED:
        echo(verbs.write_citations(found, cast("CitationForm", form)), nl=False)
    else:
        from drystone.cli.asking._answers import print_answers

        print_answers(found, len(releases) > 1)
    if not found.found:
        raise click.exceptions.Exit(NOT_FOUND)


def _ask_text(question: str, context: Any, as_json: bool, options: dict[str, Any], given: dict[str, Any]) -> None:
    text = passage(context)
    found = verbs.ask_text(question, text, model=_loaded(given), **options)
    if as_json:
        print_json([answer.as_dict() for answer in found])
        return
    for one in found:
        line = text.count("\n", 0, one.start) + 1
        place = f"{inline(context.name)}:{line}, characters {one.start}-{one.end}"
        echo(f"{one.text}\n    score {one.score:.3f}, {place}")


def _loaded(given: dict[str, Any]) -> Reader:
    with spinner("loading the reader", True):
        return load(**given)
