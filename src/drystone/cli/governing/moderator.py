"""`drystone moderator`: who may decide requests in the browser."""

from __future__ import annotations

from pathlib import Path

import click

from drystone.cli._out import echo, inline
from drystone.web import verbs


@click.group()
def command() -> None:
    """People who decide requests in the browser (drystone serve --moderators FILE)."""


@command.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("name")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for where not given.")
def add(file: Path, name: str, password: str) -> None:
    """Add a moderator to FILE, or give one another password. Only a hash of it is kept (Argon2id).

    \b
    Examples:
      drystone moderator add moderators.txt ada
    """
    verbs.add_moderator(file, name, password)
    echo(f"{inline(name)} may log in; give the file to drystone serve with --moderators {inline(file)}")
