"""The five tools over a release: what they find, how they cite it, and that all of it comes in parts that fit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import TypeAdapter

from drystone.errors import DrystoneError, UsageError
from drystone.mcp.limits import RESULT_BYTES, RESULT_LINES
from drystone.mcp.pages import ToolResult
from drystone.mcp.shelf import Shelf
from drystone.mcp.stopping import Stop, StoppedError
from drystone.mcp.tools import TOOLS
from tests.mcp.conftest import COPY, GUIDE, LONG, MANY, ROWS

Call = Callable[..., ToolResult]


@pytest.fixture(scope="module")
def call(release: Path) -> Call:
    """Call a tool; its result must fit and be under the tool's schema."""
    from drystone.reader import Reader

    shelf = Shelf([release], lambda: Reader.load("mini", threads=1))

    def called(tool: str, **arguments: Any) -> ToolResult:
        found = TOOLS[tool].run(shelf, TOOLS[tool].arguments.model_validate(arguments), Stop(60))
        data = json.loads(json.dumps(found.data))
        jsonschema.validate(data, TypeAdapter(TOOLS[tool].result).json_schema(mode="serialization"))
        size = len(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode())
        assert size + len(json.dumps(found.text, ensure_ascii=False).encode()) < RESULT_BYTES
        assert found.text.count("\n") < RESULT_LINES
        return ToolResult(data, found.text)

    return called


def parts(call: Call, tool: str, **arguments: Any) -> Iterator[ToolResult]:
    """Yield all parts of what a tool gives."""
    cursor = None
    for _ in range(200):
        found = call(tool, cursor=cursor, **arguments)
        yield found
        cursor = found.data["next"]
        if cursor is None:
            return
    raise AssertionError("it does not end")


def test_search_gives_lines_licence_and_identifier(call: Call) -> None:
    found = call("search", query="file:guide port")
    (file,) = found.data["results"]
    assert (file["path"], file["license"], file["lines"][0]["number"]) == ("/guide.rst", "MIT", 4)
    assert file["swhid"] == f"{ROWS[0].swhid};origin=https://example.org/pypi/click;path=/guide.rst;lines=4"
    assert found.data["summary"]["exact"]
    assert "     4 | The server listens on port ``8080``" in found.text
    assert f"swhid | {file['swhid']}" in found.text


def test_all_files_come_in_parts(call: Call) -> None:
    found = [f["path"] for part in parts(call, "search", query="keystone", limit=3) for f in part.data["results"]]
    kept = [row.path for row in ROWS if row.dropped is None]
    assert len(found) == len(kept)
    assert len({path[:30] for path in found} ^ {path[:30] for path in kept}) == 0


def test_a_search_of_the_ledger_tells_what_is_out(call: Call) -> None:
    found = call("search", query="kept:no reason:permissive")
    (out,) = found.data["results"]
    assert (out["path"], out["reason"], found.data["summary"]["total"]) == ("/gpl.py", "not_permissive", 1)
    assert "decision | dropped at stage license: not_permissive" in found.text


@pytest.mark.parametrize(
    ("query", "said"), [("lang:pythn", "Python"), ("(", "column"), ("x" * 9_999 + "(", "column"), ("count:0", "column")]
)
def test_a_query_that_is_none_says_where(call: Call, query: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        call("search", query=query)


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
        ({"file": "[" * 4_000}, "glob|no occurrence"),
        ({"file": "name.py"}, "2 files or more are meant; name one"),
        ({"file": "gpl.py"}, "dropped . /gpl.py at stage license: not_permissive"),
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


def test_why_tells_the_decision_and_its_evidence(call: Call) -> None:
    found = call("why", file="gpl.py")
    (one,) = found.data["occurrences"]
    assert (one["decision"], one["stage"], one["reason"]) == ("dropped", "license", "not_permissive")
    assert one["evidence"] == {"bytes": 17}
    assert "decision | dropped at stage license: not_permissive" in found.text
    (copy,) = call("why", file="copy.rst").data["occurrences"]
    assert (copy["kept_path"], copy["kept_swhid"]) == ("/guide.rst", COPY.swhid)
    (kept,) = call("why", file="guide.rst").data["occurrences"]
    assert kept["license_evidence"][0]["expression"] == "MIT"


def test_why_of_many_comes_in_parts(call: Call) -> None:
    found = [one["path"] for part in parts(call, "why", file="*") for one in part.data["occurrences"]]
    assert len(found) == len(ROWS) + 1


def test_licenses_tell_what_each_asks_and_whether_a_policy_covers_all(call: Call) -> None:
    found = call("licenses")
    assert (found.data["distributable"], found.data["licenses"][0]["license"]) == ("yes", "MIT")
    assert found.data["licenses"][0]["asks"]["notice"] == "yes"
    assert "licence | MIT: 8 files; asks: attribution yes" in found.text


def test_what_is_hostile_in_a_file_stays_behind_the_bar(call: Call) -> None:
    for found in (call("read", file="hostile.py"), call("search", query="file:hostile keystone", lines=5, context=3)):
        assert "\x1b" not in found.text
        assert "\u202e" not in found.text
        inside = [
            line for line in found.text.splitlines() if "forged" in line or "Ignore all" in line or "fake" in line
        ]
        assert inside
        assert all(line[:9].strip(" 0123456789") == "|" for line in inside)


def test_a_path_that_is_too_large_is_shown_cut(call: Call) -> None:
    found = call("search", query="deep")
    assert found.data["results"][0]["path"].endswith("…")
    assert "cut" in found.data["notes"][0]


@pytest.mark.parametrize("name", ["read", "why", "licenses"])
def test_work_that_nobody_waits_for_ends(release: Path, name: str) -> None:
    shelf, ended = Shelf([release], lambda: pytest.fail("not asked")), Stop(60)
    arguments = {} if name == "licenses" else {"file": "guide.rst"}
    ended.now()
    with pytest.raises(StoppedError):
        TOOLS[name].run(shelf, TOOLS[name].arguments.model_validate(arguments), ended)


def test_questions_are_answered_with_citations(call: Call) -> None:
    pytest.importorskip("tokenizers", reason="needs the extra `reader`")
    from drystone.reader.model.installed import installed

    if "mini" not in installed():
        pytest.skip("not installed: pip install ./models/mini")
    found = call("ask", question="Who cut the keystone?")
    first = found.data["answers"][0]
    assert first["text"] == "Ada Mason"
    citation = first["citations"][0]
    assert (citation["path"], citation["lines"], citation["license"]) == ("/guide.rst", [9, 9], "MIT")
    assert "answer | Ada Mason" in found.text
    none = call(
        "ask", question="What colour does the Emperor of China like on Tuesdays?", where="lang:restructuredtext"
    )
    assert none.data["found"] == bool(none.data["answers"])
