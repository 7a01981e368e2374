"""How lines end is told for each kind, for mixtures, and for texts of one line."""

from __future__ import annotations

import pytest

from drystone.detect.columns.line_endings import annotate


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", None),
        (b"no line ends", None),
        (b"a\nb\n", "lf"),
        (b"a\r\nb\r\n", "crlf"),
        (b"a\rb\r", "cr"),
        (b"a\r\nb\n", "mixed"),
        (b"a\n\r", "mixed"),
        (b"\r\r\n", "mixed"),
    ],
)
def test_line_endings_are_told(text: bytes, said: str | None) -> None:
    assert annotate(text, "a.py") == said
