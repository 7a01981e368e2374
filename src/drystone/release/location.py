"""Where a release lies: a folder, or an object store behind fsspec (`s3://bucket/prefix`, extra `s3`).

One interface for both: fetch a file, put a file whole or not at all, remove, list. Knows nothing of what releases hold.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Protocol

from filelock import FileLock, Timeout

from drystone.errors import ReleaseError
from drystone.release import layout
from drystone.work.files import sync, whole, why
from drystone.work.remote.objects import file_system, of_store, without_password

#: How long a signed address of an object holds.
_SIGNED_SECONDS: Final = 3600


class Location(Protocol):
    """A place where a release lies. Names are relative, with `/` between parts.

    `mirror` is a folder in which files can be read and written before they are put; for a folder it is the folder.
    All methods raise `ReleaseError` naming the file where the place refuses.
    """

    name: str
    mirror: Path

    def fetch(self, name: str) -> Path:
        """Return the file in `mirror`, brought there where it is not; the path may lead to nothing."""
        ...

    def names(self) -> list[str]:
        """Return the names of all files there, sorted."""
        ...

    def put(self, name: str, target: str | None = None) -> None:
        """Put the mirror's file `name` into the place, under `target`: whole or not at all."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file; one that is not there is no error."""
        ...


class Folder:
    """A release in a folder of this machine."""

    def __init__(self, path: Path) -> None:
        self.mirror = path
        self.name = str(path)

    def fetch(self, name: str) -> Path:
        """Return the file."""
        return self.mirror / name

    def names(self) -> list[str]:
        """Return the names of all files, sorted."""
        return sorted(p.relative_to(self.mirror).as_posix() for p in self.mirror.rglob("*") if p.is_file())

    def put(self, name: str, target: str | None = None) -> None:
        """Rename the file; it is on disk already."""
        if target is None or target == name:
            return
        with _named(self.mirror / target):
            (self.mirror / target).parent.mkdir(parents=True, exist_ok=True)
            (self.mirror / name).replace(self.mirror / target)
            sync((self.mirror / target).parent)

    def remove(self, name: str) -> None:
        """Remove the file, and its folder where nothing else is in it."""
        path = self.mirror / name
        with _named(path):
            path.unlink(missing_ok=True)
            if path.parent != self.mirror and path.parent.is_dir() and not any(path.parent.iterdir()):
                path.parent.rmdir()


class _Unsigned(logging.Filter):
    """Keeps signed addresses out of logs: whoever has one can read the object as long as it holds."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "X-Amz-Signature" not in record.getMessage()


_UNSIGNED: Final = _Unsigned()


class _SignedObjects:
    """Objects of S3 read through signed addresses: an object is signed once, a range then costs one plain request.

    The client of S3 takes far more of the processor for each.
    """

    def __init__(self, files: Any) -> None:
        import fsspec  # noqa: PLC0415  (extra `s3`)

        logging.getLogger("fsspec.http").addFilter(_UNSIGNED)
        # By the proxies of the environment, as the client of S3 goes.
        http = fsspec.filesystem("http", encoded=True, client_kwargs={"trust_env": True})
        self._files, self._http = files, http
        self._urls: dict[str, tuple[str, float]] = {}

    def ranges(self, keys: Sequence[str], starts: Sequence[int], ends: Sequence[int]) -> list[bytes] | None:
        """Return bytes of objects, from each start to each end; None where one of them does not come."""
        try:
            urls = [self._url(key) for key in keys]
            found = self._http.cat_ranges(urls, list(starts), list(ends), on_error="return")
        except Exception:
            return None
        whole = all(
            isinstance(data, bytes) and len(data) == end - start
            for start, end, data in zip(starts, ends, found, strict=True)
        )
        return list(found) if whole else None

    def _url(self, key: str) -> str:
        url, since = self._urls.get(key, ("", 0.0))
        if not url or time.monotonic() - since > _SIGNED_SECONDS / 2:
            url = str(self._files.sign(key, expiration=_SIGNED_SECONDS))
            self._urls[key] = url, time.monotonic()
        return url


class Bucket:
    """A release under a prefix of an object store, through fsspec; one PUT makes an object whole or not at all."""

    def __init__(self, url: str, mirror: Path) -> None:
        self.name = without_password(url)
        self.mirror = mirror
        try:
            self._files, self._root = file_system(url)
        except ValueError as error:
            raise ReleaseError(f"{self.name}: {error}") from None
        self._signed: _SignedObjects | None = _SignedObjects(self._files) if url.startswith("s3://") else None

    def fetch(self, name: str) -> Path:
        """Return the file in the mirror, downloaded once."""
        path = self.mirror / name
        if not path.exists():
            with _named(self._shown(name)):
                path.parent.mkdir(parents=True, exist_ok=True)
                with suppress(FileNotFoundError), whole(path, durable=False) as partial:
                    self._files.get_file(self._key(name), str(partial))
        return path

    def ranges(self, names: Sequence[str], starts: Sequence[int], ends: Sequence[int]) -> list[bytes]:
        """Return bytes of objects, from each start to each end, all asked for at once; nothing of it is kept.

        Raises `ReleaseError` for an object that is missing or ends before.
        """
        keys = list(map(self._key, names))
        if self._signed is not None:
            quickly = self._signed.ranges(keys, starts, ends)
            if quickly is not None:
                return quickly
            self._signed = None  # whatever it was, the store's own client tries again, and says what is wrong
        with _named(self.name):
            found = self._files.cat_ranges(keys, list(starts), list(ends), on_error="return")
        for name, start, end, data in zip(names, starts, ends, found, strict=True):
            with _named(self._shown(name)):
                if isinstance(data, Exception):
                    raise data
            if len(data) != end - start:
                raise ReleaseError(f"{layout.shown(self._shown(name))} is cut off. Put the file there again")
        return list(found)

    def names(self) -> list[str]:
        """Return the names of all objects under the prefix, sorted."""
        with _named(self.name):
            return sorted(str(key)[len(self._root) + 1 :] for key in self._files.find(self._root))

    def put(self, name: str, target: str | None = None) -> None:
        """Upload the mirror's file."""
        with _named(self._shown(target or name)):
            self._files.put_file(str(self.mirror / name), self._key(target or name))
        if target is not None and target != name:
            (self.mirror / target).parent.mkdir(parents=True, exist_ok=True)
            (self.mirror / name).replace(self.mirror / target)

    def remove(self, name: str) -> None:
        """Remove the object."""
        (self.mirror / name).unlink(missing_ok=True)
        with _named(self._shown(name)):
            if self._files.exists(self._key(name)):
                self._files.rm_file(self._key(name))

    def _key(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _shown(self, name: str) -> str:
        return f"{self.name.rstrip('/')}/{name}"


@contextmanager
def open_location(place: str | os.PathLike[str]) -> Iterator[Location]:
    """Open the folder or URL where a release lies; what was fetched from a URL is gone afterwards.

    Raises `ReleaseError` for a folder that is not there, `MissingExtraError` where the URL's file system is not
    installed.
    """
    text = os.fspath(place)
    if "://" not in text or text.startswith("file://"):
        path = Path(text.removeprefix("file://"))
        if not path.is_dir():
            raise ReleaseError(f"{layout.shown(str(path))} is not a folder, so it is not a release")
        yield Folder(path)
        return
    mirror = Path(tempfile.mkdtemp(prefix="drystone-"))
    try:
        bucket = Bucket(text, mirror)
        bucket.fetch(layout.MANIFEST)
        yield bucket
    finally:
        shutil.rmtree(mirror)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder of a release against others that would write it anew.

    Raises `ReleaseError` where one is at work there, or where nothing can be written beside it.
    """
    path = folder.absolute()
    lock = FileLock(path.with_name(f"{path.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ReleaseError(
            f"{layout.shown(str(path))}: another build, retraction or index build is at work here; wait for it"
        ) from None
    except OSError as error:
        raise ReleaseError(f"{layout.shown(lock.lock_file)} cannot be written: {why(error)}") from None
    try:
        yield
    finally:
        lock.release()
        Path(lock.lock_file).unlink(missing_ok=True)


@contextmanager
def _named(path: str | Path) -> Iterator[None]:
    """Turn what a file system or a store refuses into one error that names the file."""
    try:
        yield
    except ReleaseError:
        raise
    except Exception as error:
        if not of_store(error):
            raise
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise ReleaseError(f"{layout.shown(str(path))}: {layout.shown(said)}. Run the command again") from error
