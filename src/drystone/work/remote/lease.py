"""One holder of a place in an object store at a time, found out by an object that its holder writes again and again.

Ages are told by the store's clock alone, so that hosts whose clocks differ agree. Knows nothing of what is done there.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import orjson

from drystone.errors import BuildError
from drystone.work.remote.objects import Objects, host

#: Seconds between writes of a holder, and after how many without one it counts as gone.
_EVERY: Final = 15.0
_GONE: Final = 60.0
#: Seconds for which one that took over a place waits whether another did the same at the same time.
_AFTER: Final = 1.0
#: Seconds for which the end of a holder waits for a write of its own that is under way.
_LAST: Final = 15.0


class Lease:
    """A place that this process holds; `check` raises `BuildError` once another has taken it over."""

    def __init__(self, objects: Objects, name: str) -> None:
        self._objects, self._name = objects, name
        self._token = secrets.token_hex(8)
        self._data = orjson.dumps({"host": host(), "process": os.getpid(), "token": self._token})
        self._ended = threading.Event()
        self._lost = ""
        self._renewed = time.monotonic()

    def check(self) -> None:
        """Raise where the place is no longer held."""
        if self._lost:
            raise BuildError(self._lost)
        silent = time.monotonic() - self._renewed
        if silent > _GONE:
            raise BuildError(
                f"{self._objects.name}: for {silent:.0f} seconds it could not be said that a build is at work here, so "
                "that others may have begun; give the command again, it goes on from here"
            )

    def _take(self) -> None:
        found = self._objects.read(self._name)
        if found is not None:
            self._refuse_living(found)
            self._objects.remove([self._name])
        if not self._objects.create(self._name, self._data):
            self._refuse_living(self._objects.read(self._name) or b"")
            raise self._busy(self._objects.read(self._name) or b"", _GONE)
        if found is not None:
            self._ended.wait(_AFTER)
            now = self._objects.read(self._name)
            if now != self._data:
                raise self._busy(now or b"", _GONE)

    def _refuse_living(self, found: bytes) -> None:
        """Raise where the holder may still be at work."""
        holder = _told(found)
        if holder.get("host") == host() and not _runs(holder.get("process")):
            return
        probe = f"{self._name}-{self._token}"
        self._objects.write(probe, b"")
        try:
            now, then = self._objects.changed(probe), self._objects.changed(self._name)
        finally:
            self._objects.remove([probe])
        age = (now - then).total_seconds() if now is not None and then is not None else 0.0
        if age < _GONE:
            raise self._busy(found, _GONE - age)

    def _busy(self, found: bytes, left: float) -> BuildError:
        holder = _told(found)
        who = f"host {holder.get('host', 'unknown')}, process {holder.get('process', 'unknown')}"
        return BuildError(
            f"{self._objects.name}: another build is at work here ({who}); wait for it, or choose another output. "
            f"Where it has ended without a word, the place is free in {max(1, round(left))} seconds"
        )

    def _hold(self) -> None:
        while not self._ended.wait(_EVERY):
            with suppress(BuildError):  # a store that does not answer now may do so the next time
                now = self._objects.read(self._name)
                if now is not None and now != self._data:
                    holder = _told(now)
                    self._lost = (
                        f"{self._objects.name}: host {holder.get('host', 'unknown')} has taken this place over, since "
                        "this one did not answer for a while; give the command again when that build has ended"
                    )
                    return
                begun = time.monotonic()
                self._objects.write(self._name, self._data)
                self._renewed = begun

    def _release(self, holding: threading.Thread) -> None:
        self._ended.set()
        holding.join(_LAST)  # or else it may write once more what is removed here
        with suppress(BuildError):
            if not self._lost and self._objects.read(self._name) == self._data:
                self._objects.remove([self._name])


@contextmanager
def held(objects: Objects, name: str) -> Iterator[Lease]:
    """Hold a place against others. Raises `BuildError` naming who is at work there."""
    lease = Lease(objects, name)
    lease._take()
    lease._renewed = time.monotonic()
    holding = threading.Thread(target=lease._hold, daemon=True)
    holding.start()
    try:
        yield lease
    finally:
        lease._release(holding)


def _told(data: bytes) -> dict[str, object]:
    with suppress(orjson.JSONDecodeError):
        found = orjson.loads(data)
        if isinstance(found, dict):
            return found
    return {}


def _runs(process: object) -> bool:
    """Return whether a process of this host, by its number, is there."""
    if not isinstance(process, int) or process == os.getpid():
        return process == os.getpid()
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True
