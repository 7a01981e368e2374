"""What a release knows of itself."""

from __future__ import annotations

import pytest

from drystone.catalog.papers.described import SourceRepository, described
from drystone.release.read import Release
from tests.catalog.papers.conftest import made


def test_it_is_what_the_manifest_and_the_rows_hold(told: Release) -> None:
    known = described(told)
    assert known.redactions == {"key": 1}
    assert known.bytes == sum((told.path / entry.place).stat().st_size for entry in told.manifest.files)
    assert known.licenses == ["MIT"]
    assert known.unlicensed == 1  # bare.py
    assert known.last_visit is None  # no repository says when it was read
    assert [origin.kept for origin in known.origins] == [told.manifest.counts.kept]


@pytest.mark.parametrize(
    ("url", "publisher"),
    [
        ("https://huggingface.co/datasets/stones/sample", "stones"),
        ("https://huggingface.co/datasets", "huggingface.co"),
        ("https://example.org/sample", "example.org"),
        (None, None),
    ],
)
def test_who_offers_it_is_read_from_its_address(
    url: str | None, publisher: str | None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert described(made(tmp_path_factory.mktemp("release"), url=url)).publisher == publisher


def test_a_package_of_an_index_has_its_package_url() -> None:
    def origin(place: str) -> SourceRepository:
        return SourceRepository("0", place, "name", "pypi", None, None, None, 1)

    assert origin("pypi:flask==3.0.3").purl == "pkg:pypi/flask@3.0.3"
    assert origin("pypi:flask").purl is None
    assert (origin("https://example.org/a").purl, origin("https://example.org/a").url) == (
        None,
        "https://example.org/a",
    )
