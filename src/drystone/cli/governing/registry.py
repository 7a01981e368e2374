"""`drystone registry`: proof that a registry is whole, its log, its keys."""

from __future__ import annotations

from pathlib import Path

import click

from drystone._words import many
from drystone.building.verbs import audit as audit_registry
from drystone.building.verbs import known_places, sign_log
from drystone.cli import _options
from drystone.cli._out import echo, inline, print_json
from drystone.registry import verbs


@click.group(name="registry")
@_options.registry
@click.pass_context
def command(ctx: click.Context, registry: str | None) -> None:
    """Make a registry, check it, see its log, and keep its contact data encrypted.

    \b
    Examples:
      drystone registry --registry registry.sqlite init
      drystone registry audit
      drystone registry audit releases/mine-1.0.0 releases/mine-1.1.0
      drystone registry checkpoint --key publisher.key > checkpoint.txt
      drystone registry audit --checkpoint checkpoint.txt --key publisher.key.pub
      drystone registry --registry postgresql://host/registry log --json
      export DRYSTONE_REGISTRY_KEY=$(drystone registry key)
    """  # fmt: skip
    ctx.obj = registry


@command.command()
@click.pass_obj
def init(registry: str | None) -> None:
    """Make a new, empty registry. Others make only the default one: a misspelt name must not make an empty one."""
    echo(f"made {inline(verbs.init_registry(registry))}")


@command.command()
@click.argument("releases", nargs=-1, type=click.Path(path_type=Path))
@click.option("--head", "heads", multiple=True, help="A hash from elsewhere that the log must hold; may be repeated.")
@click.option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A checkpoint that somebody kept, which the log must have gone through; may be repeated.",
)
@click.option("--key", type=click.Path(path_type=Path), help="The operator's public key: it must have signed them.")
@click.option("--log", type=click.Path(path_type=Path), help="Check this log, as `log --json` printed it, instead.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def audit(
    registry: str | None,
    releases: tuple[Path, ...],
    heads: tuple[str, ...],
    checkpoints: tuple[Path, ...],
    key: Path | None,
    log: Path | None,
    as_json: bool,
) -> None:
    """Prove that nothing was altered or removed; exit with 1 where something was.

    Every event's hash covers all events before it, and every table must follow from the events. RELEASES are folders:
    the head that each of their manifests carries must be in the log, which shows removed last events; so must the
    state in each checkpoint.
    """
    found = audit_registry(releases, registry=registry, heads=heads, checkpoints=checkpoints, key=key, log=log)
    if as_json:
        print_json(found, indent=False, whole=not found.problems)
    else:
        echo(f"{'events:':15}{found.events}")
        for kind, count in found.kinds.items():
            echo(f"  {inline(kind):20}{count:>8}")
        echo(f"{'head:':15}{found.head}")
        echo(f"{'release head:':15}{found.release_head}")
        for problem in found.problems:
            echo(f"PROBLEM  {inline(problem)}")
        echo("Nothing was altered or removed." if not found.problems else f"{many(len(found.problems), 'problem')}.")
    if found.problems:
        click.get_current_context().exit(1)


@command.command()
@click.option("--key", type=click.Path(path_type=Path), required=True, help="The operator's private key, to sign it.")
@_options.option_of(sign_log, "--name", help="What the log is called in it, as example.org/registry.")
@click.pass_obj
def checkpoint(registry: str | None, key: Path, name: str) -> None:
    """Print a signed note of the state of the log, to be kept by others: with it a log written anew shows.

    It has the form of C2SP's signed notes: name of the log, number of events, hash of the last one, signature.
    """
    echo(sign_log(key, registry=registry, name=name), nl=False)


@command.command()
@click.option("--year", type=click.IntRange(1970, 9999), help="Requests that came in this year.  [default: all]")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File for the page with pictures (HTML).")
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as JSON.")
@click.pass_obj
def report(registry: str | None, year: int | None, output: Path | None, as_json: bool) -> None:
    """Count requests, outcomes and times; with -o as a page that can be published. It names nobody."""
    found = verbs.report_requests(registry, year=year, output=output)
    if as_json:
        print_json(found)
        return
    echo(f"requests in {found.period}: {found.requests:,}, late now: {found.overdue:,}")
    for name, number in found.statuses.items():
        echo(f"  {name:12}{number:>8,}")
    if output is not None:
        echo(f"page {inline(output)}")


@command.command()
@click.option("--forget", multiple=True, metavar="PLACE", help="Take a place off the list; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def releases(registry: str | None, forget: tuple[str, ...], as_json: bool) -> None:
    """List where releases and exports lie, as the commands that put them there have told the registry.

    `drystone retract --all` walks the releases; a request is overdue while one of these places may hold its files.
    """
    found = known_places(registry, forget=forget)
    if as_json:
        print_json(found)
        return
    for each in found:
        echo(f"{each.kind:8}{inline(each.name)} {inline(each.version)}  up to event {each.event}  {inline(each.place)}")


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON Lines with every field.")
@click.pass_obj
def log(registry: str | None, as_json: bool) -> None:
    """Print the event log, oldest first. It names no requester; moderators it names."""
    for event in verbs.read_log(registry):
        if as_json:
            print_json(event.as_dict(), indent=False)
        else:
            echo(f"{event.seq:>6}  {event.at}  {event.kind:20}  {event.request or '-':12}  {event.hash[:12]}")


@command.command()
def key() -> None:
    """Print a new key for contact data, to be kept in DRYSTONE_REGISTRY_KEY and nowhere beside the registry."""
    echo(verbs.new_contact_key())


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def encrypt(registry: str | None, as_json: bool) -> None:
    """Encrypt all contact data with the first key of DRYSTONE_REGISTRY_KEY, after it was set or changed."""
    count = verbs.encrypt_contacts(registry)
    if as_json:
        print_json({"encrypted": count}, indent=False)
    else:
        echo(f"Contact data of {count} requests are encrypted with the first key of DRYSTONE_REGISTRY_KEY.")
