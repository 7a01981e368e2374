"""`drystone reader distil`: teach a smaller reader to answer as others do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from drystone.cli.asking.reader._options import progress
from drystone.cli.asking.reader._training import gather, training_options
from drystone.cli.asking.reader._training import progress as progress_of_training


@click.command()
@click.argument("teachers", nargs=-1, required=True)
@click.option("--student", help="Checkpoint to teach.")
@click.option("--layers", help="In place of --student: how many of the first teacher's layers, or which (0,2,5).")
@click.option("--temperature", type=float, default=2.0, show_default=True, help="Softens the teachers' distributions.")
@click.option("--soft", type=float, default=0.75, show_default=True, help="Weight of the teachers' distributions.")
@click.option("--hard", type=float, default=0.25, show_default=True, help="Weight of the labels.")
@click.option("--hidden", type=float, default=0.0, show_default=True, help="Weight of hidden states.")
@click.option("--attention", type=float, default=0.0, show_default=True, help="Weight of attention.")
@click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for teachers' outputs.  [default: in --out]",
)
@training_options
def command(teachers: tuple[str, ...], layers: str | None, **given: Any) -> None:
    """Teach a smaller reader to answer as TEACHERS do (the average of several), into --out.

    \b
    Examples:
      drystone reader distil ./run1 --layers 3 --data train-v1.1.json,license=CC-BY-SA-4.0 --out half
      drystone reader distil ./a ./b --student ./minilm --data train.json --temperature 1.5 --hidden 1 --out small
    """
    from drystone.reader.training.distil import distil as teach

    if layers is not None:
        try:
            numbers = [int(number) for number in layers.split(",")]
        except ValueError:
            raise click.BadParameter(f"{layers!r} is neither a number nor numbers.", param_hint="--layers") from None
        given["layers"] = numbers if "," in layers else numbers[0]
    out = teach(teachers, report=progress_of_training(), report_teacher=progress("teacher"), **gather(given))
    click.echo(f"wrote {out}", err=True)
