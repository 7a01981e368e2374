"""`drystone reader attention`: a page of what each token attends to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from drystone.cli import _options
from drystone.cli._out import echo, inline
from drystone.cli.asking.reader._options import load, model_options, passage, to_file, window_length
from drystone.reader import verbs


@click.command()
@click.argument("model")
@click.argument("question")
@click.argument("context", type=click.File("r", encoding="utf-8"))
@model_options
@window_length
@_options.option_of(verbs.write_attention, "--window", type=click.IntRange(min=1), help="Which window of a long text.")
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
    read = load(model, **given)
    text = passage(context)
    verbs.write_attention(question, text, out, model=read, window=window, max_seq_len=max_seq_len)
    echo(f"wrote {inline(out)}", err=True)
