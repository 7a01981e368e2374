"""HTTP for stores of contents: many requests at once over few connections, bounded bodies, retries with back-off.

Knows which answers pass with time and which are final, and how S3 wants to be asked; nothing of what is fetched.
"""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import partial
from importlib.metadata import version
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import urllib3

from drystone.errors import BuildError, MissingExtraError, UsageError

#: Answers that a server gives when it is busy: the same request may succeed a little later.
_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
#: Answers about one object, not about the server.
_FINAL: Final = frozenset({401, 403, 404, 410, 451})
_PIECE: Final = 1 << 20
#: The longest pause between two attempts that the server did not ask for, in seconds.
_LONGEST_PAUSE: Final = 60.0
#: Whoever waits is told after so many seconds, and then as often.
_TOLD_EVERY: Final = 10.0

_log = logging.getLogger("drystone.sources")

Sign = Callable[[str], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Reply:
    """The body of an answer with status 200, as it came over the wire."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Refusal:
    """A final answer that is not 200. `status` is HTTP's; 413 also where the body is too long, 0 where it is broken.

    `failed`: it might pass with time, and did not within all attempts.
    """

    status: int
    reason: str
    failed: bool = False


def shown(url: str) -> str:
    """Return a URL as it may be printed: without a login and without parameters."""
    place, _, rest = url.partition("?")[0].partition("://")
    host, slash, path = rest.partition("/")
    return f"{place}://{host.rpartition('@')[2]}{slash}{path}" if rest else place


class HttpClient:
    """GET over connections that are kept, safe to share between threads.

    A failure that passes is tried `attempts` times, with pauses of `backoff` seconds that double and vary;
    `Retry-After` and a used-up rate limit put off all requests. No request takes more than `patience` seconds in all,
    but for its last attempt. Whoever waits long is told for what, how long and how many (a warning of the log
    "drystone.sources"). `sign` gives the headers for a URL.
    """

    def __init__(
        self,
        connections: int,
        attempts: int = 6,
        backoff: float = 0.5,
        patience: float = 7200.0,
        headers: Mapping[str, str] | None = None,
        sign: Sign | None = None,
    ) -> None:
        agent = {"User-Agent": f"drystone/{version('drystone')}", "Accept-Encoding": "identity"}
        self._headers = {**agent, **(headers or {})}
        self._attempts = attempts
        self._backoff = backoff
        self._patience = patience
        self._sign = sign
        self._not_before = 0.0
        self._waiting = 0
        self._lock = threading.Lock()
        self._told = 0.0
        self._pool = urllib3.PoolManager(
            num_pools=4,
            maxsize=connections,
            block=False,
            retries=False,
            timeout=urllib3.Timeout(connect=15.0, read=60.0),
        )

    def get(self, url: str, limit: int, stop: threading.Event) -> Reply | Refusal:
        """Return the body at `url`, at most `limit` bytes, or the final answer, also where no attempt was answered.

        Raises `BuildError` where the server asks to wait for longer than `patience`, or answers what no store of
        contents does.
        """
        failures = 0
        waited = 0.0
        begun = time.monotonic()
        reason = "its limit of requests is used up"
        while True:
            pause = self._not_before - time.monotonic()
            if pause > 0:
                waited += self._wait(url, pause, waited, reason, stop)
            found, asked = self._once(url, limit)
            if isinstance(found, Reply) or found.status in _FINAL or found.status == 413:
                return found
            if found.status not in _PASSING and found.status >= 100:
                raise BuildError(f"{shown(url)}: {found.reason}; is this the address of a store of contents?")
            reason = found.reason
            if asked is not None:
                waited += self._wait(url, asked, waited, reason, stop)
                # What a server schedules is not a failure of it; one that never lets go is.
                if waited < self._patience and asked > 0:
                    continue
            failures += 1
            if failures >= self._attempts or time.monotonic() - begun > self._patience:
                if found.status == _BROKEN_BODY:
                    return Refusal(0, found.reason)
                return Refusal(found.status, f"{found.reason}, {failures} times", failed=True)
            pause = min(_LONGEST_PAUSE, self._backoff * 2 ** (failures - 1) * random.uniform(0.5, 1.5))
            self._sleep(pause, url, f"{reason}, {failures} times", time.monotonic() - begun, stop)

    def close(self) -> None:
        """Close all connections."""
        self._pool.clear()

    def _once(self, url: str, limit: int) -> tuple[Reply | Refusal, float | None]:
        """Ask once; return the answer, and for how many seconds the server wants to be left alone."""
        headers = {**self._headers, **self._sign(url)} if self._sign is not None else self._headers
        try:
            response = self._pool.request("GET", url, headers=headers, preload_content=False, redirect=False)
        except urllib3.exceptions.HTTPError as error:
            return Refusal(_NO_ANSWER, f"no answer ({_why(error)})"), None
        try:
            if response.status == 200:
                answer = self._body(response, limit)
                self._note_limit(response.headers)
                return answer, None
            # Read to its end, so that the connection can be used again.
            response.drain_conn()
            reason = f"the answer is {response.status} {response.reason or ''}".rstrip()
            if response.status in (301, 302, 303, 307, 308):
                reason += f", which leads to {response.headers.get('Location', 'nowhere')}"
            return Refusal(response.status, reason), _retry_after(response.headers)
        except urllib3.exceptions.HTTPError:
            return Refusal(_BROKEN_BODY, "the answer breaks off"), None
        finally:
            response.release_conn()

    @staticmethod
    def _body(response: Any, limit: int) -> Reply | Refusal:
        announced = response.headers.get("Content-Length", "")
        if announced.isdigit() and int(announced) > limit:
            response.close()
            return Refusal(413, f"the object has {announced} bytes")
        body = response.read(limit + 1, decode_content=False)
        if len(body) > limit:
            response.close()
            return Refusal(413, f"the object has more than {limit} bytes")
        # Ends the chunks of a chunked body, and tells of a body shorter than was announced.
        while len(body) <= limit and (piece := response.read(_PIECE, decode_content=False)):
            body += piece
        return Reply(body) if len(body) <= limit else Refusal(413, f"the object has more than {limit} bytes")

    def _note_limit(self, headers: Mapping[str, str]) -> None:
        """Wait from now on where the last request of a period was used up (the archive's web API says so)."""
        if headers.get("X-RateLimit-Remaining") == "0" and headers.get("X-RateLimit-Reset", "").isdigit():
            pause = int(headers["X-RateLimit-Reset"]) - time.time()
            self._not_before = max(self._not_before, time.monotonic() + pause)

    def _wait(self, url: str, pause: float, waited: float, reason: str, stop: threading.Event) -> float:
        if waited + pause > self._patience:
            raise BuildError(
                f"{shown(url)}: the server asks to wait {pause:,.0f} seconds, and limits.patience allows "
                f"{self._patience:,.0f}; build again later, it goes on from here"
            )
        self._not_before = max(self._not_before, time.monotonic() + pause)
        self._sleep(pause, url, reason, waited, stop)
        return pause

    def _sleep(self, seconds: float, url: str, reason: str, waited: float, stop: threading.Event) -> None:
        with self._lock:
            self._waiting += 1
        try:
            self._tell(seconds, url, reason, waited)
            if stop.wait(max(0.0, seconds)):
                raise BuildError(f"{shown(url)}: was given up")
        finally:
            with self._lock:
                self._waiting -= 1

    def _tell(self, seconds: float, url: str, reason: str, waited: float) -> None:
        """Say for what one waits, how long, and how many do, where that takes long and was not just said."""
        with self._lock:
            long = seconds + waited >= _TOLD_EVERY and time.monotonic() - self._told >= _TOLD_EVERY
            if long:
                self._told = time.monotonic()
            waiting = self._waiting
        if long:
            _log.warning(
                "%s: %s; trying again in %.0f s (waited %.0f s so far, at most %.0f; %d requests wait)",
                shown(url).rpartition("/")[0], reason, seconds, waited, self._patience, waiting,
            )  # fmt: skip


#: Statuses of our own, below HTTP's: no answer at all, and an answer that broke off.
_NO_ANSWER: Final = 1
_BROKEN_BODY: Final = 2


def _why(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return str(reason).rpartition(">: ")[2] or type(error).__name__


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a `Retry-After` header, a number or a date (RFC 9110, 10.2.3), else None."""
    text = headers.get("Retry-After")
    if not text:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


@dataclass(frozen=True, slots=True)
class S3Address:
    """Where a bucket answers: `base` is the URL of the prefix; `sign` gives headers, None for anonymous requests."""

    base: str
    sign: Sign | None


#: Buckets that anyone may read.
PUBLIC_BUCKETS: Final = frozenset({"softwareheritage"})


def s3_parameters(location: str) -> tuple[str, str, dict[str, str]]:
    """Return bucket, prefix and parameters of an `s3://BUCKET[/PREFIX][?NAME=VALUE]` URL. Raises `UsageError`."""
    parts = urlsplit(location)
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = given.keys() - {"endpoint", "region", "anonymous", "profile"}
    if not parts.netloc or unknown or parts.username:
        what = f"unknown parameter {min(unknown)!r}" if unknown else "a bucket is missing, or a login stands before it"
        raise UsageError(
            f"s3://{parts.netloc.rpartition('@')[2]}{parts.path}: {what}; write s3://BUCKET/PREFIX?endpoint=URL&region=NAME&anonymous=true"
        )
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        given.setdefault("endpoint", endpoint)
    given.setdefault("region", os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1")
    given.setdefault("anonymous", "true" if parts.netloc in PUBLIC_BUCKETS else "false")
    return parts.netloc, parts.path.strip("/"), given


def s3_address(location: str) -> S3Address:
    """Return how to ask for objects below an `s3://` URL; credentials are found as botocore finds them.

    Raises `UsageError`, and `MissingExtraError` where credentials are needed and botocore is not there.
    """
    bucket, prefix, given = s3_parameters(location)
    endpoint = given.get("endpoint")
    if endpoint:
        base = f"{endpoint.rstrip('/')}/{bucket}"
    elif "." in bucket:
        base = f"https://s3.{given['region']}.amazonaws.com/{bucket}"
    else:
        base = f"https://{bucket}.s3.{given['region']}.amazonaws.com"
    base = f"{base}/{prefix}" if prefix else base
    if given["anonymous"] == "true":
        return S3Address(base, None)
    return S3Address(base, partial(_signed, _signer(given["region"], given.get("profile"))))


def _signer(region: str, profile: str | None) -> Any:
    try:
        from botocore.auth import S3SigV4Auth  # noqa: PLC0415
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415
        from botocore.session import Session  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("Signing requests to S3 (botocore)", "software-heritage") from None
    try:
        credentials = Session(profile=profile).get_credentials()
    except BotoCoreError as error:
        raise UsageError(f"the credentials for S3 cannot be read: {error}") from None
    if credentials is None:
        raise UsageError(
            "no credentials for S3 were found (AWS_ACCESS_KEY_ID, ~/.aws); for a public bucket add ?anonymous=true"
        )
    return S3SigV4Auth(credentials, "s3", region)


def _signed(auth: Any, url: str) -> Mapping[str, str]:
    from botocore.awsrequest import AWSRequest  # noqa: PLC0415

    request = AWSRequest("GET", url)
    auth.add_auth(request)
    return dict(request.headers)
