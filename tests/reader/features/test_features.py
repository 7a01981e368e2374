"""Hidden states, attentions, vectors and explanations: their laws, their files, and their pages in a browser."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from drystone.cli import cli
from drystone.errors import UsageError
from drystone.reader import Reader
from drystone.reader.features.features import explain, features, pooled

CONTEXT = (
    "A <b>heap</b> is an array 👩‍👩‍👧 & its first item is the smallest \ud800 of all.\r\nWilliams found it in 1964."
)
QUESTION = "Who </script> found it?"


@pytest.mark.parametrize("name", ["bert", "roberta"])
def test_features_are_what_the_logits_come_from(name: str, request: pytest.FixtureRequest) -> None:
    reader: Reader = request.getfixturevalue(name)
    windows = features(reader, QUESTION, CONTEXT * 8, max_seq_len=64, doc_stride=16)
    assert len(windows) > 1
    for window in windows:
        count, layers = len(window.tokens), reader.model.layers
        assert window.hidden.shape == (layers + 1, count, reader.model.hidden)
        assert window.attentions.shape == (layers, reader.model.heads, count, count)
        assert np.allclose(window.attentions.sum(-1), 1, atol=1e-5)
        head = window.hidden[-1] @ reader.model.weights["head.w"] + reader.model.weights["head.b"]
        assert np.allclose(head, window.logits, atol=1e-5)
        for source, (start, end) in zip(window.source, window.spans.tolist(), strict=True):
            text = {"question": QUESTION, "context": CONTEXT * 8, "special": ""}[source]
            assert 0 <= start <= end <= len(text)
        assert "special" in {window.source[0], window.source[-1]}


def test_vectors_are_the_mean_or_the_first(bert: Reader) -> None:
    text = "the heap is an array"
    first, mean = pooled(bert, [text], pooling="first"), pooled(bert, [text])
    assert first.shape == mean.shape == (1, bert.model.hidden)
    assert not np.allclose(first, mean)
    assert np.allclose(pooled(bert, [text, "other " * 300, text])[2], mean[0], atol=1e-5)
    for wrong in ({"pooling": "max"}, {"layer": 9}, {"layer": 1.0}):
        with pytest.raises(UsageError, match=f"^{next(iter(wrong))}: "):
            pooled(bert, [text], **wrong)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="text 1: is empty"):
        pooled(bert, ["a", " "])


@pytest.mark.slow
def test_vectors_are_those_of_the_model_card(
    minilm: Path,
) -> None:
    """all-MiniLM-L6-v2 is made for mean pooling: sentences of like meaning have like vectors."""
    from benchmarks.reader import models

    reader = Reader.load(models()["MiniLM-L6"], threads=1)
    found = pooled(reader, ["A cat sits on the mat.", "A kitten rests on a rug.", "Interest rates rose in May."])
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    assert found[0] @ found[1] > 0.5
    assert found[0] @ found[2] < 0.2


def test_an_explanation_adds_up_and_holds_the_answer(bert: Reader) -> None:
    found = explain(bert, QUESTION, CONTEXT * 8, top_k=3, max_seq_len=64, doc_stride=16)
    assert found.start.sum() + found.null_start == pytest.approx(1)
    assert found.end.sum() + found.null_end == pytest.approx(1)
    assert found.answers == bert.answer(QUESTION, CONTEXT * 8, top_k=3, max_seq_len=64, doc_stride=16)
    best = found.answers[0]
    assert found.spans[0, 0] <= best.start < best.end <= found.spans[-1, 1]


def test_the_commands_write_and_print(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("A heap is an array. Williams found it.\n\nAnother line.\n")
    model = str(checkpoints["bert"])
    for command in (
        ["explain", model, "Who?", str(text), "--html", str(tmp_path / "e.html")],
        ["attention", model, "Who?", str(text), "--out", str(tmp_path / "a.html")],
        ["features", model, "Who?", str(text), "--out", str(tmp_path / "f.parquet")],
        ["vectors", model, str(text), "--out", str(tmp_path / "v.npy")],
    ):
        done = CliRunner().invoke(cli, ["reader", *command])
        assert done.exit_code == 0, done.output
    assert np.load(tmp_path / "v.npy").shape == (2, 48)
    assert all((tmp_path / name).stat().st_size > 1000 for name in ("e.html", "a.html", "f.parquet"))
    for wrong in (["--out", str(tmp_path / "no" / "a.html")], ["--out", str(tmp_path / "a.html"), "--window", "9"]):
        done = CliRunner().invoke(cli, ["reader", "attention", model, "Who?", str(text), *wrong])
        assert isinstance(done.exception, UsageError) and done.exception.exit_code == 2
        assert "Traceback" not in done.output
