"""Where a build keeps its intermediate work: stages, tasks, done files, and the lock.

A stage is a folder named after what it computes and a key over everything its result depends on, so that a changed
setting redoes only what it touches. A finished task is a small JSON file written last, with the sizes of the task's
files: where one of them is missing or shorter, which only a machine that stopped at once can leave, the task has not
finished. So no task waits for the disk. Knows nothing of what the stages compute.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from drystone.errors import BuildError
from drystone.work.files import remove_partial, whole
from drystone.work.remote import mirror
from drystone.work.remote.lease import held

#: Names of stages: `NAME-FINGERPRINT`.
_STAGE: Final = re.compile(r".+-[0-9a-f]{16}")
#: What a task reports: JSON, by names that its function and its caller agree on.
Summary: TypeAlias = dict[str, Any]


def fingerprint(*parts: object) -> str:
    """Return 16 hex digits over JSON-able parts: the key of what depends on them and nothing else."""
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


@dataclass(frozen=True)
class Stage:
    """A folder for the files of one stage, each named after its task's id.

    A task has an object of its own: the files that it asks for by name are those that its done file counts.
    """

    folder: Path
    _asked: set[str] = field(default_factory=set, repr=False, compare=False)

    def file(self, name: str) -> Path:
        """Return the path of a file of this stage."""
        self._asked.add(name)
        return self.folder / name

    def summary(self, task: str) -> Summary | None:
        """Return what a finished task reported, or None where it has not finished."""
        return self.summaries([task])[task]

    def summaries(self, tasks: Sequence[str]) -> dict[str, Summary | None]:
        """Return by name what tasks reported, None for those that have not finished."""
        size: Callable[[str], int | None] = lambda name: mirror.size(self.folder / name)  # noqa: E731
        asked = [*tasks]
        if len(asked) > 1 and mirror.is_mirrored(self.folder):  # one look at all, not one at each
            size = mirror.sizes(self.folder).get
            asked = [task for task in asked if size(f"{task}.done") is not None]
        told = mirror.read_all([self.folder / f"{task}.done" for task in asked])
        found: dict[str, Summary | None] = dict.fromkeys(tasks)
        found.update((task, _whole(data, size)) for task, data in zip(asked, told, strict=True) if data is not None)
        return found

    def finish(self, task: str, summary: Summary) -> None:
        """Mark a task as finished, after all files that it asked for, and wrote, are in place."""
        sizes = {name: size for name in sorted(self._asked) if (size := mirror.size(self.folder / name)) is not None}
        done = orjson.dumps({"summary": summary, "files": sizes})
        write_atomically(self.folder / f"{task}.done", lambda path: path.write_bytes(done), durable=False)

    def forget(self, task: str) -> None:
        """Let a finished task be done again."""
        mirror.remove(self.folder / f"{task}.done")


def _whole(done: bytes, size: Callable[[str], int | None]) -> Summary | None:
    """Return what a done file reports, None where a file that it counts has another size."""
    try:
        told = orjson.loads(done)
        if any(size(name) != bytes_ for name, bytes_ in told["files"].items()):
            return None
        summary: Summary = told["summary"]
    except (orjson.JSONDecodeError, KeyError):
        # Also where a version of this program that kept less has written it.
        return None
    return summary


class Store:
    """The work folder of one build."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._used: set[str] = set()
        self._tasks: dict[Path, set[str]] = {}

    def stage(self, name: str, *key: object) -> Stage:
        """Return the folder of a stage whose result depends on `key` alone, made where it is missing."""
        stage = f"{name}-{fingerprint(*key)}"
        self._used.add(stage)
        folder = self.folder / stage
        folder.mkdir(parents=True, exist_ok=True)
        return Stage(folder)

    def keep_only(self, stage: Stage, tasks: Iterable[str]) -> None:
        """Say which tasks of a stage this build uses, where others may lie beside them from earlier builds."""
        self._tasks[stage.folder] = set(tasks)

    def remove_unused(self) -> None:
        """Remove stages and tasks that the finished build did not use: they belong to earlier settings or sources."""
        self._remove_stages(self._used)
        for name in self._used:
            remove_partial(self.folder / name)
        for folder, tasks in self._tasks.items():
            for name in mirror.names(folder):
                if name.partition(".")[0] not in tasks:
                    mirror.remove(folder / name)

    def clear(self) -> None:
        """Remove all stages."""
        self._remove_stages(())

    def _remove_stages(self, but: Collection[str]) -> None:
        """Remove all stages `but` some; what else lies in the folder may be anybody's."""
        for folder in mirror.folders(self.folder):
            if _STAGE.fullmatch(folder.name) and folder.name not in but:
                mirror.remove_folder(folder)

    @contextmanager
    def lock(self) -> Iterator[Callable[[], None]]:
        """Hold the folder against a second build; give what raises once another host has taken it over.

        Raises `BuildError` where another one is at work.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        objects = mirror.objects_of(self.folder)
        if objects is not None:
            with held(objects, "lock") as lease:
                mirror.clear_here(self.folder)
                yield lease.check
            return
        lock = FileLock(self.folder / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise BuildError(
                f"{self.folder}: another build is at work here; wait for it or choose another output"
            ) from None
        try:
            yield lambda: None
        finally:
            lock.release()


def write_atomically(path: Path, write: Callable[[Path], object], durable: bool = True) -> None:
    """Let `write` fill a temporary file beside `path`, then bring it into place in one step.

    Files of a task are not `durable`: its done file tells whether they are whole. Raises `BuildError` where the disk
    is full or refuses; nothing is left under either name then.
    """
    try:
        with whole(path, durable=durable) as temporary:
            write(temporary)
    except OSError as error:
        raise BuildError(
            f"{path}: cannot write ({error.strerror or error}); free space or choose another folder"
        ) from error


def write_table(path: Path, table: pa.Table, row_group: int = 16384) -> None:
    """Write a task's table; sorted tables keep statistics that let `tables.read` skip."""
    write_atomically(
        path,
        lambda temporary: pq.write_table(
            table, temporary, row_group_size=row_group, compression="lz4", store_schema=True, write_statistics=True
        ),
        durable=False,
    )
