"""`drystone lookup`: which releases hold an owner's, a repository's or a file's bytes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from drystone._words import many
from drystone.cli import _options
from drystone.cli._out import echo, inline, print_json
from drystone.release import verbs

if TYPE_CHECKING:
    from drystone.release.inspection.lookup import Holding


@click.command()
@click.argument("arguments", nargs=-1, required=True, metavar="RELEASE... OWNER|REPOSITORY|FILE|PATH|SWHID")
@_options.option_of(verbs.lookup, "--limit", type=click.IntRange(1, 100_000), help="Places to show of each.")
@click.option("--cache", type=click.Path(path_type=Path), help="Where indexes are kept (default: the user's cache).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON Lines: the answer of each release.")
def command(arguments: tuple[str, ...], limit: int, cache: Path | None, as_json: bool) -> None:
    """Say which releases hold files of an owner or a repository, the bytes of a file, or a file at a path.

    An owner is a name on GitHub or HOST/NAME; a repository is OWNER/NAME, a URL, or what the ledger calls its origin; a
    SWHID names a content, a directory or a revision; a file of this machine is looked up by its bytes. What is none of
    these is a path of the releases: whole, its end, or a glob. The first look at a release builds an index, which is
    kept.

    \b
    Examples:
      drystone lookup releases/walls-1.0 releases/walls-1.1 octocat
      drystone lookup releases/* https://github.com/octocat/hello-world.git --json
      drystone lookup releases/walls-1.1 ./src/hinge.py
      drystone lookup releases/walls-1.1 src/hinge.py
      drystone lookup releases/walls-1.1 '*/setup.py' --json
    """
    *releases, what = arguments
    query, answers = verbs.lookup(releases, what, limit=limit, cache=cache)
    if as_json:
        for place, answer in zip(releases, answers, strict=True):
            print_json({"query": query, "place": place, **asdict(answer)}, indent=False)
        return
    echo(f"{query.kind} {inline(query.shown)}" + (f"  swh:1:cnt:{query.value}" if query.kind == "content" else ""))
    for place, answer in zip(releases, answers, strict=True):
        _print(place, answer)


def _print(place: str, answer: Holding) -> None:
    echo(f"{inline(answer.release)} {inline(answer.version)}  {inline(place)}")
    if not answer.repositories:
        echo("  not in it")
        return
    echo(
        f"  {answer.kept:,} of {many(answer.occurrences, 'occurrence')} kept, {many(answer.repositories, 'repository')}"
    )
    for where in answer.places:
        if where.path is not None:
            decision = "kept" if where.kept else f"dropped: {where.reason}"
            echo(f"  {inline(where.origin)}{inline(where.path)}  {decision}")
        else:
            echo(f"  {inline(where.origin)}  {where.kept:,} of {where.occurrences:,} kept")
