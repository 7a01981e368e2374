"""What kind of thing a question asks for, and whether a span is of that kind: a number, an option, an exception, ...

"Which exception does it raise?" is answered by a name such as `KeyError` and hardly by a sentence. Knows English words
and the spelling of names in code; knows no reader and no files.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_NUMBER = r"\d[\d_.,]*(?:\s*(?:[kKMG]i?B|B|bytes?|seconds?|minutes?|hours?|days?|ms|%))?"
_COUNT = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|once|twice|zero|none|unlimited)"
_NAME = r"[A-Za-z_]\w*"


class _Kind(NamedTuple):
    """How questions ask for a kind, and how spans of it are spelled, the likeliest spelling first."""

    asks: re.Pattern[str]
    spelled: tuple[re.Pattern[str], ...]


def _kind(asks: str, *spelled: str) -> _Kind:
    return _Kind(
        re.compile(rf"(?<![\w-])(?:{asks})(?![\w-])" if asks else "", re.IGNORECASE),
        tuple(re.compile(rf"(?:{one})\Z") for one in spelled),
    )


_UPPER = r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+_?"
_CALL = rf"@?(?:{_NAME}\.)*{_NAME}(?:\(.*\))?"
#: The first whose words are among those that are asked with.
_KINDS: Final = (
    _kind(r"environment variables?|env vars?", _UPPER, r"[A-Z][A-Z0-9_]{2,}"),
    _kind(
        r"how (?:many|much|long|often|large|big|deep|high|old|far|wide|soon|tall)|port|number|limit|size|timeout|"
        r"status|code|percent\w*|age|seconds",
        _NUMBER,
        rf"(?:\S+ ){{0,3}}(?:{_NUMBER}|{_COUNT})(?:\s\S+){{0,2}}",
        r".*\d.*",
    ),
    _kind(r"versions?|releases?|since when", r"(?:v|version )?\d+(?:\.\w+)+", r"\d+"),
    _kind(
        r"exceptions?|errors?|warnings?",
        r"(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Warning|Exit|Interrupt)",
        r"(?:\w+\.)*[A-Z][a-z]\w*",
    ),
    _kind(
        r"options?|flags?|switch(?:es)?",
        r"--?[A-Za-z][\w-]*(?:[ =]\S+)?",
        r"[a-z]\w*(?:[_-]\w+)+",
        rf"{_UPPER}|{_CALL}",
    ),
    _kind(
        r"settings?|keys?|config\w*|fields?|entry|entries|tables?|sections?",
        rf"{_UPPER}|[\w-]+(?:[_.-]\w+)+(?:=\S+)?",
        rf"\[?(?:{_NAME}[.:-])*{_NAME}\]?(?:=\S+)?",
    ),
    _kind(r"class(?:es)?|base class|interface", r"(?:\w+\.)*[A-Z][a-z]\w*", _CALL),
    _kind(
        r"functions?|methods?|decorators?|helpers?|hooks?|fixtures?|filters?|callbacks?|validators?|processors?",
        rf"@?(?:{_NAME}\.)+{_NAME}(?:\(\))?|@?[a-z]\w*_\w+(?:\(\))?|@?\w+\(\)",
        _CALL,
    ),
    _kind(
        r"arguments?|parameters?|attributes?|propert(?:y|ies)|variables?|constants?|keywords?|markers?",
        r"\w*[a-z]_\w+(?:=\S+)?|\w+=\S+",
        _CALL,
        r"[A-Z][A-Z0-9_]+",
    ),
    _kind(
        r"files?|director(?:y|ies)|folders?|paths?|extension",
        r"[~./\w{}-]*(?:/[\w.{}-]+)+/?|\.?[\w-]+\.[a-z]\w{0,5}|\.\w+",
        r"[\w./~-]+",
    ),
    _kind(
        r"packages?|librar(?:y|ies)|modules?|programs?|tools?|commands?|plugins?",
        r"[A-Za-z][\w.-]*(?: [a-z][\w-]*)?",
        r"\S+(?: \S+){1,2}",
    ),
    _kind(r"how|why|when|happens?|where", r"\S+(?:\s+\S+)+", r"\S+"),
    _kind(r"", r"\S{1,40}", r"\S+\s\S+"),
)
#: Kinds that are phrases, or whatever else.
_ANYTHING: Final = (len(_KINDS) - 2, len(_KINDS) - 1)
#: What may stand beside a word and is none of it.
_SIGNS: Final = "\"'`*.,;:()[]"
#: What a question asks with: the words after "which" and up to the next that joins or is a common verb.
_ASKS: Final = re.compile(
    r"\b(?:which|what)\s+((?:(?!(?:of|in|to|for|from|on|at|by|with|does|do|did|is|are|was|were|has|have|can|may|must|"
    r"should|will|that|when|if)\b)\S+\s+){1,4})|\b(how \w+|how|why|when|where|what happens)\b",
    re.IGNORECASE,
)


def asked_for(question: str) -> int:
    """Return the number of the kind that a question asks for."""
    asks = _ASKS.search(question)
    words = (asks[1] or asks[2]) if asks else ""
    return next(number for number, kind in enumerate(_KINDS) if kind.asks.search(words))


def fits(kind: int, span: str) -> float:
    """Return 0 to 1: 1 where a span is spelled as most answers of its kind are, 0 where as none is."""
    plain = span.strip("\"'`*“”‘’ ")
    for place, spelled in enumerate(_KINDS[kind].spelled):
        if spelled.match(plain):
            return (1.0, 0.5, 0.2)[place]
    return 0.0


def best_fit(kind: int, text: str) -> float:
    """Return how well the word of a text fits that fits best; 0.5 for a kind that hardly any word or every word is."""
    if kind in _ANYTHING:
        return 0.5
    return max((fits(kind, word.strip(_SIGNS)) for word in set(text.split())), default=0.0)
