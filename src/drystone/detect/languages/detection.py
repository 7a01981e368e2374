"""A file's language from its name and content: tables first, then what the file says, patterns, and likeness.

Unknown is None; nothing is guessed where neither name nor content says enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from drystone.detect.languages.classifier import best_of, guess, knows
from drystone.detect.languages.heuristics import by_heuristics
from drystone.detect.languages.markers import RUNTIMES, SHELLS, by_modeline, by_shebang, by_signature, is_prose
from drystone.detect.languages.names import base_name, by_name
from drystone.detect.languages.tables import languages

#: A guess from content alone must lead the second by this share of its score. On the labelled files it is right for
#: about three in four of those that do, and for one in four of the others (docs/detection/languages.md).
_LEAD: Final = 0.03


def detect_languages(paths: Sequence[str | None], contents: Sequence[bytes]) -> list[str | None]:
    """Return the language of each file, under Linguist's name, or None where it is unknown.

    `paths[i]` is a path or file name ("/" between parts) or None; `contents[i]` its text as UTF-8. Works in time
    linear in the number of files, and looks at no more than the first 50 KiB of any.
    """
    return [detect_language(path, content) for path, content in zip(paths, contents, strict=True)]


def detect_language(path: str | None, content: bytes) -> str | None:
    """Return the language of one file; as `detect_languages`."""
    allowed, extension = by_name(base_name(path)) if path else ((), "")
    if len(allowed) == 1:
        return allowed[0] if content[:2] != b"#!" else _settled(allowed[0], content)
    return _judged(path, allowed, extension, content)


def _settled(named: str, content: bytes) -> str:
    """Let a shebang overrule an unambiguous name, unless its interpreter merely stands in front of that language."""
    said, program = by_shebang(content)
    if not said or named in said or program in RUNTIMES:
        return named
    if languages()[named].type == "programming" and program in SHELLS:
        return named
    return said[0] if len(said) == 1 else named


def _judged(path: str | None, allowed: tuple[str, ...], extension: str, content: bytes) -> str | None:
    shebang, _ = by_shebang(content)
    mode = by_modeline(content)
    for said in (shebang, (mode,) if mode else ()):
        both = tuple(name for name in said if name in allowed) if allowed else said
        if len(both) == 1:
            return both[0]
        allowed = both or allowed
    if not allowed:
        return by_signature(content) or _guessed(path, content)
    ruled = by_heuristics(extension, content)
    if len(ruled) == 1:
        return ruled[0]
    return _likeliest(path, tuple(n for n in ruled if n in allowed) or allowed, content)


def _likeliest(path: str | None, allowed: tuple[str, ...], content: bytes) -> str | None:
    if path and not all(map(knows, allowed)):
        # Likeness is unfair to a language that it has never seen.
        # Loaded late: its Go runtime starts threads, and no worker could be forked from a process with threads.
        import enry  # noqa: PLC0415

        said = enry.get_language(base_name(path), content)
        if said in allowed:
            return str(said)
    return best_of(allowed, content, path) or allowed[0]


def _guessed(path: str | None, content: bytes) -> str | None:
    if is_prose(content):
        return "Text"
    language, lead = guess(content, path)
    return language if lead >= _LEAD else None
