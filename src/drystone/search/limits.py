"""How much a search shows where nobody says; light to load."""

from __future__ import annotations

from typing import Final, Literal

#: Files, and lines of each, that are shown.
FILES: Final = 50
LINES: Final = 10
#: Other places of the same bytes that are shown of each file.
PLACES: Final = 3
#: Passages that are shown.
PASSAGES: Final = 10
#: Files that fit words best that are shown, and passages of each.
RANKED: Final = 10
BESIDE: Final = 2
#: What files can be counted by.
By = Literal["language", "license", "repository", "year"]
#: What symbols can be made by (docs/search.md).
Symbols = Literal["keywords", "trees"]
