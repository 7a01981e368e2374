"""A reader in a real Haystack pipeline."""

from __future__ import annotations

import pytest

from drystone.errors import UsageError
from drystone.reader import Reader

pytest.importorskip("haystack")

from haystack import Document, Pipeline

from drystone.reader.adapters.haystack import ReaderComponent

TEXTS = ["A heap is an array for people who sort.", "", "It was found in 1964 by Williams."]


def test_a_pipeline_answers_from_documents(bert: Reader) -> None:
    pipeline = Pipeline()
    pipeline.add_component("reader", ReaderComponent(bert, top_k=3))
    documents = [Document(content=text, meta={"n": n}) for n, text in enumerate(TEXTS)]
    answers = pipeline.run({"reader": {"query": "When?", "documents": documents}})["reader"]["answers"]
    expected = bert.answer("When?", documents=[TEXTS[0], TEXTS[2]], top_k=3)
    assert [a.data for a in answers] == [a.text for a in expected]  # type: ignore[union-attr]
    for answer in answers:
        assert answer.document.content[answer.document_offset.start : answer.document_offset.end] == answer.data
        assert answer.query == "When?" and answer.document.meta["n"] in (0, 2)
        assert answer.to_dict()["score"] == answer.score
    reader = ReaderComponent(bert)
    assert len(reader.run("When?", documents, top_k=1)["answers"]) == 1
    assert reader.run("When?", [Document(content=" ")])["answers"] == []
    with pytest.raises(UsageError, match="top_k"):
        reader.run("When?", documents, top_k=0)


def test_the_empty_answer_has_no_document(bert: Reader) -> None:
    answers = ReaderComponent(bert, top_k=100, no_answer=True).run("When?", [Document(content=TEXTS[2])])["answers"]
    assert sum(answer.data is None and answer.document is None for answer in answers) == 1


def test_a_pipeline_is_written_and_read(bert: Reader) -> None:
    pipeline = Pipeline()
    folder = str(bert.checkpoint.folder)
    pipeline.add_component("reader", ReaderComponent(folder, top_k=2, loading={"threads": 1}))
    again = Pipeline.loads(pipeline.dumps(), allowed_modules=["drystone.reader.adapters.*"])
    found = again.run({"reader": {"query": "When?", "documents": [Document(content=TEXTS[2])]}})
    assert len(found["reader"]["answers"]) == 2
