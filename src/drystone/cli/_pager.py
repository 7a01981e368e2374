"""A pager for long output on a terminal, as git does it: PAGER, else less, with LESS=FRX where that is not set.

What is written is what would be printed; the pager's end ends the output without an error.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from drystone.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

#: Quit where it fits one screen, pass colours on, leave the screen as it is.
_LESS: Final = "FRX"


@contextmanager
def paged(wanted: bool) -> Iterator[Console]:
    """Give a console that prints through the pager, where output goes to a terminal and a pager is there; else direct.

    Colours are those of a terminal without a pager: none where NO_COLOR is set. Raises `UsageError` for a PAGER that
    cannot be run.
    """
    from drystone.cli._out import console

    command = _command() if wanted and sys.stdout.isatty() else []
    if not command:
        yield console(soft_wrap=True)
        return
    environment = {"LESS": _LESS, "LV": "-c", **os.environ}
    try:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment, text=True, encoding="utf-8")
    except OSError as error:
        raise _no_pager(str(error)) from None
    pipe = process.stdin
    assert pipe is not None
    try:
        yield console(soft_wrap=True, file=pipe, force_terminal=True, width=shutil.get_terminal_size().columns)
    except BrokenPipeError:
        pass  # the reader has seen enough
    finally:
        with suppress(BrokenPipeError):
            pipe.close()
        while True:
            try:
                process.wait()
                break
            except KeyboardInterrupt:  # for the pager, which goes on
                pass


def _command() -> list[str]:
    asked = os.environ.get("PAGER")
    if asked is None:
        return ["less"] if shutil.which("less") else []
    try:
        words = shlex.split(asked)
    except ValueError as error:
        raise _no_pager(f"{asked}: {error}") from None
    if not words or words == ["cat"] or shutil.which(words[0]) is None:
        return []
    return words


def _no_pager(why: str) -> UsageError:
    return UsageError(f"PAGER is no command that can be run ({why}); set another, or give --no-pager")
