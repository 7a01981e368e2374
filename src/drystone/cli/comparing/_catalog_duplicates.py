"""`drystone catalog duplicates` and `merge`: artifacts that are listed twice become one."""

from __future__ import annotations

import click

from drystone.catalog import verbs
from drystone.cli import _options
from drystone.cli._out import console, echo, inline, print_json, table


@click.command()
@_options.catalog
@_options.as_json
def duplicates(catalog: str | None, as_json: bool) -> None:
    """List artifacts that are listed twice, then those that a person should look at.

    \b
    Examples:
      drystone catalog duplicates --catalog drystone-catalog.sqlite
    """
    found = verbs.find_duplicates(catalog=catalog)
    if as_json:
        print_json(found)
        return
    if not found:
        echo("Nothing is listed twice.")
        return
    rows = [(pair.found.verdict, pair.one, pair.other, pair.found.said) for pair in found]
    console().print(table(["verdict", "artifact", "and", "why"], rows))


@click.command()
@click.argument("kept")
@click.argument("other")
@_options.catalog_to_change
@click.option("--dry-run", is_flag=True, help="Change nothing.")
@_options.as_json
def merge(kept: str, other: str, catalog: str, dry_run: bool, as_json: bool) -> None:
    """Make one of two artifacts: the names of OTHER become aliases of KEPT; what they say differently is disputed.

    \b
    Examples:
      drystone catalog merge starcoderdata starcoder-data
    """
    found = verbs.merge_artifacts(kept, other, catalog=catalog, dry_run=dry_run)
    if as_json:
        print_json(found)
        return
    what = "would be" if dry_run else "is"
    disputed = sum(fact.status == "disputed" for fact in found.facts)
    echo(f"{inline(other)} {what} {inline(found.artifact.name)}: {', '.join(map(inline, found.artifact.aliases))}")
    echo(f"{disputed} of {len(found.facts)} facts are disputed")


COMMANDS = (duplicates, merge)
