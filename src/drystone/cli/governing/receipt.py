"""`drystone receipt`: signed receipts of what fell for a request, and their keys."""

from __future__ import annotations

from pathlib import Path

import click

from drystone._words import many
from drystone.cli._out import echo, inline, print_json
from drystone.release import verbs


@click.group()
def command() -> None:
    """Receipts: what was searched and what fell for a request, signed by the publisher."""


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
def key(file: Path) -> None:
    """Make a key pair: FILE, which stays with the publisher, and FILE.pub, which everybody may have.

    The private key is encrypted where DRYSTONE_KEY_PASSWORD is set.

    \b
    Examples:
      drystone receipt key publisher.key
    """
    public, fingerprint = verbs.new_receipt_key(file)
    echo(f"private  {inline(file)}\npublic   {inline(public)}\nkey      {fingerprint}")


@command.command()
@click.argument("receipt", type=click.Path(path_type=Path))
@click.option("--key", "public", type=click.Path(path_type=Path), required=True, help="The publisher's public key.")
@click.option("--json", "as_json", is_flag=True, help="Print what the receipt says as JSON.")
def verify(receipt: Path, public: Path, as_json: bool) -> None:
    """Check a receipt with the publisher's public key; nothing else is needed.

    The exit status is 1 where the receipt was altered or signed by another key.

    \b
    Examples:
      drystone receipt verify receipts/REQUEST.json --key publisher.key.pub
    """
    said = verbs.verify_receipt(receipt, public)
    if as_json:
        print_json(said)
        return
    echo(f"The signature holds. Request {inline(said['request'])}, {inline(said['issued'])}")
    if "log" in said:
        count = many(said["log"]["event"], "event")
        echo(f"The log had {count} then: drystone registry audit --head {inline(said['log']['hash'])}")
    for line in said["searched"]:
        fell, now = line["fell"], line["now"]
        if (out := line.get("left_out")) is not None:
            echo(
                f"{inline(line['release'])} {inline(now['version'])}  {inline(now['root'])}: built without "
                f"{many(out['repositories'], 'repository')} and {many(out['occurrences'], 'other occurrence')} of "
                f"{out['bytes']:,} bytes of its sources"
            )
        if line["root"] is None:
            continue
        after = f"now {inline(now['version'])}  {inline(now['root'])}" if now["root"] != line["root"] else "unchanged"
        echo(
            f"{inline(line['release'])} {inline(line['version'] or '')}: of {many(line['occurrences'], 'occurrence')} "
            f"{fell['occurrences']:,} fell, {many(fell['files'], 'file')} of {fell['bytes']:,} bytes; {after}"
        )
