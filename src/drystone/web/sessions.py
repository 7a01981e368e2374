"""Who is there: visitors and moderators by cookie, forms by a token against forgery, and limits on how often.

Moderators and their password hashes (Argon2id) stand in a file. Sessions live in this process: a restart ends them.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from drystone.errors import UsageError
from drystone.work.files import whole, why

#: Seconds after which a moderator logs in again.
SESSION_SECONDS: Final = 8 * 3600
#: Seconds for which a browser is known to be a moderator's.
KNOWN_SECONDS: Final = 180 * 86400
#: Least length of a password, as NIST SP 800-63B-4 (3.1.1.2) has it for one that stands alone.
LEAST_PASSWORD: Final = 15
_MOST_PASSWORD: Final = 1024
_MOST: Final = 10_000
_log = logging.getLogger("drystone.web")


class Moderators:
    """Names and password hashes out of a file: `NAME HASH` on each line. What changes in it holds at once.

    A file that is damaged or gone while the server runs lets nobody in until it is mended.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._hasher = PasswordHasher()
        self._lock = threading.Lock()
        self._state = _state(path)
        self._hashes = _read(path)
        # Checked where there is no such name, so that the time taken does not tell.
        self._nobody = self._hasher.hash(secrets.token_hex(16))

    def mark(self, name: str) -> str | None:
        """Return what a moderator's sessions and browsers are known by: another one with another password."""
        hashed = self._now().get(name)
        return None if hashed is None else hmac.new(hashed.encode(), name.encode(), hashlib.sha256).hexdigest()

    def known(self, name: str, cookie: str | None) -> bool:
        """Return whether a browser bears the mark of a moderator who logged in there before."""
        mark = self.mark(name)
        return mark is not None and cookie is not None and hmac.compare_digest(mark.encode(), cookie.encode())

    def _now(self) -> dict[str, str]:
        with self._lock:
            state = _state(self._path)
            if state != self._state:
                try:
                    self._hashes = _read(self._path)
                except UsageError as error:
                    _log.error("%s", error)
                    self._hashes = {}
                self._state = state
            return self._hashes

    def check(self, name: str, password: str) -> bool:
        """Return whether a password is that of a moderator; takes as long for a name that is none."""
        hashed = self._now().get(name)
        try:
            self._hasher.verify(hashed or self._nobody, password[:_MOST_PASSWORD])
        except (VerificationError, InvalidHashError):
            return False
        return hashed is not None


def _state(path: Path) -> tuple[int, ...]:
    """Return by what a file is known to be the same one still."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return (found.st_ino, found.st_mtime_ns, found.st_size)


def _read(path: Path) -> dict[str, str]:
    hashes: dict[str, str] = {}
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read ({error}); make it with drystone moderator add") from None
    for number, line in enumerate(lines, 1):
        name, _, hashed = line.strip().partition(" ")
        if line.strip():
            if not hashed.startswith("$argon2"):
                raise UsageError(f"{path}, line {number}: is not NAME HASH; add a line with drystone moderator add")
            hashes[name] = hashed.strip()
    return hashes


def add_moderator(path: Path, name: str, password: str) -> None:
    """Add a moderator to a file, or give one another password. Raises `UsageError` for what cannot be one."""
    if not name or not name.isprintable() or len(name) > 100 or any(c.isspace() for c in name):
        raise UsageError(f"{name!r}: a moderator's name has 1 to 100 characters and no space")
    if not LEAST_PASSWORD <= len(password) <= _MOST_PASSWORD:
        raise UsageError(f"a password has {LEAST_PASSWORD} to {_MOST_PASSWORD} characters")
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    lines = [line for line in lines if line.strip() and line.split(" ")[0] != name]
    lines.append(f"{name} {PasswordHasher().hash(password)}")
    try:
        with whole(path) as partial:
            partial.touch(0o600)
            partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {why(error)}") from None


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who may do more than a visitor, as a moderator or by a token, until when (monotonic seconds)."""

    moderator: str | None
    admitted: bool
    until: float
    #: The moderator's, at login.
    mark: str | None = None


class Sessions:
    """Cookies of visitors, and which of them are moderators' or have brought a token.

    `mark` tells what a moderator is known by now (None: is none any more); a session ends when that changes.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, mark: Callable[[str], str | None] | None = None
    ) -> None:
        self._secret = secrets.token_bytes(32)
        self._clock = clock
        self._mark = mark or (lambda name: name)
        self._lock = threading.Lock()
        self._held: OrderedDict[str, Session] = OrderedDict()

    @staticmethod
    def new_cookie() -> str:
        """Return the value of a new visitor's cookie."""
        return secrets.token_urlsafe(32)

    def form_token(self, cookie: str) -> str:
        """Return what a form must bring back: it belongs to one cookie, and to this process."""
        return hmac.new(self._secret, cookie.encode(), hashlib.sha256).hexdigest()

    def form_holds(self, cookie: str | None, token: str) -> bool:
        """Return whether a form's token belongs to its cookie."""
        return cookie is not None and hmac.compare_digest(self.form_token(cookie).encode(), token.encode())

    def log_in(self, moderator: str, before: str | None = None) -> str:
        """Return the cookie of a moderator's new session, never one that a visitor already had; the one before ends."""
        return self._begin(moderator, self.admitted(before), before)

    def admit(self, before: str | None = None) -> str:
        """Return the cookie of a new session of who has brought a token; the one before ends."""
        return self._begin(self.moderator(before), True, before)

    def admitted(self, cookie: str | None) -> bool:
        """Return whether who has this cookie has brought a token."""
        session = self._session(cookie)
        return session is not None and session.admitted

    def _begin(self, moderator: str | None, admitted: bool, before: str | None) -> str:
        self.log_out(before)
        cookie = self.new_cookie()
        mark = None if moderator is None else self._mark(moderator)
        with self._lock:
            self._held[_hashed(cookie)] = Session(moderator, admitted, self._clock() + SESSION_SECONDS, mark)
            while len(self._held) > _MOST:
                self._held.popitem(last=False)
        return cookie

    def log_out(self, cookie: str | None) -> None:
        """End a session."""
        with self._lock:
            self._held.pop(_hashed(cookie or ""), None)

    def moderator(self, cookie: str | None) -> str | None:
        """Return who is logged in by this cookie."""
        session = self._session(cookie)
        if session is None or session.moderator is None:
            return None
        stands = session.mark is not None and self._mark(session.moderator) == session.mark
        return session.moderator if stands else None

    def _session(self, cookie: str | None) -> Session | None:
        with self._lock:
            session = self._held.get(_hashed(cookie or ""))
            if session is not None and session.until < self._clock():
                del self._held[_hashed(cookie or "")]
                return None
            return session


def _hashed(cookie: str) -> str:
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).hexdigest()


class RateLimit:
    """At most `count` events for each name within `seconds`; remembers a bounded number of names."""

    def __init__(self, count: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._count, self._seconds, self._clock = count, seconds, clock
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, list[float]] = OrderedDict()

    def wait(self, name: str) -> float:
        """Note an event; return 0, or the seconds to wait where there were too many, and then it does not count."""
        now = self._clock()
        with self._lock:
            times = [at for at in self._seen.pop(name, []) if at > now - self._seconds]
            over = len(times) >= self._count
            if not over:
                times.append(now)
            self._seen[name] = times
            while len(self._seen) > _MOST:
                self._seen.popitem(last=False)
            return max(0.001, times[0] + self._seconds - now) if over else 0.0
