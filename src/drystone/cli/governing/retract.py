"""`drystone retract`: what was opted out since, taken out of releases that exist."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from drystone._words import many
from drystone.building import verbs
from drystone.cli import _options
from drystone.cli._out import echo, inline, print_json
from drystone.release.layout import size_text

if TYPE_CHECKING:
    from drystone.building.retract import SearchedRelease


@click.command()
@click.argument("releases", nargs=-1, metavar="[RELEASE...]")
@click.option("--all", "all_known", is_flag=True, help="All releases that the registry knows.")
@_options.registry
@click.option("--dry-run", is_flag=True, help="Say what would fall; write nothing.")
@_options.receipts
@click.option("--date", metavar="YYYY-MM-DD", help="Day of the new versions, for card and change log.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@_options.quiet
def command(
    releases: tuple[str, ...],
    all_known: bool,
    registry: str | None,
    dry_run: bool,
    key: Path | None,
    receipts: Path | None,
    date: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Take what was opted out since out of releases that exist, each in its place.

    RELEASE is a folder or a URL such as s3://bucket/prefix. Name all versions that you publish, or give --all for those
    that builds and retractions have told the registry of: what falls is found in all of them before anything is
    written. Only the shards touched are written anew; one atomic replacement of the
    manifest makes the next patch version, then the old bytes go. After an interruption give the command again.

    \b
    Examples:
      drystone retract releases/walls-1.0 releases/walls-1.1 --registry registry.sqlite --dry-run
      drystone retract --all --dry-run
      drystone retract s3://walls/1.0 --registry registry.sqlite --key publisher.key --receipts receipts
    """

    def progress(place: str, step: str) -> None:
        if not (quiet or as_json):
            echo(f"{step}: {inline(place)}", err=True)

    written: dict[str, Path] = {}
    outcomes = verbs.retract(
        releases,
        all_known=all_known,
        registry=registry,
        date=date,
        key=key,
        receipts=receipts,
        each_receipt=written.__setitem__,
        dry_run=dry_run,
        progress=progress,
    )
    if as_json:
        print_json([_summary(outcome, written) for outcome in outcomes])
    else:
        for outcome in outcomes:
            _print(outcome, dry_run)
        for path in written.values():
            echo(f"receipt  {inline(path)}")
    held = [] if dry_run else verbs.exports_held(registry)
    for each in held:
        line = f"still held by the export {inline(each.place)} of {inline(each.version)}: export it again, or remove it"
        echo(line, err=as_json)
    if held:
        sys.exit(1)


def _summary(outcome: SearchedRelease, receipts: dict[str, Path]) -> dict[str, object]:
    inventory, done = outcome.inventory, outcome.done
    return {
        "release": outcome.place,
        "before": {"version": outcome.before.facts.version, "root": outcome.before.root},
        "after": {"version": outcome.after.facts.version, "root": outcome.after.root} if done else None,
        "fell": asdict(inventory.total),
        "requests": {request: asdict(fell) for request, fell in sorted(inventory.requests.items())},
        "shards": sorted(inventory.shards),
        "repositories_with_unknown_directories": sorted(inventory.unknown),
        "bytes_written": done.bytes_written if done else 0,
        "bytes_replaced": done.bytes_replaced if done else 0,
        "receipts": {request: receipts[request] for request in inventory.requests if request in receipts},
    }


def _print(outcome: SearchedRelease, dry_run: bool) -> None:
    inventory, facts = outcome.inventory, outcome.before.facts
    total = inventory.total
    echo(f"{inline(facts.name)} {inline(facts.version)}  {inline(outcome.place)}")
    if outcome.cleared:
        echo(f"  {many(outcome.cleared, 'file')} of an interrupted retraction removed")
    if inventory.unknown:
        echo(
            "  directories were asked for, and this release does not hold all hashes of "
            f"{many(len(inventory.unknown), 'repository')}: a directory in them is only found by a build"
        )
    if inventory.empty:
        echo("  nothing of it falls")
        return
    verb = "would fall" if dry_run else "fell"
    echo(
        f"  {many(len(inventory.repositories), 'repository')} and {many(total.occurrences, 'occurrence')} {verb}, "
        f"{many(total.files, 'kept file')} of {size_text(total.bytes)}, in {many(len(inventory.shards), 'shard')}"
    )
    for request, fell in sorted(inventory.requests.items()):
        echo(f"  request {inline(request)}: {many(fell.occurrences, 'occurrence')}, {many(fell.files, 'file')}")
    if outcome.done is not None:
        done = outcome.done
        echo(f"  now {done.after.facts.version}  {done.after.root}")
        echo(f"  {size_text(done.bytes_written)} written in place of {size_text(done.bytes_replaced)}")
