"""`drystone export`: a release in the columns of The Stack v2 or v3."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import get_args

import click

from drystone.cli import _options
from drystone.cli._out import echo, inline, print_json
from drystone.cli._progress import Meter
from drystone.release import verbs
from drystone.release.exports.forms import Form
from drystone.release.layout import size_text


@click.command()
@click.argument("release", type=click.Path(path_type=Path))
@click.option(
    "--as",
    "form",
    type=click.Choice(get_args(Form)),
    required=True,
    help="Whose columns: The Stack v2 per file, the same per repository, or The Stack v3 (per repository, contents).",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Folder of the export.")
@click.option("--replace", is_flag=True, help="Replace an earlier export that lies in the output folder.")
@click.option("--dry-run", is_flag=True, help="Check and say what would be written; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@_options.quiet
def command(release: Path, form: Form, output: Path, replace: bool, dry_run: bool, as_json: bool, quiet: bool) -> None:
    """Write a release as tables in the columns of The Stack v2 or v3.

    Column for column, so that what loads those datasets loads the export. `stack-v2` and `stack-v2-repos` name files by
    their ids, as the originals do; `stack-v3` has the released text.

    \b
    Examples:
      drystone export releases/mine --as stack-v2 -o exports/mine
      drystone export releases/mine --as stack-v3 -o exports/mine-v3 --dry-run
      drystone export releases/mine --as stack-v2-repos -o exports/mine --replace --json | jq .files
    """
    with Meter("export", quiet or as_json or dry_run) as meter:
        made = verbs.export(release, form, output, replace=replace, dry_run=dry_run, progress=meter)
    if as_json:
        print_json(asdict(made), output=output, dry_run=dry_run)
        return
    size = sum(file.bytes or 0 for file in made.files)
    what = f"{made.files_kept:,} files of {inline(made.name)} {inline(made.version)} as {made.form}"
    if dry_run:
        echo(f"{what} would be {len(made.files):,} Parquet files in {inline(output)}. Nothing was written.")
        return
    echo(f"{what}: {len(made.files):,} Parquet files, {size_text(size)}, in {inline(output)}")
