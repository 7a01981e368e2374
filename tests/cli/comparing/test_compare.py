"""`drystone compare` and `drystone catalog` as commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from drystone.catalog.passports.reading import json_of
from drystone.cli.comparing.compare import command as compare
from tests.catalog.passports.made import disputed, does, known, passport
from tests.release.sample import Row, write_sample

SPAN = does("answer.span", outputs=["span"], inputs=["text", "question"])


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    made = [
        passport("one", known("quality.squad_v1_1.f1", 82.8, unit="%"), capabilities=[SPAN]),
        passport("two", disputed("quality.squad_v1_1.f1", 87.1, 88.5, unit="%"), capabilities=[SPAN]),
    ]
    paths = [tmp_path / f"{one.artifact.name}.json" for one in made]
    for path, one in zip(paths, made, strict=True):
        path.write_bytes(json_of(one))
    return [str(path) for path in paths]


def test_compare(run: Callable[..., Result], files: list[str]) -> None:
    said = run(compare, *files, "--evidence").output
    assert "Two is ahead at this: answers a question with a span of a given text." in said
    assert "disputed: 87.1% or 88.5%" in said
    assert "“F1 of 87.1”  card, read on 2026-11-30" in said
    assert "Two: disputed, settled by: measuring it" in said
    assert "Licence, One: unknown, settled by: asking the maintainer" in said
    assert "what would settle what is unknown" in run(compare, *files).output
    found = json.loads(run(compare, *files, "--json").output)
    assert found["verdicts"][0]["ahead"] == 1
    assert found["facts"][3]["cells"][1]["status"] == "disputed"


def test_a_release_and_a_reader_share_no_job(run: Callable[..., Result], files: list[str], tmp_path: Path) -> None:
    write_sample(tmp_path / "release", [Row("pypi/click", "/a.md", b"# One\n", "Markdown", license="MIT")])
    said = run(compare, files[0], str(tmp_path / "release")).output
    assert said.startswith("No shared job, so that neither is better.")
    assert "One takes what" in said
