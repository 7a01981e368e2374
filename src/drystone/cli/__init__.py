"""The command line: one short module per command, found by its file name.

A module `cli/NAME.py` defines `command`, a click command or group called NAME. This module knows no command by name.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from difflib import get_close_matches
from typing import Final, NoReturn

import click

from drystone.errors import DrystoneError

#: The context's object where the process is the command's own, so that a command may set it up for its work.
OWN_PROCESS: Final = "own process"


class _Commands(click.Group):
    """Loads a command's module only when that command is asked for or listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = importlib.import_module(f"{__name__}.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = get_close_matches(args[0], self.list_commands(ctx), n=1)
            if near:
                raise click.UsageError(f"{error.message} Did you mean {near[0]!r}?", ctx) from None
            raise


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="drystone", prog_name="drystone")
def cli() -> None:
    """Build, inspect and compare governed code-dataset releases."""


def main() -> NoReturn:
    """Run the command line; print errors without a traceback and exit 2 for misuse, 1 for failure."""
    # Before Arrow is loaded: the allocator that it brings keeps to itself, for good, what its writers have once used.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    try:
        status = cli.main(prog_name="drystone", standalone_mode=False, obj=OWN_PROCESS)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except DrystoneError as error:
        for line in str(error).splitlines():
            click.echo(f"drystone: {line}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    # Outside its standalone mode click returns what `ctx.exit` was given.
    sys.exit(status if isinstance(status, int) else 0)
