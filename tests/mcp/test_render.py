"""Results as text."""

from __future__ import annotations

from tests.mcp.conftest import Call


def test_what_is_hostile_in_a_file_stays_behind_the_bar(call: Call) -> None:
    for found in (call("read", file="hostile.py"), call("search", query="file:hostile keystone", lines=5, context=3)):
        assert "\x1b" not in found.text
        assert "\u202e" not in found.text
        inside = [
            line for line in found.text.splitlines() if "forged" in line or "Ignore all" in line or "fake" in line
        ]
        assert inside
        assert all(line[:9].strip(" 0123456789") == "|" for line in inside)
