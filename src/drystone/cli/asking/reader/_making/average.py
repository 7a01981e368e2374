"""`drystone reader average`: the mean of several models' weights."""

from __future__ import annotations

from pathlib import Path

import click

from drystone.cli._out import echo, inline
from drystone.reader import verbs


@click.command()
@click.argument("models", nargs=-1, required=True)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder to write.")
def command(models: tuple[str, ...], out: Path) -> None:
    """Write the mean of the weights of MODELS, each counting alike.

    Readers that were trained from one another, or from one base, often answer better together than each.

    \b
    Example:
      drystone reader train ./run1 --data train.json --learning-rate 1e-4 --out run2
      drystone reader average run1 run2 --out mean
    """
    echo(f"wrote {inline(verbs.average_models(models, out))}", err=True)
