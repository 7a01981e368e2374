"""How many may do the same thing at once: a seat is waited for a short while, then the request is refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from starlette.exceptions import HTTPException

#: Seconds that somebody waits for a seat.
_PATIENCE: Final = 2.0


class Seats:
    """Seats for `count` at a time; `what` they do, in words."""

    def __init__(self, count: int, what: str) -> None:
        self._free, self._what = threading.BoundedSemaphore(count), what

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold a seat. Raises 429 where none becomes free."""
        if not self._free.acquire(timeout=_PATIENCE):
            raise HTTPException(429, f"too many {self._what} at once; try again in a moment", {"Retry-After": "2"})
        try:
            yield
        finally:
            self._free.release()
