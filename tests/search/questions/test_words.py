from __future__ import annotations

import numpy as np

from drystone.search import _kernel
from drystone.search.questions.words import asking, words_of


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
