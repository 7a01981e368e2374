"""`drystone.scan`: findings as plain data, a baseline, and what was passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

import drystone
from drystone.errors import UsageError


def test_a_folder_is_scanned_and_a_baseline_accepted(tmp_path: Path) -> None:
    (tmp_path / "walls").mkdir()
    (tmp_path / "walls/a.py").write_text("contact = 'ada.lovelace@engine.org'\n")
    (tmp_path / "walls/large.py").write_text("x = 1\n" * 1000)
    seen: list[str] = []
    passed: list[str] = []
    found = drystone.scan(
        [tmp_path / "walls"],
        max_bytes=1000,
        each=lambda finding: seen.append(finding.kind),
        each_passed=lambda over: passed.append(Path(over.path).name),
        write_baseline=tmp_path / "baseline.json",
    )
    assert seen == [finding.kind for finding in found.findings] == ["email"]
    assert (found.files, passed, sum(found.passed_over.values())) == (1, ["large.py"], 1)
    assert "ada.lovelace@engine.org" not in found.as_json() + found.as_sarif()
    assert drystone.scan([tmp_path / "walls"], baseline=tmp_path / "baseline.json").findings == []
    assert drystone.scan([tmp_path / "walls"], sensitivity=["low", "email=off"]).findings == []


@pytest.mark.parametrize(
    ("sensitivity", "said"), [(["loud"], "write off, low"), (["colour=low"], "is no kind")], ids=["level", "kind"]
)
def test_wrong_words_are_told(tmp_path: Path, sensitivity: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        drystone.scan([tmp_path], sensitivity=sensitivity)
    with pytest.raises(UsageError, match="does not exist"):
        drystone.scan([tmp_path / "nowhere"])
