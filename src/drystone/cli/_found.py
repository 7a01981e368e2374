"""Groups whose commands are found by file name: a module NAME.py of a folder defines `command`, called NAME.

Knows no command by name, and loads one only when it is asked for. What lists say of a command is the first line of its
module: "`drystone NAME`: what it is.".
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from drystone.errors import did_you_mean


class FoundCommands(click.Group):
    """A group of the commands in `folders`: package of modules -> heading under which help lists them."""

    def __init__(self, *arguments: Any, folders: Mapping[str, str], **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.folders = folders

    def homes(self) -> dict[str, str]:
        """Return the package of each command, by heading and then by name."""
        return {
            module.name: package
            for package in self.folders
            for module in sorted(pkgutil.iter_modules([str(_folder(package))]), key=lambda module: module.name)
            if not module.name.startswith("_")
        }

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, by heading and then by name."""
        return list(self.homes())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command; None where there is none of this name."""
        package = self.homes().get(cmd_name)
        if package is None:
            return None
        command = importlib.import_module(f"{package}.{cmd_name}").command
        assert isinstance(command, click.Command)
        command.name = cmd_name
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments begin with; one that is misspelt is told what is near."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            if near := did_you_mean(args[0], self.list_commands(ctx)):
                raise click.UsageError(f"{error.message} {near[2:].capitalize()}", ctx) from None
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one list of commands for each heading, with the first line of each module: none is loaded for that."""
        homes = self.homes()
        for package, heading in self.folders.items():
            with formatter.section(heading):
                formatter.write_dl([(name, line_of(package, name)) for name, home in homes.items() if home == package])


def line_of(package: str, name: str) -> str:
    """Return what a command's module says of it in its first line, which begins with "`drystone NAME`: "."""
    file = _folder(package) / name
    with (file / "__init__.py" if file.is_dir() else file.with_suffix(".py")).open(encoding="utf-8") as lines:
        said = next(lines).strip().strip('"').partition("`: ")[2].rstrip(".")
    return said[:1].upper() + said[1:]


def _folder(package: str) -> Path:
    """Return the folder of a package in `drystone.cli` without loading it."""
    return Path(__file__).parent.joinpath(*package.split(".")[2:])
