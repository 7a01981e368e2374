"""`drystone reader features`: hidden states, attentions and logits as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from drystone.cli._out import echo, inline
from drystone.cli.asking.reader._options import load, model_options, passage, to_file, window_length
from drystone.reader import verbs


@click.command()
@click.argument("model")
@click.argument("question")
@click.argument("context", type=click.File("r", encoding="utf-8"))
@model_options
@window_length
@to_file
def command(model: str, question: str, context: Any, out: Path, max_seq_len: int | None, **given: Any) -> None:
    """Write hidden states, attentions and logits of QUESTION and CONTEXT as .npz or .parquet.

    \b
    Example:
      drystone reader features ./model "Who wrote it?" passage.txt --out features.parquet
    """
    windows, tokens = verbs.write_features(
        question, passage(context), out, model=load(model, **given), max_seq_len=max_seq_len
    )
    echo(f"wrote {inline(out)}: {windows} windows, {tokens} tokens", err=True)
