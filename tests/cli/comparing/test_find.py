"""`drystone find` as a command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from drystone.catalog.shelf.shelf import Shelf
from drystone.cli.comparing.find import command as find


def test_find(run: Callable[..., Result], tmp_path: Path) -> None:
    place = str(tmp_path / "c.sqlite")
    Shelf(place, make=True).close()
    found = run(find, "have my code removed from a dataset", "--catalog", place)
    assert found.exit_code == 0
    assert "leaves out what authors asked to leave out" in found.output
    assert "matched 0 times, no report of how it went" in found.output
    data = json.loads(run(find, "code", "removed", "from a dataset", "--catalog", place, "--json").output)
    assert data["hits"][0]["confidence"]["matched"] == 1
    nothing = run(find, "zzz qqq", "--catalog", place)
    assert (nothing.exit_code, "Nothing in the catalog fits." in nothing.output) == (3, True)
    filtered = run(find, "train a code model", "--license", "permissive", "--catalog", place)
    assert "nobody knows their licence" in filtered.output
