"""Which of the encodings before Unicode some bytes are in, by how likely each makes them. Knows nothing of files.

For every encoding and language: the probability of the text that the bytes would be, from how common its characters
are (`characters.json`, which `tools/train_encoding_model.py` rewrites). The most likely text counts only where it
leads every other text clearly, and is itself such as people write: signs of a wrong language are worse than none.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

MODEL: Final = Path(__file__).with_name("characters.json")

_WESTERN: Final = ("de", "fr", "es", "pt", "it", "nl", "sv", "da", "fi")
#: Words of several Western languages in one text, such as names.
_MIXED: Final = "mixed"
_CENTRAL: Final = ("pl", "cs", "sk", "hu", "ro", "hr", "sl")
_CYRILLIC: Final = ("ru", "uk", "bg", "sr")
LANGUAGES: Final = (
    "ja", "zh_Hans", "zh_Hant", "ko", *_CYRILLIC, "el", "he", "ar", "fa", "th", "tr", "lt", "lv", "et",
    *_CENTRAL, *_WESTERN,
)  # fmt: skip

#: Encodings of several bytes a character: codec, language, and what it costs to believe in it (natural logarithm).
_MULTIBYTE: Final = (
    ("shift_jis", "ja", 0.0), ("cp932", "ja", 2.0), ("euc_jp", "ja", 0.0), ("gb18030", "zh_Hans", 0.0),
    ("gb18030", "zh_Hant", 6.0), ("big5", "zh_Hant", 0.0), ("big5hkscs", "zh_Hant", 3.0), ("euc_kr", "ko", 0.0),
    ("cp949", "ko", 2.0),
)  # fmt: skip
_SINGLE: Final = (
    ("cp1251", _CYRILLIC, 0.0), ("koi8_r", ("ru", "bg"), 1.0), ("koi8_u", ("uk",), 1.5), ("iso8859_5", _CYRILLIC, 4.0),
    ("cp866", ("ru", "uk"), 1.5), ("cp855", _CYRILLIC, 3.0),
    ("mac_cyrillic", _CYRILLIC, 14.0), ("cp1253", ("el",), 0.5),
    ("iso8859_7", ("el",), 0.0), ("cp1255", ("he",), 0.5), ("iso8859_8", ("he",), 0.0), ("cp1256", ("ar", "fa"), 0.0),
    ("iso8859_6", ("ar",), 1.0), ("tis_620", ("th",), 0.0), ("cp874", ("th",), 0.5), ("cp1254", ("tr",), 1.0),
    ("iso8859_9", ("tr",), 0.5), ("cp1257", ("lt", "lv", "et"), 1.0), ("iso8859_13", ("lt", "lv", "et"), 3.0),
    ("cp1250", _CENTRAL, 0.5), ("iso8859_2", _CENTRAL, 0.5), ("cp852", _CENTRAL, 4.0),
    ("latin_1", (*_WESTERN, _MIXED), 0.0), ("cp1252", (*_WESTERN, _MIXED), 0.0), ("iso8859_15", _WESTERN, 3.0),
    ("mac_roman", _WESTERN, 5.0), ("cp850", _WESTERN, 4.0), ("cp437", _WESTERN, 5.0),
)  # fmt: skip

#: Encodings that differ in a few signs are no rivals: the likelier counts.
_FAMILIES: Final = {
    "cp932": "shift_jis", "big5hkscs": "big5", "cp949": "euc_kr", "cp1253": "iso8859_7", "cp1255": "iso8859_8",
    "cp874": "tis_620", "cp1254": "iso8859_9", "cp1252": "latin_1", "koi8_u": "koi8_r",
}  # fmt: skip

#: The most likely text must be this much more likely than any other (natural logarithm: 12 is 160,000 times).
_LEAD: Final = 12.0
#: What a character costs at most, on average, in a text that somebody writes: of alphabets and of thousands of signs.
#: Texts of the languages here cost about 4 and 6 to 8; read in a wrong encoding that still decodes, 7 and more than 10.
_MOST_COST: Final = 5.6
_MOST_COST_WIDE: Final = 9.5
#: What a character of ASCII costs: encodings with two bytes a character take some for their second.
_ASCII_COST: Final = 3.5
#: What no language has: unassigned bytes, controls, private characters.
_NEVER: Final = 25.0
_RARE: Final = 12.0
#: Signs that stand in code of any language.
_SIGNS: Final = frozenset("〜−‖©®°±²³µ·«»§¶×÷½¼¾–—‘’“”„•…€£¥™№→←↑↓─│├└┐┘■□●○◆★☆※、。，：；（）！？「」『』【】《》　～")
_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]+")
_AFTER_LETTER: Final = re.compile(r"[A-Za-z][^\x00-\x7f]")


class _Language(NamedTuple):
    """How much each character costs, and each kind of neighbour before it: a letter of ASCII, not ASCII, another."""

    costs: dict[str, float]
    before: tuple[float, float, float]


class Legacy(NamedTuple):
    """The likeliest encoding (Python's codec), and by how much its text is likelier than others (natural logarithm).

    `lead` is that over every other text; `over_western` that over the text of ISO-8859-1 or Windows-1252.
    """

    codec: str
    lead: float
    over_western: float

    @property
    def clear(self) -> bool:
        """Whether no other encoding comes near."""
        return self.lead >= _LEAD


@cache
def _languages() -> dict[str, _Language]:
    found = {}
    for name, row in json.loads(MODEL.read_text("utf-8")).items():
        total = row["total"]
        costs = {
            character: -math.log(0.85 * count / total)
            for character, count in zip(row["characters"], row["counts"], strict=True)
        }
        for sign in _SIGNS:
            costs[sign] = min(costs.get(sign, _NEVER), 9.0)
        seen = sum(row["before"]) + 30
        before = tuple(-math.log((count + 10) / seen) for count in row["before"])
        found[name] = _Language(costs, (before[0], before[1], before[2]))
    found[_MIXED] = _mixed([found[name] for name in _WESTERN])
    return found


def _mixed(languages: list[_Language]) -> _Language:
    """Return what names of several Western countries cost beside each other: all letters, the commoner ones less."""
    letters = [chr(code) for code in range(0xC0, 0x100) if code not in (0xD7, 0xF7)]
    costs = dict(languages[0].costs)
    for letter in letters:
        common = sum(math.exp(-language.costs.get(letter, _NEVER)) for language in languages) / len(languages)
        costs[letter] = -math.log(0.7 * common + 0.25 / len(letters))
    return _Language(costs, (0.4, 1.8, 1.8))


@lru_cache(maxsize=20_000)
def _cost(language: str, character: str) -> float:
    """Return what a character costs in a language: as counted, or by the class that its standard puts it in."""
    known = _languages()[language].costs.get(character)
    if known is not None:
        return known
    code = ord(character)
    if code < 0xA0 or 0xE000 <= code <= 0xF8FF or code == 0xFFFD:
        return _NEVER
    of_class = _CLASSES.get(language)
    return _RARE if of_class is None else of_class(character)


def _bytes_of(character: str, codec: str) -> bytes:
    try:
        return character.encode(codec)
    except UnicodeEncodeError:
        return b""


def _share(share: float, members: int) -> float:
    return -math.log(share / members)


def _japanese(character: str) -> float:
    code = _bytes_of(character, "euc_jp")
    if 0xFF61 <= ord(character) <= 0xFF9F:
        return _share(0.0005, 63)
    if len(code) != 2:
        return _NEVER / 1.5
    if code[0] >= 0xD0:
        return _share(0.004, 3390)
    return _share(0.12, 2965) if code[0] >= 0xB0 else _share(0.01, 500)


def _simplified(character: str) -> float:
    code = _bytes_of(character, "gb2312")
    if len(code) != 2:
        return _NEVER / 1.5
    if code[0] >= 0xD8:
        return _share(0.006, 3008)
    return _share(0.13, 3755) if code[0] >= 0xB0 else _share(0.003, 600)


def _traditional(character: str) -> float:
    code = _bytes_of(character, "big5")
    if len(code) != 2:
        return _NEVER / 1.5
    if code[0] >= 0xC9:
        return _share(0.004, 7652)
    return _share(0.13, 5401) if code[0] >= 0xA4 else _share(0.003, 400)


def _korean(character: str) -> float:
    code = _bytes_of(character, "euc_kr")
    if len(code) != 2:
        return _share(0.001, 8822) if "가" <= character <= "힣" else _NEVER / 1.5
    if code[0] >= 0xCA:
        return _share(0.002, 4888)
    return _share(0.13, 2350) if code[0] >= 0xB0 else _share(0.003, 600)


_CLASSES: Final = {"ja": _japanese, "zh_Hans": _simplified, "zh_Hant": _traditional, "ko": _korean}


@cache
def _single() -> tuple[list[str], np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any], list[str]]:
    """Return for each single-byte encoding and language: codec, cost of each high byte and of its neighbours, prior."""
    codecs, costs, before, priors, tables = [], [], [], [], []
    for codec, languages, prior in _SINGLE:
        table = bytes(range(128, 256)).decode(codec, "replace")
        for language in languages:
            codecs.append(codec)
            tables.append(table)
            costs.append([_cost(language, character) for character in table])
            before.append(_languages()[language].before)
            priors.append(prior)
    return codecs, np.array(costs), np.array(before), np.array(priors), tables


class _Text(NamedTuple):
    """A text that the bytes may be: its codec, its cost, that of one of its characters, and what tells it apart."""

    cost: float
    each: float
    codec: str
    text: str
    wide: bool


def _single_byte_texts(sample: bytes) -> Iterator[_Text]:
    codecs, costs, before, priors, tables = _single()
    data = np.frombuffer(sample, np.uint8)
    high = data >= 128
    histogram = np.bincount(data[high] - 128, minlength=128)
    number = int(histogram.sum())
    earlier = np.concatenate([[np.uint8(32)], data[:-1]])[high]
    lower = earlier | 32
    letters = int(((lower >= 97) & (lower <= 122) & (earlier < 128)).sum())
    after = int((earlier >= 128).sum())
    neighbours = np.array([letters, after, number - letters - after])
    each = costs @ histogram + before @ neighbours
    total = each + priors + _ASCII_COST * (len(sample) - number)
    used = np.flatnonzero(histogram)
    for row in np.argsort(total, kind="stable"):
        said = "".join(tables[row][position] for position in used)
        yield _Text(float(total[row]), float(each[row]) / number, codecs[row], said, wide=False)


def _multibyte_texts(sample: bytes) -> Iterator[_Text]:
    for codec, language, prior in _MULTIBYTE:
        try:
            text = codecs.getincrementaldecoder(codec)().decode(sample)
        except UnicodeDecodeError:
            continue
        runs = _NOT_ASCII.findall(text)
        counted = Counter("".join(runs))
        number = counted.total()
        if number == 0:
            continue
        letters = len(_AFTER_LETTER.findall(text))
        before = _languages()[language].before
        each = sum(times * _cost(language, character) for character, times in counted.items())
        each += before[0] * letters + before[1] * (number - len(runs)) + before[2] * (len(runs) - letters)
        yield _Text(each + prior + _ASCII_COST * (len(text) - number), each / number, codec, "".join(runs), wide=True)


def is_written(text: str, language: str) -> bool:
    """Return whether `text` has characters over U+007F and they are such as people write in `language`."""
    characters = "".join(_NOT_ASCII.findall(text[:100_000]))
    return bool(characters) and sum(_cost(language, c) for c in characters) <= _MOST_COST_WIDE * len(characters)


def judge(sample: bytes) -> Legacy | None:
    """Return the encoding that makes `sample` (some whole characters) the likeliest text; None where none makes one.

    `sample` has bytes over 127. Two encodings that give the same text are one: the first of them counts.
    """
    texts = [*_multibyte_texts(sample), *_single_byte_texts(sample)]
    best = min(texts, key=lambda found: found.cost)
    if best.each > (_MOST_COST_WIDE if best.wide else _MOST_COST):
        return None
    family = _FAMILIES.get(best.codec, best.codec)
    others = (t.cost for t in texts if t.text != best.text and _FAMILIES.get(t.codec, t.codec) != family)
    western = min(found.cost for found in texts if found.codec in ("latin_1", "cp1252"))
    return Legacy(best.codec, min(others, default=math.inf) - best.cost, western - best.cost)
