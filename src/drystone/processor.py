"""What this machine's processor is and can: its name, how many of it, and instructions that a precision rests on."""

from __future__ import annotations

import os
import platform
from functools import cache
from pathlib import Path
from typing import Final

_INFO: Final = Path("/proc/cpuinfo")


@cache
def _told() -> str:
    """Return what the system tells of its processors; nothing outside Linux."""
    return _INFO.read_text(encoding="utf-8", errors="replace") if _INFO.exists() else ""


def count() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def model_name() -> str:
    """Return the processor's name, or that of its architecture."""
    lines = _told().splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def has_vnni() -> bool:
    """Whether this processor sums four int8 products without overflow (VNNI, AMX or their kin)."""
    return any(flag in _told() for flag in ("avx512_vnni", "avx_vnni", "amx_int8", "i8mm", "asimddp"))


def has_avx512() -> bool:
    """Whether this processor computes 16 float32 numbers at once."""
    return "avx512f" in _told()


def has_amx() -> bool:
    """Whether this processor multiplies tiles of int8 (AMX)."""
    return "amx_int8" in _told()


def has_bf16() -> bool:
    """Whether this processor multiplies bfloat16 in hardware."""
    return "avx512_bf16" in _told() or "amx_bf16" in _told()
