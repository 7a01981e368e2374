"""Which repositories a question names. Knows origins alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from drystone.search import _kernel
from drystone.search.questions.words import asking

#: At the end of an origin: what is no name (`==1.2.3`, `@v1`, `.git`, `-1.2.3.tar.gz`).
_AFTER: Final = re.compile(r"(?:==|@|\.git$|-v?\d+\.\d).*")
_OWN: Final = re.compile(r"['’]s\b")
_WORD: Final = re.compile(r"\w[\w.-]*(?:['’]s\b)?")


def name_of(origin: str) -> str:
    """Return the name of a repository, in small letters and with `-` between words: of `pypi:Foo_bar==1.2` foo-bar."""
    last = re.split(r"[/:]", origin.rstrip("/"))[-1]
    return _dashed(_AFTER.sub("", last))


def named(question: str, origins: Iterable[str]) -> tuple[frozenset[str], str]:
    """Return the origins whose names are in a question, and the question without those names.

    Where nothing else is asked with, the question stays whole.
    """
    known: dict[str, list[str]] = {}
    for origin in origins:
        if len(name := name_of(origin)) > 1:
            known.setdefault(name, []).append(origin)
    words = [(_dashed(_OWN.sub("", match[0])).strip("-"), match.span()) for match in _WORD.finditer(question)]
    found: set[str] = set()
    rest, at = [], 0
    while at < len(words):
        for count in (3, 2, 1):
            name = "-".join(word for word, _ in words[at : at + count])
            if name in known and at + count <= len(words):
                found.update(known[name])
                break
        else:
            count = 1
            rest.append(question[slice(*words[at][1])])
        at += count
    left = " ".join(rest)
    keys = set(_kernel.terms(left.encode()).tolist()) - set(asking().tolist())
    return frozenset(found), left if found and keys else question


def _dashed(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text.casefold())
