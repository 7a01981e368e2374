from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drystone.reader.spans.markup import blank

MARKS = st.lists(
    st.sampled_from(
        ["`", "``", "*", "**", "[a](b)", "![x][y]", "# ", "===", "\n", "\r\n", "\u2028", "\t", "é", "\U0001f600",
         ".. note::", ":role:`x`", "<b>", '"""', "| a |", "> ", "- ", "1. ", "word ", "`t <u>`_"]
    )
).map("".join)  # fmt: skip


@given(st.text() | MARKS)
def test_a_blanked_text_has_the_length_and_the_white_space_of_the_text(text: str) -> None:
    found = blank(text)
    assert len(found) == len(text)
    for before, after in zip(text, found, strict=True):
        assert after == before or (after == " " and not before.isspace())
    assert [len(line) for line in found.splitlines()] == [len(line) for line in text.splitlines()]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("## A heading\n", "A heading"),
        ("Title\n=====\n\ntext", "Title text"),
        ("see [the guide](https://a.example/b) and ![a wall][img]", "see the guide and a wall"),
        ("**strong** and *soft*, 2 * 3", "strong and soft , 2 * 3"),
        ("set ``PYTEST_ADDOPTS`` to `x`", "set PYTEST_ADDOPTS to x"),
        ("use :class:`~flask.Flask` or `Flask <https://a.example>`_", "use flask.Flask or Flask"),
        (".. py:data:: SESSION_COOKIE_NAME\n", "SESSION_COOKIE_NAME"),
        ('    """Return it."""', "Return it."),
        ("// a comment\n# another\n", "a comment another"),
        ("- one\n1. two\n> three", "one two three"),
        ("| a | b |", "a b"),
        ("<p class='x'>text</p>", "text"),
        ("snake_case a*b **kwargs", "snake_case a*b kwargs"),
    ],
)
def test_a_reader_sees_words(text: str, words: str) -> None:
    assert " ".join(blank(text).split()) == words


@pytest.mark.parametrize(
    "hostile", ["[" * 100_000, "<a" * 50_000, "`" * 100_000, "*" * 100_000, " " * 100_000, ".. " * 40_000]
)
def test_hostile_text_takes_time_in_proportion(hostile: str) -> None:
    start = time.process_time()
    blank(hostile)
    assert time.process_time() - start < 5
