"""A reader as a runnable of LangChain: a question with a context or documents in, a dictionary out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from drystone.errors import MissingExtraError, UsageError
from drystone.reader.asked import PairError
from drystone.reader.options import DEFAULT_MODEL
from drystone.reader.reader import Reader

try:
    from langchain_core.runnables import Runnable, RunnableConfig
except ImportError:
    raise MissingExtraError("LangChain", "langchain") from None


class ReaderRunnable(Runnable[Mapping[str, Any], Any]):
    """Answers {"question", "context"}, or {"question", "documents"} with texts or LangChain's documents.

    The result is a dictionary of the answer's fields (`text`, `start`, `end`, `score`, …), with `top_k` above 1 a list
    of them; of documents it says which one answers, by number (`document`), and with what is known of it (`metadata`).
    `model` is an installed model, a folder, a Hub id or a reader; `options` are those of `Reader.answer`. With
    `on_error="return"` what cannot be answered has its PairError in its place.
    """

    def __init__(self, model: str | Reader = DEFAULT_MODEL, **options: Any) -> None:
        self.reader = model if isinstance(model, Reader) else Reader.load(model)
        self.options = options

    def invoke(self, input: Mapping[str, Any], config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """Answer one question. Raises UsageError."""
        return self._call_with_config(self._answer, input, config, **kwargs)

    def _answer(self, asked: Mapping[str, Any], **options: Any) -> Any:
        if not isinstance(asked, Mapping) or "question" not in asked or not {"context", "documents"} & asked.keys():
            raise UsageError('question: give {"question": …, "context": …}, or "documents" in place of a context.')
        chosen = {**self.options, **options}
        if "documents" not in asked:
            return _plain(self.reader.answer(asked["question"], asked["context"], **chosen), [])
        documents = list(asked["documents"])
        texts = [str(getattr(document, "page_content", document)) for document in documents]
        return _plain(self.reader.answer(asked["question"], documents=texts, **chosen), documents)


def _plain(found: Any, documents: Sequence[Any]) -> Any:
    if isinstance(found, list):
        return [_plain(one, documents) for one in found]
    if isinstance(found, PairError):
        return found
    fields = dict(found)
    if documents and found.document is not None:
        fields["metadata"] = getattr(documents[found.document], "metadata", {})
    return fields
