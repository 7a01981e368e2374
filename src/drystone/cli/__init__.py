"""The command line. Commands lie in folders by job, one a module, and are found by file name (`_found`).

A command parses its arguments, calls one verb of a room and prints what came of it. It holds no rule and no default of
its own, and nothing heavy is loaded before a verb is called, so that help is quick.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Final, NoReturn

import click

from drystone.cli._found import FoundCommands
from drystone.cli._out import echo
from drystone.errors import DrystoneError

#: The context's object where the process is the command's own, so that a command may set it up for its work.
OWN_PROCESS: Final = "own process"


_HEADINGS: Final = {
    "building": "Build",
    "inspecting": "Inspect",
    "governing": "Govern",
    "asking": "Ask",
    "comparing": "Compare",
    "serving": "Serve",
}


@click.command(
    cls=FoundCommands,
    folders={f"drystone.cli.{folder}": heading for folder, heading in _HEADINGS.items()},
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="drystone", prog_name="drystone")
def cli() -> None:
    """Build governed code-dataset releases, ask texts questions, and compare releases and models."""


def main() -> NoReturn:
    """Run the command line; print errors without a traceback and exit 2 for misuse, 1 for failure."""
    # Before Arrow is loaded: the allocator that it brings keeps to itself, for good, what its writers have once used.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    try:
        status = cli.main(prog_name="drystone", standalone_mode=False, obj=OWN_PROCESS)
    except click.ClickException as error:
        said = io.StringIO()
        error.show(said)
        echo(said.getvalue(), err=True, nl=False)
        sys.exit(error.exit_code)
    except (click.exceptions.Abort, KeyboardInterrupt):
        echo("Stopped.", err=True)
        sys.exit(130)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except DrystoneError as error:
        for line in str(error).splitlines():
            echo(f"drystone: {line}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    # Outside its standalone mode click returns what `ctx.exit` was given.
    sys.exit(status if isinstance(status, int) else 0)
