"""Lines of files: all of them in parts that are citations, and what cannot be read says why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from drystone.errors import DrystoneError
from tests.mcp.conftest import GUIDE, LONG, MANY, Call, parts


def test_a_file_is_read_whole_in_parts_that_are_citations(call: Call, release: Path, tmp_path: Path) -> None:
    for name, text in (("/many.py", MANY), ("/long.py", LONG), ("pypi/click:/guide.rst", GUIDE)):
        found = [part.data["citation"] for part in parts(call, "read", file=name)]
        data = text.encode()
        covered = 0
        for citation in found:
            begin, end = citation["bytes"]
            assert data[covered:begin] in {b"", b"\n"}
            assert data[begin:end].decode() == citation["quote"]
            assert citation["lines"] == [data.count(b"\n", 0, begin) + 1, data.count(b"\n", 0, end) + 1]
            covered = end
        assert data[covered:] in {b"", b"\n"}


def test_lines_are_numbered_and_cited(call: Call) -> None:
    found = call("read", file="many.py", first=100, last=102)
    citation = found.data["citation"]
    assert citation["lines"] == [100, 102]
    assert citation["quote"].split("\n") == MANY.split("\n")[99:102]
    assert citation["swhid"].endswith(";path=/many.py;lines=100-102")
    assert found.data["of_lines"] == 1_000
    assert "   100 | keystone_100 = 100  # é a line of many" in found.text
    same = call("read", file=citation["swhid"])
    assert same.data["citation"] == citation


def test_a_part_of_a_long_line_says_where_it_begins(call: Call) -> None:
    second = list(parts(call, "read", file="long.py"))[1]
    begin = second.data["citation"]["bytes"][0]
    assert f"the first of them from its character {begin + 1:,} on" in second.text


def test_a_citation_of_read_is_checked_by_cite_verify(call: Call, release: Path, tmp_path: Path) -> None:
    from drystone.answer.verbs import verify_citations

    citation = call("read", file="guide.rst", first=9, last=9).data["citation"]
    answers = {"format": 1, "question": "?", "found": True,
               "answers": [{"text": citation["quote"], "score": 1.0, "citations": [citation]}]}  # fmt: skip
    (tmp_path / "a.json").write_text(json.dumps(answers))
    assert [one.state for one in verify_citations(tmp_path / "a.json", release)] == ["stands"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"file": "../../etc/passwd"}, "no occurrence matches"),
        ({"file": "/etc/passwd"}, "no occurrence matches"),
        ({"file": "..\\..\\manifest.json"}, "no occurrence matches"),
        ({"file": "manifest.json"}, "no occurrence matches"),
        ({"file": "%2e%2e/manifest.json"}, "no occurrence matches"),
        ({"file": "swh:1:cnt:" + "0" * 40}, "no occurrence matches"),
        ({"file": "swh:1:cnt:xyz"}, "no occurrence matches"),
        ({"file": "[" * 4_000}, "more than 64 colons and wildcards"),
        ({"file": ":" * 4_000}, "more than 64 colons and wildcards"),
        ({"file": "name.py"}, "2 files or more are meant; name one"),
        ({"file": "gpl.py"}, "dropped . /gpl.py at stage license: non_permissive_license"),
        ({"file": "guide.rst", "first": 99}, "the file has 9 lines, and no line 99"),
        ({"file": "guide.rst", "first": 5, "last": 2}, "line 2 is before line 5"),
        ({"file": "guide.rst", "cursor": "5-" + "0" * 16}, "^cursor: "),
        ({"file": "guide.rst", "release": "other\x1b[2J"}, r"release: 'other\\x1b\[2J' is not served here"),
    ],
)
def test_what_cannot_be_read_says_why(call: Call, arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(DrystoneError, match=said.replace("dropped .", r"dropped \|")):
        call("read", **arguments)


def test_blank_lines_are_read(call: Call) -> None:
    assert call("read", file="blank.py", first=1, last=3).data["citation"]["quote"] == "\n\n"
    assert "     2 |\n" in call("read", file="blank.py", first=1, last=4).text
    assert call("read", file="blank.py", first=2, last=2).data["citation"]["quote"] == "\n"


def test_the_bytes_of_a_duplicate_are_those_of_the_file_that_stands_for_it(call: Call) -> None:
    assert call("read", file="copy.rst").data["citation"]["path"] == "/guide.rst"
