"""The README's program and commands that answer questions, as printed but for the model and the port."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from drystone.cli.serving.serve import command

from .conftest import running

_SECTION = (
    (Path(__file__).parents[2] / "README.md").read_text().split("\n## Answers from a passage\n")[1].split("\n## ")[0]
)
_MODEL = "distilbert/distilbert-base-cased-distilled-squad"


def test_the_program_answers(small: Path) -> None:
    [code] = re.findall(r"```python\n(.*?)```", _SECTION, re.S)
    assert len([line for line in code.splitlines() if line]) == 3
    assert _MODEL in code
    program = [sys.executable, "-c", code.replace(_MODEL, str(small))]
    done = subprocess.run(program, check=True, capture_output=True, text=True, timeout=300)
    assert done.stdout.startswith("Answer(text=")


def test_the_two_commands_serve_and_ask(small: Path) -> None:
    [block] = [b for b in re.findall(r"```console\n(.*?)```", _SECTION, re.S) if "drystone serve" in b]
    serve, ask = [shlex.split(line.removeprefix("$ ")) for line in block.splitlines()]
    assert serve == ["drystone", "serve", "--model", _MODEL]
    [port] = [option.default for option in command.params if option.name == "port"]
    assert f"http://127.0.0.1:{port}" in ask
    with running("--model", str(small)) as server:
        called = [part.replace(f"http://127.0.0.1:{port}", server.url) for part in ask]
        try:
            done = subprocess.run([*called, "--silent"], check=True, capture_output=True, text=True, timeout=300)
        except FileNotFoundError:
            pytest.skip("curl is not installed")
    assert set(json.loads(done.stdout)) >= {"answer", "score", "start", "end"}
