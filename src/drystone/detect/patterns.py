"""Many regular expressions over one text in one pass that is linear in the text (Hyperscan).

Compiled databases are kept in the user's cache, so that each of a build's processes need not compile them: one that is
missing, damaged, from another processor or another Hyperscan is compiled anew. Knows nothing of what patterns mean.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import hyperscan

from drystone.work.files import whole

_DIGEST: Final = 32
_FLAGS: Final = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_ALLOWEMPTY


def cache_folder() -> Path:
    """Return the folder of compiled databases: below $DRYSTONE_HOME, else below drystone in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("DRYSTONE_HOME") or Path(base) / "drystone") / "patterns"


@cache
def _version() -> str:
    """Return Hyperscan's version; reading a package's metadata takes milliseconds."""
    return metadata.version("hyperscan")


def compiled(expressions: Sequence[bytes], ids: Sequence[int], flags: int) -> Any:
    """Return a block-mode `hyperscan.Database` over `expressions`, each reported by its id, with its own scratch.

    The same `flags` (HS_FLAG_*) hold for all. Raises `hyperscan.HyperscanError` for an expression that is none.
    """
    key = hashlib.sha256(repr((_version(), list(expressions), list(ids), flags)).encode()).hexdigest()
    try:
        path = cache_folder() / key
    except RuntimeError:  # a user without a home
        path = None
    if path is not None and (kept := _load(path)) is not None:
        return kept
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(expressions=list(expressions), ids=list(ids), flags=[flags] * len(expressions))
    if path is not None:
        _keep(path, hyperscan.dumpb(database))
    return database


def _load(path: Path) -> Any:
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if hashlib.sha256(data[_DIGEST:]).digest() != data[:_DIGEST]:
        return None
    try:
        database = hyperscan.loadb(data[_DIGEST:], hyperscan.HS_MODE_BLOCK)
        database.scratch = hyperscan.Scratch(database)
    except hyperscan.HyperscanError:
        return None
    return database


def _keep(path: Path, data: bytes) -> None:
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with whole(path, durable=False) as partial:
            partial.write_bytes(hashlib.sha256(data).digest() + data)


def unnamed(pattern: str) -> str:
    """Return a pattern of `re` without the names of its groups, which Hyperscan does not take."""
    return re.sub(r"\(\?P<\w+>", "(?:", pattern)


class PatternSet:
    """Compiled patterns, safe to share between threads. With `lines`, `^` and `$` are also ends of lines.

    Offsets are not asked for, so that a hostile text cannot flood the caller.
    """

    def __init__(self, patterns: Sequence[str], *, lines: bool) -> None:
        flags = _FLAGS | (hyperscan.HS_FLAG_MULTILINE if lines else 0)
        self._database = compiled([p.encode() for p in patterns], range(len(patterns)), flags)
        self._local = threading.local()

    def matching(self, data: bytes) -> set[int]:
        """Return the positions of the patterns that match somewhere in `data`."""
        found: set[int] = set()
        self._database.scan(
            data, match_event_handler=lambda i, *_: found.add(i), scratch=_scratch(self._local, self._database)
        )
        return found


class PatternEnds:
    """Compiled patterns whose places are asked for, safe to share between threads.

    For texts of bounded length: there may be a match of each pattern at each byte.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._database = compiled([p.encode() for p in patterns], range(len(patterns)), 0)
        self._local = threading.local()

    def ends(self, data: bytes) -> list[int]:
        """Return the offsets in `data` behind all matches, in order, each once."""
        found: set[int] = set()
        self._database.scan(
            data,
            match_event_handler=lambda _, __, end, *___: found.add(end),
            scratch=_scratch(self._local, self._database),
        )
        return sorted(found)


def _scratch(local: threading.local, database: Any) -> Any:
    """Return this thread's working memory, which may serve one scan at a time; a scan runs without the GIL."""
    scratch = getattr(local, "scratch", None)
    if scratch is None:
        scratch = local.scratch = hyperscan.Scratch(database)
    return scratch
