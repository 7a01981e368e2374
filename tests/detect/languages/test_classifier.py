"""Likeness to a language by tokens."""

import numpy as np
import pytest
from drystone.detect._kernel import TokenClassifier, token_features

from drystone.detect.languages.classifier import _model, _scores, best_of, guess, knows


def test_features_do_not_depend_on_what_stands_around() -> None:
    alone = set(token_features(b"def f(x):").tolist())
    within = set(token_features(b"import os\ndef f(x):\n    return 1\n").tolist())
    assert alone <= within
    assert len(token_features(b"")) == 0
    assert len(token_features(b"\n\n  \t")) == 0


def test_long_runs_are_one_token() -> None:
    assert len(token_features(b"=" * 1_000_000)) == len(token_features(b"=" * 100))
    assert len(token_features(b"x" * 1_000_000)) == len(token_features(b"x" * 100))


def test_parts_of_a_classifier_must_fit() -> None:
    keys, starts = np.array([1], np.uint32), np.array([0, 1], np.uint32)
    classes, weights = np.array([5], np.uint16), np.array([1], np.uint8)
    with pytest.raises(ValueError, match="class that it does not have"):
        TokenClassifier(keys, starts, classes, weights, 1.0, 5)
    with pytest.raises(ValueError, match="do not fit"):
        TokenClassifier(keys, starts[:1], classes, weights, 1.0, 6)


def test_best_of_candidates() -> None:
    content = b'procedure Hello is\nbegin\n   Put_Line ("x");\nend Hello;\nwith Ada.Text_IO; use Ada.Text_IO;\n'
    assert best_of(("C", "Ada", "Python"), content, None)[0] == "Ada"
    assert best_of(("C", "Ada"), b"", None) == (None, 0.0)
    assert best_of((), content, None) == (None, 0.0)


def test_a_path_that_names_a_language_weighs_for_it_alone() -> None:
    content = b"x = 1\ny = x + 2\nprint(y)\nz = y * 3\nlocal t = {}\nfor i = 1, 10 do t[i] = i end\n"
    plain, _, _ = _scores(content, None, _model().prior)
    named, _, _ = _scores(content, "src/lua/x", _model().prior)
    lua = np.flatnonzero(plain != named)
    assert len(lua) == 1
    assert named[lua[0]] == pytest.approx(1.5 * plain[lua[0]])
    assert best_of(("Python", "Lua"), content, "src/lua/x")[0] == "Lua"


def test_too_little_says_nothing() -> None:
    assert guess(b"x = 1", None) == (None, 0.0)
    assert knows("Python")
    assert not knows("no such language")
