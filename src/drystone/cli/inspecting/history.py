"""`drystone history`: what every revision did to a file, without a clone."""

from __future__ import annotations

from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from drystone.cli import _options
from drystone.cli._out import console, inline, print_json, table, text
from drystone.release import verbs

if TYPE_CHECKING:
    from drystone.release.inspection.history import PastChange


@click.command()
@click.argument("release", type=click.Path(path_type=Path))
@click.argument("path", metavar="PATH")
@_options.option_of(verbs.history, "--limit", type=click.IntRange(1), help="Changes to list.")
@click.option("--json", "as_json", is_flag=True, help="Print every change in full, one JSON object a line.")
def command(release: Path, path: str, limit: int, as_json: bool) -> None:
    """Tell what every revision did to a file, under each name that it had.

    It is named by a path: whole, its end, or a glob; REPOSITORY:PATH names one repository (its name or origin). The
    release was built with history = true in the table [release] of its settings.

    \b
    Examples:
      drystone history releases/mine src/flask/app.py
      drystone history releases/mine 'flask:*/setup.py' --json
    """
    found = verbs.history(release, path, limit=limit)
    if as_json:
        for each in found:
            print_json(asdict(each), indent=False)
        return
    out = console()
    for origin, mine in groupby(found, key=lambda each: each.origin):
        out.print(text(inline(origin), "bold"))
        out.print(table(("committed", "revision", "change", "path", "message"), map(_cells, mine)))


def _cells(each: PastChange) -> tuple[object, ...]:
    moved = f" (was {each.before_path})" if each.change == "renamed" else ""
    date = each.committer_date.date().isoformat() if each.committer_date is not None else ""
    first = (each.message or "").partition("\n")[0]
    return date, each.revision_id[:12], each.change, f"{each.path}{moved}", first
