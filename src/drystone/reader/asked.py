"""Questions and contexts as callers have them: lists, columns and generators of texts; pairs, and what is wrong in one.

Knows no tokens and no models.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

from drystone.errors import UsageError


class AskedPair(NamedTuple):
    """A question, the text to answer it from, and the name that its caller gave it, if any."""

    question: str
    context: str
    id: str | int | None = None


class PairError(UsageError):
    """What is wrong with one pair: `index` counts pairs from 0, `id` is the pair's own name or None.

    The message leaves the number out where there is only one pair (`alone`).
    """

    def __init__(
        self, field: str, problem: str, index: int = 0, id: str | int | None = None, *, alone: bool = False
    ) -> None:
        place = f"pair {index}" + ("" if id is None else f", id {id!r}")
        if alone and id is None:
            message = f"{field or 'pair'}: {problem}"
        else:
            message = f"{field} ({place}): {problem}" if field else f"{place}: {problem}"
        super().__init__(message)
        self.field, self.problem, self.index, self.id, self.alone = field, problem, index, id, alone

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(PairError, alone=self.alone), (self.field, self.problem, self.index, self.id)


def paired(question: object, context: object) -> Iterable[tuple[Any, Any]]:
    """Return pairs of questions and contexts; a single text goes with each of the others.

    Each may be a string or what holds strings: a list, a generator, a numpy array, a column of pandas, Arrow or
    `datasets`. Raises UsageError for anything else, and where two lists differ in length.
    """
    questions, contexts = _texts("question", question), _texts("context", context)
    if isinstance(questions, str):
        return [(questions, contexts)] if isinstance(contexts, str) else [(questions, each) for each in contexts]
    if isinstance(contexts, str):
        return [(each, contexts) for each in questions]
    if len(questions) != len(contexts):
        raise UsageError(
            f"context: {len(contexts)} contexts for {len(questions)} questions; give one for each, or one for all."
        )
    return list(zip(questions, contexts, strict=True))


def _texts(name: str, value: object) -> str | list[Any]:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes | Mapping) or not isinstance(value, Iterable):
        raise UsageError(f"{name}: must be a string or a list of strings, not {type(value).__name__}.")
    # Arrow and numpy have scalars of their own.
    plain = getattr(value, "to_pylist", None) or getattr(value, "tolist", None)
    found = plain() if callable(plain) else list(value)
    return found if isinstance(found, list) else [found]


def read_pair(item: Any, index: int, *, alone: bool = False) -> AskedPair:
    """Return a pair that is one: (question, context), or a mapping with `question`, `context` and perhaps `id`.

    Raises PairError naming what is missing, empty or no text.
    """
    name = None
    if isinstance(item, Mapping):
        name = item.get("id")
        name = name if isinstance(name, str | int) else None
        if missing := [key for key in ("question", "context") if key not in item]:
            raise PairError(missing[0], "is missing.", index, name, alone=alone)
        item = (item["question"], item["context"])
    elif isinstance(item, AskedPair):
        name, item = item.id, item[:2]
    if not (isinstance(item, tuple | list) and len(item) == 2):
        raise PairError("", f"must be (question, context), not {type(item).__name__}.", index, alone=alone)
    for field, text in zip(("question", "context"), item, strict=True):
        if not isinstance(text, str):
            raise PairError(field, f"must be a string, not {type(text).__name__}.", index, name, alone=alone)
        if not text.strip():
            raise PairError(field, "is empty.", index, name, alone=alone)
    return AskedPair(str(item[0]), str(item[1]), name)
