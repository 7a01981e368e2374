"""Contents of the Software Heritage archive by hash: from its bucket, a mirror, a folder, its web API or an export.

Every object is checked against each hash that is known of it. Knows nothing of origins, paths or what a content is for.
"""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Protocol, Self

import pyarrow as pa
from filelock import FileLock
from isal import isal_zlib

from drystone.errors import BuildError, UsageError
from drystone.identity.hashes import blob_hash
from drystone.sources.base import Limits
from drystone.sources.software_heritage.cache import ContentCache
from drystone.sources.software_heritage.export import GraphExport
from drystone.sources.software_heritage.http import HttpClient, Refusal, Reply, s3_address, shown

#: Bytes that are asked for at a time, by the lengths that are known; an unknown length counts as the second number.
_IN_FLIGHT_BYTES: Final = 64 << 20
_UNKNOWN_LENGTH: Final = 256 << 10
#: After so many contents in a row that did not come it is asked whether the store gives any at all.
_IN_A_ROW: Final = 16
#: gzip can make a body longer by this many bytes at most: header, trailer, and 5 bytes for each stored block.
_GZIP_OVERHEAD: Final = 4096

#: Locations that are neither a path nor a URL: the archive's web API, the export's own data.
WORDS: Final = ("api", "export")

FailureKind = Literal["missing", "refused", "corrupt", "failed", "too_large", "unnamed"]


@dataclass(frozen=True, slots=True)
class ContentId:
    """What is known of one content: its hashes as bytes, None where unknown, and its length in bytes.

    The columns of the same names of the archive's `content` table; a bucket is asked by `sha1`.
    """

    sha1_git: bytes | None = None
    sha1: bytes | None = None
    sha256: bytes | None = None
    blake2s256: bytes | None = None
    length: int | None = None

    @property
    def name(self) -> str:
        """The content as its SWHID, or by another hash where that is unknown."""
        if self.sha1_git is not None:
            return f"swh:1:cnt:{self.sha1_git.hex()}"
        for algorithm in ("sha1", "sha256", "blake2s256"):
            if (digest := getattr(self, algorithm)) is not None:
                return f"{algorithm}:{digest.hex()}"
        return "a content without a hash"

    def mismatch(self, data: bytes) -> str | None:
        """Return in which known hash or length `data` differs, None where it is what this names."""
        if self.length is not None and len(data) != self.length:
            return f"it has {len(data)} bytes in place of {self.length}"
        if self.sha1_git is not None and blob_hash(data) != self.sha1_git:
            return "its bytes do not hash to its sha1_git"
        for algorithm, found in _HASHES.items():
            wanted = getattr(self, algorithm)
            if wanted is not None and found(data, usedforsecurity=False).digest() != wanted:
                return f"its bytes do not hash to its {algorithm}"
        return None


_HASHES: Final[dict[str, Any]] = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "blake2s256": hashlib.blake2s}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a content cannot be had, though others can; `reason` is for people. Only what "failed" may pass by itself."""

    kind: FailureKind
    reason: str


class _Place(Protocol):
    """Where contents lie. `get` raises `BuildError` where the place as a whole does not answer."""

    def get(self, id_: ContentId, limit: int, stop: threading.Event) -> bytes | Failure: ...

    def close(self) -> None: ...


class ContentStore(AbstractContextManager["ContentStore"]):
    """Contents at one location, fetched several at a time in bounded memory; made by `open`."""

    def __init__(self, location: str, place: _Place, cache: ContentCache | None, concurrency: int, limit: int) -> None:
        self.location = location
        self._place = place
        self._cache = cache
        self._concurrency = concurrency
        self._limit = limit
        #: The last content that the place gave, and how many it did not give since.
        self._came: ContentId | None = None
        self._in_a_row = 0
        self._lock = threading.Lock()

    @classmethod
    def open(
        cls,
        location: str,
        *,
        cache: Path | None = None,
        cache_bytes: int = 16 << 30,
        concurrency: int = 32,
        max_bytes: int = Limits().max_file_bytes,
        token: str | None = None,
        patience: float = 7200.0,
        attempts: int = 6,
        backoff: float = 0.5,
        export: str | None = None,
    ) -> ContentStore:
        """Return the store at `location`; nothing is asked for yet.

        `location` is one of: a folder or an `http(s)` URL below which `content/SHA1` are gzip objects, as in the
        archive's bucket; `s3://BUCKET[/PREFIX]` (parameters `endpoint`, `region`, `anonymous=true`, `profile`); the
        archive's web API (an `http(s)` URL with `/api/1` in it, or `api`); `export`, the column `data` of the graph
        export at `export`, which is copied into `cache` once. `cache` is a folder that keeps at most
        `cache_bytes` of contents. Larger contents than `max_bytes` are not fetched. `patience` is how many seconds a
        request may be put off by the server; `attempts` and `backoff` (seconds, doubled each time) are for failures
        that pass. Raises `UsageError` for what is none of these, `MissingExtraError` where S3 needs its extra.
        """
        place: _Place
        if location == "export":
            if export is None or cache is None:
                raise UsageError("contents 'export': an export and a cache folder are needed")
            return cls(location, _ExportData(export, cache), None, concurrency, max_bytes)
        if location == "api":
            location = "https://archive.softwareheritage.org/api/1"
        scheme = location.partition("://")[0] if "://" in location else ""
        if scheme == "s3":
            address = s3_address(location)
            client = HttpClient(concurrency, attempts, backoff, patience, sign=address.sign)
            place = _Bucket(f"{address.base}/content", location.partition("?")[0], client)
        elif scheme in ("http", "https"):
            base = location.rstrip("/")
            headers = {"Authorization": f"Bearer {token}"} if token and "/api/1" in base else {}
            client = HttpClient(concurrency, attempts, backoff, patience, headers=headers)
            place = _WebApi(base, client) if "/api/1" in base else _Bucket(f"{base}/content", base, client)
        elif scheme in ("", "file"):
            folder = Path(location.removeprefix("file://")).expanduser()
            if not (folder / "content").is_dir():
                raise UsageError(
                    f"{shown(location)}: is no store of contents, it has no folder 'content' with objects by sha1"
                )
            place = _Folder(folder / "content")
        else:
            raise UsageError(
                f"{shown(location)}: contents are read from a folder, http(s)://, s3://BUCKET, or the web API; not {scheme}://"
            )
        kept = ContentCache(cache, cache_bytes) if cache is not None else None
        return cls(location, place, kept, concurrency, max_bytes)

    def fetch(self, ids: Iterable[ContentId]) -> Iterator[tuple[ContentId, bytes | Failure]]:
        """Yield each content with its bytes or the reason why there are none, in the order asked for.

        `ids` is drawn from as answers come, so that memory stays bounded. Raises `BuildError` where the location does
        not answer at all, or gives nothing: the same may succeed later.
        """
        stop = threading.Event()
        waiting: deque[tuple[ContentId, int, Future[bytes | Failure]]] = deque()
        held = 0
        ended: list[BuildError] = []

        def result(future: Future[bytes | Failure]) -> bytes | Failure:
            try:
                return future.result()
            except BuildError:
                raise ended[0] from None  # what came first is why the others were given up

        with ThreadPoolExecutor(self._concurrency, "contents") as pool:
            try:
                for id_ in ids:
                    size = _UNKNOWN_LENGTH if id_.length is None else min(id_.length, self._limit)
                    while waiting and (held + size > _IN_FLIGHT_BYTES or len(waiting) >= 4 * self._concurrency):
                        done, freed, future = waiting.popleft()
                        held -= freed
                        yield done, result(future)
                    waiting.append((id_, size, pool.submit(self._one, id_, stop, ended)))
                    held += size
                while waiting:
                    done, _, future = waiting.popleft()
                    yield done, result(future)
            finally:
                stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
                if self._cache is not None:
                    self._cache.flush()

    def _asked(self, id_: ContentId, stop: threading.Event) -> bytes | Failure:
        """Ask the place, and find out whether a failure is the content's or the place's.

        Raises `BuildError` where it is the place's: then nothing is said of the content.
        """
        found = self._checked(id_, stop)
        with self._lock:
            if isinstance(found, bytes):
                self._came, self._in_a_row = id_, 0
                return found
            if found.kind in ("too_large", "unnamed"):
                return found
            self._in_a_row += 1
            doubtful = found.kind == "failed" or self._in_a_row % _IN_A_ROW == 0
        if doubtful and not stop.is_set():
            self._check_alive(found, stop)
        return found

    def _checked(self, id_: ContentId, stop: threading.Event) -> bytes | Failure:
        found = self._place.get(id_, self._limit, stop)
        wrong = id_.mismatch(found) if isinstance(found, bytes) else None
        return Failure("corrupt", wrong) if wrong is not None else found

    def _check_alive(self, found: Failure, stop: threading.Event) -> None:
        """Ask for a content that came before; raise `BuildError` where it does not come either, or none ever came."""
        known = self._came
        if known is None and self._cache is not None and (data := self._cache.newest()) is not None:
            known = ContentId(blob_hash(data), hashlib.sha1(data, usedforsecurity=False).digest(), length=len(data))
        again = self._checked(known, stop) if known is not None else found
        place = shown(self.location)
        if found.kind == "failed":
            if isinstance(again, Failure) and again.kind == "failed":
                raise BuildError(f"{place}: {found.reason}; build again later, it goes on from here")
        elif isinstance(again, Failure):
            what = "refuses every request" if found.kind == "refused" else "gives none of the contents asked for"
            raise BuildError(
                f"{place}: {what} ({found.reason}); check the address and the credentials, and whether you have an "
                "agreement for bulk access (docs/software-heritage.md)"
            )

    def _one(self, id_: ContentId, stop: threading.Event, ended: list[BuildError]) -> bytes | Failure:
        try:
            if stop.is_set():
                raise BuildError(f"{shown(self.location)}: was given up")
            return self._found(id_, stop)
        except BuildError as error:
            # Who called learns of it only when it is this content's turn; meanwhile nobody asks any more.
            ended.append(error)
            stop.set()
            raise

    def _found(self, id_: ContentId, stop: threading.Event) -> bytes | Failure:
        if id_.length is not None and id_.length > self._limit:
            return Failure("too_large", f"it has {id_.length} bytes, more than the limit of {self._limit}")
        key = id_.sha1_git or id_.sha1 or id_.sha256
        if self._cache is not None and key is not None:
            kept = self._cache.get(key)
            if kept is not None and id_.mismatch(kept) is None:
                return kept
        found = self._asked(id_, stop)
        if isinstance(found, Failure) and found.kind == "corrupt" and not stop.is_set():
            # Bytes that are wrong may have been hurt on the way: they are asked for once more.
            found = self._asked(id_, stop)
        if isinstance(found, bytes) and self._cache is not None and key is not None:
            self._cache.put(key, found)
        return found

    def close(self) -> None:
        """Close connections and the cache."""
        self._place.close()
        if self._cache is not None:
            self._cache.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __enter__(self) -> Self:
        return self


class _Folder:
    """Objects in a local folder, laid out like the bucket."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, id_: ContentId, limit: int, stop: threading.Event) -> bytes | Failure:
        if id_.sha1 is None:
            return _NO_SHA1
        try:
            with (self._folder / id_.sha1.hex()).open("rb") as file:
                body = file.read(_packed_limit(limit) + 1)
        except FileNotFoundError:
            return Failure("missing", f"there is no object {id_.sha1.hex()}")
        except PermissionError:
            return Failure("refused", f"the object {id_.sha1.hex()} may not be read")
        except OSError as error:
            return Failure("corrupt", f"the object {id_.sha1.hex()} cannot be read ({error.strerror})")
        return _unpack(body, id_, limit)

    def close(self) -> None:
        """Hold nothing open."""


class _Bucket:
    """Objects behind HTTP, gzip files named by sha1."""

    def __init__(self, base: str, shown: str, client: HttpClient) -> None:
        self._base = base
        self._shown = shown
        self._client = client

    def get(self, id_: ContentId, limit: int, stop: threading.Event) -> bytes | Failure:
        if id_.sha1 is None:
            return _NO_SHA1
        reply = self._client.get(f"{self._base}/{id_.sha1.hex()}", _packed_limit(limit), stop)
        return _unpack(reply.body, id_, limit) if isinstance(reply, Reply) else _failure(reply, limit)

    def close(self) -> None:
        self._client.close()


class _WebApi:
    """The archive's web API, which gives bytes as they are (`/content/ALGORITHM:HASH/raw/`)."""

    def __init__(self, base: str, client: HttpClient) -> None:
        self._base = base
        self._client = client

    def get(self, id_: ContentId, limit: int, stop: threading.Event) -> bytes | Failure:
        for algorithm in ("sha1_git", "sha1", "sha256", "blake2s256"):
            if (digest := getattr(id_, algorithm)) is not None:
                url = f"{self._base}/content/{algorithm}:{digest.hex()}/raw/"
                reply = self._client.get(url, limit, stop)
                return reply.body if isinstance(reply, Reply) else _failure(reply, limit)
        return Failure("unnamed", "no hash of it is known")

    def close(self) -> None:
        self._client.close()


class _ExportData:
    """The column `data` of a graph export, copied into a file in which contents are found by sha1_git."""

    def __init__(self, location: str, cache: Path) -> None:
        self._export = GraphExport.open(location)
        if not self._export.has_column("content", "data"):
            raise UsageError(f"{location.partition('?')[0]}: its table content has no column data; name another place")
        folder = cache / f"export-{self._export.fingerprint[:16]}"
        folder.mkdir(parents=True, exist_ok=True)
        self._kept = ContentCache(folder, _UNBOUNDED)
        done = folder / "complete"
        with FileLock(folder / "lock"):
            if not done.exists():
                for file in self._export.files("content"):
                    for piece in self._export.batches("content", file, ["sha1_git", "data"]):
                        self._copy(piece)
                self._kept.flush()
                done.touch()

    def _copy(self, piece: pa.Table) -> None:
        for batch in piece.to_batches(max_chunksize=256):
            for name, data in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                if name is not None and data is not None:
                    self._kept.put(bytes.fromhex(name), data)

    def get(self, id_: ContentId, limit: int, stop: threading.Event) -> bytes | Failure:
        data = self._kept.get(id_.sha1_git) if id_.sha1_git is not None else None
        return data if data is not None else Failure("missing", "the export has no data for it")

    def close(self) -> None:
        self._kept.close()


_UNBOUNDED: Final = 1 << 62

_NO_SHA1: Final = Failure("unnamed", "its sha1 is unknown, by which objects are named; the content table has no row")


def _failure(refusal: Refusal, limit: int) -> Failure:
    kind: FailureKind
    if refusal.failed:
        return Failure("failed", refusal.reason)
    if refusal.status in (404, 410):
        kind = "missing"
    elif refusal.status in (401, 403, 451):
        kind = "refused"
    elif refusal.status == 413:
        return Failure("too_large", f"its object is longer than the limit of {limit} bytes allows")
    else:
        kind = "corrupt"
    return Failure(kind, refusal.reason)


def _packed_limit(limit: int) -> int:
    return limit + limit // 1000 + _GZIP_OVERHEAD


_ISAL_ERROR: Final[Any] = isal_zlib.IsalError


def _unpack(body: bytes, id_: ContentId, limit: int) -> bytes | Failure:
    """Return what a gzip object holds, in bounded memory; bytes that were unpacked on the way are taken as they are."""
    if not body.startswith(b"\x1f\x8b"):
        return body if id_.mismatch(body) is None else Failure("corrupt", "the object is not a gzip file")
    bound = limit if id_.length is None else min(limit, id_.length)
    pieces: list[bytes] = []
    size = 0
    rest = body
    try:
        while rest:
            member = isal_zlib.decompressobj(wbits=31)
            piece = member.decompress(rest, bound - size + 1)
            size += len(piece)
            pieces.append(piece)
            if size > bound:
                return Failure("corrupt" if id_.length is not None else "too_large", f"it has more than {bound} bytes")
            if not member.eof:
                return Failure("corrupt", "the gzip object ends too early")
            rest = member.unused_data
    except _ISAL_ERROR as error:
        return Failure("corrupt", f"the gzip object is damaged ({error})")
    return b"".join(pieces)
