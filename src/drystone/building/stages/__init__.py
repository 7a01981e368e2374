"""What each stage of a build does with one task; the plan says what follows what."""

from __future__ import annotations

from typing import Final

#: The module that loads what tasks need, for worker processes: before they are asked for anything.
PRELOAD: Final = "drystone.building.preload"
