"""`python -m benchmarks.catalog`: the whole table; `--only` chooses sections."""

from __future__ import annotations

from benchmarks.harness import main_of_sections

main_of_sections(
    "benchmarks.catalog",
    ("find", "duplicates", "cells", "pairs", "ranking", "measuring", "papers"),
    "The catalog: how well it finds, merges, compares, ranks and measures, and what its papers hold.",
)
