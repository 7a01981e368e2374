"""`drystone catalog` as a command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from drystone.catalog.passports.reading import json_of
from drystone.cli.comparing.catalog import command as catalog
from tests.catalog.passports.made import passport


def test_catalog(run: Callable[..., Result], tmp_path: Path) -> None:
    place, card = str(tmp_path / "c.sqlite"), tmp_path / "README.md"
    card.write_text(
        "---\npipeline_tag: question-answering\nlicense: mit\nmodel-index: [{name: r\x7f}]\n---\n".replace("\x7f", "")
    )
    assert "would be added" in run(catalog, "add", str(card), "--catalog", place, "--dry-run").output
    assert not Path(place).exists()
    assert run(catalog, "add", str(card), "--catalog", place).output == "r added: 1 fact known, 3 unknown\n"
    for more in ([], ["--dry-run"]):
        assert "--replace" in str(run(catalog, "add", str(card), "--catalog", place, *more).exception)
    assert "would be added" in run(catalog, "add", str(card), "--catalog", place, "--dry-run", "--replace").output
    listed = run(catalog, "list", "--catalog", place).output.splitlines()
    assert ["r", "reader", "r"] in [line.split() for line in listed]
    shown = run(catalog, "show", "r", "--catalog", place).output
    assert "1 of 1 quotes stand in the texts that were kept." in shown
    assert json.loads(run(catalog, "show", "R", "--catalog", place, "--json").output)["artifact"]["name"] == "r"
    assert run(catalog, "remove", "r", "--catalog", place).output == "r removed\n"


def test_validate(run: Callable[..., Result], tmp_path: Path) -> None:
    right = tmp_path / "right.json"
    right.write_bytes(json_of(passport("one")))
    assert run(catalog, "validate", right).output == "nothing is wrong\n"
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"format": 1}')
    refused = run(catalog, "validate", str(wrong))
    assert (refused.exit_code, "artifact: Field required" in refused.output) == (1, True)
    assert json.loads(run(catalog, "validate", str(wrong), "--json").output)
