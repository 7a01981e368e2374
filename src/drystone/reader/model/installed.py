"""Models that come as installed packages, by name.

A package offers a model by an entry point in the group `drystone.models`: the name, and a module beside whose
`__init__.py` the folder `model` lies. It knows nothing of what lies there.
"""

from __future__ import annotations

import importlib.util
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

#: Group of entry points by which installed packages offer models.
GROUP: Final = "drystone.models"


def installed() -> dict[str, Path]:
    """Return the models that installed packages offer: name -> folder (which may be empty)."""
    found = {}
    for point in entry_points(group=GROUP):
        spec = importlib.util.find_spec(point.module)
        for home in (spec.submodule_search_locations or ()) if spec else ():
            found[point.name] = Path(home) / "model"
    return found
