"""What scanners for malware and known benchmarks say of texts: part of the third stage, where they are asked for.

Brings the rooms that look and what they need to each worker. Judges nothing.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import orjson
import pyarrow as pa

from drystone.dedup.contamination import benchmarks
from drystone.dedup.contamination.formats import BenchmarkFile
from drystone.detect.malware import RuleFile, Scanners, scanner_of
from drystone.work.remote.mirror import here
from drystone.work.store import write_atomically

if TYPE_CHECKING:
    from drystone._json import Json

_File = TypeVar("_File", BenchmarkFile, RuleFile)


@dataclass(frozen=True)
class Screens:
    """What is looked for in each text: by which scanners, and of which benchmarks at least which share of a task."""

    scanners: Scanners
    benchmarks: tuple[BenchmarkFile, ...]
    threshold: float

    def within(self, folder: Path) -> Screens:
        """Return the same with all files copied into a folder that every worker sees, each named by its hash."""
        scanners = replace(self.scanners, rules=tuple(_copied(file, folder) for file in self.scanners.rules))
        return replace(self, scanners=scanners, benchmarks=tuple(_copied(file, folder) for file in self.benchmarks))

    def malware(self, data: bytes) -> str | None:
        """Return what a scanner says of the bytes of a file, as JSON; None where none objects or none is asked."""
        if self.scanners.clamd is None and not self.scanners.rules:
            return None
        return _json(scanner_of(replace(self.scanners, rules=_here(self.scanners.rules))).scan(data))

    def contamination(self, texts: pa.Array) -> list[str | None]:
        """Return for each text the task that it holds, as JSON; None where there is none."""
        if not self.benchmarks:
            return [None] * len(texts)
        found = benchmarks.load(_here(self.benchmarks)).find(texts, self.threshold)
        return [_json({**each.as_dict(), "generic": each.generic}) if each is not None else None for each in found]


def _json(found: object) -> str | None:
    return orjson.dumps(found).decode() if found is not None else None


def as_found(text: str | None) -> dict[str, Json] | None:
    """Return what was found, from JSON."""
    return orjson.loads(text) if text is not None else None


def _copied(file: _File, folder: Path) -> _File:
    target = copy_of(folder, file.sha256)
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, lambda path: shutil.copyfile(file.path, path))
    return replace(file, path=target)


def _here(files: tuple[_File, ...]) -> tuple[_File, ...]:
    """Return the files as this host has them, fetched where the work folder lies in an object store."""
    return tuple(replace(file, path=here(file.path)) for file in files)


def copy_of(folder: Path, sha256: str) -> Path:
    """Return where the copy of a given file lies in a work folder."""
    return folder / "given" / sha256


def check(screens: Screens) -> int:
    """Read benchmarks and rules once, so that what is wrong with them is said before the work. Returns the tasks.

    Raises `UsageError` naming file, row and field, or file and line of a rule.
    """
    if screens.scanners.rules:
        scanner_of(screens.scanners)
    return benchmarks.load(screens.benchmarks).tasks if screens.benchmarks else 0
