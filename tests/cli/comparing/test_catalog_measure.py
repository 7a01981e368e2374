"""`drystone catalog measure` as a command, and what a passport has of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from click.testing import Result

from drystone.cli.comparing.catalog import command as catalog


def test_facts_of_a_dataset_go_into_its_passport(run: Callable[..., Result], tmp_path: Path) -> None:
    rows = [{"content": f"x{n} = {n}\n", "path": f"{n}.py", "repo_name": "a/b", "license": "MIT"} for n in range(8)]
    pq.write_table(pa.Table.from_pylist([*rows, rows[0]]), tmp_path / "data.parquet")
    place = str(tmp_path / "c.sqlite")
    shown = run(catalog, "measure", tmp_path / "data.parquet", "--into", "the-stack-v2", "--catalog", place).output
    assert "The passport of the-stack-v2 has these facts now." in shown
    assert "settled by --registry" in shown
    passport = json.loads(run(catalog, "show", "the-stack-v2", "--catalog", place, "--json").output)
    facts = {fact["name"]: fact for fact in passport["facts"]}
    assert facts["duplicates.exact_share"]["claims"][0]["value"] == 11.1111111
    assert facts["contents"]["status"] == "disputed", "the card says otherwise of the full set"
    quotes = run(catalog, "show", "the-stack-v2", "--catalog", place).output.splitlines()[-1]
    assert quotes.split()[0] == quotes.split()[2], "all quotes stand in the texts that were kept"
    explained = run(catalog, "explain", "the-stack-v2", "--catalog", place).output
    assert "“duplicates.exact_share: 11.1111111”" in explained
    missing = run(catalog, "measure", tmp_path / "data.parquet", "--into", "nobody", "--catalog", place)
    assert "no artifact of this name" in str(missing.exception)
