"""A served release that can be searched, with hostile texts and a line of many megabytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import drystone
from tests.release.sample import FACTS, Row, sample_rows, write_sample
from tests.web.pages import Site, site

HOSTILE = "x = 'quarry <script>alert(1)</script> \u202e \x1b[2J'\n"
LONG = b"y" * 20_000_000 + b"quarry" + b"z" * 1_000_000


def rows() -> list[Row]:
    found = [row for row in sample_rows() if row.repository != "pypi/rich"]
    found.append(Row("own/odd", "/<script>alert('p')</script>\u202e.py", HOSTILE.encode(), "Python"))
    found.append(Row("own/odd", "/long.py", LONG, "Python", license="MIT OR Apache-2.0"))
    return found


@contextmanager
def search_site(folder: Path, **values: Any) -> Iterator[Site]:
    """Serve an indexed release and a version without an index."""
    first, second = folder / "releases/stones-1.0.0", folder / "releases/stones-1.1.0"
    write_sample(first, [row for row in rows() if row.repository == "own/special"])
    write_sample(second, rows(), FACTS.model_copy(update={"version": "1.1.0"}))
    drystone.index_release(second)
    with site(folder, places=[first, second], **values) as running:
        yield running
