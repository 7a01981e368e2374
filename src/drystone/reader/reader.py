"""The reader: checkpoint, tokenizer and engine, together answering questions with spans of the context given.

It joins `checkpoint`, `families`, `windows`, `runtimes`, `schedule` and `decode`, and knows nothing of releases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from itertools import tee
from pathlib import Path
from typing import Any, overload

import numpy as np

from drystone.errors import UsageError
from drystone.reader.engines.runtimes import choose
from drystone.reader.engines.schedule import BUCKET, Batch, InferenceEngine, run
from drystone.reader.model.checkpoint import Checkpoint, read_checkpoint
from drystone.reader.model.families import Model, build_model
from drystone.reader.model.fingerprint import fingerprint
from drystone.reader.options import LoadOptions, Options, parse_options
from drystone.reader.spans import samples
from drystone.reader.spans.decode import Answer, Scores, decode, gather
from drystone.reader.spans.documents import DocumentAnswer, pieces_of, ranked
from drystone.reader.spans.texts import Text
from drystone.reader.spans.windows import Window, Windower
from drystone.reader.spans.words import whole

#: Windows gathered before a round of batches: enough to sort by length, few enough to keep memory level.
_AHEAD = 512
#: Pairs tokenized together.
_TOGETHER = 64


class Reader:
    """An extractive question-answering model that is loaded and ready; make one with `Reader.load`.

    Safe to call from several threads.
    """

    def __init__(
        self, model: Model, windower: Windower, engine: InferenceEngine, checkpoint: Checkpoint, reason: str
    ) -> None:
        self.model, self.windower, self.engine, self.checkpoint = model, windower, engine, checkpoint
        self.name, self.reason = checkpoint.name, reason
        self._pool = (
            ThreadPoolExecutor(engine.streams, thread_name_prefix="drystone-reader") if engine.streams > 1 else None
        )

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
    ) -> Reader:
        """Load a checkpoint from a folder or by its Hub id.

        `runtime` is openvino, onnxruntime, packed (our own kernel), torch, or auto (what is fastest here). `precision`
        is fp32, bf16, int8, auto (measured; see `Reader.reason`) or fast (int8 where our own kernel computes the model,
        else fp32). `threads` is how many windows are computed at once
        (default: the processors available). Raises ModelError for a checkpoint that cannot be read, UsageError for a
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
        chosen = choose(built, sample_windows(windower), runtime=runtime, precision=precision, threads=threads)
        return cls(built, windower, chosen.engine, checkpoint, chosen.reason)

    @overload
    def answer(
        self, question: str, *, documents: Sequence[str], **options: Any
    ) -> DocumentAnswer | list[DocumentAnswer]: ...
    @overload
    def answer(self, question: str, context: str, **options: Any) -> Answer | list[Answer]: ...
    @overload
    def answer(self, question: Sequence[str], context: str, **options: Any) -> list[Answer] | list[list[Answer]]: ...
    @overload
    def answer(self, question: str | Sequence[str], context: Sequence[str], **options: Any) -> Any: ...

    def answer(
        self,
        question: str | Sequence[str],
        context: str | Sequence[str] | None = None,
        *,
        documents: Sequence[str] | None = None,
        **options: Any,
    ) -> Any:
        """Answer a question from a context, or lists of either (a single one goes with each of the other).

        With `documents` in place of a context, one question is asked of all of them: each is read piece by piece, of
        about 500 characters, and the answers of all are ranked together (`DocumentAnswer`). Long texts answer best so.

        Options: `top_k` (1), `max_answer_len` in tokens (15), `max_seq_len` in tokens (384 or the model's most),
        `doc_stride` in tokens (128), `max_question_len` in tokens (no cut), `handle_impossible_answer` (False),
        `align_to_words` (True), `normalize` ("question"; "window" ranks as the Transformers pipeline did).

        Returns one Answer, with `top_k` above 1 a list of them, and for lists a list of either in their order. Raises
        UsageError naming what is empty, too long or of the wrong type.
        """
        settings = parse_options(options)
        if documents is not None:
            return self._rank(question, context, documents, settings)
        if context is None:
            raise UsageError("context: must be a string or a list of strings, not NoneType; or give documents.")
        single = isinstance(question, str) and isinstance(context, str)
        found = list(self._stream(_paired(question, context), settings))
        best: list[Any] = [_first(answers) for answers in found] if settings.top_k == 1 else found
        return best[0] if single else best

    def _rank(
        self, question: str | Sequence[str], context: object, documents: Sequence[str], options: Options
    ) -> DocumentAnswer | list[DocumentAnswer]:
        if context is not None:
            raise UsageError("documents: give a context or documents, and not both.")
        if not isinstance(question, str):
            raise UsageError("question: documents take one question at a time.")
        if isinstance(documents, str) or not all(isinstance(document, str) for document in documents):
            raise UsageError("documents: must be a list of strings.")
        _check((question, "documents"), 0)
        each = replace(options, handle_impossible_answer=False)
        first, second = tee(pieces_of(documents))
        answers = self._stream(((question, piece.text) for piece in first), each)
        read = zip(second, answers, strict=True)
        found = ranked(read, documents, options.top_k, handle_impossible=options.handle_impossible_answer)
        nothing = DocumentAnswer("", 0, 0, 0.0, 1.0, float("-inf"))
        return found if options.top_k > 1 else found[0] if found else nothing

    def stream(self, pairs: Iterable[tuple[str, str]], **options: Any) -> Iterator[list[Answer]]:
        """Yield for each (question, context), in order, its list of at most `top_k` answers; memory stays level.

        Takes the options of `answer`. The list is empty where a context holds nothing that could be an answer.
        """
        return self._stream(pairs, parse_options(options))

    def _stream(self, pairs: Iterable[tuple[str, str]], options: Options) -> Iterator[list[Answer]]:
        done: dict[int, list[Answer]] = {}
        open_pairs: dict[int, Pair] = {}
        queue: list[Window] = []
        ahead, due = iter(pairs), 0
        number = 0
        for chunk in iter(lambda: _take(ahead, _TOGETHER), []):
            for pair in self.prepare(chunk, options, number):
                open_pairs[pair.number] = pair
                number += 1
                for window in pair.windows:
                    queue.append(window)
                    if len(queue) >= _AHEAD:
                        self._compute(queue, open_pairs, done, options)
                        queue = []
                    while due in done:
                        yield done.pop(due)
                        due += 1
        self._compute(queue, open_pairs, done, options)
        while due in done:
            yield done.pop(due)
            due += 1
        assert not open_pairs

    def prepare(self, pairs: Sequence[tuple[str, str]], options: Options | None = None, first: int = 0) -> list[Pair]:
        """Check and tokenize pairs (numbered from `first`); a text that occurs more than once is tokenized once.

        A caller with a queue of its own computes the logits of each window, puts them into `Pair.logits`, and calls
        `finish`.
        """
        options = options or Options()
        for i, pair in enumerate(pairs, first):
            _check(pair, i)
        distinct = list(dict.fromkeys(text for pair in pairs for text in pair))
        texts = dict(zip(distinct, self.windower.texts(distinct), strict=True))
        prepared = []
        for i, (question, context) in enumerate(pairs, first):
            for name, text in (("question", question), ("context", context)):
                if not len(texts[text].ids):
                    raise UsageError(f"{name}{_at(i)}: holds nothing that the model's tokenizer knows.")
            windows = self.windower.windows(
                i,
                texts[question],
                texts[context],
                max_seq_len=options.max_seq_len,
                doc_stride=options.doc_stride,
                max_question_len=options.max_question_len,
            )
            prepared.append(Pair(i, texts[context], windows))
        return prepared

    def _compute(
        self, queue: list[Window], pairs: dict[int, Pair], done: dict[int, list[Answer]], options: Options
    ) -> None:
        model = self.model
        for i, logits in run(self.engine, queue, model.positions_from, model.max_tokens, self._pool):
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
            found = context.span(first, last, words=options.align_to_words)
            if plain or not options.align_to_words:
                return found
            if found not in known:
                known[found] = whole(context.text, *found)
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


def _paired(question: str | Sequence[str], context: str | Sequence[str]) -> list[tuple[str, str]]:
    for name, value in (("question", question), ("context", context)):
        if not isinstance(value, str | list | tuple):
            raise UsageError(f"{name}: must be a string or a list of strings, not {type(value).__name__}.")
    if isinstance(question, str) and isinstance(context, str):
        return [(question, context)]
    questions = [question] * len(context) if isinstance(question, str) else list(question)
    contexts = [context] * len(questions) if isinstance(context, str) else list(context)
    if len(questions) != len(contexts):
        raise UsageError(
            f"context: {len(contexts)} contexts for {len(questions)} questions; give one for each, or one for all."
        )
    return list(zip(questions, contexts, strict=True))


def _check(pair: Any, number: int) -> None:
    if not (isinstance(pair, tuple | list) and len(pair) == 2):
        raise UsageError(f"pair {number}: must be (question, context), not {type(pair).__name__}.")
    for name, text in zip(("question", "context"), pair, strict=True):
        if not isinstance(text, str):
            raise UsageError(f"{name}{_at(number)}: must be a string, not {type(text).__name__}.")
        if not text.strip():
            raise UsageError(f"{name}{_at(number)}: is empty.")


def _at(number: int) -> str:
    return f" (pair {number})" if number else ""


def _first(answers: list[Answer]) -> Answer:
    return answers[0] if answers else Answer("", 0, 0, 0.0, 1.0, float("-inf"))


def _take(items: Iterator[tuple[str, str]], count: int) -> list[tuple[str, str]]:
    taken = []
    for item in items:
        taken.append(item)
        if len(taken) == count:
            break
    return taken
