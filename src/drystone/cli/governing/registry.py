"""`drystone registry`: the proof that a registry is whole, and the key of its contact data."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from drystone.cli import _registry
from drystone.registry import KEY_VARIABLE, new_key
from drystone.release.manifest import read_manifest


@click.group(name="registry")
@_registry.option
@click.pass_context
def command(ctx: click.Context, registry: str) -> None:
    """Check a registry, see its log, and keep its contact data encrypted.

    \b
    Examples:
      drystone registry audit
      drystone registry audit releases/mine-1.0.0 releases/mine-1.1.0
      drystone registry --registry postgresql://host/registry log --json
      export DRYSTONE_REGISTRY_KEY=$(drystone registry key)
    """  # fmt: skip
    ctx.obj = registry


@command.command()
@click.argument("releases", nargs=-1, type=click.Path(path_type=Path))
@click.option("--head", "heads", multiple=True, help="A hash from elsewhere that the log must hold; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def audit(registry: str, releases: tuple[Path, ...], heads: tuple[str, ...], as_json: bool) -> None:
    """Prove that nothing was altered or removed; exit with 1 where something was.

    Every event's hash covers all events before it, and every table must follow from the events. RELEASES are folders:
    the head that each of their manifests carries must be in the log, which shows removed last events.
    """
    carried = [head for folder in releases if (head := read_manifest(folder).facts.registry_head) is not None]
    with _registry.existing(registry) as opened:
        found = opened.audit([*carried, *heads])
    if as_json:
        click.echo(json.dumps({**asdict(found), "whole": not found.problems}))
    else:
        click.echo(f"{'events:':15}{found.events}")
        for kind, count in found.kinds.items():
            click.echo(f"  {kind:20}{count:>8}")
        click.echo(f"{'head:':15}{found.head}")
        click.echo(f"{'release head:':15}{found.release_head}")
        for problem in found.problems:
            click.echo(f"PROBLEM  {problem}")
        click.echo("Nothing was altered or removed." if not found.problems else f"{len(found.problems)} problems.")
    if found.problems:
        click.get_current_context().exit(1)


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON Lines with every field.")
@click.pass_obj
def log(registry: str, as_json: bool) -> None:
    """Print the event log, oldest first. It names no requester; moderators it names."""
    with _registry.existing(registry) as opened:
        events = opened.events.all()
    for event in events:
        if as_json:
            click.echo(json.dumps(event.as_dict(), ensure_ascii=True))
        else:
            click.echo(f"{event.seq:>6}  {event.at}  {event.kind:20}  {event.request or '-':12}  {event.hash[:12]}")


@command.command()
def key() -> None:
    """Print a new key for contact data, to be kept in DRYSTONE_REGISTRY_KEY and nowhere beside the registry."""
    click.echo(new_key())


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def encrypt(registry: str, as_json: bool) -> None:
    """Encrypt all contact data with the first key of DRYSTONE_REGISTRY_KEY, after it was set or changed."""
    with _registry.existing(registry) as opened:
        count = opened.contacts.encrypt_all()
    if as_json:
        click.echo(json.dumps({"encrypted": count}))
    else:
        click.echo(f"Contact data of {count} requests are encrypted with the first key of {KEY_VARIABLE}.")
