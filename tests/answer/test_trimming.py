from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drystone.answer.trimming import trim
from drystone.reader.spans.markup import blank


@pytest.mark.parametrize(
    ("text", "span", "trimmed"),
    [
        ("It listens on `8080`.", "`8080`.", "8080"),
        ("Default: ``None``", "None", "None"),
        ("set PYTEST_ADDOPTS to it", "ADDOPTS to", "PYTEST_ADDOPTS to"),
        ("set PYTEST_ADDOPTS to it", "PYTEST", "PYTEST_ADDOPTS"),
        ("give --flag-name once", "flag", "--flag-name"),
        ("version 3.11.2 of it", "11", "3.11.2"),
        ("in /etc/hosts there", "hosts", "/etc/hosts"),
        ("an ordinary word", "ordinary", "ordinary"),
        ("the well-known fact", "known", "known"),
        ("a heading\n\nand the longer text, here", "heading\n\nand the longer text,", "and the longer text"),
        ("the ``echo`` function prints", "``echo`` function", "echo"),
        ("the :func:`~click.echo` function prints", "echo` function", "click.echo"),
        ("(see the guide)", "(see the guide", "see the guide"),
        ("call f(x) now", "f(x)", "f(x)"),
        ("read .env first", ".env", ".env"),
        ("in C#, and so on", "C#,", "C#"),
        ("**90 kilograms**.", "**90 kilograms**.", "90 kilograms"),
        ("***", "***", ""),
    ],
)
def test_spans(text: str, span: str, trimmed: str) -> None:
    at = text.index(span)
    start, end = trim(text, blank(text), at, at + len(span))
    assert text[start:end] == trimmed


@given(st.text(st.sampled_from("ab_8.-`*(\n )'"), max_size=60), st.data())
def test_a_span_stays_in_its_text_and_trimming_it_again_changes_nothing_at_its_ends(
    text: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    low, high = trim(text, blank(text), start, end)
    assert 0 <= low <= high <= len(text)
    assert text[low:high] == text[low:high].strip()
