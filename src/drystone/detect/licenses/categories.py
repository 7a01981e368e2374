"""The category that ScanCode LicenseDB (CC-BY-4.0) gives each licence: a fact about it, which decides nothing."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import orjson


@cache
def categories() -> dict[str, str]:
    """Return SPDX identifier -> category ("Permissive", "Copyleft Limited", ...), as license-expression ships them."""
    path = files("license_expression").joinpath("data/scancode-licensedb-index.json")
    found: dict[str, str] = {}
    for entry in orjson.loads(path.read_bytes()):
        for key in (entry.get("spdx_license_key"), *(entry.get("other_spdx_license_keys") or ())):
            if key and entry.get("category"):
                found.setdefault(key, entry["category"])
    return found
