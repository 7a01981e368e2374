"""`drystone export`: a release in the columns of The Stack v2 or v3, so that existing loaders run unchanged."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import orjson

from drystone.cli._progress import StageProgress
from drystone.release.exports import export as room
from drystone.release.layout import shown, size_text
from drystone.release.read import open_release


@click.command()
@click.argument("release", type=click.Path(path_type=Path))
@click.option(
    "--as",
    "form",
    type=click.Choice(["stack-v2", "stack-v2-repos", "stack-v3"]),
    required=True,
    help="Whose columns: The Stack v2 per file, the same per repository, or The Stack v3 (per repository, contents).",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Folder of the export.")
@click.option("--replace", is_flag=True, help="Replace an earlier export that lies in the output folder.")
@click.option("--dry-run", is_flag=True, help="Check and say what would be written; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(release: Path, form: str, output: Path, replace: bool, dry_run: bool, as_json: bool, quiet: bool) -> None:
    """Write a release as tables in the columns of The Stack v2 or v3.

    Column for column, so that what loads those datasets loads the export. `stack-v2` and `stack-v2-repos` name files by
    their ids, as the originals do; `stack-v3` has the released text.

    \b
    Examples:
      drystone export releases/mine --as stack-v2 -o exports/mine
      drystone export releases/mine --as stack-v3 -o exports/mine-v3 --dry-run
      drystone export releases/mine --as stack-v2-repos -o exports/mine --replace --json | jq .files
    """
    opened = open_release(release)
    meter = _Meter(quiet or as_json or dry_run)
    with meter:
        chosen: Any = form
        made = room.export(opened, chosen, output, replace=replace, dry_run=dry_run, progress=meter)
    if as_json:
        content = asdict(made) | {"output": str(output), "dry_run": dry_run}
        click.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2))
        return
    size = sum(file.bytes or 0 for file in made.files)
    what = f"{made.files_kept:,} files of {made.name} {made.version} as {made.form}"
    if dry_run:
        click.echo(shown(f"{what} would be {len(made.files):,} Parquet files in {output}. Nothing was written."))
        return
    click.echo(shown(f"{what}: {len(made.files):,} Parquet files, {size_text(size)}, in {output}"))


class _Meter(StageProgress):
    """Follows an export, which counts in rows."""

    _done = 0

    def __call__(self, done: int, total: int) -> None:
        if self._done == 0:
            self.start("export", total, 0)
        self.advance("export", done - self._done)
        self._done = done
        if done == total:
            self.finish("export")
