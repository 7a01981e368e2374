"""Lines of HTML: as many as the text has, nothing of it interpreted, and an end to what takes too long."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drystone.web.drawing.highlight import MOST, Highlighter


@pytest.fixture(scope="module")
def highlighter() -> Iterator[Highlighter]:
    made = Highlighter(60)
    yield made
    made.close()


def plain(line: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", line))


def test_known_languages_are_coloured(highlighter: Highlighter) -> None:
    for language, path, text in (
        ("Python", "/a.py", "def f():\n    return '<b>'  # & so on\n"),
        ("C++", "/a.cpp", "int main() { return 0; }\n"),
        ("Jupyter Notebook", "/a.json", '{"a": 1}\n'),
        (None, "/a.rs", "fn main() {}"),
    ):
        lines = highlighter.lines(text, language, path)[0]
        assert any("<span class=" in line for line in lines), language
        assert [plain(line) for line in lines] == text.splitlines()
        assert "<b>" not in "".join(lines)
    assert highlighter.lines("<i>\nx", "No such language", "/x.nothing")[0] == ["&lt;i&gt;", "x"]


def test_line_ends_of_all_kinds_and_none(highlighter: Highlighter) -> None:
    assert highlighter.lines("", "Python", "/a.py")[0] == []
    for text in ("a\r\nb\rc\n", "a\nb\nc", "\ufeffa\nb\nc\n"):
        assert [plain(line) for line in highlighter.lines(text, "Python", "/a.py")[0]] == ["a", "b", "c"]
    assert [plain(line) for line in highlighter.lines("\n\na\n\n", "Python", "/a.py")[0]] == ["", "", "a", ""]


TEXTS = st.text(st.sampled_from("ab<>&\"'\n\t (){}#/*\\=1\u00e9\u4f60"), max_size=80)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=TEXTS, language=st.sampled_from(["Python", "C", "HTML", "PHP", "Perl"]))
def test_no_text_is_lost_or_interpreted(highlighter: Highlighter, text: str, language: str) -> None:
    lines = highlighter.lines(text, language, "/x")[0]
    expected = text.split("\n")
    assert [plain(line) for line in lines] == (expected if expected[-1] else expected[:-1])
    tags = set(re.findall(r"<[^>]*>", "".join(lines)))
    assert all(re.fullmatch(r'</span>|<span class="[\w ]+">', tag) for tag in tags), tags


def test_what_takes_too_long_is_shown_without_colours() -> None:
    made = Highlighter(0.01)  # no process is up in this time
    try:
        assert made.lines("x = 1\n", "Python", "/a.py")[0] == ["x = 1"]
        assert made.lines("x = 1\n", "Python", "/a.py")[0] == ["x = 1"]
    finally:
        made.close()


def test_the_process_may_die_in_between(highlighter: Highlighter) -> None:
    before = highlighter.lines("x = 1", "Python", "/a.py")[0]
    assert highlighter._process is not None
    highlighter._process.kill()
    highlighter._process.wait()
    assert highlighter.lines("x = 1", "Python", "/a.py")[0] == before


def test_large_texts_are_not_coloured(highlighter: Highlighter) -> None:
    lines = highlighter.lines("x = 1\n" * (MOST // 6 + 1), "Python", "/a.py")[0]
    assert set(lines) == {"x = 1"}


def test_characters_that_hide_are_written_out(highlighter: Highlighter) -> None:
    (line,) = highlighter.lines("a\u202eb\u200b\x07\tc", "Python", "/a.py")[0]
    for name in ("U+202E", "U+200B", "U+0007"):
        assert f'<span class="hidden-character">{name}</span>' in line
    assert "\t" in line
