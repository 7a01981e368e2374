"""`drystone sign`: the publisher's signature of a release."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from drystone.cli._out import echo, inline, print_json
from drystone.release import verbs


@click.command()
@click.argument("releases", nargs=-1, required=True, metavar="RELEASE...")
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    envvar="DRYSTONE_PUBLISHER_KEY",
    show_envvar=True,
    required=True,
    help="The publisher's private key: of drystone receipt key, or an Ed25519 key of SSH.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(releases: tuple[str, ...], key: Path, as_json: bool) -> None:
    """Sign releases, so that whoever has the public key sees that nothing was altered.

    RELEASE is a folder or a URL such as s3://bucket/prefix. Signed are the manifest, which names every other file by
    its SHA-256, and each tombstone. Sign again after a retraction, an update in its place, or a new index: they take
    the signature away. `drystone verify --key` checks it, and so does ssh-keygen, without Drystone.

    \b
    Examples:
      drystone sign releases/mine --key publisher.key
      drystone verify releases/mine --key publisher.key.pub
    """
    signed = verbs.sign(releases, key)
    if as_json:
        print_json(signed)
        return
    for each in signed:
        echo(f"signed {inline(each.place)}: {', '.join(map(inline, each.signatures))}")
    echo(f"key {signed[0].key}")
    line = shlex.quote(f"publisher {signed[0].public_key}")
    echo("Anybody can check it without Drystone, in the folder of the release:")
    echo(f"  echo {line} > /tmp/signers")
    echo("  ssh-keygen -Y verify -f /tmp/signers -I publisher -n drystone-release -s manifest.json.sig < manifest.json")
