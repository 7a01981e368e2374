"""`drystone mcp` on the command line: settings are printed, and what cannot be served says why."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from drystone.cli import cli
from drystone.errors import DrystoneError, ReleaseError, UsageError


def test_settings_are_printed_and_nothing_is_opened(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["mcp", "--settings", "vscode", str(tmp_path / "none"), "--model", "./mine"])
    assert done.exit_code == 0
    server = json.loads(done.stdout)["servers"]["drystone"]
    assert server["args"] == ["mcp", str(tmp_path / "none"), "--model", "./mine"]
    assert ".vscode/mcp.json" in done.stderr
    done = CliRunner().invoke(cli, ["mcp", "--settings", "cursor", str(tmp_path), "--http", "--port", "9000"])
    assert json.loads(done.stdout) == {"mcpServers": {"drystone": {"url": "http://127.0.0.1:9000/mcp"}}}


@pytest.mark.parametrize(
    ("arguments", "kind", "said"),
    [
        ([], ReleaseError, "not a release"),
        (["--http", "--host", "0.0.0.0"], UsageError, "0.0.0.0 is reached by others: say by which name with --name"),
        (["--name", "a.example"], UsageError, "about HTTP"),
    ],
)
def test_what_cannot_be_served_says_why(
    tmp_path: Path, arguments: list[str], kind: type[DrystoneError], said: str
) -> None:
    pytest.importorskip("mcp", reason="needs the extra `mcp`")
    with pytest.raises(kind, match=said):
        CliRunner().invoke(cli, ["mcp", str(tmp_path), *arguments], catch_exceptions=False)


def test_without_the_extra_it_is_named(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['mcp'] = sys.modules['mcp_types'] = None\n"
        "from drystone.cli import main; sys.argv[1:] = ['mcp', '.']; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("is not installed. Install it with: pip install 'drystone[mcp]'")
