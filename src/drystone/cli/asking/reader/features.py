"""`drystone reader features`: hidden states, attentions and logits as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from drystone.cli.asking.reader._options import load, model_options, passage, to_file, window_length


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
    from drystone.reader.features.features import features as compute
    from drystone.reader.features.tables import write_features

    found = compute(load(model, **given), question, passage(context), max_seq_len=max_seq_len)
    write_features(out, found)
    click.echo(f"wrote {out}: {len(found)} windows, {sum(len(w.tokens) for w in found)} tokens", err=True)
