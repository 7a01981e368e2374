"""`drystone reader questions`: questions made from documentation."""

from __future__ import annotations

from pathlib import Path

import click

from drystone._words import many
from drystone.cli._out import echo, inline
from drystone.reader import verbs


@click.command()
@click.argument("documentation", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--license", required=True, help="The documentation's licence, as an SPDX expression.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="SQuAD file to write.")
def command(documentation: tuple[Path, ...], license: str, out: Path) -> None:
    """Make questions from what DOCUMENTATION and code say, to train and measure a reader without labels.

    \b
    Example:
      drystone reader questions docs src --license Apache-2.0 --out mine.json
      drystone reader train mini --data mine.json --hold-out 0.3 --out tuned
    """
    count = verbs.make_questions(documentation, license, out)
    echo(f"wrote {inline(out)}: {many(count, 'question')}", err=True)
