"""Questions to the served releases: pieces are found, read through a model's queue, and cited. Knows no routes.

What was withdrawn while a question was answered is in no answer: where a release has changed by the end, it is asked
again.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from starlette.exceptions import HTTPException

from drystone.answer.answering import SPANS, Trace, steps
from drystone.answer.shapes import CitedAnswer, CitedAnswers
from drystone.errors import ReleaseError, UsageError
from drystone.reader.batcher import Batcher, DeadlineError
from drystone.reader.options import Options
from drystone.reader.spans.decode import Answer
from drystone.search.expressions.matcher import OutOfTimeError
from drystone.search.query import QueryError
from drystone.web.contracts.asking import AskRequest
from drystone.web.searches import Opened, check_roots
from drystone.web.state import ServerState

#: Pieces that are given to the queue together: what they say comes together.
_TOGETHER: Final = 4
#: How often a question is asked whose releases change meanwhile.
_TRIES: Final = 3
_LINE: Final = "\n"
_LATE: Final = "seconds: there was no time for {what}; give more"


class ReadSoFar(NamedTuple):
    """How far a question is: pieces read, of how many, and the nearest answers so far, however unsure."""

    read: int
    pieces: int
    answers: list[CitedAnswer]


@dataclass(frozen=True)
class AnsweredQuestion:
    """The answers to a question, from which releases and by which model, and how much was read for them."""

    opened: Opened
    model: str
    answers: CitedAnswers
    read: int
    pieces: int
    seconds: float


def model_of(state: ServerState, name: str | None) -> tuple[str, Batcher]:
    """Return the reader that answers. Raises 404 for one that is not served, 503 where none is."""
    if not state.readers:
        raise HTTPException(
            503, "no reader is served here; whoever runs this server adds one, for example: --model mini"
        )
    chosen = name or next(iter(state.readers))
    if chosen not in state.readers:
        raise HTTPException(404, f"model: {name!r} is not served here; served are {', '.join(state.readers)}")
    return chosen, state.readers[chosen]


def ask(state: ServerState, asked: AskRequest, *, candidates: bool = False) -> Generator[ReadSoFar | AnsweredQuestion]:
    """Yield what came of a question; before it, where `candidates` are wanted, what is known after each piece.

    Raises 404, 410, 429 and 503 as a search does, `UsageError` for a query that is none and where there is no time.
    """
    model_of(state, asked.model)
    with state.asks.hold():
        for _ in range(_TRIES):
            opened = state.searches.open(asked.release)
            check_roots(opened, asked.root)
            opened.check()
            try:
                for step in _once(state, opened, asked):
                    if isinstance(step, AnsweredQuestion):
                        last = step
                    elif candidates:
                        yield step.candidates()
            except ReleaseError:
                if state.searches.open(asked.release).roots == opened.roots:
                    raise
                continue
            if state.searches.open(asked.release).roots == opened.roots:
                yield last
                return
    raise HTTPException(503, "the releases change as they are asked; try again in a moment", {"Retry-After": "5"})


class _Step:
    """A question on its way; its candidates are cited when they are asked for."""

    def __init__(self, opened: Opened, traced: Trace, top_k: int, end: float) -> None:
        self._opened, self._traced, self._top_k, self._end = opened, traced, top_k, end

    def candidates(self) -> ReadSoFar:
        with _held(self._opened, self._end):
            answers = self._opened.asker.cite(self._traced, top_k=self._top_k, least=0)
        return ReadSoFar(self._traced.read, self._traced.due, answers)


def _once(state: ServerState, opened: Opened, asked: AskRequest) -> Iterator[_Step | AnsweredQuestion]:
    start = time.monotonic()
    end = start + asked.seconds
    model, batcher = model_of(state, asked.model)
    with _held(opened, end):
        try:
            found = opened.asker.find(asked.question, asked.where, asked.seconds)
        except OutOfTimeError:
            raise UsageError(_LATE.format(what="all files that `where` looks at")) from None
        except QueryError as error:
            raise UsageError(f"where: {str(error).partition(_LINE)[0]}") from None
    options = Options(top_k=SPANS, max_answer_len=asked.max_answer_len)
    notes: tuple[str, ...] = ()
    traced = Trace(found, 0, [], 0)
    try:
        for traced in steps(asked.question, found, _Queued(batcher, options, end)):
            yield _Step(opened, traced, asked.top_k, end)
    except DeadlineError:
        notes = (f"{traced.read} of {traced.due} pieces were read: there was no time for the others",)
    with opened.asking:
        answers = opened.asker.answers(asked.question, traced, top_k=asked.top_k, least=asked.least)
    seconds = time.monotonic() - start
    state.metrics.latency(model, seconds, traced.read)
    whole = replace(answers, notes=answers.notes + notes)
    yield AnsweredQuestion(opened, model, whole, traced.read, traced.due, seconds)


@contextmanager
def _held(opened: Opened, end: float) -> Iterator[None]:
    """Hold what is not for several threads. Raises `UsageError` where there is no time."""
    if not opened.asking.acquire(timeout=max(0.0, end - time.monotonic())):
        raise UsageError(_LATE.format(what="questions before this one"))
    try:
        yield
    finally:
        opened.asking.release()


class _Queued:
    """Reads pairs through a model's queue, until a point in time; what nobody waits for any more is dropped."""

    def __init__(self, batcher: Batcher, options: Options, end: float) -> None:
        self._batcher, self._options, self._end = batcher, options, end

    def __call__(self, pairs: Sequence[tuple[str, str]]) -> Iterator[list[Answer]]:
        """Yield the answers to each pair, in order. Raises what `Batcher.submit` does."""
        groups = [pairs[at : at + _TOGETHER] for at in range(0, len(pairs), _TOGETHER)]
        futures: list[Future[list[list[Answer]]]] = []
        try:
            futures += [self._batcher.submit(group, self._options, self._left()) for group in groups]
            for future in futures:
                try:
                    yield from future.result(self._left())
                except TimeoutError:
                    raise DeadlineError("not read before its deadline; the work was dropped.") from None
        finally:
            for future in futures:
                future.cancel()

    def _left(self) -> float:
        return max(0.0, self._end - time.monotonic())
