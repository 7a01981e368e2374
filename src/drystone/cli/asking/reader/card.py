"""`drystone reader card`: a model card with measured numbers only."""

from __future__ import annotations

from pathlib import Path

import click

from drystone.catalog import verbs
from drystone.cli import _options
from drystone.cli._out import echo, inline


@click.command()
@click.argument("model", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--report",
    "reports",
    multiple=True,
    required=True,
    metavar="NAME=FILE",
    help="A report.json of `drystone reader evaluate --out`, and what its data are called; repeatable.",
)
@click.option("--license", required=True, help="The weights' licence, in the Hub's spelling (apache-2.0).")
@click.option("--speed", is_flag=True, help="Measure every installed runtime, some seconds each.")
@_options.option_of(verbs.write_model_card, "--threads", type=click.IntRange(1, 1024), help="For --speed.")
def command(model: Path, reports: tuple[str, ...], license: str, speed: bool, threads: int) -> None:
    """Write the model card of MODEL, a folder, with measured numbers only.

    \b
    Example:
      drystone reader evaluate run1 held-out.json --out eval
      drystone reader card run1 --report "SQuAD, held-out articles=eval/report.json" --license apache-2.0 --speed
    """
    named = dict(pair.rpartition("=")[::2] for pair in reports)
    if "" in named:
        raise click.BadParameter("give NAME=FILE.", param_hint="--report")
    written = verbs.write_model_card(model, named, license, speed=speed, threads=threads)
    echo(f"wrote {inline(written)}", err=True)
