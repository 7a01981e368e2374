"""Texts of others stay data."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from drystone.mcp.quoting import numbered, quoted, said


@given(st.text())
def test_nothing_ends_its_line_hides_or_acts(text: str) -> None:
    shown = quoted(text)
    assert len(shown.splitlines()) <= 1
    assert not {unicodedata.category(c) for c in shown if c != "\t"} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert numbered(7, text).startswith("     7 |")
    assert said("file", text).startswith("file | ")


def test_what_acts_on_a_terminal_is_shown() -> None:
    assert quoted("a\x1b[31m\u202eb\tc") == "a\\x1b[31m\\u202eb\tc"
