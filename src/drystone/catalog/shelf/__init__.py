"""Where passports are kept: those that come with the program, and a database of one's own."""

from __future__ import annotations

from typing import Final

#: The catalog that is changed by those who name none: a file in the working folder.
DEFAULT_CATALOG: Final = "drystone-catalog.sqlite"
