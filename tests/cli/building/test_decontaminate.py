"""`drystone decontaminate` as people call it."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
from click.testing import CliRunner

import drystone
from drystone.cli import cli
from tests.dedup.contamination.conftest import benchmark
from tests.dedup.contamination.test_files import source

__all__ = ["benchmark", "source"]  # fixtures


def test_texts_with_tasks_fall_with_their_proof_and_generic_ones_stay(
    source: Path, benchmark: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = CliRunner().invoke(cli, [
        "decontaminate", str(source), "--against", f"w={benchmark}", "-o", str(out), "--id", "name", "--json",
    ])  # fmt: skip
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told == {"texts": 4, "kept": 3, "dropped": 1, "generic": 1, "tasks": 3, "benchmarks": {"w": 2}}
    assert pq.read_table(out / "kept.parquet")["name"].to_pylist() == ["a", "c", "d"]
    rows = pq.read_table(out / "found.parquet").to_pylist()
    assert [(r["row"], r["id"], r["decision"], r["reason"], r["benchmark"], r["task"]) for r in rows] == [
        (1, "b", "dropped", "benchmark", "w", "walls/0"),
        (2, "c", "kept", "generic_code", "w", "walls/1"),
    ]
    assert rows[0]["overlap"] == rows[0]["shared"] / rows[0]["shingles"] >= 0.8
    assert rows[0]["lines"] == [[1, 9]]
    assert json.loads((out / "method.json").read_text())["threshold"] == 0.8
    strict = drystone.decontaminate(source, tmp_path / "strict", against=[benchmark], generic="drop")
    assert (strict.kept, strict.dropped) == (2, 2)
