"""`drystone reader pack`: a model put into an installable package."""

from __future__ import annotations

from pathlib import Path

import click

from drystone.catalog import verbs
from drystone.cli._out import echo, inline
from drystone.release.layout import PASSPORT


@click.command()
@click.argument("model")
@click.argument("package", type=click.Path(exists=True, file_okay=False, path_type=Path))
def command(model: str, package: Path) -> None:
    """Put MODEL, in float16 with its card and passport, into the installable PACKAGE (models/mini).

    \b
    Example:
      drystone reader pack ./run1 models/mini && pip install ./models/mini
    """
    out = verbs.pack_model(model, package)
    size = sum(path.stat().st_size for path in out.iterdir())
    if not (out / PASSPORT).is_file():
        echo("no passport was written: the model has no card of a hub (drystone reader card writes one)", err=True)
    echo(f"wrote {inline(out)}: {size / 2**20:.1f} MiB", err=True)
