"""`drystone index`: makes a release searchable."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from drystone.cli._options import as_json
from drystone.cli._out import echo, inline, print_json


@click.command()
@click.argument("release", type=click.Path(path_type=Path))
@as_json
def command(release: Path, as_json: bool) -> None:
    """Index a release, so that `drystone search` answers from it; bring its index up to date.

    The index lies in the folder index of the release and takes about a seventh of its text. Parts over shards that have
    not changed since the last time are kept, and a run that was stopped goes on.

    \b
    Examples:
      drystone index releases/mine
    """
    from drystone.release.layout import size_text
    from drystone.release.read import open_release
    from drystone.search.index import build

    opened = open_release(release)
    total = max(opened.manifest.counts.text_bytes, 1)
    with click.progressbar(length=total, label="Indexing", file=sys.stderr, hidden=as_json) as bar:
        made = build(opened, done=lambda now, _all: bar.update(now - bar.pos))
    if as_json:
        print_json(made._asdict())
        return
    share = made.index_bytes / made.text_bytes if made.text_bytes else 0
    echo(
        f"{made.files:,} files, {size_text(made.text_bytes)} of text: {made.segments:,} segments, "
        f"{made.built:,} of them new, {size_text(made.index_bytes)} ({share:.3f} of the text)"
    )
    if made.not_indexed:
        echo(f"{made.not_indexed:,} files have no text in the release; their paths and facts are found")
    echo(f'Next: drystone search {inline(release)} "some words"')
