"""What worker processes have loaded before they are copied: all that most tasks need, so that it is loaded once."""

from __future__ import annotations

import importlib
from typing import Final

#: The stages' work, and what their rooms load only when asked. Git is not among them: many builds have none.
_MODULES: Final = (
    "drystone.building.annotate",
    "drystone.building.decide",
    "drystone.building.distinct",
    "drystone.building.inventory",
    "drystone.building.licensing",
    "drystone.building.settle",
    "drystone.building.write",
    "drystone.dedup.settle",
    "drystone.dedup.sketches",
    "drystone.detect.languages.detection",
    "drystone.detect.languages.generated",
    "drystone.detect.licenses.files",
    "drystone.detect.licenses.headers",
    "drystone.detect.licenses.trees",
    "drystone.detect.secrets.redaction",
    "drystone.detect.secrets.scanner",
    "drystone.sources.archive",
)


def preload() -> None:
    """Load what tasks need."""
    for name in _MODULES:
        importlib.import_module(name)
