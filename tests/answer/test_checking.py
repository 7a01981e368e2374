from __future__ import annotations

import json
import time
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


def test_hostile_files_are_refused_in_one_line(release: Release, citation: Citation, tmp_path: Path) -> None:
    file = tmp_path / "answer.json"
    one = json.loads(json.dumps(CitedAnswers("?", (CitedAnswer("a", 0.9, (citation,)),)).as_dict()))
    huge = "x" * (10 << 20)
    for name, value in {
        "quote": huge, "swhid": f"swh:1:cnt:{huge}", "path": huge, "origin": huge, "release": huge, "version": huge,
        "root": huge, "released_sha256": huge, "bytes": [0, 10**30],
    }.items():  # fmt: skip
        hostile = json.loads(json.dumps(one))
        hostile["answers"][0]["citations"][0][name] = value
        file.write_text(json.dumps(hostile))
        with pytest.raises(
            UsageError, match=rf"is no answer of drystone ask --json: answers\.0\.citations\.0\.{name}"
        ) as error:
            check_file(file, release)
        assert len(str(error.value)) < 1_000
    for name in ("quote", "swhid", "path", "bytes", "root", "released_sha256", "version"):
        for value in (None, 1, -1, 1.5, True, [], {}, ["a", "b"], [1], [3, 2, 1], [0.5, 1], ["1", "2"], [-1, 5]):
            hostile = json.loads(json.dumps(one))
            hostile["answers"][0]["citations"][0][name] = value
            file.write_text(json.dumps(hostile))
            with pytest.raises(UsageError, match=r"answers\.0\.citations\.0"):
                check_file(file, release)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe\x00", b'{"format": 1, "answers": [\x1b[31m', b"[" * (1 << 20), b'{"format": NaN, "answers": []}',
        b'{"format": 1, "answers": [{"citations": "\\ud800"}]}', b"\0" * 100, b'{"format": "1", "answers": []}',
        b'{"format": true, "answers": []}', b'{"format": 1, "answers": {}}', b"x" * ((16 << 20) + 1),
    ],
    ids=range(10),
)  # fmt: skip
def test_rubbish_is_named_and_nothing_of_it_acts_on_a_terminal(release: Release, tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "answer\x1b[31m.json"
    file.write_bytes(data)
    with pytest.raises(UsageError, match="no answer of drystone ask --json") as error:
        check_file(file, release)
    assert str(error.value).isprintable()


def test_a_text_made_to_be_slow_to_look_through_takes_little_time(make: Callable[..., Release], tmp_path: Path) -> None:
    text = "a" * (1 << 20)
    made = make({"/slow.txt": text + "\n"}, indexed=False)
    row = Row("", "", f"{text}\n".encode(), None)
    found = CitedRelease(made).cite(row.swhid, "Markdown", 0, 1 << 19, text[: 1 << 19])
    assert found is not None
    start = time.process_time()
    assert state(made, tmp_path, replace(found, bytes=(1 << 19, (1 << 19) + 5))) == ["moved"]
    assert state(made, tmp_path, replace(found, quote="a" * (1 << 18) + "b" * (1 << 18))) == ["never_there"]
    assert time.process_time() - start < 5


def test_a_citation_is_checked_in_a_later_version_too(
    release: Release, citation: Citation, make: Callable[..., Release], tmp_path: Path
) -> None:
    later = make({"/guide.rst": "Note\n====\n\n" + GUIDE}, indexed=False)
    answers = CitedAnswers("Who?", (CitedAnswer("Ada Mason", 0.9, (citation,)),))
    (tmp_path / "answer.json").write_text(json.dumps(answers.as_dict()))
    (found,) = check_file(tmp_path / "answer.json", later)
    assert (found.state, found.quote) == ("moved", "Ada Mason")
    assert found.now is not None
    assert found.now.bytes == (citation.bytes[0] + 11, citation.bytes[1] + 11)
    assert found.now.root == later.root
