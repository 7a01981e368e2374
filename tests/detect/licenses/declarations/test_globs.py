"""Patterns of REUSE.toml and DEP-5: what each special character means, and that hostile ones take no time."""

from __future__ import annotations

import time

import pytest

from drystone.detect.licenses.annotation import Globs
from drystone.detect.licenses.declarations.globs import MAX_PATTERN, compiled

PATHS = ("a.py", "a/b.py", "a/b/c.py", "a/b/c/d.txt", "st*r.txt", "star.txt", "q?.txt", "qq.txt")


@pytest.mark.parametrize(
    ("globs", "pattern", "wanted"),
    [
        ("reuse", "*", "a.py st*r.txt star.txt q?.txt qq.txt"),
        ("reuse", "**", " ".join(PATHS)),
        ("reuse", "*.py", "a.py"),
        ("reuse", "**/*.py", "a.py a/b.py a/b/c.py"),
        ("reuse", "a/*", "a/b.py"),
        ("reuse", "a/**", "a/b.py a/b/c.py a/b/c/d.txt"),
        ("reuse", "st\\*r.txt", "st*r.txt"),
        ("reuse", "q?.txt", "q?.txt"),
        ("reuse", "[a].py", ""),
        ("reuse", "a", ""),
        ("debian", "*.py", "a.py a/b.py a/b/c.py"),
        ("debian", "./a/*", "a/b.py a/b/c.py a/b/c/d.txt"),
        ("debian", "q?.txt", "q?.txt qq.txt"),
        ("debian", "q\\?.txt", "q?.txt"),
    ],
)
def test_what_a_pattern_matches(globs: Globs, pattern: str, wanted: str) -> None:
    regex = compiled(pattern, globs)
    assert [path for path in PATHS if regex.fullmatch(path)] == wanted.split()


def test_hostile_patterns() -> None:
    assert compiled("a" * (MAX_PATTERN + 1), "reuse") is None
    started = time.process_time()
    regex = compiled("*a" * 200 + "b", "debian")
    assert regex is None or not regex.fullmatch("a" * 4000)
    assert time.process_time() - started < 2
