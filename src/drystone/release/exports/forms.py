"""The forms of an export: whose columns it has."""

from __future__ import annotations

from typing import Literal

#: The Stack v2 per file, the same per repository, or The Stack v3 (per repository, with contents).
Form = Literal["stack-v2", "stack-v2-repos", "stack-v3"]
