"""`drystone lookup`: what it prints for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from drystone.cli import cli
from drystone.errors import UsageError
from drystone.release.read import open_release
from tests.release.sample import sample_rows


def test_the_command(sample_release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = next(r for r in sample_rows() if r.dropped is None and r.language == "Python")
    file = tmp_path / "mine.py"
    file.write_bytes(row.data)
    common = ["--cache", str(tmp_path / "cache")]
    cli.main(["lookup", str(sample_release), str(sample_release), str(file), *common, "--json"], standalone_mode=False)
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["query"]["value"] for each in said] == [row.sha1, row.sha1]
    assert row.path in {place["path"] for place in said[0]["places"]}
    assert said[0]["root"] == open_release(sample_release).root
    cli.main(["lookup", str(sample_release), "example.org/pypi", *common], standalone_mode=False)
    assert "https://example.org/pypi/click  " in capsys.readouterr().out
    cli.main(["lookup", str(sample_release), "octocat", *common], standalone_mode=False)
    assert "not in it" in capsys.readouterr().out
    with pytest.raises(UsageError, match="name at least one release"):
        cli.main(["lookup", "octocat"], standalone_mode=False)
