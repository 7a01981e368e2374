from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from drystone.errors import ReleaseError, UsageError
from drystone.release.documents.picture import draw, render
from drystone.release.inspection.stats import ReasonCount, Share, Stats, stats
from drystone.release.read import open_release
from tests.release.sample import FACTS, Row, sample_rows, write_sample


@pytest.fixture(scope="module")
def found(sample_release: Path) -> Stats:
    return stats(open_release(sample_release))


def test_counts_are_those_of_the_rows(found: Stats) -> None:
    rows = sample_rows()
    kept = Counter(r.language for r in rows if r.dropped is None)
    assert {s.name: s.kept for s in found.languages if s.kept} == kept
    assert sum(s.dropped for s in found.languages) == found.counts.dropped
    python = next(s for s in found.languages if s.name == "Python")
    assert python.kept_bytes == sum(len(r.data) for r in rows if r.dropped is None and r.language == "Python")
    assert {f"{r.stage}.{r.reason}": r.files for r in found.reasons} == Counter(r.dropped for r in rows if r.dropped)
    assert {s.name for s in found.license_types} == {"permissive", "no_license", "non_permissive"}
    assert next(s for s in found.licenses if s.name == "none found") == Share("none found", 1, 17, 0, 0)


def test_lists_are_sorted_by_bytes(found: Stats) -> None:
    sizes = [s.kept_bytes for s in found.languages]
    assert sizes == sorted(sizes, reverse=True)
    assert [r.bytes for r in found.reasons] == sorted((r.bytes for r in found.reasons), reverse=True)


@pytest.mark.parametrize(("kind", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_a_picture_is_the_same_each_time(kind: str, start: bytes, found: Stats, tmp_path: Path) -> None:
    path = tmp_path / f"x.{kind}"
    draw(found, path)
    assert path.read_bytes().startswith(start)
    assert path.read_bytes() == render(found, kind)
    assert list(tmp_path.iterdir()) == [path]


def test_pictures_that_cannot_be_drawn(found: Stats, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"ends in \.svg or \.png"):
        draw(found, tmp_path / "x.jpeg")
    (tmp_path / "file").touch()
    with pytest.raises(ReleaseError, match="could not be written"):
        draw(found, tmp_path / "file" / "x.png")


def test_a_picture_of_hostile_and_many_names(found: Stats) -> None:
    shares = [Share(f"$\\frac{{{n}}}$ \u4e2d\x1b" * 9, n, n * 10, 0, 0) for n in range(1, 60)]
    reasons = [ReasonCount("s" * 99, "r" * 99, 1, 0)]
    changed = Stats("x" * 99, "v" * 99, "0" * 64, found.counts, (), shares, [], shares, reasons)
    assert render(changed, "svg")


def test_a_release_without_files(tmp_path: Path) -> None:
    write_sample(tmp_path / "r", [Row("own/x", "/x", b"\0", None, "encoding.binary")], FACTS)
    found = stats(open_release(tmp_path / "r"))
    assert (found.counts.kept, found.counts.dropped) == (0, 1)
    assert render(found, "png")
