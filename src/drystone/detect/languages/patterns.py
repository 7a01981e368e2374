"""Many regular expressions over one text in one pass that is linear in the text (Hyperscan).

Knows nothing of what the patterns mean. Offsets are not asked for, so that a hostile text cannot flood the caller.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import hyperscan

_FLAGS = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_ALLOWEMPTY


class PatternSet:
    """Compiled patterns, safe to share between threads. With `lines`, `^` and `$` are also ends of lines."""

    def __init__(self, patterns: Sequence[str], *, lines: bool) -> None:
        flags = _FLAGS | (hyperscan.HS_FLAG_MULTILINE if lines else 0)
        self._database = hyperscan.Database()
        self._database.compile(
            expressions=[p.encode() for p in patterns],
            ids=list(range(len(patterns))),
            flags=[flags] * len(patterns),
        )
        self._local = threading.local()

    def matching(self, data: bytes) -> set[int]:
        """Return the positions of the patterns that match somewhere in `data`."""
        # Hyperscan's working memory may serve one scan at a time, and a scan runs without the GIL.
        scratch = getattr(self._local, "scratch", None)
        if scratch is None:
            scratch = self._local.scratch = hyperscan.Scratch(self._database)
        found: set[int] = set()
        self._database.scan(data, match_event_handler=lambda i, *_: found.add(i), scratch=scratch)
        return found
