"""Runs whole builds as processes of their own, for the figures of the build: time, memory, kills."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.harness import CACHE
from drystone import init_registry
from drystone.sources import Source


@dataclass(frozen=True)
class Run:
    """One finished build: wall seconds, peak resident bytes of all its processes, and its summary."""

    seconds: float
    peak: int
    summary: dict[str, object]

    def megabytes(self, stage: str) -> float:
        """Return the MB (10^6 bytes) left after a stage of the funnel."""
        (step,) = [s for s in self.summary["funnel"] if s["stage"] == stage]  # type: ignore[attr-defined]
        return float(step["bytes"]) / 1e6


@contextmanager
def workplace() -> Iterator[Path]:
    """Give an empty folder on the cache's disk, removed afterwards."""
    (CACHE / "runs").mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=CACHE / "runs"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def build(
    sources: Sequence[Source], folder: Path, *, cores: int, kill_after: float | None = None, sample: bool = False,
    tables: str = "", output: str = "release", engine: str = "",
) -> Run | None:  # fmt: skip
    """Build `sources` into `folder` on the first `cores` cores; None where it was killed (SIGKILL) before its end.

    `tables` are further settings, `engine` further lines of that table; `output` is a path from `folder`, or a URL.
    """
    settings = folder / "build.toml"
    tables += "".join(_table(source) for source in sources)
    engine = f'[engine]\nthreads = {cores}\ncache = "{CACHE / "corpus"}"\n{engine}'
    settings.write_text(f'[release]\noutput = "{output}"\n{engine}{tables}')
    registry = folder / "registry.sqlite"
    if not registry.exists():
        init_registry(str(registry))
    pinned = ["taskset", "--cpu-list", ",".join(map(str, range(cores)))]
    command = [*pinned, sys.executable, "-m", "drystone", "build", str(settings), "--json", "--registry", str(registry)]
    start = time.monotonic()
    with (folder / "out.json").open("wb") as out:
        process = subprocess.Popen(command, stdout=out, start_new_session=True)
        peak = 0
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            if kill_after is not None and time.monotonic() - start > kill_after:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                return None
            if sample:
                peak = max(peak, _resident(watched))
            time.sleep(0.05)
    seconds = time.monotonic() - start
    if process.returncode:
        raise SystemExit(f"the build failed with status {process.returncode}")
    return Run(seconds, peak, json.loads((folder / "out.json").read_bytes()))


def _table(source: Source) -> str:
    package, _, version = source.spec.removeprefix("pypi:").partition("==")
    return f'[[source]]\nkind = "pypi"\npackage = "{package}"\nversion = "{version}"\n'


def _resident(process: psutil.Process) -> int:
    total = 0
    for one in [process, *_children(process)]:
        try:
            total += one.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []
