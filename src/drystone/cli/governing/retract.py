"""`drystone retract`: the registry's present state applied to releases that exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import orjson

from drystone.cli import _registry
from drystone.cli._registry import DEFAULT_REGISTRY
from drystone.release.layout import shown, size_text


@click.command()
@click.argument("releases", nargs=-1, required=True, metavar="RELEASE...")
@click.option(
    "--registry",
    envvar="DRYSTONE_REGISTRY",
    show_envvar=True,
    default=DEFAULT_REGISTRY,
    show_default=True,
    help="Registry whose opt-outs apply: a file or a database URL.",
)
@click.option("--dry-run", is_flag=True, help="Say what would fall; write nothing.")
@_registry.receipts
@click.option("--date", metavar="YYYY-MM-DD", help="Day of the new versions, for card and change log.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    releases: tuple[str, ...],
    registry: str,
    dry_run: bool,
    key: Path | None,
    receipts: Path | None,
    date: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Take what was opted out since out of releases that exist, each in its place.

    RELEASE is a folder or a URL such as s3://bucket/prefix. Name all versions that you publish: what falls is found in
    all of them before anything is written. Only the shards touched are written anew; one atomic replacement of the
    manifest makes the next patch version, then the old bytes go. After an interruption give the command again.

    \b
    Examples:
      drystone retract releases/walls-1.0 releases/walls-1.1 --registry registry.sqlite --dry-run
      drystone retract s3://walls/1.0 --registry registry.sqlite --key publisher.key --receipts receipts
    """
    from drystone.building import retract as room
    from drystone.building.receipts import write_receipts
    from drystone.errors import UsageError
    from drystone.registry import Applied, Registry

    private = _registry.signing(key, receipts)
    if date is not None:
        try:
            datetime.strptime(date, "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            raise UsageError(f"--date {shown(date)}: write it as YYYY-MM-DD") from None

    def progress(place: str, step: str) -> None:
        if not (quiet or as_json):
            click.echo(f"{step}: {shown(place)}", err=True)

    with Registry(registry) as opened:

        def block(contents: Mapping[str, set[str]]) -> Any:
            for request, swhids in contents.items():
                opened.optouts.block(request, swhids, "the ledgers of releases at their retraction")
            snapshot = opened.optouts.snapshot()
            return snapshot, snapshot.head

        snapshot = opened.optouts.snapshot()
        outcomes = room.retract(
            releases, snapshot, snapshot.head, block=block, date=date, dry_run=dry_run, progress=progress
        )
        found = room.searched(outcomes)
        for outcome in () if dry_run else outcomes:
            for stone in outcome.stones:
                now = stone["superseded_by"]
                fallen = [
                    Applied(request, each["occurrences"], each["bytes"], each["repositories"])
                    for request, each in stone["requests"].items()
                ]
                opened.optouts.applied_all(now["root"], now["version"], fallen)
                opened.versions.superseded(stone["root"], stone["version"], now["root"], now["version"], retracted=True)
        head = opened.optouts.snapshot().head
    written: dict[str, Path] = {}
    if private is not None and receipts is not None and not dry_run:
        written = write_receipts(found, head, folder=receipts, key=private)
    if as_json:
        click.echo(orjson.dumps([_summary(o, written) for o in outcomes], option=orjson.OPT_INDENT_2).decode())
    else:
        for outcome in outcomes:
            _print(outcome, dry_run)
        for path in written.values():
            click.echo(f"receipt  {path}")


def _summary(outcome: Any, receipts: dict[str, Path]) -> dict[str, Any]:
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
        "receipts": {request: str(receipts[request]) for request in inventory.requests if request in receipts},
    }


def _print(outcome: Any, dry_run: bool) -> None:
    inventory, facts = outcome.inventory, outcome.before.facts
    total = inventory.total
    click.echo(f"{shown(facts.name)} {shown(facts.version)}  {shown(outcome.place)}")
    if outcome.cleared:
        click.echo(f"  {outcome.cleared:,} files of an interrupted retraction removed")
    if inventory.unknown:
        click.echo(
            f"  directories were asked for, and of {len(inventory.unknown):,} repositories this release does not hold "
            "all hashes: a directory in them is only found by a build"
        )
    if inventory.empty:
        click.echo("  nothing of it falls")
        return
    verb = "would fall" if dry_run else "fell"
    click.echo(
        f"  {len(inventory.repositories):,} repositories and {total.occurrences:,} occurrences {verb}, "
        f"{total.files:,} kept files of {size_text(total.bytes)}, in {len(inventory.shards):,} shards"
    )
    for request, fell in sorted(inventory.requests.items()):
        click.echo(f"  request {shown(request)}: {fell.occurrences:,} occurrences, {fell.files:,} files")
    if outcome.done is not None:
        done = outcome.done
        click.echo(f"  now {done.after.facts.version}  {done.after.root}")
        click.echo(f"  {size_text(done.bytes_written)} written in place of {size_text(done.bytes_replaced)}")
