"""Croissant files: what they declare, quoted; ours and others'."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from drystone.catalog.importing.croissant import import_croissant
from drystone.catalog.passports.texts import find_quotes
from drystone.errors import UsageError
from tests.release.sample import Row, write_sample

CROISSANT = {"conformsTo": "http://mlcommons.org/croissant/1.0", "name": "stones"}


def made(**fields: Any) -> Any:
    return import_croissant(json.dumps(CROISSANT | fields), "croissant.json", "2026-11-30").passport


def test_a_releases_own_file_gives_its_passport(tmp_path: Path) -> None:
    write_sample(tmp_path, [Row("pypi/click", "/a.py", b"x = 1\n", "Python")], shards=1)
    found = import_croissant((tmp_path / "croissant.json").read_text(), "croissant.json", "2026-11-30")
    passport = found.passport
    assert (passport.artifact.kind, passport.artifact.title) == ("dataset", "Sample stones")
    assert [one.name for one in passport.artifact.versions] == ["1.0.0"]
    assert [one.id for one in passport.capabilities] == ["code.training_files"]
    assert passport.fact("license").text == "ODC-By-1.0"  # type: ignore[union-attr]
    assert passport.fact("maintainer").text == "The makers of the sample"  # type: ignore[union-attr]
    assert {one.state for one in find_quotes(passport, found.texts)} == {"stands"}
    assert sum(map(len, found.texts.values())) < 20_000, "parts are kept, not the list of files"


def test_sizes_are_summed_only_where_all_are_understood() -> None:
    files = [{"contentSize": "1.5 MB"}, {"contentSize": "500 B"}]
    assert made(distribution=files).fact("size.download_bytes").claim.value == 1_500_500
    assert made(distribution=[*files, {"contentSize": "three"}]).fact("size.download_bytes") is None
    assert made().fact("size.download_bytes") is None
    assert made(distribution=[*files, {"@type": "cr:FileObject"}]).fact("size.download_bytes") is None, (
        "not said: not 0"
    )
    inside = [{"@type": "cr:FileSet"}, {"containedIn": {"@id": "a.zip"}, "contentSize": "9 MB"}]
    assert made(distribution=[*files, *inside]).fact("size.download_bytes").claim.value == 1_500_500


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "names no version of Croissant"),
        ('{"conformsTo": "http://mlcommons.org/croissant/RAI/1.0"}', "names no version of Croissant"),
        (
            '{"conformsTo": "http://mlcommons.org/croissant/2.0"}',
            "conformsTo: is Croissant 2.0; this program reads 1.x",
        ),
        ('{"conformsTo": "http://mlcommons.org/croissant/1.0"}', "name: is missing"),
        ('{"conformsTo"', "is not JSON"),
    ],
    ids=range(5),
)
def test_other_files_are_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        import_croissant(text, "a.json", "2026-11-30")


def test_signs_that_no_page_shows_end_a_quote() -> None:
    passport = made(license=["MIT\tx"], creator={"name": "A"})
    assert passport.fact("maintainer").text == "A"
