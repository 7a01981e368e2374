"""`drystone reader distil`: teach a smaller reader to answer as others do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from drystone.cli import _options
from drystone.cli._out import echo, inline
from drystone.cli._progress import counter
from drystone.cli.asking.reader._making._options import progress, training_of, training_options
from drystone.reader import verbs


@click.command()
@click.argument("teachers", nargs=-1, required=True)
@click.option("--student", help="Checkpoint to teach.")
@click.option("--layers", help="In place of --student: how many of the first teacher's layers, or which (0,2,5).")
@_options.option_of(verbs.distil, "--temperature", type=float, help="Softens the teachers' distributions.")
@_options.option_of(verbs.distil, "--soft", type=float, help="Weight of the teachers' distributions.")
@_options.option_of(verbs.distil, "--hard", type=float, help="Weight of the labels.")
@_options.option_of(verbs.distil, "--hidden", type=float, help="Weight of hidden states.")
@_options.option_of(verbs.distil, "--attention", type=float, help="Weight of attention.")
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
    files, out, options = given.pop("files"), given.pop("out"), training_of(given)
    written = verbs.distil(
        teachers,
        files,
        out,
        options,
        layers=_layers(layers),
        progress=progress(),
        teacher_progress=counter("teacher"),
        **given,
    )
    echo(f"wrote {inline(written)}", err=True)


def _layers(text: str | None) -> int | list[int] | None:
    if text is None:
        return None
    try:
        numbers = [int(number) for number in text.split(",")]
    except ValueError:
        raise click.BadParameter(f"{text!r} is neither a number nor numbers.", param_hint="--layers") from None
    return numbers if "," in text else numbers[0]
