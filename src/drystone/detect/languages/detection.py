"""A file's language from its name and content: tables first, then what the file says, patterns, and likeness.

Every answer says what it rests on and how sure it is. Unknown is None: a guess that is not sure enough is no answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

from drystone.detect.languages.classifier import best_of, guess, knows
from drystone.detect.languages.heuristics import by_heuristics
from drystone.detect.languages.markers import (
    RUNTIMES,
    SHELLS,
    by_modeline,
    by_shebang,
    by_signature,
    is_json,
    is_metadata,
    is_prose,
)
from drystone.detect.languages.names import base_name, by_name
from drystone.detect.languages.names import extension as extension_of
from drystone.detect.languages.tables import languages

#: How sure is enough, unless a caller says otherwise. At this, about nine in ten guesses from content alone are right
#: on collections as they are, and one file in thirty that has no language gets one (docs/detection/languages.md).
ENOUGH: Final = 0.8

#: Shares of right answers on labelled files, by what they rest on.
_NAME: Final = 0.99
_SHEBANG: Final = 0.99
_MODELINE: Final = 0.97
_PATTERN: Final = 0.96
#: Of a choice by likeness among the languages that a name allows: where one is well ahead, and where not.
_CHOSEN: Final = 0.92
_CLOSE: Final = 0.82
_AHEAD: Final = 0.1
#: An extension that nobody knows is more often that of an unknown language than of one that has its own.
_UNKNOWN_EXTENSION: Final = 0.9


class LanguageAnnotation(NamedTuple):
    """What was found of a file's language: Linguist's name, what says so, and how sure that is (0 to 1).

    `evidence` is `name`, `shebang`, `modeline`, `pattern` or `content`; `content` is a guess from likeness. All three
    are None where not even a guess is possible. Whoever takes the answer decides how sure is enough.
    """

    language: str | None = None
    evidence: str | None = None
    confidence: float | None = None

    def settled(self, enough: float = ENOUGH) -> str | None:
        """Return the language if it is sure enough, else None."""
        # A table holds it with seven digits.
        return self.language if self.confidence is not None and self.confidence >= enough - 1e-6 else None


def detect_languages(paths: Sequence[str | None], contents: Sequence[bytes]) -> list[str | None]:
    """Return the language of each file, under Linguist's name, or None where it is not settled.

    `paths[i]` is a path or file name ("/" between parts) or None; `contents[i]` its text as UTF-8. Works in time
    linear in the number of files, and looks at no more than the first 50 KiB of any (1 MiB for JSON without a name).
    """
    return [detect_language(path, content) for path, content in zip(paths, contents, strict=True)]


def detect_language(path: str | None, content: bytes) -> str | None:
    """Return the language of one file; as `detect_languages`."""
    return annotate_language(path, content).settled()


def annotate_language(path: str | None, content: bytes) -> LanguageAnnotation:
    """Return the likeliest language of one file with evidence and confidence, however unsure it is."""
    allowed, extension = by_name(base_name(path)) if path else ((), "")
    if len(allowed) == 1:
        if content[:2] == b"#!":
            return _named_with_shebang(allowed[0], content)
        return _by_name(allowed[0])
    return _judged(path, allowed, extension, content)


@cache
def _by_name(language: str) -> LanguageAnnotation:
    return LanguageAnnotation(language, "name", _NAME)


def _named_with_shebang(named: str, content: bytes) -> LanguageAnnotation:
    """Let a shebang overrule an unambiguous name, unless its interpreter merely stands in front of that language."""
    said, program = by_shebang(content)
    stands_before = program in SHELLS and languages()[named].type == "programming"
    if len(said) != 1 or said[0] == named or program in RUNTIMES or stands_before:
        return _by_name(named)
    return LanguageAnnotation(said[0], "shebang", _SHEBANG)


def _judged(path: str | None, allowed: tuple[str, ...], extension: str, content: bytes) -> LanguageAnnotation:
    shebang, program = by_shebang(content)
    mode = by_modeline(content)
    for said, evidence, confidence in (
        (shebang, "shebang", _SHEBANG),
        ((mode,) if mode else (), "modeline", _MODELINE),
    ):
        both = tuple(name for name in said if name in allowed) if allowed else said
        if len(both) == 1:
            return LanguageAnnotation(both[0], evidence, confidence)
        allowed = both or allowed
    if shebang and allowed == shebang:
        # An interpreter of several languages; the first is meant unless the text looks like another.
        return LanguageAnnotation(_run_by(program, shebang, content), "shebang", _PATTERN)
    if not allowed and is_metadata(content):
        return LanguageAnnotation()
    if not allowed:
        signed = by_signature(content) or next(iter(by_heuristics(extension, content)), None)
        return LanguageAnnotation(signed, "pattern", _PATTERN) if signed else _guessed(path, content)
    ruled = by_heuristics(extension, content)
    if len(ruled) == 1:
        return LanguageAnnotation(ruled[0], "pattern", _PATTERN)
    return _likeliest(path, tuple(n for n in ruled if n in allowed) or allowed, content)


def _run_by(program: str, allowed: tuple[str, ...], content: bytes) -> str:
    usual = "TypeScript" if program == "deno" and "TypeScript" in allowed else allowed[0]
    language, confidence = guess(content, None)
    return language if language is not None and language in allowed and confidence >= ENOUGH else usual


def _likeliest(path: str | None, allowed: tuple[str, ...], content: bytes) -> LanguageAnnotation:
    if path and not all(map(knows, allowed)):
        # Likeness is unfair to a language that it has never seen.
        # Loaded late: its Go runtime starts threads, and no worker could be forked from a process with threads.
        import enry  # noqa: PLC0415

        said = enry.get_language(base_name(path), content)
        if said in allowed:
            return LanguageAnnotation(str(said), "content", _CLOSE)
    found, lead = best_of(allowed, content, path)
    return LanguageAnnotation(found or allowed[0], "content", _CHOSEN if lead >= _AHEAD else _CLOSE)


def _guessed(path: str | None, content: bytes) -> LanguageAnnotation:
    if is_prose(content):
        return LanguageAnnotation("Text", "pattern", _PATTERN)
    if is_json(content):
        return LanguageAnnotation("JSON", "pattern", _PATTERN)
    language, confidence = guess(content, path)
    if path and extension_of(base_name(path)):
        confidence = round(confidence * _UNKNOWN_EXTENSION, 3)
    return LanguageAnnotation(language, "content", confidence) if language else LanguageAnnotation()
