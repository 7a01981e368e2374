"""A release that can be asked and searched as it stands in the hand: what `drystone.open_release` gives."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from drystone.answer import verbs
from drystone.answer.answering import Asker, check
from drystone.reader.options import DEFAULT_MODEL
from drystone.reader.verbs import load_reader
from drystone.release import read
from drystone.search.results.searchable import SearchableRelease

if TYPE_CHECKING:
    from drystone.answer.shapes import CitedAnswers
    from drystone.reader import Reader
    from drystone.reader.verbs import AnyModel


class AskableRelease(SearchableRelease):
    """An opened release with its index and a reader, which the first search or question opens. Not for threads."""

    @cached_property
    def _asker(self) -> Asker:
        return Asker([self])

    @cached_property
    def _readers(self) -> dict[str, Reader]:
        return {}

    def ask(
        self,
        question: str,
        *,
        model: AnyModel = DEFAULT_MODEL,
        top_k: int = verbs.TOP_K,
        max_answer_len: int = verbs.MAX_ANSWER_LEN,
        least: float = verbs.LEAST,
        where: str = "",
    ) -> CitedAnswers:
        """Answer a question from this release, as `ask_releases` does; a model that was named once stays loaded."""
        check(question)
        name = model if isinstance(model, str) else None
        reader = self._readers.get(name) if name is not None else None
        if reader is None:
            reader = load_reader(model, precision=verbs.PRECISION)
            if name is not None:
                self._readers[name] = reader
        return self._asker.answer(
            question, reader, top_k=top_k, max_answer_len=max_answer_len, least=least, where=where
        )


def open_release(path: str | os.PathLike[str]) -> AskableRelease:
    """Open the release in folder `path`, to be read and, where it has an index, searched and asked.

    Raises `ReleaseError` where the folder is no release, is incomplete, is damaged at first sight (the manifest does
    not parse or names impossible files), or is of a newer format.
    """
    found = read.open_release(path)
    return AskableRelease(found.path, found.manifest)
