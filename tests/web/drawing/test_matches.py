from __future__ import annotations

import pytest

from drystone.search.results.found import Line
from drystone.web.drawing.matches import marked


@pytest.mark.parametrize(
    ("line", "html"),
    [
        (Line(1, "a needle here", ((2, 8),)), "a <mark>needle</mark> here"),
        (Line(1, "aaa", ((0, 1), (0, 2), (2, 3))), "<mark>a</mark><mark>a</mark><mark>a</mark>"),
        (Line(1, "<script>", ((0, 1),)), "<mark>&lt;</mark>script&gt;"),
        (Line(1, "a&b", ()), "a&amp;b"),
        (Line(1, "end", ((3, 3),)), "end"),
        (
            Line(1, "x", ((0, 1),), True, ((9, 10),), 9),
            '<span class="aside">…</span><mark>x</mark><span class="aside">…</span>',
        ),
    ],
)
def test_what_matches_is_marked_and_all_is_escaped(line: Line, html: str) -> None:
    assert marked(line) == html


def test_odd_characters_are_seen() -> None:
    shown = marked(Line(1, "a\u202eb\x1b[2J\u200b", ((1, 2),)))
    assert not {"\u202e", "\x1b", "\u200b"} & set(shown)
    assert '<mark><span class="hidden-character">U+202E</span></mark>' in shown
