"""`drystone licenses` on a real ledger."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from drystone.cli.inspecting.licenses import command
from drystone.errors import ReleaseError, UsageError
from tests.release.sample import Row, write_sample


def release(folder: Path, expressions: list[str | None], dropped: tuple[str, ...] = ()) -> Path:
    """Write a release with a file for each licence."""
    rows = [
        Row("x", f"/src/{number}.c", f"int stone_{number};\n".encode(), "C", license=expression)
        for number, expression in enumerate([*expressions, *dropped])
    ]
    for row in rows[len(expressions) :]:
        row.dropped = "license.non_permissive_license"
    write_sample(folder, rows)
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
    with pytest.raises(ReleaseError, match="not a release"):
        run(tmp_path)
    result = CliRunner().invoke(command, [str(tmp_path), "--allow", "MITT"])
    assert isinstance(result.exception, UsageError) and result.exception.exit_code == 2
    damaged = release(tmp_path / "r", ["MIT", "MIT"])
    next(iter(damaged.glob("ledger/*.parquet"))).write_bytes(b"no parquet")
    with pytest.raises(ReleaseError, match="not a readable Parquet file"):
        run(damaged)


def said(*arguments: object) -> tuple[str, str]:
    result = CliRunner().invoke(command, [*map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout, result.stderr


def test_files_by_basis_and_what_must_be_said_of_them(tmp_path: Path) -> None:
    folder = release(tmp_path / "r", ["MIT", "Apache-2.0", None])
    lines, count = said(folder, "--files", "--basis", "text", "--where", "license_expression=MIT")
    assert lines == "https://example.org/x:/src/0.c: MIT, from text, sure 0.98\n"
    assert count == "1 file.\n"
    assert "none found, from unknown, sure unknown" in said(folder, "--files", "--basis", "unknown")[0]
    found = run(folder, "--files", "--below", "0.99")["files"]
    assert {one["license_expression"] for one in found} == {"MIT", "Apache-2.0"}  # type: ignore[attr-defined]
    assert "MIT, 1 file\n    for /src/0.c\n" in said(folder, "--notice", "--where", "path=/src/0.c")[0]
    assert said(folder, "--notice", "--as", "html")[0].startswith("<!doctype html>")
    assert json.loads(said(folder, "--notice", "--as", "spdx")[0])["spdxVersion"] == "SPDX-2.3"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--files", "--notice"],
        ["--basis", "readme"],
        ["--below", "0.5", "--notice"],
        ["--where", "language=C"],
        ["--as", "html"],
        ["--notice", "--json"],
        ["--files", "--basis", "hearsay"],
        ["--files", "--where", "langage=C"],
    ],
)
def test_options_that_would_say_nothing_are_refused(tmp_path: Path, arguments: list[str]) -> None:
    folder = release(tmp_path / "r", ["MIT"])
    with pytest.raises(UsageError):
        CliRunner().invoke(command, [str(folder), *arguments], catch_exceptions=False)
