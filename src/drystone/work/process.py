"""Sets up a process that does nothing but work: memory, the garbage collector, no pandas."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Sequence
from functools import cache
from types import ModuleType
from typing import Final

import pyarrow as pa

#: Parameters of glibc's mallopt (malloc.h), and what they are set to: bytes of freed memory at the heap's end that are
#: kept, and the bytes from which an allocation is a mapping of its own (32 MiB is the most that glibc takes).
_MALLOPT: Final = {-1: 64 << 20, -3: 4 << 20}


@cache
def prepare_process() -> None:
    """Set up, once, a process that does nothing but build: memory, fewer rounds of the garbage collector, no pandas.

    Batches of some megabytes come and go; where the allocator hands them back each time, the system zeroes the same
    pages anew. Builds make millions of objects and hardly a cycle; Python's default
    looks through all of them again and again. pyarrow imports pandas at the first array that is made from Python, only
    to learn whether it was given a pandas object; each worker would pay for that.
    """
    pa.set_cpu_count(1)
    pa.set_io_thread_count(2)
    pa.set_memory_pool(pa.system_memory_pool())
    _keep_freed_memory()
    gc.freeze()
    gc.set_threshold(200_000, 50, 100)
    if "pandas" not in sys.modules:
        sys.meta_path.insert(0, _NoPandas)
        try:
            pa.array([])
        finally:
            sys.meta_path.remove(_NoPandas)


def _keep_freed_memory() -> None:
    """Let malloc keep memory that was freed (`_MALLOPT`), where the C library is one that can be told."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    for parameter, value in _MALLOPT.items():
        mallopt(parameter, value)


class _NoPandas:
    """A finder of modules that refuses pandas."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
