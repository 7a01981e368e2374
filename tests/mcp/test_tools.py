"""The tools over a release: what they find, how they cite it, and that all of it comes in parts that fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from drystone.errors import UsageError
from drystone.mcp.shelf import ReleaseShelf
from drystone.mcp.stopping import Stop, StoppedError
from drystone.mcp.tools import TOOLS
from tests.mcp.conftest import COPY, ROWS, Call, parts


def test_search_gives_lines_licence_and_identifier(call: Call) -> None:
    found = call("search", query="file:guide port")
    (file,) = found.data["results"]
    assert (file["path"], file["license"], file["lines"][0]["number"]) == ("/guide.rst", "MIT", 4)
    assert file["swhid"] == f"{COPY.swhid};origin=https://example.org/pypi/click;path=/guide.rst;lines=4"
    assert found.data["summary"]["exact"]
    assert "     4 | The server listens on port ``8080``" in found.text
    assert f"swhid | {file['swhid']}" in found.text


def test_all_files_come_in_parts(call: Call) -> None:
    found = [f["path"] for part in parts(call, "search", query="keystone", limit=3) for f in part.data["results"]]
    kept = [row.path for row in ROWS if row.dropped is None and b"keystone" in row.data]
    assert len(found) == len(kept)
    assert len({path[:30] for path in found} ^ {path[:30] for path in kept}) == 0


def test_a_search_of_the_ledger_tells_what_is_out(call: Call) -> None:
    found = call("search", query="kept:no reason:permissive")
    (out,) = found.data["results"]
    assert (out["path"], out["reason"], found.data["summary"]["total"]) == ("/gpl.py", "non_permissive_license", 1)
    assert "decision | dropped at stage license: non_permissive_license" in found.text


@pytest.mark.parametrize(
    ("query", "said"), [("lang:pythn", "Python"), ("(", "column"), ("x" * 9_999 + "(", "column"), ("count:0", "column")]
)
def test_a_query_that_is_none_says_where(call: Call, query: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        call("search", query=query)


def test_why_tells_the_decision_and_its_evidence(call: Call) -> None:
    found = call("why", file="gpl.py")
    (one,) = found.data["occurrences"]
    assert (one["decision"], one["stage"], one["reason"]) == ("dropped", "license", "non_permissive_license")
    assert one["evidence"] == {"bytes": 17}
    assert "decision | dropped at stage license: non_permissive_license" in found.text
    (copy,) = call("why", file="copy.rst").data["occurrences"]
    assert (copy["kept_path"], copy["kept_swhid"], copy["license_evidence"]) == ("/guide.rst", COPY.swhid, [])
    (kept,) = call("why", file="guide.rst").data["occurrences"]
    assert kept["license_evidence"][0]["expression"] == "MIT"


def test_why_of_many_comes_in_parts(call: Call) -> None:
    found = [one["path"] for part in parts(call, "why", file="*") for one in part.data["occurrences"]]
    assert len(found) == len(ROWS) + 1


def test_licenses_tell_what_each_asks_and_whether_a_policy_covers_all(call: Call) -> None:
    found = call("licenses")
    assert (found.data["distributable"], found.data["licenses"][0]["license"]) == ("yes", "MIT")
    assert found.data["licenses"][0]["asks"]["notice"] == "yes"
    assert f"licence | MIT: {len(ROWS) - 1} files; asks: attribution yes" in found.text


def test_a_path_that_is_too_large_is_shown_cut(call: Call) -> None:
    found = call("search", query="deep")
    assert found.data["results"][0]["path"].endswith("…")
    assert "cut" in found.data["notes"][0]


@pytest.mark.parametrize("name", ["read", "why", "licenses"])
def test_work_that_nobody_waits_for_ends(release: Path, name: str) -> None:
    shelf, ended = ReleaseShelf([release], lambda: pytest.fail("not asked")), Stop(60)
    arguments = {} if name == "licenses" else {"file": "guide.rst"}
    ended.now()
    with pytest.raises(StoppedError):
        TOOLS[name].run(shelf, TOOLS[name].arguments.model_validate(arguments), ended)


def test_questions_are_answered_with_citations(call: Call) -> None:
    pytest.importorskip("tokenizers", reason="needs the extra `reader`")
    from drystone.reader.model.installed import installed

    if "mini" not in installed():
        pytest.skip("not installed: pip install ./models/mini")
    found = call("ask", question="On which port does the server listen?")
    first = found.data["answers"][0]
    assert first["text"] == "8080"
    citation = first["citations"][0]
    assert (citation["path"], citation["lines"], citation["license"]) == ("/guide.rst", [4, 4], "MIT")
    assert "answer | 8080" in found.text
    assert "     4 | The server listens on port ``8080`` unless" in found.text
    none = call(
        "ask", question="What colour does the Emperor of China like on Tuesdays?", where="lang:restructuredtext"
    )
    assert none.data["found"] == bool(none.data["answers"])


def test_an_answer_that_stands_in_many_places_goes_on_in_the_next_part(call: Call) -> None:
    pytest.importorskip("tokenizers", reason="needs the extra `reader`")
    from drystone.reader.model.installed import installed

    if "mini" not in installed():
        pytest.skip("not installed: pip install ./models/mini")
    found = list(parts(call, "ask", question="Who cut the capstone in 1901?", limit=1))
    assert len(found) > 1
    answers = [answer for part in found for answer in part.data["answers"]]
    assert {answer["text"] for answer in answers} == {"Grace Hewer"}
    places = [citation["path"] for answer in answers for citation in answer["citations"]]
    assert len(set(places)) == len(places) > 5
