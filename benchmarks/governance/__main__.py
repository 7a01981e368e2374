"""One table over governance: `python -m benchmarks.governance [--quick] [--json] [--only events]`."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys

from benchmarks import governance
from benchmarks.harness import Figure, main

#: Every module beside this one is a section of the table.
SECTIONS = tuple(sorted(m.name for m in pkgutil.iter_modules(governance.__path__) if not m.name.startswith("_")))


def measure(quick: bool) -> list[Figure]:
    """Governance: what opt-outs cost a build, and how fast the registry writes its log."""
    figures: list[Figure] = []
    for section in _chosen:
        figures += importlib.import_module(f"benchmarks.governance.{section}").figures(quick)
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--only", action="append", choices=SECTIONS, help="this section alone")
    arguments, sys.argv[1:] = parser.parse_known_args()
    _chosen = tuple(arguments.only or SECTIONS)
    main(measure)
