"""Papers about a release for others' programs and for authorities, each made from its manifest, ledger and rows."""

from __future__ import annotations

from typing import Literal

#: The papers that there are.
PaperForm = Literal["spdx", "cyclonedx", "eu", "croissant", "card"]
