from __future__ import annotations

import json

from click.testing import CliRunner

from drystone.cli import cli
from drystone.release.read import Release
from drystone.release.writing.finish import manifest_bytes
from tests.release.test_history import release

__all__ = ["release"]


def test_each_change_is_a_line(release: Release) -> None:
    (release.path / "manifest.json").write_bytes(manifest_bytes(release.manifest))
    shown = CliRunner().invoke(cli, ["history", str(release.path), "new.py"], catch_exceptions=False)
    assert shown.exit_code == 0
    assert "git:walls" in shown.output
    assert "/a/new.py (was /old.py)" in shown.output
    told = CliRunner().invoke(cli, ["history", str(release.path), "new.py", "--json"], catch_exceptions=False)
    found = [json.loads(line) for line in told.output.splitlines()]
    assert [each["change"] for each in found] == ["changed", "renamed", "added"]
    assert found[1]["before_path"] == "/old.py"
    wrong = CliRunner().invoke(cli, ["history", str(release.path), "nowhere.py"])
    assert wrong.exit_code == 1
