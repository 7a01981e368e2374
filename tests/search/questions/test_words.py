from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from drystone.search import _kernel
from drystone.search.questions.words import asking, keys_of, only_ask, words_of


def test_words_that_ask_are_no_names_of_code() -> None:
    for word in ("which", "Is", "it's", "they"):
        assert np.isin(_kernel.terms(word.encode()), [*asking().tolist(), _kernel.term_key(b"s")]).all()
    for word in ("open", "file", "class", "import", "return", "while", "none", "self", "all", "any", "get", "set"):
        assert not np.isin(_kernel.terms(word.encode()), asking()).any()


def test_each_word_has_the_terms_of_its_parts() -> None:
    found = dict(words_of("Where is getUserName? Where: is"))
    assert list(found) == ["Where", "is", "getUserName"]
    assert {_kernel.term_key(part) for part in (b"getusername", b"get", b"user", b"name")} == set(
        found["getUserName"].tolist()
    )


def test_terms_are_distinct_and_ascending_and_those_that_only_ask_are_told() -> None:
    text = "How is parse_header parsed, and how is a \udc80 header read?"
    keys = keys_of(text)
    assert keys.tolist() == sorted(set(_kernel.terms(text.encode("utf-8", "replace")).tolist()))
    assert only_ask(keys).tolist() == np.isin(keys, asking()).tolist()
    assert only_ask(keys).any()
    assert not only_ask(keys).all()
    assert len(keys_of("")) == len(only_ask(keys_of(""))) == 0


@given(st.text())
@example("\u00f5\u00b8\u0085")  # a letter, a mark and a control character: one word
@example("x\ud800y aB_c")
def test_the_words_of_a_text_have_exactly_its_terms(text: str) -> None:
    assert {key for _, keys in words_of(text) for key in keys.tolist()} == set(keys_of(text).tolist())
