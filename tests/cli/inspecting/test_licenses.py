"""`drystone licenses` on a real ledger."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from drystone.cli.inspecting.licenses import command
from drystone.errors import ReleaseError
from drystone.release.schema import LEDGER


def release(folder: Path, expressions: list[str | None], dropped: tuple[str, ...] = ()) -> Path:
    rows = []
    for number, expression in enumerate([*expressions, *dropped]):
        row = dict.fromkeys(LEDGER.names)
        row |= {"repository_id": "r", "origin": "https://example.org/x", "path": f"/src/{number}.c", "entry": 0,
                "kind": "file", "decision": "kept" if number < len(expressions) else "dropped", "stage": "release",
                "license_expression": expression}  # fmt: skip
        rows.append(row)
    (folder / "ledger").mkdir(parents=True)
    half = len(rows) // 2
    for part, chunk in enumerate((rows[:half], rows[half:])):
        pq.write_table(pa.Table.from_pylist(chunk, LEDGER), folder / "ledger" / f"part-{part}.parquet")
    return folder


def run(*arguments: object) -> dict[str, object]:
    result = CliRunner().invoke(command, [*map(str, arguments), "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.stdout)
    return found


def test_permissive_release(tmp_path: Path) -> None:
    found = run(release(tmp_path / "r", ["MIT", "MIT", "Apache-2.0 OR GPL-2.0-only"], ("GPL-3.0-only",)))
    assert found["distributable"] == "yes"
    assert found["kept"] == 3
    assert [(u["license"], u["files"], u["alone"]) for u in found["licenses"]] == [  # type: ignore[attr-defined]
        ("MIT", 2, 2), ("Apache-2.0", 1, 0), ("GPL-2.0-only", 1, 0),
    ]  # fmt: skip


def test_no_and_unknown_are_told_apart(tmp_path: Path) -> None:
    unknown = run(release(tmp_path / "u", ["MIT", None]))
    assert (unknown["distributable"], unknown["without_license"]) == ("unknown", 1)
    assert run(tmp_path / "u", "--policy", "stack-v2")["distributable"] == "yes"
    refused = run(release(tmp_path / "n", ["MIT", "MPL-2.0"]))
    assert refused["distributable"] == "no"
    assert refused["refused"][0]["example"] == "https://example.org/x/src/1.c"  # type: ignore[index]
    assert run(tmp_path / "n", "--allow", "MPL-2.0")["distributable"] == "yes"
    assert run(tmp_path / "n", "--allow", "MPL-2.0", "--deny", "MIT")["distributable"] == "no"


def test_the_table_is_readable(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        command, [str(release(tmp_path / "r", ["MIT", "GPL-2.0-only"]))], catch_exceptions=False
    )
    assert "share alike" in result.stdout
    assert "does not cover" in result.stdout


def test_wrong_requests(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="ledger"):
        run(tmp_path)
    result = CliRunner().invoke(command, [str(tmp_path), "--allow", "MITT"])
    assert result.exit_code == 2
    (tmp_path / "ledger").mkdir()
    (tmp_path / "ledger" / "a.parquet").write_bytes(b"no parquet")
    with pytest.raises(ReleaseError, match="cannot be read"):
        run(tmp_path)
