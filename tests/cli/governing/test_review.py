"""`drystone review` on a real registry."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from drystone.cli.governing.review import command
from drystone.errors import UsageError
from drystone.registry import Registry, Review

KEY = "c" * 64


@pytest.fixture
def registry(tmp_path: Path) -> str:
    path = tmp_path / "r.sqlite"
    with Registry.open(path) as opened:
        opened.reviews.enqueue([Review(KEY, "unanswered", path="LICENSE", sample="Do\x1b[31m as you like")])
    return str(path)


def run(registry: str, *arguments: str) -> str:
    result = CliRunner().invoke(command, ["--registry", registry, *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_list_show_decide_export_import(registry: str, tmp_path: Path) -> None:
    assert KEY[:12] in run(registry, "list")
    shown = run(registry, "show", "cccc")
    assert "as you like" in shown
    assert "\x1b" not in shown
    decided = run(registry, "decide", "cccc", "WTFPL", "--reason", "it says so", "--reviewer", "ann", "--json")
    assert json.loads(decided)["expression"] == "WTFPL"
    assert json.loads(decided)["files"] == {}
    assert run(registry, "list") == ""
    assert "WTFPL by ann" in run(registry, "list", "--all")
    assert json.loads(run(registry, "show", "cccc", "--json"))["history"][0]["reason"] == "it says so"
    out = tmp_path / "d.jsonl"
    run(registry, "--export", str(out))
    other = str(tmp_path / "other.sqlite")
    Registry.open(other).close()
    run(other, "--import", str(out))
    assert run(other, "--export", "-") == out.read_text()


def test_a_missing_registry_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no registry there"):
        run(str(tmp_path / "none.sqlite"), "list")
