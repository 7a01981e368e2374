"""`drystone lookup`: which versions of a release hold an owner's or repository's files, or given bytes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import orjson

from drystone.errors import UsageError
from drystone.release.layout import shown


@click.command()
@click.argument("arguments", nargs=-1, required=True, metavar="RELEASE... OWNER|REPOSITORY|FILE|SWHID")
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="Places to show of each.")
@click.option("--cache", type=click.Path(path_type=Path), help="Where indexes are kept (default: the user's cache).")
@click.option("--json", "as_json", is_flag=True, help="Print the answers as JSON.")
def command(arguments: tuple[str, ...], limit: int, cache: Path | None, as_json: bool) -> None:
    """Say which releases hold files of an owner or a repository, or the bytes of a file.

    An owner is a name on GitHub or HOST/NAME; a repository is OWNER/NAME, a URL, or what the ledger calls its origin; a
    SWHID names a content, a directory or a revision; a file of this machine is looked up by its bytes. The first
    look at a release builds an index, which is kept.

    \b
    Examples:
      drystone lookup releases/walls-1.0 releases/walls-1.1 octocat
      drystone lookup releases/* https://github.com/octocat/hello-world.git --json
      drystone lookup releases/walls-1.1 ./src/hinge.py
    """
    from drystone.release.inspection.lookup import open_index, parse

    *releases, text = arguments
    if not releases:
        raise UsageError("name at least one release, and last what to look up")
    query = parse(text, files=True)
    answers = [(place, open_index(place, cache).find(query, limit)) for place in releases]
    if as_json:
        found: list[dict[str, Any]] = [{"place": place, **asdict(answer)} for place, answer in answers]
        content = {"query": asdict(query), "answers": found}
        click.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())
        return
    click.echo(f"{query.kind} {shown(query.shown)}" + (f"  swh:1:cnt:{query.value}" if query.kind == "content" else ""))
    for place, answer in answers:
        click.echo(f"{shown(answer.release)} {shown(answer.version)}  {shown(place)}")
        if not answer.repositories:
            click.echo("  not in it")
            continue
        click.echo(
            f"  {answer.kept:,} of {answer.occurrences:,} occurrences kept, {answer.repositories:,} repositories"
        )
        for where in answer.places:
            if where.path is not None:
                decision = "kept" if where.kept else f"dropped: {where.reason}"
                click.echo(f"  {shown(where.origin)}{shown(where.path)}  {decision}")
            else:
                click.echo(f"  {shown(where.origin)}  {where.kept:,} of {where.occurrences:,} kept")
