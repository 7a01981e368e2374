"""`drystone init`: writes a first settings file for the sources at hand, with remarks."""

from __future__ import annotations

from pathlib import Path

import click

from drystone.building import verbs
from drystone.cli import _options
from drystone.cli._out import echo, inline


@click.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@_options.option_of(
    verbs.write_first_settings, "-o", "--output", "file", type=click.Path(path_type=Path), help="The file to write."
)
@click.option("--replace", is_flag=True, help="Replace a file that is there already.")
def command(sources: tuple[str, ...], file: Path, replace: bool) -> None:
    """Write a settings file with remarks, to be changed and given to `drystone build`.

    It names SOURCE..., by default the git repositories and archives in the working folder, or the folder itself where
    it is a repository. Each line that is switched off shows a default.

    \b
    Examples:
      drystone init
      drystone init ./my-repository pypi:flask==3.1.2 -o mine.toml
      drystone init && drystone build drystone.toml
    """
    written = verbs.write_first_settings(file, sources, replace=replace)
    echo(f"{inline(written)} is written. Look through it, then: drystone build {inline(written)}")
