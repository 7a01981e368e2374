from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
from click.testing import Result

import drystone
from drystone.cli.inspecting.score import command
from drystone.errors import ReleaseError, UsageError
from drystone.release.read import open_release
from tests.building.mixing.conftest import mix
from tests.release.sample import write_sample


def test_scores_lie_beside_a_release_and_a_mixture_takes_files_by_them(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    write_sample(tmp_path / "whole")
    result = run(command, tmp_path / "whole", "-o", tmp_path / "scores.parquet", "--quiet")
    assert result.exit_code == 0, result.output
    scores = {row["swhid"]: row for row in pq.read_table(tmp_path / "scores.parquet").to_pylist()}
    before = {row["swhid"] for row in open_release(tmp_path / "whole").files(columns=["swhid"])}
    assert scores.keys() == before
    assert {row["quality_model"] for row in scores.values()} == {"drystone-quality-1"}
    assert isinstance(run(command, tmp_path / "whole", "-o", tmp_path / "scores.parquet").exception, UsageError)
    only = "[only]\nscores = 'scores.parquet'\nleast_score = 3.0"
    made = mix(tmp_path / "a.toml", tmp_path / "whole", only)
    kept = {row["swhid"] for row in open_release(tmp_path / "a-out").files(columns=["swhid"])}
    assert kept == {swhid for swhid, row in scores.items() if row["quality_score"] >= 3}
    assert 0 < len(kept) < len(before)
    assert drystone.verify(tmp_path / "a-out").holds
    drystone.score(tmp_path / "a-out", tmp_path / "others.parquet")
    try:
        mix(tmp_path / "b.toml", tmp_path / "whole", only.replace("scores.parquet", "others.parquet"))
    except ReleaseError as error:
        assert "scores of another release" in str(error)
    else:
        raise AssertionError("scores of another release were taken")
    assert made.manifest.facts.name == "mixed"
