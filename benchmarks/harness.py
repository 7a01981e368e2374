"""What every benchmark shares: arguments, the table, the exit status, and a peer's own environment.

A benchmark calls `main(measure)` with a function `measure(quick) -> list[Figure]`. `python -m benchmarks.NAME` prints
a table with machine and versions; `--json` prints `{"machine", "figures": [{"name", "value", "unit", "at_least",
"aim"}]}`; `--quick` runs a smaller load; the exit status is 1 where a figure misses its at-least.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import platform
import subprocess
import sys
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock

CACHE = Path(os.environ.get("DRYSTONE_CACHE", Path(__file__).parents[1] / ".cache"))


@dataclass(frozen=True)
class Figure:
    """One measured number; None where it cannot be measured here, as the note says.

    `lower_is_better` turns `at_least` and `aim` into upper bounds; None means no bound.
    """

    name: str
    value: float | None
    unit: str
    at_least: float | None = None
    aim: float | None = None
    lower_is_better: bool = False
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether the figure reaches its at-least."""
        if self.at_least is None:
            return True
        if self.value is None:
            return False
        return self.value <= self.at_least if self.lower_is_better else self.value >= self.at_least


def machine() -> str:
    """Return processor, cores, memory and the versions that matter, in one line."""
    cpu = "unknown processor"
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text().splitlines()
        cpu = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), cpu)
        flags = next((line.split(":", 1)[1].split() for line in lines if line.startswith("flags")), [])
        cpu += " " + "+".join(f for f in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16") if f in flags)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{cpu}, {os.cpu_count()} cores, {memory:.0f} GiB; Python {platform.python_version()}, "
        f"drystone {version('drystone')}, pyarrow {version('pyarrow')}"
    )


def peer(name: str, requirements: Sequence[str], python: str = sys.executable) -> Path:
    """Return the Python of a peer's own environment, made once under the cache."""
    key = hashlib.sha256("\n".join(requirements).encode()).hexdigest()[:12]
    home = CACHE / "peers" / f"{name}-{key}"
    ready = home / "ready"
    home.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(home.with_suffix(".lock")):  # tests in several processes may want the same one
        if not ready.exists():
            if python == sys.executable:
                venv.create(home, with_pip=True, clear=True)
            else:
                subprocess.run([python, "-m", "venv", "--clear", str(home)], check=True)
            subprocess.run([str(home / "bin/python"), "-m", "pip", "install", "-q", *requirements], check=True)
            ready.touch()
    return home / "bin/python"


def packages(name: str, requirements: Sequence[str]) -> Path:
    """Return a folder with packages, without those they ask for: what they need besides is what runs them."""
    key = hashlib.sha256("\n".join([sys.version, *requirements]).encode()).hexdigest()[:12]
    home = CACHE / "peers" / f"{name}-{key}"
    home.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(home.with_suffix(".lock")):
        if not (home / "ready").exists():
            pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--upgrade", "--target", str(home)]
            subprocess.run([*pip, *requirements], check=True)
            (home / "ready").touch()
    return home


def main_of_sections(
    package: str,
    sections: Sequence[str],
    about: str,
    arrange: Callable[[list[Figure], Sequence[str]], list[Figure]] = lambda figures, sections: figures,
) -> None:
    """Run a benchmark made of modules of a package, each with `figures(quick)`, as one table; `--only` chooses some.

    `arrange` gets all figures and the sections that were run, and returns what the table shows.
    """
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--only", action="append", choices=sections, help="this section alone")
    arguments = parser.parse_known_args()[0]

    def measure(quick: bool) -> list[Figure]:
        names = arguments.only or sections
        chosen = [importlib.import_module(f"{package}.{name}") for name in names]
        return arrange([figure for module in chosen for figure in module.figures(quick)], names)

    measure.__doc__ = about
    main(measure, parser)


def main(measure: Callable[[bool], list[Figure]], *more: argparse.ArgumentParser) -> None:
    """Parse the shared arguments and those of `more`, measure, print, and exit 1 where a figure misses its at-least."""
    parser = argparse.ArgumentParser(description=(measure.__doc__ or "").strip().split("\n")[0], parents=more)
    parser.add_argument("--json", action="store_true", help="print figures as JSON")
    parser.add_argument("--quick", action="store_true", help="a smaller load, for a first look")
    arguments = parser.parse_args()
    figures = measure(arguments.quick)
    if arguments.json:
        rows = [
            {"name": f.name, "value": f.value, "unit": f.unit, "at_least": f.at_least, "aim": f.aim} for f in figures
        ]
        print(json.dumps({"machine": machine(), "quick": arguments.quick, "figures": rows}, indent=2))
    else:
        print(machine() + (" (quick)" if arguments.quick else ""))
        width = max(len(f.name) for f in figures)
        for f in figures:
            sign = "<=" if f.lower_is_better else ">="
            bounds = "" if f.at_least is None else f"at least {sign} {f.at_least:g}"
            bounds += "" if f.aim is None else f", aim {sign} {f.aim:g}"
            mark = "" if f.at_least is None else ("ok  " if f.holds else "MISS")
            value = "not here" if f.value is None else f"{f.value:,.4g}"
            print(f"{mark:4} {f.name:{width}}  {value:>12} {f.unit:12} {bounds}  {f.note}".rstrip())
    sys.exit(0 if all(f.holds for f in figures) else 1)
