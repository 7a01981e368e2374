from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from drystone.cli import cli
from tests.release.sample import sample_rows, write_sample


@pytest.fixture
def release(tmp_path: Path) -> Path:
    write_sample(tmp_path / "release", sample_rows())
    return tmp_path / "release"


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[str, str]:
    cli.main([str(each) for each in arguments], standalone_mode=False)
    shown = capsys.readouterr()
    return shown.out, shown.err


def test_a_release_is_indexed_once(release: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = run(capsys, "index", release, "--dry-run")
    assert "1 segment, 1 of them to be built" in out
    assert "Nothing was written" in out
    assert not (release / "index").exists()
    out, err = run(capsys, "index", release)
    assert "1 segment, 1 of them new" in out
    assert f"drystone search {release}" in out
    assert re.fullmatch(r"index: \d+\.\d s(, [\d.]+ MB/s)?\n", err)  # no rate where it took no time
    out, err = run(capsys, "index", release, "--quiet")
    assert "0 of them new" in out
    assert err == ""


def test_what_it_holds_is_told_as_json(release: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, err = run(capsys, "index", release, "--json")
    told = json.loads(out)
    assert err == ""
    assert (told["segments"], told["built"], told["not_indexed"], told["dry_run"]) == (1, 1, {}, False)
    assert told["files"] == 151
    assert told["built_bytes"] == told["text_bytes"] > told["index_bytes"] > 0
