"""Completion in the shell, as docs/commands.md describes it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("drystone re", {"receipt", "registry", "retract", "review", "reader"}),
        ("drystone reader ev", {"evaluate"}),
        ("drystone optout wi", {"withdraw"}),
        ("drystone verify --q", {"--quick", "--quiet"}),
    ],
)
def test_commands_and_options_are_completed(words: str, offered: set[str]) -> None:
    count = str(len(words.split()) - 1)
    asked = {"COMP_WORDS": words, "COMP_CWORD": count, "_DRYSTONE_COMPLETE": "bash_complete"}
    done = subprocess.run(
        [sys.executable, "-c", "from drystone.cli import main; main()"],
        env={**os.environ, **asked},
        check=True,
        capture_output=True,
        text=True,
    )
    assert {line.partition(",")[2] for line in done.stdout.splitlines()} == offered


def test_the_shell_is_told_how() -> None:
    for shell in ("zsh", "fish"):
        code = "from drystone.cli import main; main()"
        told = {**os.environ, "_DRYSTONE_COMPLETE": f"{shell}_source"}
        done = subprocess.run([sys.executable, "-c", code], env=told, check=True, capture_output=True, text=True)
        assert f"_DRYSTONE_COMPLETE={shell}_complete" in done.stdout
