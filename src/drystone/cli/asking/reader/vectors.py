"""`drystone reader vectors`: one vector for each line of a text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from drystone.cli.asking.reader._options import load, model_options, passage, to_file


@click.command()
@click.argument("model")
@click.argument("texts", type=click.File("r", encoding="utf-8"))
@model_options
@click.option("--pooling", type=click.Choice(["mean", "first"]), default="mean", show_default=True)
@click.option("--layer", type=int, default=-1, show_default=True, help="Hidden state, embeddings being 0.")
@to_file
def command(model: str, texts: Any, out: Path, pooling: Any, layer: int, **given: Any) -> None:
    """Write one vector for each line of TEXTS as .npy or .parquet; blank lines are left out.

    \b
    Example:
      drystone reader vectors ./model sentences.txt --out vectors.parquet
    """
    from drystone.reader.features.features import pooled
    from drystone.reader.features.tables import write_vectors

    lines = [line for line in passage(texts).splitlines() if line.strip()]
    if not lines:
        raise click.BadParameter(f"{texts.name} holds no text.")
    found = pooled(load(model, **given), lines, layer=layer, pooling=pooling)
    write_vectors(out, lines, found)
    click.echo(f"wrote {out}: {found.shape[0]} vectors of {found.shape[1]} numbers", err=True)
