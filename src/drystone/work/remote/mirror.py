"""Folders that stand for object stores: every file that comes into its place in one is put there, whole, at once.

Each host has such a folder; what it lacks is fetched when it is asked for. It holds about so many bytes at most: what
was used longest ago goes first, and only what lies in the store as well. Folders that stand for nothing are what they
are, and all functions here do what they would without this module. Each build has folders of its own, so that no host
takes what an earlier one left there for what lies in the store now. Knows nothing of what files hold.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import stat
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, TypeVar

from drystone.errors import BuildError
from drystone.work import files
from drystone.work.remote.objects import Objects, host, url_of, without_password

#: Marks a file of which the store has a copy: the sticky bit, which says nothing else of a file.
_STORED: Final = stat.S_ISVTX
#: A mirror is looked through each time that this share of its bound has come in.
_SHARE: Final = 16
#: What a folder that is fetched as a whole is called in the store.
PACKED: Final = ".tar"
#: Seconds after which the folder of another build, in which no task has begun since, is taken for left.
_LEFT: Final = 3600
#: Bytes that a mirror holds by default.
DEFAULT_BYTES: Final = 64 << 30
_Opened = TypeVar("_Opened")


@dataclass(frozen=True)
class Mirror:
    """A folder of each host that stands for a URL, and about how many bytes it may hold. Picklable."""

    folder: Path
    url: str
    most: int = DEFAULT_BYTES


def mirror_of(url: str, local: Path | None = None, most: int | None = None) -> Mirror:
    """Return a new mirror of a URL in the folder `local` (default: one of this user's in the temporary folder).

    Raises `BuildError` where others than this user may write in it: what lies there is trusted.
    """
    base = local if local is not None else Path(tempfile.gettempdir()) / f"drystone-{os.getuid()}"
    _own(base, made=local is None)
    name = f"{hashlib.sha256(url.rstrip('/').encode()).hexdigest()[:24]}-{secrets.token_hex(4)}"
    return Mirror(base.absolute() / name, url, DEFAULT_BYTES if most is None else most)


def _own(base: Path, made: bool) -> None:
    try:
        base.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = base.lstat() if made else base.stat()
    except OSError as error:
        raise BuildError(f"host {host()}, {base}: cannot be made ({files.why(error)}); give [engine] local") from None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise BuildError(f"host {host()}, {base}: others than this user may write there; give [engine] local")


class _Mounted:
    """A mirror as this process uses it."""

    def __init__(self, mirror: Mirror) -> None:
        self.mirror = mirror
        self._came_in = 0
        self._before = f"{mirror.folder}/"

    @cached_property
    def objects(self) -> Objects:
        return Objects(self.mirror.url)

    def holds(self, path: Path) -> bool:
        text = str(path)
        return text.startswith(self._before) or text == self._before[:-1]

    def name(self, path: Path) -> str:
        return path.relative_to(self.mirror.folder).as_posix() if path != self.mirror.folder else ""

    def fetch(self, path: Path) -> None:
        """Bring a file here where it is not; where the store has none, nothing is there afterwards either."""
        try:
            os.utime(path)  # used now
        except FileNotFoundError:
            self._download(self.name(path), path)

    def _download(self, name: str, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = files.partial(path)
        try:
            if self.objects.get(name, temporary):
                size = temporary.stat().st_size
                temporary.chmod(0o644 | _STORED)
                temporary.replace(path)
                self._weigh(size)
        except OSError as error:
            raise BuildError(f"host {host()}, {path}: {files.why(error)}; free space, or give [engine] local") from None
        finally:
            temporary.unlink(missing_ok=True)

    def put(self, path: Path) -> None:
        """Put a file, or a folder as one object, into the store."""
        if path.is_dir():
            packed = files.partial(path)
            try:
                with tarfile.open(packed, "w") as tar:
                    tar.add(path, arcname=".")
                self.objects.put(packed, self.name(path) + PACKED)
            finally:
                packed.unlink(missing_ok=True)
            return
        size = path.stat().st_size
        self.objects.put(path, self.name(path))
        path.chmod(0o644 | _STORED)
        self._weigh(size)

    def fetch_folder(self, path: Path) -> None:
        """Bring a folder here that was put as one object."""
        packed = files.partial(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            if self.objects.get(self.name(path) + PACKED, packed):
                with files.whole_folder(path, told=False) as folder, tarfile.open(packed) as tar:
                    tar.extractall(folder, filter="data")
        except FileExistsError:
            pass  # another process of this host was first, with the same
        finally:
            packed.unlink(missing_ok=True)

    def _weigh(self, size: int) -> None:
        self._came_in += size
        if self._came_in * _SHARE > self.mirror.most:
            self._came_in = 0
            self.trim()

    def trim(self) -> None:
        """Remove what was used longest ago until there is a share of room."""
        found = sorted(_stored(self.mirror.folder))
        over = sum(size for _, size, _ in found) - self.mirror.most * (_SHARE - 1) // _SHARE
        for _, size, path in found:
            if over <= 0:
                return
            Path(path).unlink(missing_ok=True)
            over -= size


def _stored(folder: Path) -> Iterator[tuple[int, int, str]]:
    """Yield when each file of which the store has a copy was used, its size, and its path."""
    for base, _, names in os.walk(folder):
        for name in names:
            path = f"{base}/{name}"
            try:
                found = os.lstat(path)
            except FileNotFoundError:
                continue
            if stat.S_ISREG(found.st_mode) and found.st_mode & _STORED:
                yield found.st_mtime_ns, found.st_size, path


_mounted: dict[Path, _Mounted] = {}


def mount(mirrors: Iterable[Mirror]) -> None:
    """Let folders of this process stand for their URLs from now on; what builds before left here of them goes."""
    for mirror in mirrors:
        known = _mounted.get(mirror.folder)
        if known is None or known.mirror != mirror:
            _own(mirror.folder.parent, made=False)
            mirror.folder.mkdir(parents=True, exist_ok=True)
            _mounted[mirror.folder] = _Mounted(mirror)
            files.told_of_placed.add(placed)
            _remove_left(mirror.folder)
        os.utime(mirror.folder)


def _remove_left(folder: Path) -> None:
    """Remove the folders of other builds for the same URL that are no longer used."""
    for other in folder.parent.glob(f"{folder.name.partition('-')[0]}-*"):
        try:
            left = other != folder and time.time() - other.stat().st_mtime > _LEFT
        except FileNotFoundError:  # another process was first
            continue
        if left:
            shutil.rmtree(other, ignore_errors=True)  # it is of no use, but for its space


def _of(path: Path) -> _Mounted | None:
    if not _mounted:
        return None
    return next((each for each in _mounted.values() if each.holds(path)), None)


def objects_of(folder: Path) -> Objects | None:
    """Return the store that a mirror's folder stands for; None for any other path."""
    there = _mounted.get(folder)
    return there.objects if there is not None else None


def folder_of(place: Path) -> Path:
    """Return the folder that stands for a URL here; any other place as it is."""
    url = url_of(place)
    return next((each.mirror.folder for each in _mounted.values() if each.mirror.url == url), place)


def address(path: Path) -> str:
    """Return what a person calls a path: its URL in a mirror, else itself."""
    there = _of(path)
    if there is None:
        return str(path)
    return f"{without_password(there.mirror.url).rstrip('/')}/{there.name(path)}".rstrip("/")


def placed(path: Path) -> None:
    """Put a file, or a folder, that has come into its place into the store that its mirror stands for."""
    there = _of(path)
    if there is not None:
        there.put(path)


def here(path: Path) -> Path:
    """Return the path, where its file now is if there is one at all."""
    there = _of(path)
    if there is not None:
        there.fetch(path)
    return path


def folder_here(path: Path) -> Path:
    """Return the path of a folder that was put as a whole, which now is there if there is one at all."""
    there = _of(path)
    if there is not None and not path.exists():
        there.fetch_folder(path)
    return path


def opened(path: Path, how: Callable[[Path], _Opened]) -> _Opened:
    """Return what opens a file, which is fetched before where it must be; raises what `how` raises.

    Another process may have made room in between: the file is fetched again then.
    """
    there = _of(path)
    if there is None:
        return how(path)
    for _ in range(8):
        there.fetch(path)
        try:
            return how(path)
        except FileNotFoundError:
            if there.objects.size(there.name(path)) is None:
                raise
    raise BuildError(f"host {host()}, {path.parent}: has no room for a file in use; let [engine] local_bytes be more")


def size(path: Path) -> int | None:
    """Return the bytes of a file, None where there is none."""
    there = _of(path)
    try:
        return path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return there.objects.size(there.name(path)) if there is not None else None


def is_mirrored(path: Path) -> bool:
    """Return whether a path stands for an object."""
    return _of(path) is not None


def sizes(folder: Path) -> dict[str, int]:
    """Return the bytes of all files below a folder, by their names from there; a store may list new ones late."""
    there = _of(folder)
    if there is not None:
        cut = len(there.name(folder)) + 1 if there.name(folder) else 0
        return {name[cut:]: size for name, size in there.objects.sizes(there.name(folder)).items()}
    return {p.relative_to(folder).as_posix(): p.stat().st_size for p in folder.rglob("*") if p.is_file()}


def names(folder: Path) -> list[str]:
    """Return the names of what lies in a folder itself, sorted; a store may list new ones late."""
    there = _of(folder)
    found = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if there is not None:
        found |= {name.partition("/")[0] for name in sizes(folder)}
    return sorted(found)


def read_all(paths: Sequence[Path]) -> list[bytes | None]:
    """Return the bytes of files of one folder as they are now, asked for together; None for what is not there."""
    there = _of(paths[0]) if paths else None
    if there is not None:
        return there.objects.read_all([there.name(path) for path in paths])
    found: list[bytes | None] = []
    for path in paths:
        try:
            found.append(path.read_bytes())
        except FileNotFoundError:
            found.append(None)
    return found


def remove(path: Path) -> None:
    """Remove a file, here and in the store; one that is not there is no error."""
    there = _of(path)
    path.unlink(missing_ok=True)
    if there is not None:
        there.objects.remove([there.name(path)])


def forget_folder(folder: Path) -> None:
    """Remove from the store a folder that was put there as a whole; what is here stays."""
    there = _of(folder)
    if there is not None:
        there.objects.remove([there.name(folder) + PACKED])


def remove_folder(folder: Path) -> None:
    """Remove a folder with all that is in it, here and in the store."""
    there = _of(folder)
    if there is None or folder.exists():
        shutil.rmtree(folder)
    if there is not None:
        there.objects.remove([*there.objects.sizes(there.name(folder))])


def folders(folder: Path) -> list[Path]:
    """Return the folders in a folder (of a mirror: in its first folder), sorted."""
    found = {path for path in folder.iterdir() if path.is_dir()}
    there = _of(folder)
    if there is not None:
        found |= {folder / name for name in there.objects.folders()}
    return sorted(found)


def clear_here(folder: Path) -> None:
    """Forget what a mirror's folder holds since before the store was held: nothing is as fresh as the store."""
    if is_mirrored(folder):
        for path in folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
