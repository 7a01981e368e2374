"""The old pipeline's call on a reader: dictionaries in, dictionaries out, and its arguments."""

from __future__ import annotations

from types import GeneratorType
from typing import Any

import pytest

import drystone
from drystone.errors import UsageError
from drystone.reader import Reader
from drystone.reader.compat import QuestionAnsweringPipeline, device_name

CONTEXT = "A heap is an array for people who sort. It was found in 1964."
PAIR = {"question": "When?", "context": CONTEXT}


@pytest.fixture(scope="module")
def qa(bert: Reader) -> QuestionAnsweringPipeline:
    return drystone.pipeline("question-answering", model=bert, batch_size=8, tokenizer="the same", device=-1)


def test_every_way_of_calling_it(qa: QuestionAnsweringPipeline, bert: Reader) -> None:
    answer = bert.answer("When?", CONTEXT, normalize="window")
    assert not isinstance(answer, list)
    expected = {"score": answer.score, "start": answer.start, "end": answer.end, "answer": answer.text}
    for given in (
        qa(PAIR),
        qa([PAIR]),
        qa(question="When?", context=CONTEXT),
        qa("When?", CONTEXT),
        qa(data=PAIR),
        qa(X=[PAIR]),
        qa({"question": ["When?"], "context": CONTEXT}),
    ):
        assert given == expected
    assert qa([PAIR, PAIR]) == qa(question=["When?"] * 2, context=[CONTEXT] * 2) == qa(PAIR, PAIR) == [expected] * 2
    drawn = qa(PAIR for _ in range(3))
    assert isinstance(drawn, GeneratorType)
    assert list(drawn) == [expected] * 3
    rows = pytest.importorskip("datasets").Dataset.from_list([PAIR | {"id": 3}] * 2)
    assert list(qa(rows)) == [expected] * 2


def test_arguments_of_the_pipeline(qa: QuestionAnsweringPipeline, bert: Reader) -> None:
    three = qa(PAIR, topk=3, padding="longest", max_seq_len=64, doc_stride=16)
    assert three == qa(PAIR, top_k=3, batch_size=2) and len(three) == 3
    kept = drystone.pipeline("question-answering", bert, top_k=2)
    assert len(kept(PAIR)) == 2 and kept(PAIR, top_k=1) == qa(PAIR)
    own = bert.answer("When?", CONTEXT * 9, top_k=2)
    assert [a["score"] for a in kept(question="When?", context=CONTEXT * 9, normalize="question")] == [
        a.score
        for a in own  # type: ignore[union-attr]
    ]


@pytest.mark.parametrize(
    ("given", "name"), [(None, "cpu"), (-1, "cpu"), (0, "cuda:0"), (1, "cuda:1"), ("cuda", "cuda")]
)
def test_a_device_is_named_as_readers_name_it(given: Any, name: str) -> None:
    assert device_name(given) == name


def test_what_it_cannot_do_is_said(bert: Reader, qa: QuestionAnsweringPipeline) -> None:
    with pytest.raises(UsageError, match="task: 'summarization' is not one"):
        drystone.pipeline("summarization")
    with pytest.raises(UsageError, match="temperature: not an argument"):
        drystone.pipeline("question-answering", bert, temperature=1)
    for nothing in ((), ("When?",), (7,)):
        with pytest.raises(UsageError, match="question: give question= and context="):
            qa(*nothing)
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        with pytest.raises(UsageError, match=r"device: cuda:0 cannot be used: this torch has no such device"):
            drystone.pipeline("question-answering", str(bert.checkpoint.folder), device=0)
    with pytest.raises(UsageError, match="device: 'tpu' is not one of cpu, cuda"):
        Reader.load(bert.checkpoint.folder, device="tpu")
