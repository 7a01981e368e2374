from __future__ import annotations

from pathlib import Path

import hyperscan
import pytest

from drystone.detect.patterns import PatternSet, compiled, unnamed


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DRYSTONE_HOME", str(tmp_path))
    return tmp_path / "patterns"


def _found(data: bytes) -> list[int]:
    found: list[int] = []
    compiled([b"abc", b"b+c"], [7, 9], hyperscan.HS_FLAG_SINGLEMATCH).scan(
        data, match_event_handler=lambda number, *_: found.append(number)
    )
    return sorted(found)


def test_a_kept_database_finds_what_a_compiled_one_finds(folder: Path) -> None:
    first = _found(b"zabc")
    assert first == [7, 9]
    (kept,) = folder.iterdir()
    written = kept.stat().st_mtime_ns
    assert _found(b"zabc") == first
    assert _found(b"bbc") == [9]
    assert kept.stat().st_mtime_ns == written


@pytest.mark.parametrize(
    "damage", [lambda data: b"", lambda data: data[:-9], lambda data: data[:40] + b"\0" + data[41:]]
)
def test_a_damaged_file_is_compiled_anew(folder: Path, damage: object) -> None:
    assert _found(b"abc") == [7, 9]
    (kept,) = folder.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(damage(whole))  # type: ignore[operator]
    assert _found(b"abc") == [7, 9]
    assert kept.read_bytes() == whole


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("")
    monkeypatch.setenv("DRYSTONE_HOME", str(occupied))
    assert _found(b"abc") == [7, 9]


def test_patterns_without_names_of_groups_match_the_same() -> None:
    assert unnamed(r"(?P<a>x(?P<b_2>y)?)(?=z)") == r"(?:x(?:y)?)(?=z)"
    assert PatternSet([unnamed(r"a(?P<n>\d)")], lines=False).matching(b"..a7") == {0}
