"""Where a build keeps its intermediate work: stages, tasks, checkpoints, and the lock.

A stage is a folder named after what it computes and a key over everything its result depends on, so that a changed
setting redoes only what it touches. A finished task is a small JSON file written last: its existence means that all
files of the task are complete. Knows nothing of what the stages compute.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from drystone.errors import BuildError


def fingerprint(*parts: object) -> str:
    """Return 16 hex digits over JSON-able parts: the key of what depends on them and nothing else."""
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


@dataclass(frozen=True)
class Stage:
    """A folder for the files of one stage; `files(task)` and `done(task)` are named after the task's id."""

    folder: Path

    def file(self, name: str) -> Path:
        """Return the path of a file of this stage."""
        return self.folder / name

    def summary(self, task: str) -> dict[str, Any] | None:
        """Return what a finished task reported, or None where it has not finished."""
        try:
            content: dict[str, Any] = orjson.loads((self.folder / f"{task}.done").read_bytes())
        except FileNotFoundError:
            return None
        return content

    def finish(self, task: str, summary: dict[str, Any]) -> None:
        """Mark a task as finished; called after all of its files are in place."""
        write_atomically(self.folder / f"{task}.done", lambda path: path.write_bytes(orjson.dumps(summary)))


class Store:
    """The work folder of one build."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._used: set[str] = set()

    def stage(self, name: str, *key: object) -> Stage:
        """Return the folder of a stage whose result depends on `key` alone, made where it is missing."""
        stage = f"{name}-{fingerprint(*key)}"
        self._used.add(stage)
        folder = self.folder / stage
        folder.mkdir(parents=True, exist_ok=True)
        return Stage(folder)

    def remove_unused(self, keep: Iterable[str] = ()) -> None:
        """Remove stages that the finished build did not ask for: they belong to earlier settings or sources."""
        for folder in self.folder.iterdir():
            if folder.is_dir() and folder.name not in self._used and folder.name not in keep:
                shutil.rmtree(folder)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder against a second build. Raises `BuildError` where another one is at work."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise BuildError(
                f"{self.folder}: another build is at work here; wait for it or choose another output"
            ) from None
        try:
            yield
        finally:
            lock.release()


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then bring it into place in one step.

    Raises `BuildError` where the disk is full or refuses; nothing is left under either name then.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        write(temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise BuildError(
            f"{path}: cannot write ({error.strerror or error}); free space or choose another folder"
        ) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_table(path: Path, table: pa.Table, row_group: int = 16384) -> None:
    """Write an intermediate table atomically; sorted tables keep statistics that let `read_range` skip."""
    write_atomically(
        path,
        lambda temporary: pq.write_table(
            table, temporary, row_group_size=row_group, compression="lz4", store_schema=True, write_statistics=True
        ),
    )
