"""`drystone receipt`: keys for receipts, and checking one."""

from __future__ import annotations

from pathlib import Path

import click
import orjson

from drystone.release.layout import shown


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
    from drystone.release.versions import receipts

    public = receipts.new_key(file)
    click.echo(f"private  {file}\npublic   {public}\nkey      {receipts.fingerprint(receipts.load_public(public))}")


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
    from drystone.release.versions import receipts

    said = receipts.verify_receipt(receipt, receipts.load_public(public))
    if as_json:
        click.echo(orjson.dumps(said, option=orjson.OPT_INDENT_2).decode())
        return
    click.echo(f"The signature holds. Request {shown(said['request'])}, {shown(said['issued'])}")
    for line in said["searched"]:
        fell, now = line["fell"], line["now"]
        if (out := line.get("left_out")) is not None:
            click.echo(
                f"{shown(line['release'])} {shown(now['version'])}  {shown(now['root'])}: built without "
                f"{out['repositories']:,} repositories and {out['occurrences']:,} other occurrences of "
                f"{out['bytes']:,} bytes of its sources"
            )
        if line["root"] is None:
            continue
        after = f"now {shown(now['version'])}  {shown(now['root'])}" if now["root"] != line["root"] else "unchanged"
        click.echo(
            f"{shown(line['release'])} {shown(line['version'])}: of {line['occurrences']:,} occurrences "
            f"{fell['occurrences']:,} fell, {fell['files']:,} files of {fell['bytes']:,} bytes; {after}"
        )
