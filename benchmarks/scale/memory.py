"""Peak memory of builds of very many occurrences of small generated files, and how it grows from a quarter of them."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path

import psutil

from benchmarks import builds
from benchmarks.harness import Figure

#: Occurrences of one archive, and how many archives hold the same files under other names.
_EACH = 5_000


def write_archives(folder: Path, occurrences: int) -> list[Path]:
    """Write tar archives of small Python files; a quarter of the files occur in two archives."""
    folder.mkdir(parents=True)
    made = []
    for number in range(max(1, occurrences // _EACH)):
        path = folder / f"package-{number:05d}-1.0.tar"
        with tarfile.open(path, "w") as archive:
            for file in range(_EACH):
                seed = (number - 1 if number and file % 4 == 0 else number) * _EACH + file
                text = "".join(f"stone_{seed}_{line} = {seed * 7919 % (line + 3)}\n" for line in range(6)).encode()
                if file == 0:
                    text = f"SPDX-License-Identifier: MIT\nCopyright {number}\n".encode()
                name = f"package-{number}/" + ("LICENSE" if file == 0 else f"part_{file % 50}/file_{file}.py")
                member = tarfile.TarInfo(name)
                member.size = len(text)
                archive.addfile(member, io.BytesIO(text))
        made.append(path)
    return made


def peak(archives: list[Path], output: Path) -> tuple[int, int]:
    """Build in processes of their own; return the most bytes that all of them held at a time, and occurrences."""
    command = [sys.executable, "-m", "drystone", "build", *map(str, archives), "-o", str(output), "--quiet", "--json"]
    command += ["--registry", str(output.with_name("registry.sqlite"))]
    most = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told: list[str] = []
        reader = threading.Thread(target=lambda out: told.append(out.read()), args=(process.stdout,))
        reader.start()
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            most = max(most, _held(watched))
            time.sleep(0.1)
        reader.join()
    if process.returncode:
        raise RuntimeError(f"the build ended with status {process.returncode}")
    return most, json.loads(told[0])["counts"]["occurrences"]


def _held(process: psutil.Process) -> int:
    """Return bytes of a process and those that it started; pages that several share count once for each share."""
    total = 0
    try:
        for one in [process, *process.children(recursive=True)]:
            total += one.memory_full_info().pss
    except psutil.NoSuchProcess:
        pass
    return total


def figures(quick: bool) -> list[Figure]:
    """Build at two sizes."""
    most = 40_000 if quick else 1_000_000
    held = []
    for occurrences in (most // 4, most):
        with builds.workplace() as folder:
            held.append(peak(write_archives(folder / "archives", occurrences), folder / "release"))
    (few, less), (many, more) = held
    note = f"{few / 1e6:,.0f} MB at {less:,} and {many / 1e6:,.0f} MB at {more:,} occurrences"
    slope = (many - few) / (more - less)
    bound = None if quick else 100  # so few rows do not fill the ranges that tasks hold
    return [
        Figure("many occurrences: peak memory", many / 1e9, "GB", 1.5, 1, lower_is_better=True, note=note),
        Figure("its slope", slope, "B a row", bound, 20, lower_is_better=True, note="level is 0, once ranges are full"),
    ]
