"""`drystone score`: how readable and instructive each file of a release is."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from drystone._words import many
from drystone.cli import _options
from drystone.cli._out import echo, inline, print_json
from drystone.cli._progress import Meter
from drystone.release import verbs


@click.command()
@click.argument("release", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Parquet file of the scores.")
@click.option("--replace", is_flag=True, help="Replace a file that lies there.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
@_options.quiet
def command(release: Path, output: Path, replace: bool, as_json: bool, quiet: bool) -> None:
    """Score each kept file of a release, from 0 to 5, for how readable and instructive it is.

    Nothing is dropped: `drystone mix` takes files by a least score where its file says so.

    \b
    Examples:
      drystone score releases/mine -o scores.parquet
    """
    with Meter("score", quiet or as_json) as meter:
        found = verbs.score(release, output, replace=replace, progress=meter)
    if as_json:
        print_json(asdict(found), output=output)
        return
    echo(f"{many(sum(found.files.values()), 'file')} scored by {found.model}, in {inline(output)}")
    for low, files in found.files.items():
        echo(f"  {low} to {low + 1}: {many(files, 'file')}")
