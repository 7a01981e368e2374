"""Writes docs/commands.md from the help of the command line itself: `make docs`. A test fails where it is stale."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from drystone.cli import cli

PAGE = Path(__file__).with_name("commands.md")
_HEAD = """\
# Commands

<!-- Written by docs/commands.py from the commands themselves: run `make docs`. -->

To see what a command does, with examples that can be copied:

```console
$ drystone build --help
```

The exit status is 0 where all is well, 1 where the work could not be done or (`verify`, `scan`) something was found, 2
for a request that is itself wrong, 3 where `build` kept nothing, 130 after Ctrl-C.

What commands print holds no control characters of others: an escape sequence in a file's name is shown as `\\x1b[31m`.
Where standard output is no terminal, tables are as wide as their cells, so that a name or an id stays in one piece.

## Completion in the shell

The shell completes commands and options after one line in its own settings; open a new shell then.

```bash
eval "$(_DRYSTONE_COMPLETE=bash_source drystone)"                                   # bash 4.4 and later: ~/.bashrc
eval "$(_DRYSTONE_COMPLETE=zsh_source drystone)"                                    # zsh: ~/.zshrc
_DRYSTONE_COMPLETE=fish_source drystone > ~/.config/fish/completions/drystone.fish  # fish: once
```

In a search it completes fields of the query and their values, too: `drystone search releases/mine lang:py` and Tab.
Tried in bash (`pytest tests/cli/asking/test_completion.py`); of zsh and fish only that their settings are printed.
"""
_WIDTH = 100


def walk(
    command: click.Command, name: str, parent: click.Context | None = None
) -> Iterator[tuple[str, click.Command, click.Context]]:
    """Yield every command and subcommand with its full name and a context to format its help in."""
    width: dict[str, Any] = {"max_content_width": _WIDTH, "terminal_width": _WIDTH}
    context = click.Context(command, parent, info_name=name, **{**command.context_settings, **width})
    yield (name if parent is None else context.command_path), command, context
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            if found is not None:
                yield from walk(found, child, context)


def page() -> str:
    """Return the page as it should be."""
    parts = [_HEAD]
    for name, command, context in walk(cli, "drystone"):
        level = "##" if name.count(" ") < 2 else "###"
        parts.append(f"{level} {name}\n\n```text\n{_help(command, context)}\n```\n")
    return "\n".join(parts)


def _help(command: click.Command, context: click.Context) -> str:
    text = inspect.cleandoc(command.get_help(context))
    return "\n".join(line.rstrip() for line in text.splitlines())


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    sys.stdout.write(f"{PAGE} written\n")
