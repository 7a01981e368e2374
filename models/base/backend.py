"""Builds the package: setuptools, after the encoder was fetched and what was trained was put onto it.

DRYSTONE_ENCODER names a folder that holds the encoder, or shall keep it, so that a second build fetches nothing.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from setuptools import build_meta
from setuptools.build_meta import (
    build_sdist,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_wheel,
)

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from encoder import fetch, join  # noqa: E402  beside this file

__all__ = [
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_wheel",
]


def build_wheel(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    """Build a wheel that holds the whole model, in float16."""
    model = HERE / "src/drystone_base/model"
    if not (model / "adapter.safetensors").is_file():
        sys.exit("drystone-base: is not trained yet: there is no adapter.safetensors. README.md says how to train it.")
    weights = model / "model.safetensors"
    try:
        with tempfile.TemporaryDirectory() as spare:
            join(fetch(Path(os.environ.get("DRYSTONE_ENCODER") or spare)), model / "adapter.safetensors", weights)
        return str(build_meta.build_wheel(wheel_directory, config_settings, metadata_directory))
    finally:
        weights.unlink(missing_ok=True)
