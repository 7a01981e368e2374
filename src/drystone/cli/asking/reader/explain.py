"""`drystone reader explain`: why a question gets its answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from drystone.cli import _options
from drystone.cli._out import console, echo, inline
from drystone.cli.asking.reader._options import load, model_options, passage
from drystone.reader import verbs

if TYPE_CHECKING:
    from drystone.reader.features.features import AnswerExplanation


@click.command()
@click.argument("model")
@click.argument("question")
@click.argument("context", type=click.File("r", encoding="utf-8"))
@model_options
@_options.option_of(verbs.explain, "--top-k", type=click.IntRange(1, 1000), help="Answers to show.")
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="Also write a page that needs no network."
)
def command(model: str, question: str, context: Any, top_k: int, html: Path | None, **given: Any) -> None:
    """Show why QUESTION gets its answer from CONTEXT: how likely each token is to begin and to end it.

    \b
    Examples:
      drystone reader explain ./model "Who wrote it?" passage.txt
      drystone reader explain ./model "Who wrote it?" passage.txt --html why.html
    """
    found = verbs.explain(question, passage(context), model=load(model, **given), top_k=top_k, html=html)
    _print(found)
    if html:
        echo(f"wrote {inline(html)}", err=True)


def _print(found: AnswerExplanation) -> None:
    from drystone.reader.features.views import explanation_text

    console().print(explanation_text(found))
