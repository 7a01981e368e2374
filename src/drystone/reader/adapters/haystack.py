"""A reader as a component of Haystack 2 and later: a query and documents in, `ExtractedAnswer` out."""

from __future__ import annotations

import os
from typing import Any

from drystone.errors import MissingExtraError
from drystone.reader.options import DEFAULT_MODEL, parse_options
from drystone.reader.reader import Reader
from drystone.reader.spans.documents import DocumentAnswer

try:
    from haystack import Document, component, default_from_dict, default_to_dict
    from haystack.dataclasses import ExtractedAnswer
except ImportError:
    raise MissingExtraError("Haystack", "haystack") from None


@component
class ReaderComponent:
    """Answers a query with spans of documents, as Haystack's own ExtractiveReader did.

    `model` is an installed model, a folder, a Hub id, or a reader that is loaded; `top_k` answers are given, the best
    first; with `no_answer` the empty answer competes; `loading` are arguments of `Reader.load`.
    Haystack 3 reads a pipeline's file with it where it is told to trust it:
    `Pipeline.load(…, allowed_modules=["drystone.reader.adapters.*"])`.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | Reader = DEFAULT_MODEL,
        *,
        top_k: int = 20,
        no_answer: bool = False,
        max_answer_len: int = 15,
        loading: dict[str, Any] | None = None,
    ) -> None:
        self.model = model.name if isinstance(model, Reader) else os.fspath(model)
        self.top_k, self.no_answer, self.max_answer_len = top_k, no_answer, max_answer_len
        self.loading = dict(loading or {})
        self._reader = model if isinstance(model, Reader) else None

    def warm_up(self) -> None:
        """Load the model, unless it is. Raises ModelError, UsageError."""
        if self._reader is None:
            self._reader = Reader.load(self.model, **self.loading)

    @component.output_types(answers=list[ExtractedAnswer])
    def run(self, query: str, documents: list[Document], top_k: int | None = None) -> dict[str, list[ExtractedAnswer]]:
        """Return {"answers": the best spans of all documents with text, the best first}; scores compare across them.

        A document without text is left out. The empty answer has neither `data` nor `document`. Raises UsageError.
        """
        wanted = parse_options({"top_k": self.top_k if top_k is None else top_k}).top_k
        self.warm_up()
        assert self._reader is not None
        read = [document for document in documents if document.content and document.content.strip()]
        found = self._reader.answer(
            query,
            documents=[str(document.content) for document in read],
            top_k=max(2, wanted),  # of one there would be no list
            handle_impossible_answer=self.no_answer,
            max_answer_len=self.max_answer_len,
        )
        assert isinstance(found, list)
        return {"answers": [_answer(query, one, read) for one in found[:wanted]]}

    def to_dict(self) -> dict[str, Any]:
        """Return the component as a pipeline's file has it."""
        given = {name: getattr(self, name) for name in ("model", "top_k", "no_answer", "max_answer_len", "loading")}
        found: dict[str, Any] = default_to_dict(self, **given)
        return found

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ReaderComponent:
        """Return the component of a pipeline's file."""
        found: ReaderComponent = default_from_dict(cls, data)
        return found


def _answer(query: str, one: DocumentAnswer, documents: list[Document]) -> ExtractedAnswer:
    if one.document is None:
        return ExtractedAnswer(query=query, score=one.score)
    document, span = documents[one.document], ExtractedAnswer.Span(one.start, one.end)
    return ExtractedAnswer(
        query=query,
        score=one.score,
        data=one.text,
        document=document,
        context=document.content,
        document_offset=span,
        context_offset=span,
        meta={"logit": one.logit, "null_score": one.null_score},
    )
