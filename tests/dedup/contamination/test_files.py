"""A table without the tasks of benchmarks: what is wrong is told, and nothing is left. The rest: tests/cli/building."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import drystone
from drystone.errors import UsageError

from .conftest import DRESSED, GCD


@pytest.fixture
def source(tmp_path: Path) -> Path:
    texts = ["x = 1\n", DRESSED, GCD, None]
    pq.write_table(pa.table({"content": texts, "name": list("abcd")}), tmp_path / "in.parquet")
    return tmp_path / "in.parquet"


def test_wrong_use_says_what_to_do_and_leaves_nothing(source: Path, benchmark: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"a": 1}\n')
    for change, problem in (
        ({"against": []}, "name at least one benchmark"),
        ({"against": [bad]}, "no known format"),
        ({"threshold": 0.0}, "above 0"),
        ({"text": "body"}, "there is no column 'body'"),
        ({"id": "body"}, "there is no column 'body'"),
    ):
        with pytest.raises(UsageError, match=problem):
            drystone.decontaminate(source, out, **{"against": [benchmark], **change})
        assert not out.exists()
    (tmp_path / "no.parquet").write_text("no")
    with pytest.raises(UsageError, match="cannot be read as Parquet"):
        drystone.decontaminate(tmp_path / "no.parquet", out, against=[benchmark])
