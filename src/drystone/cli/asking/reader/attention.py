"""`drystone reader attention`: a page of what each token attends to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from drystone.cli.asking.reader._options import load, model_options, passage, to_file, window_length, write


@click.command()
@click.argument("model")
@click.argument("question")
@click.argument("context", type=click.File("r", encoding="utf-8"))
@model_options
@window_length
@click.option("--window", type=click.IntRange(min=1), default=1, show_default=True, help="Which window of a long text.")
@to_file
def command(
    model: str, question: str, context: Any, out: Path, window: int, max_seq_len: int | None, **given: Any
) -> None:
    """Write a page of every layer and head: what each token of QUESTION and CONTEXT attends to.

    The page is one file and needs no network.

    \b
    Example:
      drystone reader attention ./model "Who wrote it?" passage.txt --out attention.html
    """
    from drystone.reader.features.features import features as compute
    from drystone.reader.features.views import attention_page

    found = compute(load(model, **given), question, passage(context), max_seq_len=max_seq_len)
    if window > len(found):
        raise click.BadParameter(f"the text has {len(found)} windows.", param_hint="--window")
    write(out, attention_page(found[window - 1], f"{Path(model).name}: {question}"))
