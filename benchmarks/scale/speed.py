"""The speed of whole builds, from the benchmarks that measure it, under this table's bounds."""

from __future__ import annotations

from dataclasses import replace

from benchmarks import build_scaling, build_throughput
from benchmarks.harness import Figure


def figures(quick: bool) -> list[Figure]:
    """Build real packages on one core and on two."""
    (throughput,) = build_throughput.measure(quick)
    scaling = build_scaling.measure(quick)[0]
    return [replace(throughput, at_least=50, aim=70), replace(scaling, at_least=1.85, aim=1.95)]
