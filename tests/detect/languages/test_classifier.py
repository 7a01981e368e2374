"""Likeness to a language by tokens, and how its statistics are made."""

from pathlib import Path

import numpy as np
import pytest
from drystone.detect._kernel import TokenClassifier, token_features

from drystone.detect.languages import languages
from drystone.detect.languages.classifier import _scores, best_of, guess, knows
from drystone.detect.languages.train_classifier import (
    Sample,
    grammar_words,
    measured_lines,
    notice_features,
    packaged,
    shares_lines,
    train,
)


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
    assert best_of(("C", "Ada", "Python"), content, None) == "Ada"
    assert best_of(("C", "Ada"), b"", None) is None
    assert best_of((), content, None) is None


def test_a_path_that_names_a_language_weighs_for_it_alone() -> None:
    content = b"x = 1\ny = x + 2\nprint(y)\nz = y * 3\nlocal t = {}\nfor i = 1, 10 do t[i] = i end\n"
    plain, _ = _scores(content, None)
    named, _ = _scores(content, "src/lua/x")
    lua = np.flatnonzero(plain != named)
    assert len(lua) == 1
    assert named[lua[0]] == pytest.approx(1.5 * plain[lua[0]])
    assert best_of(("Python", "Lua"), content, "src/lua/x") == "Lua"


def test_too_little_says_nothing() -> None:
    assert guess(b"x = 1", None) == (None, 0.0)
    assert knows("Python")
    assert not knows("no such language")


def test_training_from_samples(tmp_path: Path) -> None:
    (tmp_path / "MIT").write_text("Permission is hereby granted, if free of charge\n")
    stopped = notice_features(tmp_path)
    assert set(token_features(b"hereby granted")[:1]) <= set(stopped.tolist())
    assert token_features(b"if")[0] not in stopped
    texts = {"Python": b"def f(self):\n    return self.x\n", "C": b"int f(void) {\n    return x;\n}\n"}
    samples = [Sample(name, f"p{i}", text) for name, text in texts.items() for i in range(3)]
    model = train(
        samples, {"Lua": ({"local": 3, "function": 2, "end": 4}, 2)}, {"Ruby": {"module", "elsif", "unless"}}, stopped
    )
    assert list(model["names"]) == ["C", "Lua", "Python", "Ruby"]
    starts = np.concatenate([[0], np.cumsum(model["lengths"])]).astype(np.uint32)
    scorer = TokenClassifier(model["keys"], starts, model["classes"], model["weights"], float(model["unit"]), 4)
    for name, text in texts.items():
        scores, known, total = scorer.scores(text, 10_000)
        assert model["names"][int(np.argmax(scores))] == name
        assert 0 < known <= total
    again = train(
        list(reversed(samples)),
        {"Lua": ({"local": 3, "function": 2, "end": 4}, 2)},
        {"Ruby": {"unless", "elsif", "module"}},
        stopped,
    )
    assert all(np.array_equal(model[key], again[key]) for key in ("keys", "lengths", "classes"))


def test_packages_are_labelled_by_name_and_measured_files_stay_out(tmp_path: Path) -> None:
    import tarfile

    (tmp_path / "pkg" / "src").mkdir(parents=True)
    (tmp_path / "pkg" / "src" / "a.py").write_text(
        "import os\n\ndef path_of(name):\n    return os.path.join('a', name)\n"
    )
    (tmp_path / "pkg" / "b.unheardof").write_text("x" * 100)
    found = list(packaged(tmp_path))
    assert [(s.language, s.origin) for s in found] == [("Python", "pkg")]
    archive = tmp_path / "measured.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(tmp_path / "pkg" / "src" / "a.py", "a.py")
    lines = measured_lines([archive])
    long = b"    return os.path.join('a', name)\n" * 3
    assert shares_lines(long, lines)
    assert not shares_lines(b"something else that is long\n" * 3, lines)


def test_words_of_grammars(tmp_path: Path) -> None:
    (tmp_path / "python.json").write_text(
        '{"scopeName": "source.python", "patterns": [{"match": '
        '"\\\\b(def|class|import|from|while|elif|lambda|yield)\\\\b"}]}'
    )
    words = grammar_words([tmp_path])
    assert words["Python"] == {"def", "class", "import", "from", "while", "elif", "lambda", "yield"}
    assert set(words) <= set(languages())
