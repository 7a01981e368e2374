"""Bearer tokens: where they stand, and whether one holds. Knows no server."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable
from pathlib import Path

from drystone.errors import UsageError


def read_tokens(path: Path | None) -> frozenset[str]:
    """Return the tokens of a file, one a line, and of DRYSTONE_TOKENS, separated by commas.

    Raises `UsageError` for a file that holds none.
    """
    known = frozenset(t.strip() for t in os.environ.get("DRYSTONE_TOKENS", "").split(",") if t.strip())
    if path is not None:
        try:
            known |= {line.strip() for line in path.read_text("utf-8").splitlines() if line.strip()}
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{path}: cannot be read ({error})") from None
        if not known:
            raise UsageError(f"{path}: holds no token; a server without tokens is one without --tokens.")
    return known


def bears(tokens: Iterable[str], authorization: str) -> bool:
    """Return whether the header `Authorization` brings one of these tokens."""
    kind, _, given = authorization.partition(" ")
    return kind.lower() == "bearer" and holds(tokens, given)


def holds(tokens: Iterable[str], given: str) -> bool:
    """Return whether this is one of these tokens; how long that takes says nothing of them."""
    data = given.encode("utf-8", "surrogatepass")
    compared = [hmac.compare_digest(data, token.encode()) for token in tokens]
    return any(compared)
