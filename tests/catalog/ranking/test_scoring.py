from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from drystone.catalog.passports.vocabulary import fact_kind, fact_kinds
from drystone.catalog.ranking.scoring import find_scoring, scorings
from drystone.errors import UsageError

TEXT = files("drystone.catalog.ranking").joinpath("scoring.toml").read_text("utf-8")


def test_every_version_measures_facts_of_the_vocabulary_in_its_direction() -> None:
    for scoring in scorings().values():
        for kind in ("dataset", "reader"):
            for measure in scoring.of(kind).measures:
                known = fact_kinds()[measure.fact]
                assert kind in known.kinds, measure.fact
                if measure.shape in {"linear", "log"}:
                    assert measure.best is not None
                    assert measure.worst is not None
                    assert fact_kind(measure.fact).better == ("more" if measure.best > measure.worst else "less")


def test_a_version_by_its_name_and_a_file_by_its_path(tmp_path: Path) -> None:
    assert find_scoring() is find_scoring("2")
    assert find_scoring("1").version == "1"
    (tmp_path / "own.toml").write_text(TEXT.replace('version = "2"', 'version = "ours"'))
    assert find_scoring(str(tmp_path / "own.toml")).version == "ours"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("quality = 50", "quality = 51"), "the weights add up to 101, not 100"),
        (("quality = 50", "quality = nan"), "quality"),
        (('aspect = "quality"', 'aspect = "luck"'), "aspect"),
        (("matches = 10\nfreshness = 15", "matches = 0\nfreshness = 25"), "an aspect has a weight and measures"),
        (("worst = 10\nbest = 1_000_000", "worst = 0\nbest = 1_000_000"), "greater than 0"),
        (("worst = 50\nbest = 0", "worst = 50\nbest = 50"), "a worst and a best that differ"),
        (('"optouts.lag_days"', '"duplicates.near_share"'), "a fact is measured once"),
        (("half_life = 365\n", ""), "an age has a half_life"),
        (('shape = "outcomes"', 'shape = "yes"'), "nothing else is"),
        (('version = "2"', 'version = "2"\nsecret = 1'), "secret"),
        (("[dataset.weights]", "[dataset.weights"), "is not TOML"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    (tmp_path / "own.toml").write_text(TEXT.replace(*change))
    with pytest.raises(UsageError, match=r"own\.toml") as caught:
        find_scoring(str(tmp_path / "own.toml"))
    assert said in str(caught.value)


def test_what_is_nowhere(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is no version of the scoring \(2, 1\) and no file"):
        find_scoring("3")
    (tmp_path / "large").write_bytes(b"#" * 1_000_001)
    with pytest.raises(UsageError, match="is larger than"):
        find_scoring(str(tmp_path / "large"))
