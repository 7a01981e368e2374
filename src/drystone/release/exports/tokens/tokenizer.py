"""A `tokenizer.json` as an export uses it: texts to tokens and back byte for byte, special tokens by their part.

`tokenizers` is the measure of all of it. Where a tokenizer cuts a text into words by patterns alone (byte-level BPE:
GPT-2, StarCoder, Llama 3 and their kin), each distinct word is given to `tokenizers` once and looked up afterwards:
code says the same words over and over. What special tokens are called in a text is text there, never a special token.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import orjson

from drystone.errors import MissingExtraError, UsageError
from drystone.release.exports.tokens.choice import KNOWN, Special, TokenChoice
from drystone.release.files import read_bounded
from drystone.release.layout import shown

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Ids = npt.NDArray[np.uint32]

_LARGEST: Final = 256 << 20
#: Distinct words that are remembered, and the longest of them: about 200 MB.
_WORDS: Final = 1_000_000
_LONGEST: Final = 64
#: Bytes of text that are given to `tokenizers` at a time.
_BATCH: Final = 8 << 20
#: How GPT-2 cuts words; the pattern that the step `ByteLevel` stands for.
_GPT2: Final = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
#: Texts in which tokenizers are known to lose or to change something, and some plain ones.
PROBES: Final = (
    "def f(x):\n    return x  # ok\n", "\tx = 1\r\n\r\n\ry\n", "   leading, trailing   ", "a  b   c\n\n\n\n  d\n",
    "caf\u00e9 cafe\u0301 \ufb01 \u00bd \u2126 \u1e9b\u0323", "\u4f60\u597d \U0001f600 \u202e\u200b\ufeff",
    "UPPER lower \u00c0\u00e9",
    "".join(map(chr, range(1, 0x180))), "it's we'll I'd\n'top' 's 12345 1_000", "\u0000\u001f\u007f\u0085\u00a0\u2028",
    "<unk> [UNK] \u2581 \u0120 \u010a ## </w> @@", "",
)  # fmt: skip


class TextTokenizer:
    """A tokenizer, with the ids of its special tokens (`special`). Not for several threads at once.

    Raises `UsageError` where the file is no tokenizer, lacks a special token that is needed, or does not give back the
    texts of `PROBES` byte for byte and `choice.inexact` does not say that such files are skipped; `MissingExtraError`
    without `tokenizers`.
    """

    def __init__(self, choice: TokenChoice) -> None:
        if choice.tokenizer is None:
            raise UsageError("tokens need a tokenizer: name a tokenizer.json with --tokenizer")
        self.place = shown(str(choice.tokenizer))
        self.data = read_bounded(Path(choice.tokenizer), _LARGEST, "a tokenizer.json is smaller")
        self._whole = _load(self.data, self.place)
        self._spec: dict[str, Any] = orjson.loads(self.data)
        self._plain = [t["content"] for t in self._spec.get("added_tokens") or () if not t.get("special")]
        self.special = self._specials(choice)
        self.size = max(self._whole.get_vocab(with_added_tokens=True).values(), default=0) + 1
        self._words = _Words.of(self._spec, self._whole)
        self._probe(choice)

    @property
    def dtype(self) -> type[np.uint16] | type[np.uint32]:
        """What a token is stored as: two bytes where all ids fit, else four."""
        return np.uint16 if self.size <= 1 << 16 else np.uint32

    def encode(self, texts: Sequence[str]) -> list[Ids | None]:
        """Return the tokens of each text; None for one that they do not give back byte for byte."""
        found: list[Ids | None] = []
        left: list[int] = []
        for at, text in enumerate(texts):
            ids = self._words.encode(text) if self._words is not None and not self._says_plain(text) else None
            found.append(ids)
            if ids is None:
                left.append(at)
        for some in _batches(texts, left):
            encoded = self._whole.encode_batch_fast([texts[at] for at in some], add_special_tokens=False)
            for at, one in zip(some, encoded, strict=True):
                ids = np.array(one.ids, np.uint32)
                found[at] = ids if self.decode(ids) == texts[at] else None
        return found

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of tokens, special ones by their names."""
        return self._whole.decode([int(id_) for id_ in ids], skip_special_tokens=False)

    def of(self, part: Special) -> int:
        """Return the id of the special token that plays a part. Raises `UsageError` where there is none."""
        id_ = self.special.get(part)
        if id_ is None:
            raise UsageError(
                f"{self.place}: has no special token for {part} ({', '.join(KNOWN[part])}); name one with "
                f"--special {part}=TOKEN, or do without what needs it"
            )
        return id_

    def _says_plain(self, text: str) -> bool:
        """Whether a text holds an added token that is no special one, which `tokenizers` finds before it cuts words."""
        return any(token in text for token in self._plain)

    def _specials(self, choice: TokenChoice) -> dict[Special, int]:
        found: dict[Special, int] = {}
        for part, names in KNOWN.items():
            given = choice.special.get(part)
            ids = [self._whole.token_to_id(name) for name in ((given,) if given else names)]
            if given and ids[0] is None:
                raise UsageError(f"{self.place}: has no token {shown(given)}, which --special names for {part}")
            known = next((id_ for id_ in ids if id_ is not None), None)
            if known is not None:
                found[part] = known
        return found

    def _probe(self, choice: TokenChoice) -> None:
        whole = self._whole.encode_batch_fast(list(PROBES), add_special_tokens=False)
        if self._words is not None:
            words = [self._words.encode(text) for text in PROBES]
            if any(ids is not None and ids.tolist() != one.ids for ids, one in zip(words, whole, strict=True)):
                self._words = None  # cut in another way than `tokenizers` does: it is the measure
        lost = [text for text, one in zip(PROBES, whole, strict=True) if self.decode(one.ids) != text]
        if lost and choice.inexact == "refuse":
            back = self.decode(self._whole.encode(lost[0], add_special_tokens=False).ids)
            name = (self._spec.get("normalizer") or {}).get("type")
            says = f", its normalizer is {name}" if name else ""
            raise UsageError(
                f"{self.place}: does not give texts back byte for byte{says}: {lost[0][:40]!r} becomes {back[:40]!r}. "
                "Choose a byte-level tokenizer, or leave out the files that it changes with --inexact skip"
            )


def _load(data: bytes, place: str) -> Tokenizer:
    try:
        from tokenizers import Tokenizer  # noqa: PLC0415  (an extra)
    except ImportError:
        raise MissingExtraError("tokenizers", "tokens") from None
    try:
        found = Tokenizer.from_str(data.decode())
    except Exception as error:  # tokenizers raises plain exceptions
        raise UsageError(
            f"{place}: is no tokenizer.json of the library tokenizers: {shown(str(error))[:200]}"
        ) from None
    found.no_truncation()
    found.no_padding()
    found.encode_special_tokens = True
    return found


def _batches(texts: Sequence[str], places: Iterable[int]) -> Iterator[list[int]]:
    held: list[int] = []
    size = 0
    for at in places:
        held.append(at)
        size += len(texts[at])
        if size >= _BATCH:
            yield held
            held, size = [], 0
    if held:
        yield held


class _Words:
    """Encodes texts word by word. `patterns` cut a text, one after the other; `model` encodes a word."""

    def __init__(self, patterns: list[Any], model: Tokenizer, pieces: dict[int, bytes]) -> None:
        self._patterns, self._model, self._pieces = patterns, model, pieces
        self._known: dict[str, tuple[int, ...]] = {}

    @classmethod
    def of(cls, spec: dict[str, Any], whole: Tokenizer) -> _Words | None:
        """Return it for a tokenizer that does nothing but cut words by patterns and merge bytes; None for others."""
        model = spec["model"]
        plain = model.get("type") == "BPE" and not any(
            model.get(name) for name in ("dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback")
        )
        patterns = _patterns(spec.get("pre_tokenizer")) if plain and not spec.get("normalizer") else None
        if patterns is None or (spec.get("decoder") or {}).get("type") != "ByteLevel":
            return None
        step = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
        alone = {**spec, "pre_tokenizer": step, "post_processor": None, "added_tokens": []}
        alone |= {"truncation": None, "padding": None}
        letters = {letter: byte for byte, letter in _byte_letters().items()}
        pieces = {
            id_: bytes(letters[letter] for letter in token)
            for token, id_ in whole.get_vocab(with_added_tokens=False).items()
            if all(letter in letters for letter in token)
        }
        return cls(patterns, _load(orjson.dumps(alone), "tokenizer"), pieces)

    def encode(self, text: str) -> Ids | None:
        """Return the tokens of a text; None where they would not give it back, or nobody can tell here."""
        words = [text]
        for pattern in self._patterns:
            words = list(chain.from_iterable(map(pattern.findall, words)))
        if "".join(words) != text:
            return None
        known = self._known
        new = {word for word in words if word not in known}
        if new and not self._learn(new):
            return None
        try:
            return np.fromiter(chain.from_iterable(map(self._known.__getitem__, words)), np.uint32)
        finally:
            if len(known) > _WORDS:
                known.clear()
            else:
                for word in new:
                    if len(word) > _LONGEST:
                        del known[word]

    def _learn(self, words: set[str]) -> bool:
        """Encode words that were not met before; return whether all of them come back byte for byte."""
        ordered = list(words)
        for word, one in zip(ordered, self._model.encode_batch_fast(ordered, add_special_tokens=False), strict=True):
            if b"".join(self._pieces.get(id_, b"") for id_ in one.ids) != word.encode("utf-8", "surrogatepass"):
                return False
            self._known[word] = tuple(one.ids)
        return True


def _patterns(step: dict[str, Any] | None) -> list[Any] | None:
    """Return what cuts words, as patterns of which each gives all pieces of a text; None for other steps than these."""
    import regex  # noqa: PLC0415  (an extra)

    found: list[str] = []
    for each in (step or {}).get("pretokenizers") or [step or {}]:
        kind = each.get("type")
        if kind == "ByteLevel" and not each.get("add_prefix_space"):
            found += [_GPT2] if each.get("use_regex", True) else []
        elif kind == "Digits":
            found.append(r"\p{N}|\P{N}+" if each.get("individual_digits") else r"\p{N}+|\P{N}+")
        elif kind == "Split" and each.get("behavior") == "Isolated" and "Regex" in each.get("pattern", {}):
            found.append(each["pattern"]["Regex"])
        else:
            return None
    try:
        compiled = [regex.compile(pattern, regex.VERSION0) for pattern in found]
    except regex.error:
        return None
    return compiled if compiled and not any(pattern.groups for pattern in compiled) else None


def _byte_letters() -> dict[int, str]:
    """Return the letter that byte-level tokenizers write for each byte (GPT-2's `bytes_to_unicode`)."""
    shown_as = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAC + 1), *range(0xAE, 0xFF + 1)]
    rest = [byte for byte in range(256) if byte not in shown_as]
    return {byte: chr(byte) for byte in shown_as} | {byte: chr(256 + at) for at, byte in enumerate(rest)}
