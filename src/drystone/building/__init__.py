"""The plan of a build: stages, partitions, done files, engine.

Loaded name by name: worker processes and the command's first moments need little of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drystone._lazy import lazily

if TYPE_CHECKING:
    from drystone.building.builds import Estimate, build, decisions_of, estimate
    from drystone.building.receipts import write_receipts
    from drystone.building.settings import Settings, load_settings, sources_from_arguments
    from drystone.building.stages import PRELOAD
    from drystone.building.update import recall
    from drystone.work.engine import Engine
    from drystone.work.process import prepare_process

__all__ = [
    "PRELOAD",
    "Engine",
    "Estimate",
    "Settings",
    "build",
    "decisions_of",
    "estimate",
    "load_settings",
    "prepare_process",
    "recall",
    "sources_from_arguments",
    "work_folder",
    "write_receipts",
]

__getattr__ = lazily(
    __name__,
    {
        "Engine": "drystone.work.engine",
        "Estimate": "drystone.building.builds",
        "PRELOAD": "drystone.building.stages",
        "Settings": "drystone.building.settings",
        "build": "drystone.building.builds",
        "decisions_of": "drystone.building.builds",
        "estimate": "drystone.building.builds",
        "load_settings": "drystone.building.settings",
        "prepare_process": "drystone.work.process",
        "recall": "drystone.building.update",
        "sources_from_arguments": "drystone.building.settings",
        "work_folder": "drystone.building.settings",
        "write_receipts": "drystone.building.receipts",
    },
)
