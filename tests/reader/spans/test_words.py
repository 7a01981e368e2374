"""Spans whose ends are where people would put them, in code and in scripts that write marks on letters."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drystone.errors import MissingExtraError
from drystone.reader.spans.words import unicode_words, whole


@pytest.mark.parametrize(
    ("text", "cut", "right"),
    [
        ("Use watchdog.tricks.Trick for this.", "Trick", "watchdog.tricks.Trick"),
        ("It writes /etc/sysctl when run.", "etc", "/etc/sysctl"),
        ("Pass --no-color to it.", "no", "--no-color"),
        ("Set PYTEST_ADDOPTS first.", "ADDOPTS", "PYTEST_ADDOPTS"),
        ("The mass is 1.5 kg.", "5", "1.5"),
        ("Call reset() at the end.", "reset", "reset()"),
        ("Only $HOME is read.", "HOME", "$HOME"),
        ("As text/html, or so.", "html", "text/html"),
        ("She lives in Berlin.", "Berlin", "Berlin"),
        ("A well-known town.", "known", "known"),
        ("It ends in v2.", "v2", "v2"),
    ],
)
def test_words_of_code_are_whole(text: str, cut: str, right: str) -> None:
    start = text.index(cut)
    low, high = whole(text, start, start + len(cut))
    assert text[low:high] == right


@pytest.mark.parametrize(
    ("word", "cut"),
    [
        (unicodedata.normalize("NFD", "Brontë"), 6),
        ("हिन्दी", 5),
        ("น้ำ", 1),
        ("مُحَمَّد", 6),
        ("❤\ufe0f", 1),
        (unicodedata.normalize("NFD", "각"), 2),
        ("x\u0301\u0302y", 1),
    ],
)
def test_a_span_ends_behind_the_marks_of_its_last_character(word: str, cut: int) -> None:
    text = f"A {word} B"
    low, high = whole(f"{text}", 0, 2 + cut)
    marks = text[low:high]
    assert not unicodedata.combining(text[high]) and text[high] not in "\ufe0f\u0e33"
    assert len(marks) > 2 + cut or word.startswith("م")


def test_a_span_that_begins_inside_a_character_begins_before_it() -> None:
    text = unicodedata.normalize("NFD", "ëa") + "\U0001f469\u200d\U0001f680 1"
    assert whole(text, 1, 3) == (0, 3)
    assert whole(text, 2, 4) == (2, 6)


@pytest.mark.parametrize("text", ["?!", "— …", "", "❤\ufe0f"])
def test_what_holds_no_letter_or_digit_is_no_answer(text: str) -> None:
    low, high = whole(f"a{text}b", 1, 1 + len(text))
    assert low == high


@given(st.text(st.sampled_from("ab1._-/$ (\u0301\u200d\U0001f469क\u093fé")), st.data())
def test_a_span_only_grows_and_stays_as_it_is_the_second_time(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    low, high = whole(text, start, end)
    if low < high:
        assert 0 <= low <= start <= end <= high <= len(text)
        assert whole(text, low, high) == (low, high)
    else:
        assert not any(map(str.isalnum, text[start:end]))


@pytest.mark.parametrize(
    ("text", "cut", "word"),
    [
        ("东京是日本的首都。人口很多。", "日", "日"),
        ("กรุงเทพเป็นเมืองหลวง", "\u0e1b", "ป็"),
        ("Anna's cat lives in Berlin, on 3.5 acres.", "erli", "Berlin"),
        ("Anna's cat lives in Berlin, on 3.5 acres.", "nna", "Anna's"),
        ("on 1,000.50 acres.", "00.5", "1,000.50"),
        ("한국의 수도는 서울이다.", "울", "서울이다"),
        ("नमस्ते दुनिया", "न", "नमस्ते"),
        ("by Bronte\u0308, x", "ronte", "Bronte\u0308"),
        ("so ❤\ufe0f it is", "❤", "❤\ufe0f"),
    ],
)
def test_words_by_unicode_need_no_spaces_and_hold_no_punctuation(text: str, cut: str, word: str) -> None:
    start = text.index(cut)
    first, last = unicode_words(text, start, start + len(cut))
    assert text[first:last] == word


def test_without_the_package_that_knows_unicode_words_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "regex", None)
    with pytest.raises(MissingExtraError, match=r"drystone\[reader\]"):
        unicode_words("one two", 4, 5)
