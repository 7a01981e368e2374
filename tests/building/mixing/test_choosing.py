from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drystone.building.mixing.choosing import targets_of
from drystone.building.mixing.recipe import load_mixture
from drystone.errors import UsageError
from tests.building.mixing.conftest import mix, settings, shares


def test_shares_follow_the_temperature_and_the_weights(whole: Path, tmp_path: Path) -> None:
    more = "[budget]\nfiles = 40\n[only]\nlanguages = ['Python', 'C++']"
    sizes = shares(mix(tmp_path / "a.toml", whole, more))
    files = {group: share.size for group, share in sizes.items()}
    assert sum(share.taken for share in sizes.values()) in (39, 40)
    assert sizes["Python"].target == int(40 * files["Python"] / sum(files.values()))
    hot = shares(mix(tmp_path / "b.toml", whole, more, temperature=2))
    roots = {group: size**0.5 for group, size in files.items()}
    assert hot["C++"].target == int(40 * roots["C++"] / sum(roots.values()) + 1e-6) > sizes["C++"].target
    weighed = shares(mix(tmp_path / "c.toml", whole, "[weights]\nPython = 3\n'C++' = 1\n[budget]\nfiles = 40"))
    assert (weighed["Python"].taken, weighed["C++"].taken, weighed["Markdown"].taken) == (30, 10, 0)
    most = shares(mix(tmp_path / "d.toml", whole, "[weights]\nPython = 1\n'C++' = 1"))
    assert most["C++"].taken > 0.9 * most["C++"].size


def test_what_is_short_may_be_taken_whole(whole: Path, tmp_path: Path) -> None:
    made = shares(
        mix(tmp_path / "a.toml", whole, "[budget]\nfiles = 30\n[weights]\nTOML = 1\nPython = 1", when_short="take-all")
    )
    assert (made["TOML"].taken, made["Python"].taken) == (1, 15)


def test_whole_groups_are_taken_to_the_last_byte_however_large(tmp_path: Path) -> None:
    whole = load_mixture(settings(tmp_path / "a.toml", tmp_path))
    sizes = {f"l{number}": 10**13 // (number + 3) + number for number in range(40)}
    assert targets_of(whole, sizes) == sizes
    cold = load_mixture(settings(tmp_path / "b.toml", tmp_path, temperature=0.01))
    with pytest.raises(UsageError, match=r"temperature: 0\.01 is too small"):
        targets_of(cold, sizes)


@pytest.mark.parametrize(
    "columns",
    [
        {"swhid": pa.array(["s"])},
        {"swhid": pa.array(["s"]), "quality_score": pa.array(["5"])},
        {"swhid": pa.array(["s"]), "quality_score": pa.array([None], pa.float32())},
    ],
)
def test_scores_that_are_missing_are_no_scores(whole: Path, tmp_path: Path, columns: dict[str, pa.Array]) -> None:
    pq.write_table(pa.table(columns), tmp_path / "scores.parquet")
    with pytest.raises(UsageError, match="holds no scores"):
        mix(tmp_path / "a.toml", whole, "[only]\nscores = 'scores.parquet'\nleast_score = 2.0")
