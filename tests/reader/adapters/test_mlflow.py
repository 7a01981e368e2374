"""A reader saved by MLflow, and answering where MLflow loads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from drystone.errors import UsageError
from drystone.reader import Reader

pytest.importorskip("mlflow")
pandas = pytest.importorskip("pandas")

CONTEXT = "It was found in 1964 by Williams."


@pytest.mark.filterwarnings("ignore")
def test_a_saved_reader_answers_a_table(bert: Reader, tmp_path: Path) -> None:
    import mlflow

    from drystone.reader.adapters import mlflow as flavor

    flavor.save_model(bert, tmp_path / "saved", max_answer_len=5)
    rows = pandas.DataFrame({"question": ["When?", "Who?"], "context": [CONTEXT] * 2})
    found = mlflow.pyfunc.load_model(str(tmp_path / "saved")).predict(rows)
    expected = bert.answer(["When?", "Who?"], CONTEXT, max_answer_len=5)
    assert list(found["text"]) == [answer.text for answer in expected]  # type: ignore[union-attr]
    assert list(found.columns) == ["text", "start", "end", "score"]
    some = flavor.ReaderFunction(bert, {"on_error": "return"}).predict(rows.assign(question=["When?", " "]))
    assert list(some["text"].notna()) == list(some["score"].notna()) == [True, False]
    again = flavor.load_model(str(tmp_path / "saved"), threads=1)
    assert again.fingerprint == bert.fingerprint
    assert "drystone[reader]==" in (tmp_path / "saved/conda.yaml").read_text()
    with pytest.raises(UsageError, match="is there already"):
        flavor.save_model(bert, tmp_path / "saved")
