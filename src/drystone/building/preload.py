"""What worker processes have loaded before they are copied: all that most tasks need, so that it is loaded once.

Modules, and what detectors build when they are first asked: a few words are shown to each of these.
"""

from __future__ import annotations

import importlib
from typing import Final

from drystone.detect import languages, licenses

#: The stages' work, and what their rooms load only when asked. Git is not among them: many builds have none.
_MODULES: Final = (
    "drystone.building.stages.annotate",
    "drystone.building.stages.decide",
    "drystone.building.stages.distinct",
    "drystone.building.stages.inventory",
    "drystone.building.stages.licensing",
    "drystone.building.stages.settle",
    "drystone.building.stages.write",
    "drystone.dedup.settle",
    "drystone.dedup.sketches",
    "drystone.detect.languages.generated",
    "drystone.detect.licenses.trees",
    "drystone.detect.secrets.redaction",
    "drystone.detect.secrets.scanner",
    "drystone.sources.archives.archive",
)


_TEXT: Final = b"# Permission is hereby granted, free of charge, to any person obtaining a copy of this software\n"


def preload() -> None:
    """Load what tasks need."""
    for name in _MODULES:
        importlib.import_module(name)
    licenses.detect_file(_TEXT, "LICENSE")
    licenses.detect_headers([b"SPDX-License-Identifier: MIT\n"], ["a.py"])
    languages.detect_language("words", _TEXT)
