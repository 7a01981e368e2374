"""Micro-batching across callers: a bounded queue of windows that the engine's streams take from as soon as they idle.

Nothing waits for company: an idle stream takes what is there. Work that was cancelled or is past its deadline is
dropped before the forward pass. It knows nothing of HTTP.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field

from drystone.errors import DrystoneError
from drystone.reader.engines.schedule import WINDOWS, collate, rounded, widest
from drystone.reader.options import Options
from drystone.reader.reader import Pair, Reader
from drystone.reader.spans.decode import Answer
from drystone.reader.spans.windows import Window

#: A batch holds at most this many padded tokens, or one window: longer rows are computed no faster, and whoever
#: is in a batch waits for all of it.
TOKENS = 192


class QueueFullError(DrystoneError):
    """The queue holds as much as it may; `retry_after` is an estimate of when it will not, in seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"the queue is full; try again in {retry_after:.0f} s.")
        self.retry_after = retry_after


class DeadlineError(DrystoneError):
    """A request was not answered by its deadline."""


class ClosedError(DrystoneError):
    """The batcher takes no more requests."""


@dataclass
class Counters:
    """What the batcher has done since it began; times in seconds."""

    batches: int = 0
    windows: int = 0
    tokens: int = 0
    padding: int = 0
    dropped: int = 0
    queue_seconds: float = 0.0
    compute_seconds: float = 0.0


@dataclass(eq=False)
class _Request:
    pairs: list[Pair]
    options: Options
    deadline: float | None
    left: int
    result: Future[list[list[Answer]]] = field(default_factory=Future)


@dataclass(eq=False, slots=True)
class _Waiting:
    order: tuple[int, int]
    since: float
    window: Window
    request: _Request


class Batcher:
    """A reader behind a queue; `submit` from any thread."""

    def __init__(self, reader: Reader, max_waiting: int = 1024) -> None:
        self.reader, self.max_waiting = reader, max_waiting
        self.counters = Counters()
        self._queue: list[_Waiting] = []
        self._ready = threading.Condition()
        self._arrivals = 0
        self._busy = 0
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"drystone-batcher-{i}", daemon=True)
            for i in range(reader.engine.streams)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """The number of windows in the queue."""
        return len(self._queue)

    def submit(
        self, pairs: Sequence[tuple[str, str]], options: Options, timeout: float | None = None
    ) -> Future[list[list[Answer]]]:
        """Queue pairs; the future gives a list of answers for each, and cancelling it drops what is not yet computed.

        Raises UsageError for pairs that cannot be answered, QueueFullError where the queue has no room (a request
        larger than the queue is taken when the queue is empty), ClosedError after `close`. The future fails with
        DeadlineError where `timeout` seconds were not enough.
        """
        prepared = self.reader.prepare(pairs, options)
        windows = [window for pair in prepared for window in pair.windows]
        now = time.monotonic()
        request = _Request(prepared, options, None if timeout is None else now + timeout, len(windows))
        if not windows:
            request.result.set_result([])
            return request.result
        with self._ready:
            if self._closed:
                raise ClosedError("the server is shutting down.")
            if self._queue and len(self._queue) + len(windows) > self.max_waiting:
                raise QueueFullError(self._estimate())
            self._arrivals += 1
            # A request's first windows go before another's twentieth, so that a book does not hold up a sentence.
            self._queue += [
                _Waiting((i // WINDOWS, self._arrivals), now, window, request) for i, window in enumerate(windows)
            ]
            self._ready.notify(len(windows))
        return request.result

    def close(self, *, drain: bool = True) -> None:
        """Take no more requests; finish those accepted (or, without `drain`, cancel them), and stop the threads."""
        with self._ready:
            self._closed = True
            if not drain:
                for waiting in self._queue:
                    waiting.request.result.cancel()
            self._ready.notify_all()
        for thread in self._threads:
            thread.join()

    def _estimate(self) -> float:
        done = self.counters
        each = done.compute_seconds / done.windows if done.windows else 0.05
        return max(1.0, len(self._queue) * each / len(self._threads))

    def _work(self) -> None:
        while True:
            with self._ready:
                batch = self._take()
                while not batch:
                    if self._closed and not self._queue:
                        return
                    self._ready.wait()
                    batch = self._take()
            try:
                self._compute(batch)
            except Exception as error:  # one bad batch must not end the thread that serves all others
                for waiting in batch:
                    _fail(waiting.request, error)

    def _take(self) -> list[_Waiting]:
        """Remove and return the next batch: the first in order, and those of like length that fit beside it.

        A batch is at most a stream's share of what waits, so that no stream idles while another has a long batch.
        """
        now = time.monotonic()
        alive = []
        for waiting in self._queue:
            request = waiting.request
            if request.deadline is not None and now > request.deadline:
                _fail(request, DeadlineError("not answered before its deadline; the work was dropped."))
            if request.result.done():
                self.counters.dropped += 1
            else:
                alive.append(waiting)
        alive.sort(key=lambda waiting: waiting.order)
        batch: list[_Waiting] = []
        shortest = longest = 0
        spread = widest(self.reader.engine)
        share = min(WINDOWS, -(-len(alive) // len(self._threads)))
        for waiting in alive:
            size = len(waiting.window)
            low, high = (min(shortest, size), max(longest, size)) if batch else (size, size)
            if high - low <= spread and (not batch or rounded(high) * (len(batch) + 1) <= TOKENS):
                batch.append(waiting)
                shortest, longest = low, high
                if len(batch) == share:
                    break
        chosen = set(map(id, batch))
        self._queue = [waiting for waiting in alive if id(waiting) not in chosen]
        return batch

    def _compute(self, batch: list[_Waiting]) -> None:
        reader = self.reader
        begin = time.monotonic()
        rows = collate([waiting.window for waiting in batch], reader.model.positions_from, reader.model.max_tokens)
        logits = reader.engine.run(rows)
        end = time.monotonic()
        finished = []
        with self._ready:
            done = self.counters
            real = sum(len(waiting.window) for waiting in batch)
            done.batches, done.windows = done.batches + 1, done.windows + len(batch)
            done.tokens, done.padding = (
                done.tokens + real,
                done.padding + (0 if reader.engine.packs else rows.ids.size - real),
            )
            done.queue_seconds += sum(begin - waiting.since for waiting in batch)
            done.compute_seconds += end - begin
            for row, waiting in enumerate(batch):
                window, request = waiting.window, waiting.request
                request.pairs[window.pair].logits[window.first] = logits[row, : len(window)]
                request.left -= 1
                if request.left == 0:
                    finished.append(request)
        for request in finished:
            try:
                found = [reader.finish(pair, request.options) for pair in request.pairs]
            except DrystoneError as error:
                _fail(request, error)
            else:
                _answer(request, found)


def _answer(request: _Request, found: list[list[Answer]]) -> None:
    try:
        request.result.set_result(found)
    except InvalidStateError:
        return  # cancelled while it was computed


def _fail(request: _Request, error: Exception) -> None:
    try:
        request.result.set_exception(error)
    except InvalidStateError:
        return
