"""`drystone reader vectors`: one vector for each line of a text."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click

from drystone.cli import _options
from drystone.cli._out import echo, inline
from drystone.cli.asking.reader._options import load, model_options, passage, to_file
from drystone.reader import verbs
from drystone.reader.options import Pooling


@click.command()
@click.argument("model")
@click.argument("texts", type=click.File("r", encoding="utf-8"))
@model_options
@_options.option_of(verbs.write_vectors, "--pooling", type=click.Choice(get_args(Pooling)))
@_options.option_of(verbs.write_vectors, "--layer", type=int, help="Hidden state, embeddings being 0.")
@to_file
def command(model: str, texts: Any, out: Path, pooling: Pooling, layer: int, **given: Any) -> None:
    """Write one vector for each line of TEXTS as .npy or .parquet; blank lines are left out.

    \b
    Example:
      drystone reader vectors ./model sentences.txt --out vectors.parquet
    """
    lines = [line for line in passage(texts).splitlines() if line.strip()]
    if not lines:
        raise click.BadParameter(f"{texts.name} holds no text.")
    count, size = verbs.write_vectors(lines, out, model=load(model, **given), layer=layer, pooling=pooling)
    echo(f"wrote {inline(out)}: {count} vectors of {size} numbers", err=True)
