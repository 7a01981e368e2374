"""One table over the Software Heritage source: `python -m benchmarks.software_heritage [--quick] [--only paths]`."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys

import benchmarks.software_heritage as room
from benchmarks.harness import Figure, main

#: Modules with a function `figures(quick)`.
SECTIONS = tuple(
    sorted(m.name for m in pkgutil.iter_modules(room.__path__) if not m.name.startswith("_") and m.name != "graph")
)


def measure(quick: bool) -> list[Figure]:
    """A graph export resolved to paths, in time and memory; contents fetched from a store."""
    figures: list[Figure] = []
    for section in _chosen:
        module = importlib.import_module(f"benchmarks.software_heritage.{section}")
        figures += module.figures(quick) if hasattr(module, "figures") else []
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--only", action="append", choices=SECTIONS, help="this section alone")
    arguments, sys.argv[1:] = parser.parse_known_args()
    _chosen = tuple(arguments.only or SECTIONS)
    main(measure)
