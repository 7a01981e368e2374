"""The reader: checkpoint, tokenizer and engine, together answering questions with spans of the context given.

It joins `checkpoint`, `families`, `windows`, `runtimes`, `schedule` and `decode`, and knows nothing of releases.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property, lru_cache
from itertools import tee
from pathlib import Path
from typing import Any, Literal, get_args, overload

import numpy as np

from drystone.errors import ModelError, UsageError
from drystone.reader.asked import AskedPair, PairError, paired, read_pair
from drystone.reader.engines.runtimes import choose
from drystone.reader.engines.schedule import BUCKET, Batch, InferenceEngine, run
from drystone.reader.model.checkpoint import Checkpoint, read_checkpoint
from drystone.reader.model.families import Model, build_model
from drystone.reader.model.fingerprint import fingerprint
from drystone.reader.options import LoadOptions, OnError, Options, parse_options
from drystone.reader.spans import samples
from drystone.reader.spans.decode import Answer, Scores, decode, gather
from drystone.reader.spans.documents import DocumentAnswer, pieces_of, ranked
from drystone.reader.spans.texts import Text
from drystone.reader.spans.windows import TextError, Window, Windower
from drystone.reader.spans.words import unicode_words, whole

#: Windows gathered before a round of batches: enough to sort by length, few enough to keep memory level.
_AHEAD = 512
#: Pairs tokenized together.
_TOGETHER = 64


class Reader:
    """An extractive question-answering model that is loaded and ready; make one with `Reader.load`.

    Safe to call from several threads, and after a fork: the new process builds an engine of its own when it first
    asks. A pickle holds the path and how the model was loaded, not the weights; it loads them where it is opened.
    """

    def __init__(
        self,
        model: Model,
        windower: Windower,
        engine: InferenceEngine,
        checkpoint: Checkpoint,
        reason: str,
        again: Callable[[], InferenceEngine] | None = None,
        device: str = LoadOptions.device,
    ) -> None:
        self.model, self.windower, self.checkpoint = model, windower, checkpoint
        self.name, self.reason = checkpoint.name, reason
        self._again, self._device = again, device
        # Where it lies, wherever this process goes: a relative path would lead elsewhere, or be taken for a Hub id.
        self._folder = checkpoint.folder.resolve()
        self._place = str(self._folder) if Path(self.name).expanduser().is_dir() else self.name
        self._hold(engine)

    def _hold(self, engine: InferenceEngine) -> None:
        self._pool = (
            ThreadPoolExecutor(engine.streams, thread_name_prefix="drystone-reader") if engine.streams > 1 else None
        )
        self._engine, self._process = engine, os.getpid()

    @property
    def engine(self) -> InferenceEngine:
        """The model in its runtime. In a process that was forked it is built anew: threads do not survive a fork.

        Raises ModelError where this cannot be, since the reader was not made by `load`.
        """
        if self._process != os.getpid():
            with _forked:
                if self._process != os.getpid():
                    if self._again is None:
                        raise ModelError(f"{self.name}: was loaded before this process was forked; load it here.")
                    self._hold(self._again())
        return self._engine

    def __reduce__(self) -> tuple[Any, ...]:
        if self._again is None:
            raise pickle.PicklingError(f"{self.name}: this reader was not made by Reader.load, so it has no path.")
        weights = max((file.stat().st_mtime_ns for file in self._folder.iterdir()), default=0)
        engine = self._engine
        settings = (engine.name, engine.precision, engine.streams, self._device)
        return _load_once, (self._place, self.checkpoint.revision, *settings, weights)

    @classmethod
    def load(
        cls,
        model: str | Path,
        *,
        revision: str | None = LoadOptions.revision,
        offline: bool | None = LoadOptions.offline,
        runtime: str = LoadOptions.runtime,
        precision: str = LoadOptions.precision,
        threads: int | None = LoadOptions.threads,
        device: str = LoadOptions.device,
    ) -> Reader:
        """Load a checkpoint from a folder or by its Hub id.

        `runtime` is openvino, onnxruntime, packed (our own kernel), torch, or auto (what is fastest here). `precision`
        is fp32, bf16, int8, auto (measured; see `Reader.reason`) or fast (int8 where our own kernel computes the model,
        else fp32). `threads` is how many windows are computed at once
        (default: the processors available). `device` is cpu, or cuda or cuda:N where torch or ONNX Runtime
        computes on a GPU. Raises ModelError for a checkpoint that cannot be read, UsageError for a
        wrong request.
        """
        checkpoint = read_checkpoint(model, revision, offline=offline)
        built = build_model(checkpoint.config, checkpoint.tensors, checkpoint.name)
        checkpoint.tensors.clear()  # the model holds what it needs of them
        windower = Windower(
            checkpoint.tokenizer_json,
            checkpoint.tokenizer_config,
            built.max_tokens,
            len(built.weights["embed.word"]),
            checkpoint.name,
        )
        if "embed.type" in built.weights:
            windower.keep_types_below(len(built.weights["embed.type"]))
        chosen = choose(
            built, sample_windows(windower), runtime=runtime, precision=precision, threads=threads, device=device
        )
        return cls(built, windower, chosen.engine, checkpoint, chosen.reason, chosen.again, device)

    @overload
    def answer(
        self, question: str, *, documents: Sequence[str], **options: Any
    ) -> DocumentAnswer | list[DocumentAnswer]: ...
    @overload
    def answer(self, question: str, context: str, **options: Any) -> Answer | list[Answer]: ...
    @overload
    def answer(self, question: Iterable[str], context: str, **options: Any) -> list[Answer] | list[list[Answer]]: ...
    @overload
    def answer(self, question: str | Iterable[str], context: Iterable[str], **options: Any) -> Any: ...

    def answer(
        self,
        question: str | Iterable[str],
        context: str | Iterable[str] | None = None,
        *,
        documents: Sequence[str] | None = None,
        on_error: OnError = "raise",
        **options: Any,
    ) -> Any:
        """Answer a question from a context, or many of either (a single one goes with each of the other).

        Many are a list, a generator, a numpy array, or a column of pandas, Arrow or `datasets`. With `documents` in
        place of a context, one question is asked of all of them: each is read piece by piece, of about 500
        characters, and the answers of all are ranked together (`DocumentAnswer`). Long texts answer best so.

        Options: `top_k` (1), `max_answer_len` in tokens (15), `max_seq_len` in tokens (384 or the model's most),
        `doc_stride` in tokens (128), `max_question_len` in tokens (no cut), `handle_impossible_answer` (False),
        `align_to_words` (True), `normalize` ("question"; "window" ranks as the Transformers pipeline did).

        Returns one Answer, with `top_k` above 1 a list of them, and for many a list of either in their order. Raises
        UsageError naming what is empty, too long or of the wrong type; with `on_error="return"` a pair that cannot be
        answered has its PairError in its place.
        """
        settings = parse_options(options)
        if documents is not None:
            return self._rank(question, context, documents, settings)
        if context is None:
            raise UsageError("context: must be a string or a list of strings, not NoneType; or give documents.")
        single = isinstance(question, str) and isinstance(context, str)
        found = list(self._stream(paired(question, context), settings, on_error, alone=single))
        best: list[Any] = [_first(answers) for answers in found] if settings.top_k == 1 else found
        return best[0] if single else best

    async def answer_async(self, *asked: Any, **options: Any) -> Any:
        """Answer as `answer` does, in a thread, so that an event loop goes on meanwhile."""
        return await asyncio.to_thread(self.answer, *asked, **options)

    def _rank(
        self, question: object, context: object, documents: Sequence[str], options: Options
    ) -> DocumentAnswer | list[DocumentAnswer]:
        if context is not None:
            raise UsageError("documents: give a context or documents, and not both.")
        if not isinstance(question, str):
            raise UsageError("question: documents take one question at a time.")
        if isinstance(documents, str) or not all(isinstance(document, str) for document in documents):
            raise UsageError("documents: must be a list of strings.")
        read_pair((question, "documents"), 0, alone=True)
        each = replace(options, handle_impossible_answer=False)
        first, second = tee(pieces_of(documents))
        asked = (AskedPair(question, piece.text) for piece in first)
        answers = (found for found in self._stream(asked, each, "raise") if not isinstance(found, PairError))
        read = zip(second, answers, strict=True)
        found = ranked(read, documents, options.top_k, handle_impossible=options.handle_impossible_answer)
        nothing = DocumentAnswer("", 0, 0, 0.0, 1.0, float("-inf"))
        return found if options.top_k > 1 else found[0] if found else nothing

    @overload
    def stream(
        self, pairs: Iterable[Any], *, on_error: Literal["raise"] = "raise", **options: Any
    ) -> Iterator[list[Answer]]: ...
    @overload
    def stream(
        self, pairs: Iterable[Any], *, on_error: Literal["return"], **options: Any
    ) -> Iterator[list[Answer] | PairError]: ...

    def stream(self, pairs: Iterable[Any], *, on_error: OnError = "raise", **options: Any) -> Iterator[Any]:
        """Yield for each pair, in order, its list of at most `top_k` answers; memory stays level.

        A pair is (question, context), or a mapping with `question`, `context` and perhaps `id`, as rows of `datasets`
        are. Takes the options of `answer`. The list is empty where a context holds nothing that could be an answer. A
        pair that cannot be answered raises PairError after the answers of all pairs before it; with
        `on_error="return"` its PairError stands in its place, and the stream goes on.
        """
        if on_error not in get_args(OnError):
            raise UsageError(f"on_error: must be 'raise' or 'return', not {on_error!r}.")
        return self._stream(pairs, parse_options(options), on_error)

    async def stream_async(self, pairs: Iterable[Any], **options: Any) -> AsyncIterator[Any]:
        """Yield what `stream` does, computed in a thread, so that an event loop goes on meanwhile."""
        answers, end = self.stream(pairs, **options), object()
        while (found := await asyncio.to_thread(next, answers, end)) is not end:
            yield found

    def _stream(
        self, pairs: Iterable[Any], options: Options, on_error: OnError, *, alone: bool = False
    ) -> Iterator[list[Answer] | PairError]:
        done: dict[int, list[Answer] | PairError] = {}
        open_pairs: dict[int, Pair] = {}
        queue: list[Window] = []
        ahead, due = iter(pairs), 0
        number = 0
        for chunk in iter(lambda: _take(ahead, _TOGETHER), []):
            for pair in self._prepared(chunk, options, number, alone=alone):
                if isinstance(pair, PairError):
                    done[number] = pair
                else:
                    open_pairs[number] = pair
                    queue += pair.windows
                number += 1
                # A long context fills the queue several times over; an error waits for no pair after it.
                while len(queue) >= _AHEAD or (queue and isinstance(pair, PairError) and on_error == "raise"):
                    self._compute(queue[:_AHEAD], open_pairs, done, options)
                    queue = queue[_AHEAD:]
                while due in done:
                    yield _unless_wrong(done.pop(due), on_error)
                    due += 1
        self._compute(queue, open_pairs, done, options)
        while due in done:
            yield _unless_wrong(done.pop(due), on_error)
            due += 1
        assert not open_pairs

    def prepare(self, pairs: Sequence[Any], options: Options | None = None) -> list[Pair]:
        """Check and tokenize pairs; a text that occurs more than once is tokenized once.

        A caller with a queue of its own computes the logits of each window, puts them into `Pair.logits`, and calls
        `finish`. Raises PairError for the first pair that cannot be answered.
        """
        prepared = self._prepared(pairs, options or Options(), 0, alone=len(pairs) == 1)
        return [_unless_wrong(pair, "raise") for pair in prepared]

    def _prepared(self, pairs: Sequence[Any], options: Options, first: int, *, alone: bool) -> list[Pair | PairError]:
        """Return pairs, numbered from `first`, ready to be computed, or what is wrong with them."""
        asked: list[AskedPair | PairError] = []
        for i, item in enumerate(pairs, first):
            try:
                asked.append(read_pair(item, i, alone=alone))
            except PairError as error:
                asked.append(error)
        distinct = list(dict.fromkeys(text for pair in asked if not isinstance(pair, PairError) for text in pair[:2]))
        texts = dict(zip(distinct, self.windower.texts(distinct), strict=True))
        prepared: list[Pair | PairError] = []
        for i, pair in enumerate(asked, first):
            if isinstance(pair, PairError):
                prepared.append(pair)
                continue
            try:
                prepared.append(self._windows(i, pair, texts, options))
            except TextError as error:
                prepared.append(PairError(error.field, error.problem, i, pair.id, alone=alone))
        return prepared

    def _windows(self, number: int, pair: AskedPair, texts: Mapping[str, Text], options: Options) -> Pair:
        for field, text in (("question", pair.question), ("context", pair.context)):
            if not len(texts[text].ids):
                raise TextError(field, "holds nothing that the model's tokenizer knows.")
        windows = self.windower.windows(
            number,
            texts[pair.question],
            texts[pair.context],
            max_seq_len=options.max_seq_len,
            doc_stride=options.doc_stride,
            max_question_len=options.max_question_len,
        )
        return Pair(number, texts[pair.context], windows)

    def _compute(
        self, queue: list[Window], pairs: dict[int, Pair], done: dict[int, list[Answer] | PairError], options: Options
    ) -> None:
        model, engine = self.model, self.engine
        for i, logits in run(engine, queue, model.positions_from, model.max_tokens, self._pool):
            window = queue[i]
            pair = pairs[window.pair]
            pair.logits[window.first] = logits
            if len(pair.logits) == len(pair.windows):
                done[pair.number] = self.finish(pair, options)
                del pairs[pair.number]

    def finish(self, pair: Pair, options: Options) -> list[Answer]:
        """Return the answers of a pair whose windows all have their logits."""
        context = pair.context
        plain = options.normalize == "window"  # as the Transformers pipeline cut its answers
        # Many tokens may stand in one word, which may be as long as the text.
        known: dict[tuple[int, int], tuple[int, int]] = {}

        def span(first: int, last: int) -> tuple[int, int]:
            by_unicode = self.windower.unicode_words and not plain
            found = context.span(first, last, words=options.align_to_words and not by_unicode)
            if plain or not options.align_to_words:
                return found
            if found not in known:
                words = unicode_words(context.text, *found) if by_unicode and found[0] < found[1] else found
                known[found] = whole(context.text, *words)
            return known[found]

        return decode(
            pair.scores(),
            span,
            context.text,
            top_k=options.top_k,
            max_answer_len=options.max_answer_len,
            handle_impossible=options.handle_impossible_answer,
            align_to_words=options.align_to_words,
            normalize=options.normalize,
        )

    def warm(self) -> int:
        """Compute one window of every bucketed length, so that no request pays for a runtime's first look at a shape.

        Returns how many; 0 where the engine packs, since it has no shapes.
        """
        if self.engine.packs:
            return 0
        most = self.windower.limit(None)
        lengths = range(BUCKET, most + BUCKET, BUCKET)

        def compute(length: int) -> None:
            row = np.zeros((1, min(length, most)), np.int64)
            positions = row + np.arange(self.model.positions_from, self.model.positions_from + row.shape[1])
            self.engine.run(Batch(row, row, positions, row + 1))

        list((self._pool.map if self._pool else map)(compute, lengths))
        return len(lengths)

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 of the model's sizes and weights."""
        return fingerprint(self.model)

    def close(self) -> None:
        """Stop the reader's threads."""
        if self._pool:
            self._pool.shutdown()


class Pair:
    """A question and context under way: its windows, and the logits of those computed so far."""

    __slots__ = ("context", "logits", "number", "windows")

    def __init__(self, number: int, context: Text, windows: list[Window]) -> None:
        self.number, self.context, self.windows = number, context, windows
        self.logits: dict[int, Any] = {}

    def scores(self) -> Scores:
        """Return the logits of all windows, in their order."""
        windows = self.windows
        logits = [self.logits[window.first] for window in windows]
        return gather(logits, [w.at for w in windows], [w.first for w in windows], [w.count for w in windows])


def sample_windows(windower: Windower) -> list[Window]:
    """Return windows over built-in passages, for calibration and measurement."""
    found = []
    for question, context in samples.pairs():
        asked, passage = windower.texts([question, context])
        found += windower.windows(0, asked, passage)[:1]
    return found


_forked = threading.Lock()
os.register_at_fork(after_in_child=lambda: globals().update(_forked=threading.Lock()))


@lru_cache(maxsize=4)
def _load_once(
    place: str, revision: str | None, runtime: str, precision: str, threads: int, device: str, weights: int
) -> Reader:
    """Return the reader of a pickle; one that is sent to a process again and again is loaded once."""
    return Reader.load(place, revision=revision, runtime=runtime, precision=precision, threads=threads, device=device)


def _unless_wrong(found: Any, on_error: OnError) -> Any:
    if isinstance(found, PairError) and on_error == "raise":
        raise found
    return found


def _first(answers: list[Answer] | PairError) -> Answer | PairError:
    if isinstance(answers, PairError):
        return answers
    return answers[0] if answers else Answer("", 0, 0, 0.0, 1.0, float("-inf"))


def _take(items: Iterator[Any], count: int) -> list[Any]:
    taken = []
    for item in items:
        taken.append(item)
        if len(taken) == count:
            break
    return taken
