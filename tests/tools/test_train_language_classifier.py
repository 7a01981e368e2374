"""How the statistics of languages are made."""

from pathlib import Path

import numpy as np
from drystone.detect._kernel import TokenClassifier, token_features
from tools.train_language_classifier import (
    Sample,
    grammar_words,
    measured_lines,
    notice_features,
    packaged,
    shares_lines,
    train,
)

from drystone.detect.languages import languages


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
