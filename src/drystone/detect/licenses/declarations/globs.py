"""Patterns of paths as REUSE.toml and Debian copyright files write them, compiled to run in linear time.

Knows nothing of licences.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import re2

from drystone.detect.licenses.annotation import Globs

#: A longer pattern is hostile; no path is that long.
MAX_PATTERN: Final = 4096


@lru_cache(maxsize=10_000)
def compiled(pattern: str, globs: Globs) -> Any:
    """Return the pattern as an RE2 expression whose `fullmatch` takes a relative path, or None where it is too long.

    "reuse" (REUSE specification 3.3, section REUSE.toml): `*` matches all but slashes, `**` matches all, with the
    slashes behind it. "debian" (DEP-5): `*` matches all, `?` one character. A backslash takes the next character as it
    is. Nothing else is special.
    """
    if len(pattern) > MAX_PATTERN:
        return None
    options = re2.Options()
    options.dot_nl = True
    options.log_errors = False
    try:
        return re2.compile((_reuse if globs == "reuse" else _debian)(pattern), options)
    except re2.error:
        return None


def _reuse(pattern: str) -> str:
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\" and at + 1 < len(pattern):
            parts.append(re2.escape(pattern[at + 1]))
            at += 2
        elif char == "*":
            stop = at
            while stop < len(pattern) and pattern[stop] == "*":
                stop += 1
            if stop - at > 1:
                parts.append(".*")
                while stop < len(pattern) and pattern[stop] == "/":
                    stop += 1
            else:
                parts.append("[^/]*")
            at = stop
        else:
            parts.append(re2.escape(char))
            at += 1
    return "".join(parts)


def _debian(pattern: str) -> str:
    parts: list[str] = []
    escaped = False
    for char in pattern.removeprefix("./"):
        if not escaped and char == "\\":
            escaped = True
            continue
        special = "" if escaped else {"*": ".*", "?": "."}.get(char, "")
        parts.append(special or re2.escape(char))
        escaped = False
    return "".join(parts)
