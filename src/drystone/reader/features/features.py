"""What a model computes on the way to an answer: hidden states, attentions, pooled vectors, and why a span won.

Features come from the numpy reference, explanations from the reader's own engine. It knows nothing of files or pages;
`tables` writes features, `views` draws them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from drystone.errors import UsageError
from drystone.reader.engines.schedule import Batch, collate, run
from drystone.reader.model.numpy_ops import trace
from drystone.reader.options import Pooling, parse_options
from drystone.reader.reader import Pair, Reader
from drystone.reader.spans.decode import Answer, probabilities
from drystone.reader.spans.windows import Window


@dataclass(frozen=True, slots=True)
class Features:
    """One window's tokens and what every layer made of them.

    `tokens` as the vocabulary writes them; `source` is question, context or special for each; `spans` int64 [tokens, 2]
    are characters of that text (0, 0 for special tokens). `hidden` float32 [layers + 1, tokens, hidden], embeddings
    first; `attentions` float32 [layers, heads, tokens, tokens], rows adding up to 1; `logits` float32 [tokens, 2].
    """

    tokens: list[str]
    source: list[str]
    spans: np.ndarray
    hidden: np.ndarray
    attentions: np.ndarray
    logits: np.ndarray


@dataclass(frozen=True, slots=True)
class AnswerExplanation:
    """The answers, and how likely each token of the winning window was to begin and to end one.

    `tokens` and `spans` (int64 [tokens, 2], characters of the context) are those of the window that holds the best
    answer; `start` and `end` float64 [tokens] add up to 1 with `null_start` and `null_end`, the mass of "no answer".
    """

    question: str
    context: str
    answers: list[Answer]
    tokens: list[str]
    spans: np.ndarray
    start: np.ndarray
    end: np.ndarray
    null_start: float
    null_end: float


def features(reader: Reader, question: str, context: str, **options: Any) -> list[Features]:
    """Return the features of every window of a pair; takes `max_seq_len`, `doc_stride`, `max_question_len`.

    Raises UsageError as `Reader.answer` does.
    """
    pair = reader.prepare([(question, context)], parse_options(options))[0]
    (asked,) = reader.windower.texts([question])
    found = []
    for window in pair.windows:
        logits, seen = _trace(reader, _alone(reader, window))
        asked_count = window.at - len(reader.windower.template[0]) - len(reader.windower.template[1])
        source, spans = ["special"] * len(window), np.zeros((len(window), 2), np.int64)
        first = len(reader.windower.template[0])
        source[first : first + asked_count] = ["question"] * asked_count
        spans[first : first + asked_count] = asked.spans[:asked_count]
        source[window.at : window.at + window.count] = ["context"] * window.count
        spans[window.at : window.at + window.count] = pair.context.spans[window.first : window.first + window.count]
        tokens = [reader.windower.token(int(i)) for i in window.ids]
        found.append(
            Features(
                tokens,
                source,
                spans,
                np.stack([h[0] for h in seen.hidden]),
                np.stack([a[0] for a in seen.attentions]),
                logits[0],
            )
        )
    return found


def pooled(reader: Reader, texts: Sequence[str], *, layer: int = -1, pooling: Pooling = "mean") -> np.ndarray:
    """Return one vector for each text, float32 [texts, hidden]: the mean of a layer's tokens, or its first token.

    `layer` counts hidden states, embeddings first. A text longer than a window is cut; its parts' vectors are averaged
    by their numbers of tokens. Raises UsageError for an empty text, an unknown pooling or a layer that is not there.
    """
    if pooling not in ("mean", "first"):
        raise UsageError(f"pooling: must be 'mean' or 'first', not {pooling!r}.")
    states = reader.model.layers + 1
    if isinstance(layer, bool) or not isinstance(layer, int) or not -states <= layer < states:
        raise UsageError(f"layer: must be an integer from {-states} to {states - 1}, not {layer!r}.")
    for i, text in enumerate(texts):
        if not isinstance(text, str) or not text.strip():
            raise UsageError(f"text {i}: is empty, or not a string.")
    vectors = np.zeros((len(texts), reader.model.hidden), np.float32)
    before, _, after, types = reader.windower.template
    room = reader.windower.limit(None) - len(before) - len(after)
    for row, tokens in enumerate(reader.windower.texts(texts)):
        parts = []
        for first in range(0, max(1, len(tokens.ids)), room):
            piece = tokens.ids[first : first + room]
            ids = np.concatenate([before, piece, after])
            window = Window(0, ids, np.full(len(ids), types[0]), len(before), first, len(piece))
            _, seen = _trace(reader, _alone(reader, window))
            state = seen.hidden[layer][0]
            parts.append((state.mean(0) if pooling == "mean" else state[0], len(ids)))
        vectors[row] = np.average([v for v, _ in parts], axis=0, weights=[n for _, n in parts])
    return vectors


def explain(reader: Reader, question: str, context: str, **options: Any) -> AnswerExplanation:
    """Answer, and return what the answer rests on; takes the options of `Reader.answer`."""
    settings = parse_options(options)
    pair = reader.prepare([(question, context)], settings)[0]
    for i, logits in run(reader.engine, pair.windows, reader.model.positions_from, reader.model.max_tokens):
        pair.logits[pair.windows[i].first] = logits
    answers = reader.finish(pair, settings)
    start, end = probabilities(pair.scores())
    at = _winner(pair, answers)
    window = pair.windows[at]
    stretch = slice(window.first, window.first + window.count)
    start, end = start[at, : window.count], end[at, : window.count]
    return AnswerExplanation(
        question,
        context,
        answers,
        [reader.windower.token(int(i)) for i in window.ids[window.at : window.at + window.count]],
        pair.context.spans[stretch],
        start,
        end,
        max(0.0, 1 - float(start.sum())),
        max(0.0, 1 - float(end.sum())),
    )


def _winner(pair: Pair, answers: Sequence[Answer]) -> int:
    """Return the index of the window in which the best answer that has a text scores highest."""
    best = next((a for a in answers if a.text), None)
    tokens = pair.context.tokens(best.start, best.end) if best else None
    if tokens is None:
        return 0
    both = pair.scores().both
    values = [-np.inf] * len(pair.windows)
    for i, window in enumerate(pair.windows):
        first, last = tokens[0] - window.first, tokens[1] - window.first
        if first >= 0 and last < window.count:
            values[i] = float(both[0, i, first] + both[1, i, last])
    return int(np.argmax(values))


def _alone(reader: Reader, window: Window) -> Batch:
    batch = collate([window], reader.model.positions_from, reader.model.max_tokens)
    return Batch(*(part[:, : len(window)] for part in (batch.ids, batch.types, batch.positions, batch.blocks)))


def _trace(reader: Reader, batch: Batch) -> Any:
    return trace(reader.model, batch.ids, batch.types, batch.positions, batch.blocks)
