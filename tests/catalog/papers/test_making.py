"""Papers of every form: nothing is invented, and one release gives one paper."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest
from click.testing import CliRunner

from drystone.catalog import verbs
from drystone.catalog.papers import PaperForm
from drystone.catalog.papers.making import make_paper
from drystone.cli import cli
from drystone.errors import UsageError
from drystone.release.read import Release
from tests.release.sample import FACTS


@pytest.mark.parametrize("form", get_args(PaperForm))
def test_what_was_not_said_stays_open_and_is_no_value(form: PaperForm, told: Release, bare: Release) -> None:
    known, unknown = (make_paper(one, form, "2026-11-30") for one in (told, bare))
    left = {one.field for one in unknown.left_open} - {one.field for one in known.left_open}
    assert left, "description, authors, address and day are not said, so that fields stay open"
    assert all(one.settled_by for one in unknown.left_open)
    said = FACTS.description if form == "card" else FACTS.authors[0]
    assert said in known.text
    assert said not in unknown.text
    if form in {"cyclonedx", "eu"}:  # no registry was asked: nobody knows that nothing was left out
        assert "repositories were left out" not in unknown.text
        assert "repositoriesOptedOut" not in unknown.text


def test_a_release_gives_the_same_papers_again(told: Release) -> None:
    for form in get_args(PaperForm):
        assert make_paper(told, form, "2026-11-30") == make_paper(told, form, "2030-01-01")


def test_another_form_is_named_with_those_that_there_are(told: Release) -> None:
    with pytest.raises(UsageError, match="no paper is called pdf; there are: spdx, cyclonedx"):
        make_paper(told, "pdf", "2026-11-30")  # type: ignore[arg-type]


def test_the_command_writes_a_paper_and_says_what_is_open(told: Release, tmp_path: Path) -> None:
    run = CliRunner().invoke(cli, ["catalog", "papers", str(told.path), "--as", "cyclonedx"])
    assert run.exit_code == 0
    assert json.loads(run.stdout) == json.loads(verbs.make_paper(told.path, "cyclonedx").text)
    assert run.stderr.startswith("left open: properties.datasetContact; settled by: ")
    out = tmp_path / "no folder" / "bom.json"
    run = CliRunner().invoke(cli, ["catalog", "papers", str(told.path), "--as", "spdx", "--out", str(out)])
    assert isinstance(run.exception, UsageError)
    assert "bom.json cannot be written: No such file or directory" in str(run.exception)
