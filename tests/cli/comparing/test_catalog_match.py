"""`drystone catalog report` as a command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from click.testing import Result

import drystone
from drystone.catalog.shelf.shelf import Shelf
from drystone.cli.comparing.catalog import command as catalog
from drystone.cli.comparing.find import command as find


def test_report(run: Callable[..., Result], tmp_path: Path) -> None:
    place = str(tmp_path / "c.sqlite")
    Shelf(place, make=True).close()
    token = drystone.find_artifacts("have my code removed from a dataset", catalog=place).hits[0].token
    assert run(catalog, "report", token, "success", "--catalog", place).output.endswith(": success\n")
    assert "does it 67% of the time (16% to 99%, 1 report)" in run(find, "remove my code", "--catalog", place).output
    assert "none that this catalog gave" in str(run(catalog, "report", "x", "failure", "--catalog", place).exception)
