"""Questions out of a name and what is said of it: "--limit: Most rows to print." asks for either by the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

#: Words of what is said that a question or an answer may have.
_FEW, _MANY = 3, 18
#: A line that ends so goes on in the next.
_OPEN_ENDED: Final = re.compile(
    r"\b(?:an?|the|of|for|to|in|on|at|by|with|from|and|or|as|is|are|be|was|that|this|these|which|its|if|when|not)$"
)
_SECOND: Final = re.compile(r"^(?:If|When) (?:this is )?(?:set|true|given|enabled|specified|``?True``?)[^,]*, ")
_WHETHER: Final = re.compile(r"^(?:[Ww]hether(?: or not)?|[Ff]lag (?:to|that|for)) ")
_THIRD: Final = re.compile(r"^[A-Z][a-z]+s ")
_NOUN: Final = re.compile(
    r"^(?:The|A|An|All|Any|List|Dict|Dictionary|Name|Path|Number|Maximum|Minimum|Size|Length|Amount|Time|Default|"
    r"Location|URL|Optional|Array|String|Integer|Directory|File|Type|Tuple|Mapping|Object|Callable|Set|Sequence) "
)
_ORDER: Final = re.compile(
    r"^(?!If|When|For|In|On|By|As|At|With|From|Like|See|Note|This|Is|Are|Only|Not)[A-Z][a-z]+ "
    r"(?:the|an?|all|any|to|only|no|not|more|each|every|this|these|it)\b"
)
_DEFAULT: Final = re.compile(
    r"(?:[Dd]efaults? (?:value )?(?:is|to|are|of)|[Dd]efault:|,? default[ =:]|\(default:?|by default,?) ?"
    r"(?P<value>``[^`]+``|`[^`]+`|\"[^\"]*\"|'[^']*'|[-\w.*/]+(?: (?:seconds?|bytes|minutes|days|MB|KB|milliseconds))?)"
)


class AskedFact(NamedTuple):
    """A question, and the characters of a text that answer it; `hide` are characters that would give it away."""

    question: str
    start: int
    end: int
    hide: tuple[tuple[int, int], ...] = ()


def about(name: str, kind: str, at: tuple[int, int], said: str, said_at: tuple[int, int]) -> Iterator[AskedFact]:
    """Yield questions for a name by what is said of it, for what is said by the name, and for its default."""
    name = name.strip("*` :,")
    low = at[0] + (at[1] - at[0] - len(name)) // 2 if len(name) != at[1] - at[0] else at[0]
    words = clause(said)
    if not words or not any(c.isalpha() for c in name):
        return
    kind = kind or ("option" if name.startswith("-") else "environment variable" if _is_variable(name) else "name")
    question = _asks_for(words, "setting" if kind == "name" else kind)
    # Either question alone would learn one direction of it; which comes first is the name's own accident.
    if question and name.lower() not in question.lower():
        yield AskedFact(question, low, low + len(name))
    if len(name) % 2 and len(words.split()) <= _MANY - 4:
        asks = f"What is {name}?" if _NOUN.match(words) else f"What does {name} do?"
        yield AskedFact(asks, said_at[0], said_at[0] + len(words))
    if known := default_of(said):
        yield AskedFact(f"What is the default of {name}?", said_at[0] + known[0], said_at[0] + known[1])


def clause(said: str) -> str:
    """Return the first sentence of what is said, or its first part where that is long; empty where it says nothing."""
    first = re.split(r"(?<=[^.\s]{2})\.(?=\s|$)|[;:(]| [-–—] |,? [Dd]efaults?\b", said.strip(), maxsplit=1)[0].strip()
    words = first.split()
    if len(words) > _MANY:
        first = first.split(",", 1)[0].strip()
        words = first.split()
    spoken = sum(word.strip(",'").isalpha() for word in words)
    if not _FEW <= len(words) <= _MANY or spoken < 0.6 * len(words) or _OPEN_ENDED.search(first):
        return ""
    return first


def default_of(said: str) -> tuple[int, int] | None:
    """Return the characters of the default that is named in what is said of something."""
    match = _DEFAULT.search(said)
    if match is None:
        return None
    value = match["value"]
    bare = value.strip("`\"'").rstrip(".")
    low = match.start("value") + (value.find(bare) if bare else 0)
    return (low, low + len(bare)) if bare and bare not in {"the", "a", "an", "to", "is"} else None


def _asks_for(words: str, kind: str) -> str:
    """Return a question for the name of what does this."""
    plain = re.sub(r"[`*]", "", words).rstrip(".,")
    small = plain[0].lower() + plain[1:] if plain[1:2].islower() or plain[1:2] == " " else plain
    if (match := _SECOND.match(plain)) and len(plain) > match.end():
        return f"Which {kind} makes it so that {plain[match.end() :]}?"
    if match := _WHETHER.match(plain):
        return f"Which {kind} says whether {plain[match.end() :]}?"
    if _NOUN.match(plain):
        return f"Which {kind} is {small}?"
    if _THIRD.match(plain):
        return f"Which {kind} {small}?"
    if _ORDER.match(plain):
        return f"How do I {small}?"
    return ""


def _is_variable(name: str) -> bool:
    return bool(re.fullmatch(r"[A-Z][A-Z0-9]*_[A-Z0-9_]+", name))
