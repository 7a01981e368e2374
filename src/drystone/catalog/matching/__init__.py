"""From what somebody wants to what does it: intents, capabilities, artifacts; and what came of earlier searches."""

from __future__ import annotations

from typing import Final

#: Characters of a query that are read; hits that a search gives at most, and where nobody says how many.
LONGEST: Final = 500
MOST: Final = 100
HITS: Final = 10
#: What nobody knows of artifacts that a filter leaves out, in words.
NOT_KNOWN: Final = {
    "kind": "their kind", "license": "their licence", "price": "their price",
    "offline": "whether they need a network", "language": "their languages",
}  # fmt: skip
