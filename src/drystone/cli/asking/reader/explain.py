"""`drystone reader explain`: why a question gets its answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from drystone.cli._console import console as new_console
from drystone.cli.asking.reader._options import load, model_options, passage, write


@click.command()
@click.argument("model")
@click.argument("question")
@click.argument("context", type=click.File("r", encoding="utf-8"))
@model_options
@click.option("--top-k", type=click.IntRange(1, 1000), default=3, show_default=True, help="Answers to show.")
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
    from drystone.reader.features.features import explain as why
    from drystone.reader.features.views import explanation_page, explanation_text

    found = why(load(model, **given), question, passage(context), top_k=top_k, handle_impossible_answer=True)
    new_console().print(explanation_text(found))
    if html:
        write(html, explanation_page(found))
