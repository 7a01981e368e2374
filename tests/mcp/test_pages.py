"""Results in parts: all of it comes, each part fits, and a cursor belongs to its call."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drystone.errors import UsageError
from drystone.mcp.limits import RESULT_BYTES, RESULT_LINES
from drystone.mcp.pages import Cursors, ToolResult, cut, page

CURSORS = Cursors("tool", {"query": "x"}, ["root"])


def make(shown: Sequence[str], rest: str | None, notes: list[str]) -> ToolResult:
    return ToolResult({"items": list(shown), "next": rest, "notes": notes}, "\n".join([*notes, *shown]))


@settings(max_examples=60)
@given(st.lists(st.text(max_size=300).map(lambda text: text * 9), max_size=60), st.integers(1, 20))
def test_parts_together_are_the_whole_and_each_fits(items: list[str], at_once: int) -> None:
    found: list[str] = []
    cursor = None
    for _ in range(len(items) + 2):
        offset = CURSORS.read(cursor)
        part = page(items[offset : offset + at_once], offset, CURSORS, make, more=offset + at_once < len(items))
        assert len(orjson.dumps(part.data)) + len(orjson.dumps(part.text)) < RESULT_BYTES
        assert part.text.count("\n") < RESULT_LINES
        found += part.data["items"]
        cursor = part.data["next"]
        if cursor is None:
            break
    assert found == items


def test_what_is_too_large_alone_is_cut_and_says_so() -> None:
    part = page(["x" * 20_000, "y"], 0, CURSORS, make)
    assert len(part.data["items"]) == 1
    assert part.data["items"][0].endswith("…")
    assert "cut" in part.data["notes"][0]
    assert CURSORS.read(part.data["next"]) == 1


def test_a_cut_leaves_ranges_and_identifiers_whole() -> None:
    whole = {"swhid": "swh:1:cnt:" + "a" * 40 + ";path=/" + "b" * 999, "spans": [(1, 2)] * 50, "lines": (3, 4)}
    assert cut(whole, 100) == {"swhid": "swh:1:cnt:" + "a" * 40, "spans": [(1, 2)] * 2, "lines": (3, 4)}


@pytest.mark.parametrize("cursor", ["", "x", "5", "-1-" + "0" * 16, "5-" + "0" * 16, "9" * 90, "5-\u0660" + "0" * 15])
def test_a_cursor_of_nobody_is_refused(cursor: str) -> None:
    with pytest.raises(UsageError, match=r"^cursor: "):
        CURSORS.read(cursor)


def test_a_cursor_belongs_to_tool_arguments_and_releases() -> None:
    cursor = CURSORS.write(7)
    assert Cursors("tool", {"query": "x"}, ["root"]).read(cursor) == 7
    for other in (Cursors("other", {"query": "x"}, ["root"]), Cursors("tool", {"query": "y"}, ["root"]),
                  Cursors("tool", {"query": "x"}, ["new root"])):  # fmt: skip
        with pytest.raises(UsageError, match="other arguments, or a release has changed"):
            other.read(cursor)
