"""Turns questions and contexts into windows of token ids, and token spans back into string offsets.

A window is one row for a model: [CLS] question [SEP] a stretch of the context [SEP]. It knows nothing of models beyond
their greatest length, and nothing of batches.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from drystone.errors import MissingExtraError, ModelError, UsageError
from drystone.reader.spans.texts import Pieces, Text

#: Length of a window where neither caller nor model says otherwise (the old pipeline's default).
DEFAULT_MAX_SEQ_LEN = 384
DEFAULT_DOC_STRIDE = 128


class TextError(UsageError):
    """A question or a context that cannot be put into windows: which of them (`field`), and why."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field, self.problem = field, problem


@dataclass(frozen=True, slots=True)
class Window:
    """One row for a model. Context token `first + i` stands at position `at + i`, for `count` tokens."""

    pair: int
    ids: np.ndarray
    types: np.ndarray
    at: int
    first: int
    count: int

    def __len__(self) -> int:
        return len(self.ids)


class Windower:
    """A checkpoint's tokenizer together with the way its model wants question and context joined."""

    def __init__(
        self, tokenizer_json: str, settings: dict[str, Any], max_tokens: int, vocabulary: int, name: str
    ) -> None:
        self.name = name
        self._tokenizer = _tokenizer(tokenizer_json, name)
        # A token that was added and never trained may lie beyond the embeddings: texts that hold it are refused.
        largest = max(self._tokenizer.get_vocab(with_added_tokens=False).values(), default=0)
        self._vocabulary = vocabulary
        if largest >= vocabulary:
            raise ModelError(
                f"{name}: tokenizer.json goes up to id {largest}, the model's embeddings to {vocabulary - 1}: they do "
                "not belong together."
            )
        stated = settings.get("model_max_length")
        most = min(max_tokens, stated) if isinstance(stated, int) and stated > 0 else max_tokens
        self.max_tokens = max_tokens
        self.max_seq_len = min(DEFAULT_MAX_SEQ_LEN, most)
        self._pieces = Pieces.for_tokenizer(self._tokenizer.to_str(), self._encode)
        # BERT's words end at white space and at punctuation; those of others hold both, or a whole text without spaces.
        self.unicode_words = "BertPreTokenizer" not in tokenizer_json
        self._before, self._between, self._after, self._types = _template(self._tokenizer, name)
        joining = np.concatenate([self._before, self._between, self._after])
        if joining.max(initial=0) >= vocabulary:
            beyond = self.token(int(joining.max()))
            raise ModelError(f"{name}: joins pairs with {beyond!r}, a token of which the model has no embedding.")

    def keep_types_below(self, count: int) -> None:
        """Use token type 0 for types that the model has no embedding of (RoBERTa has one type)."""
        self._types = np.where(self._types < count, self._types, 0)

    @property
    def tokenizer_json(self) -> str:
        """The tokenizer as it is used, as tokenizer.json text."""
        text: str = self._tokenizer.to_str()
        return text

    @property
    def template(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Special tokens before, between and after a pair, and the token types of the five stretches."""
        return self._before, self._between, self._after, self._types

    def token(self, index: int) -> str:
        """Return the token with this id, as the vocabulary writes it."""
        return str(self._tokenizer.id_to_token(index))

    def texts(self, texts: Sequence[str]) -> list[Text]:
        """Tokenize texts; offsets are those of the Python strings given, lone surrogates included."""
        # The tokenizer takes UTF-8, which has no lone surrogates: one unknown character for each keeps every offset.
        clean = [text if _encodable(text) else _without_surrogates(text) for text in texts]
        found = self._pieces.texts(clean) if self._pieces else [None] * len(clean)
        rest = iter(self._encode([text for text, known in zip(clean, found, strict=True) if known is None]))
        tokenized = []
        for text, known in zip(texts, found, strict=True):
            if known is not None:
                known.text = text
            tokenized.append(known or Text(text, next(rest)))
        return tokenized

    def _encode(self, texts: list[str]) -> list[Any]:
        with _guarded(f"{self.name}: the tokenizer failed"):
            encoded: list[Any] = self._tokenizer.encode_batch(texts, add_special_tokens=False)
        return encoded

    def windows(
        self,
        pair: int,
        question: Text,
        context: Text,
        *,
        max_seq_len: int | None = None,
        doc_stride: int | None = None,
        max_question_len: int | None = None,
    ) -> list[Window]:
        """Cut a pair into windows of at most `max_seq_len` tokens that overlap by `doc_stride` context tokens.

        `max_question_len` cuts the question. Raises TextError where the question leaves no room for the context.
        """
        for field, text in (("question", question), ("context", context)):
            if len(text.ids) and text.ids.max() >= self._vocabulary:
                unknown = self.token(int(text.ids.max()))
                raise TextError(field, f"holds {unknown!r}, a token of which {self.name} has no embedding.")
        limit = self.limit(max_seq_len)
        asked = question.ids[:max_question_len]
        fixed = len(self._before) + len(self._between) + len(self._after)
        room = limit - fixed - len(asked)
        if room < 1:
            raise TextError(
                "question",
                f"{len(asked)} tokens leave no room for the context in a window of {limit}. "
                "Shorten it, raise max_seq_len, or cut it with max_question_len.",
            )
        if len(context.ids) <= room:
            firsts = range(1)
        else:
            stride = min(limit // 2, DEFAULT_DOC_STRIDE) if doc_stride is None else doc_stride
            # An overlap that the window has no room for is cut to what leaves half of the window new.
            step = room - (stride if stride < room else room // 2)
            firsts = range(0, len(context.ids) - room + step, step)
        head = np.concatenate([self._before, asked, self._between])
        types = self._types
        found = []
        for first in firsts:
            piece = context.ids[first : first + room]
            lengths = (len(self._before), len(asked), len(self._between), len(piece), len(self._after))
            found.append(
                Window(
                    pair,
                    np.concatenate([head, piece, self._after]),
                    np.repeat(types, lengths),
                    len(head),
                    first,
                    len(piece),
                )
            )
        return found

    def limit(self, max_seq_len: int | None) -> int:
        """Return the window length in tokens; raises UsageError for one that the model cannot take."""
        if max_seq_len is None:
            return self.max_seq_len
        if max_seq_len > self.max_tokens:
            raise UsageError(f"max_seq_len: {max_seq_len} is more than the {self.max_tokens} tokens of {self.name}.")
        return max_seq_len


def _tokenizer(text: str, name: str) -> Any:
    try:
        from tokenizers import Tokenizer  # noqa: PLC0415  an extra
    except ImportError:
        raise MissingExtraError("tokenizers", "reader") from None
    with _guarded(f"{name}: tokenizer.json cannot be used"):
        json.loads(text)
        tokenizer = Tokenizer.from_str(text)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


@contextmanager
def _guarded(what: str) -> Iterator[None]:
    """Turn whatever the tokenizer raises into ModelError; a panic in its Rust code derives from BaseException."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:
        raise ModelError(f"{what} ({error}).") from None


def _template(tokenizer: Any, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the special tokens before, between and after a pair, and the token types of the five stretches."""
    with _guarded(f"{name}: tokenizer.json cannot be used"):
        probe = tokenizer.encode("a", "a")
    sequences, ids, types = probe.sequence_ids, np.array(probe.ids, np.int32), np.array(probe.type_ids, np.int64)
    first = [i for i, s in enumerate(sequences) if s == 0]
    second = [i for i, s in enumerate(sequences) if s == 1]
    if not first or not second or first[-1] > second[0] or first[0] == 0:
        raise ModelError(f"{name}: tokenizer.json does not join a pair as [CLS] question [SEP] context [SEP].")
    before, between, after = ids[: first[0]], ids[first[-1] + 1 : second[0]], ids[second[-1] + 1 :]
    last = types[-1] if len(after) else types[second[0]]
    middle = types[first[-1] + 1] if len(between) else types[first[0]]
    return before, between, after, np.array([types[0], types[first[0]], middle, types[second[0]], last])


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _without_surrogates(text: str) -> str:
    return "".join("\N{REPLACEMENT CHARACTER}" if "\ud800" <= c <= "\udfff" else c for c in text)
