"""Asks an oracle's process; tests take the fixtures, see README.md."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Ask = Callable[[str, Any], Any]


@pytest.fixture(scope="session")
def swh() -> Iterator[Ask]:
    """Answers by swh.model."""
    home = os.environ.get("DRYSTONE_ORACLES")
    if not home or not (Path(home) / "swh/bin/python").exists():
        pytest.skip("DRYSTONE_ORACLES names no folder with the environment 'swh' (tests/oracles/README.md)")
    command = [str(Path(home) / "swh/bin/python"), str(Path(__file__).with_name("swh_answers.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def ask(verb: str, argument: Any) -> Any:
            process.stdin.write(json.dumps([verb, argument]) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield ask
        process.stdin.close()
