"""Connections of the server: how long one may take to ask, how many there may be, how much is said of them in the log.

Whoever opens many connections and sends half a request on each takes no place from others: the oldest of them goes
first, of the visitor who holds most. Knows nothing of what is asked for.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any, Final

from drystone.errors import MissingExtraError
from drystone.web.network.proxies import network_of

try:
    import uvicorn
    from uvicorn.protocols.http.h11_impl import H11Protocol
except ImportError:
    raise MissingExtraError("uvicorn", "server") from None

#: Seconds from the beginning of a connection, or of the next request on it, until all of a request's headers are there.
HEADER_SECONDS: Final = 10.0
#: Connections that wait in the kernel until they are accepted.
_WAITING: Final = 2048
#: Lines of one kind that go into the log in a minute.
_LINES: Final = 10


class Room:
    """Which connections are there without a whole request on them, by visitor, the oldest first."""

    def __init__(self, most: int, seconds: float = HEADER_SECONDS) -> None:
        self.most, self.seconds = most, seconds
        self._waiting: defaultdict[str, OrderedDict[asyncio.Protocol, None]] = defaultdict(OrderedDict)
        #: Visitors by how many of theirs wait: there are few such numbers, however many visitors come.
        self._by_number: defaultdict[int, OrderedDict[str, None]] = defaultdict(OrderedDict)

    def enter(self, connection: asyncio.Protocol, visitor: str) -> None:
        """Note that a connection waits."""
        held = self._waiting[visitor]
        before = len(held)
        held[connection] = None
        self._count(visitor, before, len(held))

    def leave(self, connection: asyncio.Protocol, visitor: str) -> None:
        """Note that a connection asks for something, or is gone."""
        held = self._waiting.get(visitor)
        if held is not None:
            before = len(held)
            held.pop(connection, None)
            self._count(visitor, before, len(held))
            if not held:
                del self._waiting[visitor]

    def _count(self, visitor: str, before: int, now: int) -> None:
        if before and before != now:
            del self._by_number[before][visitor]
            if not self._by_number[before]:
                del self._by_number[before]
        if now and before != now:
            self._by_number[now][visitor] = None

    def oldest(self) -> asyncio.Protocol | None:
        """Return the connection that goes where there is no room: the oldest of the visitor with most that wait."""
        if not self._by_number:
            return None
        visitor = next(iter(self._by_number[max(self._by_number)]))
        return next(iter(self._waiting[visitor]))


class _Connection(H11Protocol):
    """One connection, in a `room`."""

    room: Room
    _deadline: asyncio.TimerHandle | None = None
    _visitor = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request; where there is no room, close the oldest connection that waits."""
        super().connection_made(transport)
        self._visitor = network_of(self.client[0]) if self.client else ""
        self._wait()
        if len(self.connections) > self.room.most:
            oldest = self.room.oldest()
            (oldest if isinstance(oldest, _Connection) else self).abort()

    def data_received(self, data: bytes) -> None:
        """Take what came; a whole head ends the waiting."""
        super().data_received(data)
        if self._asked():
            self._stop_waiting()
        elif self._deadline is None:
            self._wait()

    def on_response_complete(self) -> None:
        """Go on waiting, for the next request, or close where a client still sends what nobody reads."""
        super().on_response_complete()
        if not self.transport.is_closing() and not self._asked():
            self.room.enter(self, self._visitor)  # idle: uvicorn closes it in a while

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_waiting()
        super().connection_lost(exc)

    def abort(self) -> None:
        """Close at once, whatever is still to be sent."""
        self._stop_waiting()
        self.connections.discard(self)
        self.transport.abort()

    def _asked(self) -> bool:
        """Return whether a request is being answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        self.room.enter(self, self._visitor)
        self._deadline = self.loop.call_later(self.room.seconds, self.abort)

    def _stop_waiting(self) -> None:
        self.room.leave(self, self._visitor)
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for each in sockets or ():
            # asyncio accepts as many at once as may wait, before it closes any: fewer than files are left for.
            each.listen(_WAITING)


def run(app: Any, host: str, port: int) -> None:
    """Serve an application until the process is told to stop."""
    most, spare = _places()
    connection = type("_Connection", (_Connection,), {"room": Room(most)})
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=connection,
        backlog=spare // 6,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=65536,
    )
    for name in ("asyncio", "uvicorn.error", "drystone.web"):
        logging.getLogger(name).addFilter(Seldom())
    _Server(config).run([config.bind_socket()])


def _places() -> tuple[int, int]:
    """Return how many connections there may be, and how many files are left for everything else."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    files = 65536 if files == resource.RLIM_INFINITY else files
    spare = min(4096, max(files // 4, 96))
    return max(8, min(files - spare, 65536)), spare


class Seldom(logging.Filter):
    """Lets through ten lines of a kind in a minute, so that nobody fills a disk; a later one counts the others."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a line is written."""
        kind, now = str(record.msg)[:200], self._clock()
        begun, count = self._seen.pop(kind, (now, 0))
        if now - begun >= 60:
            if count > _LINES:
                record.msg = f"{record.msg} (and {count - _LINES} times more before, which were not written)"
            begun, count = now, 0
        self._seen[kind] = (begun, count + 1)
        while len(self._seen) > 100:
            self._seen.popitem(last=False)
        return count < _LINES
