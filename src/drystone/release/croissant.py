"""croissant.json: the release as Croissant describes data sets, with its Responsible AI and provenance fields.

Follows the Croissant format specification 1.0 (http://mlcommons.org/croissant/1.0) and the RAI vocabulary 1.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from drystone.release.manifest import Manifest
from drystone.release.read import Release
from drystone.release.stats import Stats


def croissant(release: Release, found: Stats) -> Iterator[str]:
    """Yield the text of croissant.json."""
    manifest = release.manifest
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    yield orjson.dumps(_metadata(manifest, found), option=options).decode()


def _metadata(manifest: Manifest, found: Stats) -> dict[str, Any]:
    return {}
