"""The pager in a real terminal: a pseudo terminal, a program as PAGER."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
from drystone.cli._out import text
from drystone.errors import UsageError
from drystone.cli._pager import paged
import sys
try:
    with paged(sys.argv[1] == "yes") as out:
        for number in range(int(sys.argv[2])):
            out.print(text(f"line {number} \\x1b[2J", "bold red"))
except UsageError as error:
    print("refused:", error)
"""


def on_a_terminal(*arguments: str, **environment: str) -> str:
    """Run it with a terminal as its output and return what came there."""
    ours, theirs = pty.openpty()
    plain = {name: value for name, value in os.environ.items() if name not in ("PAGER", "LESS", "NO_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-c", CODE, *arguments], stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
        env={**plain, "TERM": "xterm", **environment},
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # Linux says so when the other side is closed
            break
        if not piece:
            break
        shown += piece
    assert process.wait() == 0, shown
    os.close(ours)
    return shown.decode()


@pytest.fixture
def pager(tmp_path: Path) -> str:
    program = tmp_path / "pager"
    program.write_text('#!/bin/sh\necho "LESS is $LESS"\nhead -n 2\n')
    program.chmod(0o755)
    return str(program)


def test_long_output_goes_through_the_pager_in_colour(pager: str) -> None:
    shown = on_a_terminal("yes", "3", PAGER=pager)
    assert "LESS is FRX" in shown
    assert "\x1b[1;31m" in shown
    assert "line 1" in shown
    assert "line 2" not in shown, "the pager shows what it likes"


def test_a_pager_that_ends_early_ends_the_output_without_an_error(pager: str) -> None:
    shown = on_a_terminal("yes", "200000", PAGER=pager)
    assert "line 1" in shown
    assert "Traceback" not in shown
    assert "Error" not in shown


@pytest.mark.parametrize(("wanted", "pager_named"), [("no", "true"), ("yes", ""), ("yes", "cat"), ("yes", "no-such")])
def test_without_a_pager_it_is_printed(wanted: str, pager_named: str) -> None:
    assert "line 2" in on_a_terminal(wanted, "3", PAGER=pager_named)


def test_a_pager_that_cannot_be_run_is_refused(tmp_path: Path) -> None:
    no_program = tmp_path / "no-program"
    no_program.write_text("neither a script nor a binary\n")
    no_program.chmod(0o755)
    for pager in ("less '", str(no_program)):
        shown = on_a_terminal("yes", "3", PAGER=pager)
        assert "refused: PAGER is no command" in shown
        assert "line 2" not in shown


def test_no_colour_where_none_is_wanted(pager: str) -> None:
    assert "\x1b[1;31m" not in on_a_terminal("yes", "1", PAGER=pager, NO_COLOR="1")
    assert "\x1b[1;31m" not in on_a_terminal("no", "1", NO_COLOR="1")


def test_escape_sequences_of_texts_never_reach_the_terminal(pager: str) -> None:
    for shown in (on_a_terminal("yes", "1", PAGER=pager), on_a_terminal("no", "1")):
        assert "\x1b[2J" not in shown
        assert "\\x1b[2J" in shown


def test_nothing_is_paged_into_a_pipe(pager: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE, "yes", "3"],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PAGER": pager},
    )
    assert "LESS is" not in done.stdout
    assert "line 2" in done.stdout
    assert "\x1b" not in done.stdout
