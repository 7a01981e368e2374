"""`drystone dedup` as people call it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drystone.cli import main


@pytest.fixture
def drystone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["drystone", "dedup", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            main()
        told = capsys.readouterr()
        return int(stop.value.code or 0), told.out, told.err

    return run


Drystone = Callable[..., tuple[int, str, str]]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Real files of the standard library, and edits of them."""
    texts = [p.read_text() for p in sorted(Path(json.__file__).parent.glob("*.py"))]
    texts += [t + "\n# changed\n" for t in texts]
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"name": [f"file-{i}" for i in range(len(texts))], "body": texts}), path)
    return path


def test_kept_removed_and_method(source: Path, tmp_path: Path, drystone: Drystone) -> None:
    out = tmp_path / "out"
    code, stdout, stderr = drystone(source, "-o", out, "--text", "body", "--id", "name", "--json")
    assert code == 0, stderr
    told = json.loads(stdout)
    kept, removed = pq.read_table(out / "kept.parquet"), pq.read_table(out / "removed.parquet")
    assert told["summary"]["kept"] == len(kept) == 5
    assert told["summary"]["dropped"] == len(removed) == 5
    assert removed.column("id").to_pylist() == [f"file-{i}" for i in range(5, 10)]
    assert removed.column("kept_id").to_pylist() == [f"file-{i}" for i in range(5)]
    assert min(removed.column("similarity").to_pylist()) >= 0.7
    assert kept.column("near_duplicate_cluster").to_pylist() == [f"file-{i}" for i in range(5)]
    assert json.loads((out / "method.json").read_text()) == told["method"]
    assert sorted(p.name for p in out.iterdir()) == ["kept.parquet", "method.json", "removed.parquet"]


def test_wrong_use_says_what_to_do_and_leaves_nothing(source: Path, tmp_path: Path, drystone: Drystone) -> None:
    for arguments, message in (
        ([source, "-o", tmp_path / "out"], "no column 'content'"),
        ([source, "-o", tmp_path / "out", "--text", "body", "--threshold", "2"], "threshold is 2.0"),
        ([source, "-o", tmp_path, "--text", "body"], "exists already"),
        ([tmp_path / "missing", "-o", tmp_path / "out"], "does not exist"),
    ):
        code, _, stderr = drystone(*arguments)
        assert code == 2
        assert message in stderr
        assert "Traceback" not in stderr
    assert [p.name for p in tmp_path.iterdir()] == ["in.parquet"]


def test_a_file_that_is_no_parquet_is_named(tmp_path: Path, drystone: Drystone) -> None:
    path = tmp_path / "in.parquet"
    path.write_text("no")
    code, _, stderr = drystone(path, "-o", tmp_path / "out")
    assert code == 2
    assert "in.parquet" in stderr
    assert "Traceback" not in stderr
