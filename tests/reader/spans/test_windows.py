"""Windows, offsets and Unicode: what the tokenizer is given and what comes back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drystone.errors import ModelError, UsageError
from drystone.reader.spans.windows import Windower
from tests.reader.checkpoints import POSITIONS, byte_level, unigram, wordpiece

TOKENIZERS = {
    "wordpiece": wordpiece(lowercase=True).to_str(),
    "byte_level": byte_level().to_str(),
    "unigram": unigram().to_str(),
}
NASTY = [
    "plain words, and punctuation.",
    "café naïve cafe\u0301 e\u0301\u0301\u0301",
    "👩‍👩‍👧‍👦 family 🏳️‍🌈 flag 👍🏽 thumbs",
    "שלום עולם و مرحبا بالعالم \u202eabc\u202c",
    "中文字符 テスト 한국어",
    "tabs\tand\r\nCRLF\r\nlines\x00nul\x07bell\x1b[0m",
    "lone \ud800 surrogate \udfff\udc00 here",
    "ﬁ ligature ẞ İstanbul ǆ \u00ad soft\u00adhyphen zero\u200bwidth",
    "[CLS] [SEP] </s> <s> <mask> [MASK]",
    "𝕳𝖊𝖑𝖑𝖔 \U0001f600\U000e0100",
    "a" * 3000,
]


def windower(kind: str = "wordpiece", most: int = POSITIONS) -> Windower:
    return Windower(TOKENIZERS[kind], {}, most, 10_000, kind)


@pytest.mark.parametrize("kind", TOKENIZERS)
@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
@pytest.mark.parametrize("words", [True, False])
def test_every_span_is_a_slice_of_the_string_given(kind: str, text: str, words: bool) -> None:
    (tokens,) = windower(kind).texts([text])
    for i in range(len(tokens.ids)):
        a, b = tokens.span(i, i, words=words)
        assert 0 <= a <= b <= len(text)
        assert text[a:b] == text[a:b].strip()
    assert len(tokens.ids)


@settings(max_examples=150, deadline=None)
@given(st.text(min_size=1, max_size=80), st.sampled_from(sorted(TOKENIZERS)))
def test_spans_of_any_text_stay_inside_it(text: str, kind: str) -> None:
    (tokens,) = windower(kind).texts([text])
    for i in range(len(tokens.ids)):
        a, b = tokens.span(i, len(tokens.ids) - 1, words=True)
        assert 0 <= a <= b <= len(text)


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_windows_are_those_of_the_tokenizer_itself(kind: str) -> None:
    from tokenizers import Tokenizer

    context, question = "Heaps are arrays for which a[k] <= a[2*k+1] holds. " * 30, "What are heaps?"
    own = windower(kind)
    q, c = own.texts([question, context])
    found = own.windows(0, q, c, max_seq_len=60, doc_stride=20)
    theirs = Tokenizer.from_str(TOKENIZERS[kind])
    theirs.enable_truncation(60, stride=20, strategy="only_second")
    encoded = theirs.encode(question, context)
    expected = [encoded, *encoded.overflowing]
    assert [w.ids.tolist() for w in found] == [e.ids for e in expected]
    assert [w.types.tolist() for w in found] == [e.type_ids for e in expected]
    for window, encoding in zip(found, expected, strict=True):
        inside = [i for i, s in enumerate(encoding.sequence_ids) if s == 1]
        assert (window.at, window.count) == (inside[0], len(inside))


def test_every_context_token_is_in_some_window() -> None:
    own = windower()
    q, c = own.texts(["Why?", "one two three four five six seven eight nine ten " * 40])
    for limit, stride in ((20, 0), (20, 5), (40, 39), (128, 128), (33, 1000)):
        seen = np.zeros(len(c.ids), int)
        for window in own.windows(0, q, c, max_seq_len=limit, doc_stride=stride):
            assert len(window) <= limit
            seen[window.first : window.first + window.count] += 1
        assert seen.min() >= 1


def test_a_question_that_fills_the_window_is_named_and_can_be_cut() -> None:
    own = windower()
    q, c = own.texts(["why " * 500, "Because."])
    with pytest.raises(UsageError, match=r"question: \d+ tokens leave no room .* window of 128"):
        own.windows(0, q, c)
    (window,) = own.windows(0, q, c, max_question_len=20)
    assert len(window) <= 128
    with pytest.raises(UsageError, match="max_seq_len: 512 is more than the 128 tokens"):
        own.windows(0, q, c, max_seq_len=512)


def test_a_tokenizer_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ModelError, match="do not belong together"):
        Windower(TOKENIZERS["wordpiece"], {}, POSITIONS, 50, "m")
    with pytest.raises(ModelError, match=r"tokenizer.json cannot be used"):
        Windower("{}", {}, POSITIONS, 50, "m")
    with pytest.raises(ModelError, match=r"tokenizer.json cannot be used"):
        Windower(TOKENIZERS["wordpiece"][:1000], {}, POSITIONS, 50, "m")
    plain = json.loads(TOKENIZERS["wordpiece"]) | {"post_processor": None}
    with pytest.raises(ModelError, match="does not join a pair"):
        Windower(json.dumps(plain), {}, POSITIONS, 10_000, "m")


def test_stored_truncation_and_padding_are_ignored(minilm: Path) -> None:
    own = Windower((minilm / "tokenizer.json").read_text(), {}, 512, 30_522, "minilm")
    (short, long) = own.texts(["two words", "word " * 400])
    assert len(short.ids) == 2
    assert len(long.ids) == 400
