from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from drystone.answer.checking import check_file
from drystone.answer.citing import CitedRelease
from drystone.answer.shapes import Citation, CitedAnswer, CitedAnswers
from drystone.errors import UsageError
from drystone.release.read import Release
from tests.answer.conftest import GUIDE
from tests.release.sample import Row


@pytest.fixture
def citation(release: Release) -> Citation:
    start = GUIDE.index("Ada Mason")
    row = Row("", "", GUIDE.encode(), None)
    found = CitedRelease(release).cite(row.swhid, "Markdown", start, start + 9, "Ada Mason")
    assert found is not None
    return found


def state(release: Release, folder: Path, *citations: Citation) -> list[str]:
    answers = CitedAnswers("Who?", (CitedAnswer("Ada Mason", 0.9, citations),))
    (folder / "answer.json").write_text(json.dumps(answers.as_dict()))
    return [one.state for one in check_file(folder / "answer.json", release)]


def test_each_quote_is_looked_for(
    release: Release, citation: Citation, make: Callable[..., Release], tmp_path: Path
) -> None:
    low, high = citation.bytes
    assert state(release, tmp_path, citation, replace(citation, root="0" * 64)) == ["stands", "stands"]
    assert state(release, tmp_path, replace(citation, bytes=(low + 1, high + 1))) == ["moved"]
    assert state(release, tmp_path, replace(citation, bytes=(low, high + 1))) == ["moved"]
    assert state(release, tmp_path, replace(citation, bytes=(10**9, 10**9 + 9))) == ["moved"]
    for wrong in ({"released_sha256": "0" * 64}, {"quote": "Ada Maso_"}, {"swhid": "swh:1:cnt:" + "0" * 40}):
        assert state(release, tmp_path, replace(citation, **wrong)) == ["never_there"]
        assert state(release, tmp_path, replace(citation, root="0" * 64, **wrong)) != ["never_there"]
    assert state(make({"/other.md": "Other.\n"}), tmp_path, citation) == ["gone"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no answer"),
        ("[]", "is no answer"),
        ("{}", "is no answer of drystone ask --json: format"),
        ('{"format": 1, "answers": [{"citations": []}]}', r"answers\.0\.citations"),
        ('{"format": 2, "answers": []}', "has format 2; this program reads 1"),
        ('{"format": 1, "answers": [' + "[" * 100_000, "is no answer"),
    ],
)
def test_a_file_that_is_no_answer_is_named(release: Release, tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "answer.json"
    file.write_text(text)
    with pytest.raises(UsageError, match=said):
        check_file(file, release)
    with pytest.raises(UsageError, match="cannot be read"):
        check_file(tmp_path / "missing.json", release)


def test_an_identifier_or_place_that_is_none_is_named(release: Release, citation: Citation, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a SWHID"):
        state(release, tmp_path, replace(citation, swhid="swh:1:cnt:1"))
    with pytest.raises(UsageError, match=r"bytes\.0"):
        state(release, tmp_path, replace(citation, bytes=(-1, 3)))
