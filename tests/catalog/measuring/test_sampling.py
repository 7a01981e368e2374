from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drystone.catalog.measuring.sampling import Sample, draw
from drystone.errors import UsageError


@pytest.fixture
def table(tmp_path: Path) -> str:
    rows = [{"code": f"x = {n}", "max_stars_repo_path": f"{n}.py", "licenses": ["MIT"]} for n in range(1000)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet", row_group_size=100)
    return str(tmp_path / "t.parquet")


def contents(sample: Sample) -> list[bytes]:
    return [content for batch in sample.batches for content in batch.contents]


def test_a_seed_draws_the_same_again_and_another_seed_others(table: str) -> None:
    drawn = [contents(draw(table, 50, 1 << 30, seed)) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(drawn[0]) == len(set(drawn[0])) == 50


def test_every_row_stands_for_its_share_of_its_group(table: str) -> None:
    sample = draw(table, 50, 1 << 30, 1)
    batches = list(sample.batches)
    assert (sample.files, sample.groups, sample.all_groups, sample.whole, sample.text) == (1000, 10, 10, False, True)
    assert sum(len(batch.contents) * batch.weight for batch in batches) == pytest.approx(1000)
    assert {at for batch in batches for at in batch.groups} == set(range(10))
    assert all(batch.licensed == [True] * 5 for batch in batches)
    assert all(path.endswith(".py") for batch in batches for path in batch.paths)


def test_bytes_bound_a_sample_and_all_of_it_is_the_whole(table: str) -> None:
    assert len(contents(draw(table, 1000, 3000, 1))) < 500
    whole = draw(table, 1000, 1 << 30, 1)
    assert whole.whole
    assert len(contents(whole)) == 1000


@pytest.mark.parametrize("compliant", [True, False])
def test_bytes_bound_a_sample_of_repositories_however_their_list_is_spelt(tmp_path: Path, compliant: bool) -> None:
    rows = [{"repo_path": f"o/{n}", "files": [{"content": f"{n}" * 1000, "file_path": "a.py"}]} for n in range(100)]
    place = tmp_path / "t.parquet"
    pq.write_table(pa.Table.from_pylist(rows), place, row_group_size=10, use_compliant_nested_type=compliant)
    sample = draw(str(place), 1000, 20_000, 1)
    assert not sample.whole
    assert sum(map(len, contents(sample))) < 40_000


def test_many_repositories_are_no_sample(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a source of many repositories"):
        draw(f"table:{tmp_path}", 10, 10, 1)
