"""`drystone index`: a release made searchable."""

from __future__ import annotations

from typing import get_args

import click

from drystone._words import many
from drystone.cli._options import as_json, quiet
from drystone.cli._out import echo, inline, print_json
from drystone.cli._progress import Meter
from drystone.release.layout import size_text
from drystone.search import verbs
from drystone.search.limits import Symbols


@click.command()
@click.argument("release")
@click.option(
    "--symbols", type=click.Choice(get_args(Symbols)), help="What finds the names that files define; trees are slower."
)
@click.option("--dry-run", is_flag=True, help="Say what would be indexed; write nothing.")
@as_json
@quiet
def command(release: str, symbols: Symbols | None, dry_run: bool, as_json: bool, quiet: bool) -> None:
    """Index a release, so that `drystone search` answers from it; bring its index up to date.

    RELEASE is a folder or a URL (s3://bucket/release). The index lies in the folder index of the release and takes less
    than a third of its text. Parts over shards that have not changed since the last time are kept, and a run that was
    stopped goes on.

    \b
    Examples:
      drystone index releases/mine
      drystone index releases/mine --dry-run
      drystone index s3://bucket/releases/mine
      drystone index releases/mine --symbols trees
    """
    with Meter("index", quiet or as_json) as meter:
        made = verbs.index_release(release, symbols=symbols, dry_run=dry_run, progress=meter)
    if as_json:
        print_json(made._asdict())
        return
    if dry_run:
        echo(
            f"{many(made.files, 'file')}, {size_text(made.text_bytes)} of text: {many(made.segments, 'segment')}, "
            f"{made.built:,} of them to be built over {size_text(made.built_bytes)} of text. Nothing was written."
        )
        return
    share = made.index_bytes / made.text_bytes if made.text_bytes else 0
    echo(
        f"{many(made.files, 'file')}, {size_text(made.text_bytes)} of text: {many(made.segments, 'segment')}, "
        f"{made.built:,} of them new, {size_text(made.index_bytes)} ({share:.3f} of the text)"
    )
    for reason, count in made.not_indexed.items():
        echo(f"found by path and facts only: {many(count, 'file')}, {inline(reason)}. is:unindexed lists them")
    echo(f'Next: drystone search {inline(release)} "some words"')
