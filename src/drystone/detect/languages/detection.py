"""A file's language from its name and content: tables first, then markers, patterns, and a classifier.

Unknown is None; nothing is guessed where neither name nor content says enough.
"""

from __future__ import annotations

from collections.abc import Sequence

from drystone.detect.languages.heuristics import by_heuristics
from drystone.detect.languages.markers import RUNTIMES, SHELLS, by_modeline, by_shebang, by_signature
from drystone.detect.languages.names import base_name, by_name
from drystone.detect.languages.tables import languages


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
        if content[:2] != b"#!":
            return allowed[0]
        return _settled(allowed[0], content)
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
    for said in (by_shebang(content)[0], (mode,) if (mode := by_modeline(content)) else ()):
        both = tuple(name for name in said if name in allowed) if allowed else said
        if len(both) == 1:
            return both[0]
        if both:
            allowed = both
    if allowed:
        ruled = by_heuristics(extension, content)
        if len(ruled) == 1:
            return ruled[0]
        allowed = tuple(n for n in ruled if n in allowed) or allowed
    else:
        signed = by_signature(content)
        if signed:
            return signed
    return _enry(path, allowed, content)


def _enry(path, allowed, content):
    import enry
    return (enry.get_language(base_name(path), content) if path else None) or (allowed[0] if allowed else None)
