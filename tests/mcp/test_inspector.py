"""The server as the protocol's own inspector sees it: tools, their schemas, and what they answer.

Apache-2.0 and MIT; a program that the test runs, no part of this one.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

NPM = Path(__file__).parents[2] / ".cache/npm"
INSPECTOR = NPM / "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js"
_HOW = f"npm install --prefix {NPM} node@22 @modelcontextprotocol/inspector@2"


@pytest.fixture(scope="module")
def node() -> str:
    """A Node that the inspector runs on."""
    found = shutil.which("node", path=str(NPM / "node_modules/.bin")) or shutil.which("node")
    if found is None or not INSPECTOR.is_file():
        pytest.skip(f"Node or the inspector is not there: {_HOW}")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if tuple(map(int, version.removeprefix("v").split(".")[:2])) < (22, 19):
        pytest.skip(f"Node {version} is too old for the inspector: {_HOW}")
    return found


def inspect(node: str, command: list[str], *arguments: str) -> tuple[Any, str]:
    done = subprocess.run(
        [node, str(INSPECTOR), "--cli", *command, *arguments], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


@pytest.mark.slow
def test_the_inspector_lists_the_tools_and_finds_nothing_wrong_in_their_schemas(node: str, command: list[str]) -> None:
    found, told = inspect(node, command, "--method", "tools/list", "--strict")
    assert [tool["name"] for tool in found["tools"]] == [
        "search", "ask", "read", "why", "licenses", "find", "compare", "passport",
    ]  # fmt: skip
    assert not [line for line in told.splitlines() if not line.startswith("drystone: serving")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("search", ["query=keystone file:guide", "limit=1"], "     9 | The keystone was cut by Ada Mason in 1852."),
        ("read", ["file=many.py", "first=7", "last=7"], "     7 | keystone_7 = 7"),
        ("why", ["file=gpl.py"], "decision | dropped at stage license: non_permissive_license"),
        ("licenses", ["policy=permissive"], "whether policy permissive covers every kept file: yes"),
    ],
)
def test_the_inspector_calls_a_tool(node: str, command: list[str], name: str, arguments: list[str], said: str) -> None:
    given = [part for argument in arguments for part in ("--tool-arg", argument)]
    found, _ = inspect(node, command, "--method", "tools/call", "--tool-name", name, *given)
    assert said in found["content"][0]["text"]
    assert found["structuredContent"]["quoted"]
