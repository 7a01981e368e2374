"""Pieces that are remembered give what the tokenizer gives for the whole text."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, normalizers

from drystone.reader.spans import texts
from drystone.reader.spans.texts import Pieces, Text
from tests.reader.checkpoints import byte_level, prose, unigram, wordpiece

from .test_windows import NASTY


def tokenizer(**normalizer: bool) -> Tokenizer:
    made = wordpiece(lowercase=True)
    if normalizer:
        made.normalizer = normalizers.BertNormalizer(**normalizer)
    return made


KINDS = {
    "uncased": tokenizer(),
    "cased": tokenizer(lowercase=False, strip_accents=False),
    "unclean": tokenizer(clean_text=False, lowercase=True),
    "no spaces around Chinese": tokenizer(handle_chinese_chars=False),
}


def memory(made: Tokenizer) -> Pieces:
    pieces = Pieces.for_tokenizer(made.to_str(), lambda t: made.encode_batch(t, add_special_tokens=False))
    assert pieces is not None
    return pieces


def check(made: Tokenizer, pieces: Pieces, many: list[str]) -> None:
    for text, found in zip(many, pieces.texts(many), strict=True):
        whole = Text(text, made.encode(text, add_special_tokens=False))
        if found is None:
            assert any(token in text for token in ("[CLS]", "[SEP]", "[MASK]", "[UNK]", "[PAD]"))
            continue
        assert found.ids.tolist() == whole.ids.tolist()
        assert found.spans.tolist() == whole.spans.tolist()
        for i in range(len(whole.ids)):
            for words in (True, False):
                last = min(i + i % 4, len(whole.ids) - 1)
                assert found.span(i, last, words=words) == whole.span(i, last, words=words)


SHARED = {kind: memory(made) for kind, made in KINDS.items()}
ALPHABET = st.sampled_from(
    "aB1.,-'_ \t\n\r\x00\x07\x0b\x85\xa0\u2003\u0301\u0308éßİǆ中文ﬁ한กा👩\u200d\u00ad\u2014“\ufffd\ufeff"
)


@pytest.mark.parametrize("kind", KINDS)
def test_prose_and_nasty_text(kind: str) -> None:
    clean = [text.encode("utf-8", "replace").decode() for text in NASTY]
    for _ in range(2):  # met for the first time, then remembered
        check(KINDS[kind], SHARED[kind], prose() + clean)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(KINDS)), st.lists(st.text(ALPHABET, max_size=30) | st.text(max_size=20), max_size=4))
def test_any_text(kind: str, many: list[str]) -> None:
    many = [text.encode("utf-8", "replace").decode() for text in many]
    check(KINDS[kind], SHARED[kind], many)


def test_tokenizers_that_look_further_are_left_alone() -> None:
    for made in (byte_level(), unigram()):
        assert Pieces.for_tokenizer(made.to_str(), made.encode_batch) is None


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "_MOST_PIECES", 100)
    made = KINDS["uncased"]
    pieces = memory(made)
    rng = random.Random(0)
    for _ in range(50):
        check(made, pieces, [" ".join(str(rng.randrange(10**6)) for _ in range(30)), "x" * 500])
        assert len(pieces._known) <= 100
        assert all(len(piece) <= 40 for piece in pieces._known)
