"""Commands of `drystone catalog` about what does what, and its passport: resolve, publish, verify, report."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from drystone.catalog import verbs
from drystone.cli import _options
from drystone.cli._out import echo, inline, print_json


@click.command()
@click.argument("need")
@click.option("--among", multiple=True, type=click.Path(), help="A folder of a release or reader to choose from, too.")
@click.option("--keep-query", is_flag=True, help="Let the catalog keep the words of NEED, not only a hash.")
@_options.catalog
@_options.as_json
def resolve(need: str, as_json: bool, **given: Any) -> None:
    """Choose the one artifact that does NEED now, with a program that calls it, and why no other was chosen.

    NEED is said in words, or is capability://ID. What can be used here goes before what must be got first; then what is
    known to do it better. Installed readers are always among what is chosen from.

    \b
    Examples:
      drystone catalog resolve "answer questions from a manual offline"
      drystone catalog resolve capability://code.search --among releases/mine
    """
    found = verbs.resolve_need(need, **given)
    if as_json:
        print_json(found)
        return
    echo(f"{inline(found.title)} ({inline(found.artifact)}), {inline(found.capability)}")
    echo(inline(found.why))
    for reason in found.reasons:
        echo(f"  {reason.by}: “{inline(reason.text)}” ({inline(reason.of)}), {reason.value:.2f}")
    if found.invocation is None:
        echo("No program is known that calls it.")
    else:
        checked = "run by drystone's tests" if found.invocation.checked else "not run by drystone's tests"
        echo(f"\n# {found.invocation.language}, {checked}; needs: {inline('; '.join(found.invocation.requires))}")
        for line in found.invocation.text.splitlines():
            echo(inline(line))
        echo()
    for one in found.alternatives:
        echo(f"not {inline(one.title)}: {inline(one.lost)}")
    for note in found.notes:
        echo(f"note: {inline(note)}", err=True)


@click.command()
@click.argument("artifact", type=click.Path())
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The file.  [default: in its folder, passport.json, or signed passport.signed.json]",
)
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    envvar="DRYSTONE_PUBLISHER_KEY",
    show_envvar=True,
    help="The publisher's private key, to sign it (drystone receipt key makes one).",
)
@_options.catalog
def publish(artifact: str, out: Path | None, key: Path | None, catalog: str | None) -> None:
    """Write the passport of ARTIFACT beside its card, signed with --key. What we build or pack has one already.

    \b
    Examples:
      drystone catalog publish releases/mine --key publisher.key
      drystone catalog publish mini --out mini.passport.json --key publisher.key
    """
    echo(f"wrote {inline(verbs.publish_passport(artifact, out, key=key, catalog=catalog))}")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--key", type=click.Path(path_type=Path), required=True, help="The publisher's public key.")
def verify(file: Path, key: Path) -> None:
    """Check a signed passport with the publisher's public key; nothing else is needed.

    The exit status is 1 where it was altered or signed by another key.

    \b
    Examples:
      drystone catalog verify releases/mine/passport.signed.json --key publisher.key.pub
    """
    passport, signed_at = verbs.verify_passport(file, key)
    echo(f"The signature holds. {inline(passport.artifact.title)}, {inline(signed_at)}")


@click.command()
@click.argument("token")
@click.argument("outcome", type=click.Choice(["success", "failure"]))
@_options.catalog_to_change
def report(token: str, outcome: Any, catalog: str) -> None:
    """Say what came of something that drystone find found: whether it did the job. TOKEN stands beside the result.

    A later report of the same result takes the place of an earlier one. A token is good for a month.

    \b
    Examples:
      drystone catalog report TOKEN success
    """
    echo(f"{inline(verbs.report_outcome(token, outcome, catalog))}: {outcome}")


COMMANDS: Final = (resolve, publish, verify, report)
