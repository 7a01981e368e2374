"""Completion of a search in a real bash, at a pseudo terminal: what a person who presses Tab sees."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")


def typed(line: str, folder: Path, wanted: str) -> str:
    """Return what bash shows once `line` was typed and Tab pressed, again if the first time does not show `wanted`."""
    program = folder / "drystone"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -c "from drystone.cli import main; main()" "$@"\n')
    program.chmod(0o755)
    rc = folder / "rc"
    rc.write_text(
        "PS1='> '\nbind 'set bell-style none'\nbind 'set page-completions off'\nbind 'set enable-bracketed-paste off'\n"
        'eval "$(_DRYSTONE_COMPLETE=bash_source drystone)"\necho ready\n'
    )
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "TERM": "dumb", "COLUMNS": "200"}
    process = subprocess.Popen(
        ["bash", "--noprofile", "--rcfile", str(rc), "-i"], stdin=theirs, stdout=theirs, stderr=theirs,
        env=environment, cwd=folder, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    assert "ready\r\n> " in until(ours, "ready\r\n> ", 60)
    os.write(ours, line.encode() + b"\t")
    shown = until(ours, wanted, 10)
    if wanted not in shown:
        os.write(ours, b"\t")
        shown += until(ours, wanted, 20)
    process.kill()
    process.wait()
    os.close(ours)
    return shown


def until(terminal: int, wanted: str, seconds: float) -> str:
    """Read what is shown until it holds what is wanted, or the time is up."""
    shown, end = "", time.monotonic() + seconds
    while wanted not in shown and (left := end - time.monotonic()) > 0:
        if select.select([terminal], [], [], left)[0]:
            shown += os.read(terminal, 65536).decode("utf-8", "replace")
    return shown


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("drystone sear", "drystone search "),
        ("drystone search rele", "drystone search releases/"),
        ("drystone search releases lang:javascr", "lang:javascript"),
        ("drystone search releases license:permis", "license:permissive"),
    ],
)
def test_bash_completes(line: str, wanted: str, tmp_path: Path) -> None:
    (tmp_path / "releases").mkdir()
    assert wanted in typed(line, tmp_path, wanted)
