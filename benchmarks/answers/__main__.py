"""`python -m benchmarks.answers`: the whole table, built from nothing where the releases are not here yet."""

from __future__ import annotations

from benchmarks.harness import main_of_sections

main_of_sections(
    "benchmarks.answers",
    ("quality", "evidence", "cost"),
    "Answers from releases: how good, how sure, how dear, on questions that nothing was tuned on.",
)
