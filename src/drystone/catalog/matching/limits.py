"""How much one search takes and gives; light to load, for faces that say it."""

from __future__ import annotations

from typing import Final

#: Characters of a query, and hits of a search.
LONGEST: Final = 500
MOST: Final = 100
HITS: Final = 10
