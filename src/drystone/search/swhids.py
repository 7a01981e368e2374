"""Identifiers of lines of files: SWHIDs with origin, path and lines. Knows no index."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from drystone.identity.swhid import Swhid

#: Paths that a qualifier of a SWHID holds as they are.
_PLAIN: Final = re.compile(r"/[A-Za-z0-9/._-]*\Z")


def swhid_of(value: Callable[[str, int], Any], file: int, lines: tuple[int, int] | None) -> str:
    """Return the identifier of lines of a file. Of thousands of files most share their origin, and few need escapes."""
    name, path = f"swh:1:cnt:{value('swhid', file).hex()}", value("path", file)
    if origin := value("origin", file):
        name += _qualifier(origin=origin)
    name += f";path={path}" if _PLAIN.match(path) else _qualifier(path=path)
    return name if lines is None else f"{name};lines={lines[0] if lines[0] == lines[1] else f'{lines[0]}-{lines[1]}'}"


@lru_cache(maxsize=4096)
def _qualifier(origin: str | None = None, path: str | None = None) -> str:
    whole = str(Swhid("cnt", "0" * 40, origin=origin, path=None if path is None else (path or "/").encode()))
    return whole.removeprefix(f"swh:1:cnt:{'0' * 40}")
