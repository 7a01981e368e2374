"""A reader in a real chain of LangChain."""

from __future__ import annotations

import asyncio

import pytest

from drystone.errors import UsageError
from drystone.reader import Reader
from drystone.reader.asked import PairError

pytest.importorskip("langchain_core")

from langchain_core.documents import Document
from langchain_core.runnables import RunnableLambda

from drystone.reader.adapters.langchain import ReaderRunnable

CONTEXT = "It was found in 1964 by Williams."


def test_a_chain_answers(bert: Reader) -> None:
    chain = ReaderRunnable(bert) | RunnableLambda(lambda answer: answer["text"])
    best = bert.answer("When?", CONTEXT)
    assert not isinstance(best, list)
    asked = {"question": "When?", "context": CONTEXT}
    assert chain.invoke(asked) == best.text
    assert chain.batch([asked] * 3) == [best.text] * 3
    assert asyncio.run(chain.ainvoke(asked)) == best.text
    assert ReaderRunnable(bert, top_k=2).invoke(asked) == [dict(a) for a in bert.answer("When?", CONTEXT, top_k=2)]


def test_documents_say_where_the_answer_is(bert: Reader) -> None:
    documents = [Document("Nothing."), Document(CONTEXT, metadata={"source": "heap.md"})]
    found = ReaderRunnable(bert, top_k=99).invoke({"question": "When?", "documents": documents})
    assert {one["document"] for one in found} == {0, 1}
    for one in found:
        assert documents[one["document"]].page_content[one["start"] : one["end"]] == one["text"]
        assert one["metadata"] == documents[one["document"]].metadata
    assert "metadata" in ReaderRunnable(bert).invoke({"question": "When?", "documents": [CONTEXT]})
    for part in ({"context": CONTEXT}, {"question": "When?"}):
        with pytest.raises(UsageError, match=r"question: give .*, or \"documents\" in place of a context"):
            ReaderRunnable(bert).invoke(part)
    wrong = ReaderRunnable(bert, on_error="return").invoke({"question": "When?", "context": " "})
    assert isinstance(wrong, PairError)
