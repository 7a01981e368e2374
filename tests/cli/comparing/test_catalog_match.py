"""`drystone catalog resolve`, `publish`, `verify` and `report` as commands."""

from __future__ import annotations

import json
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


def test_resolve(run: Callable[..., Result]) -> None:
    found = run(catalog, "resolve", "capability://code.opt_out").output
    assert "it must be got first." in found
    assert "No program is known that calls it." in found
    data = json.loads(run(catalog, "resolve", "have my code removed from a dataset", "--json").output)
    assert data["capability"] == "capability://code.opt_out"


def test_publish_and_verify(run: Callable[..., Result], tmp_path: Path) -> None:
    public, _ = drystone.new_receipt_key(tmp_path / "publisher.key")
    out = tmp_path / "passport.json"
    said = run(catalog, "publish", "the-stack-v2", "--out", str(out), "--key", str(tmp_path / "publisher.key")).output
    assert said == f"wrote {out}\n"
    assert run(catalog, "verify", str(out), "--key", str(public)).output.startswith(
        "The signature holds. The Stack v2,"
    )
    out.write_text(out.read_text().replace("The Stack v2", "The Stack v9"))
    assert "does not hold" in str(run(catalog, "verify", str(out), "--key", str(public)).exception)
