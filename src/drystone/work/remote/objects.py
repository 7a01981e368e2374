"""Objects under a prefix of an object store, through fsspec (`s3://bucket/prefix`, extra `s3`).

One request makes an object whole or not at all; large files go in parts. What fails for a moment is tried again, each
time after a longer wait; what stays wrong is one error that names the host, the object and what to do. Knows nothing of
what objects hold.
"""

from __future__ import annotations

import errno
import os
import platform
import random
import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit, urlunsplit

from drystone.errors import BuildError, MissingExtraError

#: How often something is tried, beside what the store's own client does; seconds before the second time, at most.
_TRIES: Final = 5
_WAIT: Final = 0.5
#: Requests under way at a time.
_CONNECTIONS: Final = 64
#: Parts of one large file that are under way at a time.
_PARTS: Final = 4
_S3: Final = ("s3://", "s3a://")
#: What no second try makes better.
_LASTING: Final = (FileNotFoundError, FileExistsError, PermissionError, IsADirectoryError, NotADirectoryError)
#: What an object store's clients raise besides OSError.
_CLIENTS: Final = {"botocore", "aiobotocore", "s3fs", "aiohttp", "fsspec", "gcsfs", "adlfs", "azure"}
_URL: Final = re.compile(r"([a-z][a-z0-9+.-]+):/{1,2}(.*)", re.DOTALL)
_Value = TypeVar("_Value")


def url_of(place: Path | str) -> str | None:
    """Return the URL that a place is, None for a folder; a `Path` has lost one of the two slashes after the scheme."""
    found = _URL.fullmatch(str(place))
    return f"{found[1]}://{found[2].lstrip('/')}" if found is not None and found[1] != "file" else None


def place_text(place: Path | str) -> str:
    """Return a folder or URL as it may be shown, with both slashes of a URL."""
    url = url_of(place)
    return without_password(url) if url is not None else str(place)


def without_password(url: str) -> str:
    """Return a URL as it may be shown."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def host() -> str:
    """Return what this host is called."""
    return platform.node() or "this host"


def file_system(url: str) -> tuple[Any, str]:
    """Return fsspec's file system for a URL, and the path of the URL in it.

    Raises `MissingExtraError` where what S3 needs is not installed, `ValueError` for another scheme whose package is
    not, or that nobody knows.
    """
    scheme = url.partition("://")[0]
    options: dict[str, Any] = {}
    if url.startswith(_S3):  # as many requests as a round has, not ten at a time
        retries = {"max_attempts": _TRIES, "mode": "standard"}
        options["max_concurrency"] = 1  # more would ask for a size before each read
        options["config_kwargs"] = {
            "max_pool_connections": _CONNECTIONS, "signature_version": "s3v4", "retries": retries,
        }  # fmt: skip
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        if endpoint:
            options["client_kwargs"] = {"endpoint_url": endpoint}
    try:
        import fsspec  # noqa: PLC0415  (extra `s3`)

        # Listings must show what is there now, not what was there before.
        files, root = fsspec.core.url_to_fs(url, use_listings_cache=False, **options)
    except ImportError as error:
        if url.startswith(_S3):
            raise MissingExtraError(f"Access to {scheme}://", "s3") from None
        raise ValueError(str(error)) from None
    return files, str(root).rstrip("/")


def of_store(error: Exception) -> bool:
    """Return whether an error is a store's or a disk's; clients of stores have errors of their own beside OSError."""
    return isinstance(error, OSError) or type(error).__module__.split(".")[0] in _CLIENTS


class Objects:
    """What lies under a URL, by names with `/` between parts.

    All methods raise `BuildError` naming this host and the object where the store refuses, or does not answer however
    often it is asked.
    """

    def __init__(self, url: str) -> None:
        self.name = without_password(url).rstrip("/")
        self._is_s3 = url.startswith(_S3)
        try:
            self._files, self._root = file_system(url)
        except ValueError as error:
            raise BuildError(f"{self.name}: {error}") from None

    def get(self, name: str, path: Path) -> bool:
        """Write an object's bytes to a file; return whether there is one."""
        try:
            self._tried(name, lambda: self._files.get_file(self._key(name), str(path)))
        except FileNotFoundError:
            path.unlink(missing_ok=True)
            return False
        return True

    def put(self, path: Path, name: str) -> None:
        """Make a file's bytes an object, in the place of what was there."""
        parts = {"max_concurrency": _PARTS} if self._is_s3 else {}
        self._written(name, lambda: self._files.put_file(str(path), self._key(name), **parts))

    def write(self, name: str, data: bytes) -> None:
        """Make bytes an object, in the place of what was there."""
        self._written(name, lambda: self._files.pipe_file(self._key(name), data))

    def create(self, name: str, data: bytes) -> bool:
        """Make bytes an object where there is none; return whether it is there now by this call."""
        try:
            self._tried(name, lambda: self._files.pipe_file(self._key(name), data, mode="create"), or_raise=True)
        except FileNotFoundError:
            raise self._no_bucket(name) from None
        except Exception as error:
            if not of_store(error):
                raise
            # Also where an answer was lost, and the second try found what the first had made.
            found = None if isinstance(error, PermissionError) else self.read(name)
            if found is None:
                raise self._refused(name, error) from error
            return found == data
        return True

    def read(self, name: str) -> bytes | None:
        """Return an object's bytes, None where there is none."""
        try:
            return bytes(self._tried(name, lambda: self._files.cat_file(self._key(name))))
        except FileNotFoundError:
            return None

    def read_all(self, names: Sequence[str]) -> list[bytes | None]:
        """Return the bytes of many objects, asked for together, None for those that are not there."""
        keys = [self._key(name) for name in names]
        found = self._tried("", lambda: self._files.cat_ranges(keys, None, None, on_error="return")) if keys else []
        return [
            data if isinstance(data, bytes) else None if isinstance(data, FileNotFoundError) else self.read(name)
            for name, data in zip(names, found, strict=True)
        ]

    def size(self, name: str) -> int | None:
        """Return an object's bytes, None where there is none."""
        found = self._info(name)
        return int(found["size"]) if found is not None and found.get("type") != "directory" else None

    def changed(self, name: str) -> datetime | None:
        """Return when an object was written, by the store's clock; None where there is none."""
        found = self._info(name)
        if found is None:
            return None
        when = found.get("LastModified") or found.get("created") or found.get("mtime")
        return when if isinstance(when, datetime) else None

    def sizes(self, folder: str = "") -> dict[str, int]:
        """Return the bytes of all objects whose names begin with `folder/`, by name; a store may list new ones late."""
        where = self._key(folder)
        found = self._tried(folder, lambda: self._files.find(where, detail=True))
        skip = len(self._root) + 1
        return {str(key)[skip:]: int(each["size"]) for key, each in sorted(found.items())}

    def folders(self) -> list[str]:
        """Return the first parts of the names of all objects whose names have several."""
        try:
            found = self._tried("", lambda: self._files.ls(self._root, detail=True))
        except FileNotFoundError:
            return []
        return sorted(str(each["name"]).rstrip("/").rpartition("/")[2] for each in found if each["type"] == "directory")

    def remove(self, names: Sequence[str]) -> None:
        """Remove objects; one that is not there is no error."""
        keys = [self._key(name) for name in names]
        with suppress(FileNotFoundError):
            if len(keys) == 1:
                self._tried(names[0], lambda: self._files.rm_file(keys[0]))
            elif keys:
                self._tried(names[0], lambda: self._files.rm(keys))

    def _info(self, name: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._tried(name, lambda: self._files.info(self._key(name), refresh=True))
        except FileNotFoundError:
            return None
        return found

    def _key(self, name: str) -> str:
        return f"{self._root}/{name}" if name else self._root

    def _shown(self, name: str) -> str:
        return f"{self.name}/{name}" if name else self.name

    def _written(self, name: str, call: Callable[[], object]) -> None:
        try:
            self._tried(name, call)
        except FileNotFoundError:
            raise self._no_bucket(name) from None

    def _tried(self, name: str, call: Callable[[], _Value], *, or_raise: bool = False) -> _Value:
        """Return what `call` does, tried again where it may do better; with `or_raise` what it raises last stays."""
        for attempt in range(1, _TRIES + 1):
            try:
                return call()
            except FileNotFoundError:
                raise
            except Exception as error:
                if not of_store(error):
                    raise
                if attempt < _TRIES and _passing(error):
                    time.sleep(random.uniform(0.5, 1) * _WAIT * 2 ** (attempt - 1))
                    continue
                if or_raise:
                    raise
                raise self._refused(name, error) from error
        raise AssertionError("the last try returns or raises")

    def _no_bucket(self, name: str) -> BuildError:
        return BuildError(
            f"host {host()}, {self._shown(name)}: there is no such bucket; make it, or choose another place"
        )

    def _refused(self, name: str, error: Exception) -> BuildError:
        said = (str(error).splitlines() or [""])[0] or type(error).__name__
        lasting = isinstance(error, PermissionError)
        advice = "renew the credentials, or let this host read and write there" if lasting else "see that it answers"
        return BuildError(
            f"host {host()}, {self._shown(name)}: {said}; {advice}, and run the command again: what is finished is kept"
        )


def _passing(error: Exception) -> bool:
    """Return whether a second try may do better."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
        return False
    return not isinstance(error, _LASTING) and "Credentials" not in type(error).__name__
