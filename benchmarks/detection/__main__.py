"""One table over all detectors: `python -m benchmarks.detection [--quick] [--json] [--only languages]`."""

from __future__ import annotations

import argparse
import importlib
import sys

from benchmarks.harness import Figure, main

SECTIONS = ("licenses", "secrets", "languages")


def measure(quick: bool) -> list[Figure]:
    """Detection of licences, secrets and languages: right answers on labelled files, and speed."""
    figures: list[Figure] = []
    for section in _chosen:
        figures += importlib.import_module(f"benchmarks.detection.{section}").figures(quick)
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--only", action="append", choices=SECTIONS, help="this section alone")
    arguments, sys.argv[1:] = parser.parse_known_args()
    _chosen = tuple(arguments.only or SECTIONS)
    main(measure)
