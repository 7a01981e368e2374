"""The model card of a small model, from reports that were really made."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from drystone.cli.asking.reader import command
from drystone.errors import UsageError
from drystone.reader.exports.card import measure_speeds
from tests.reader.tiny_data import make_squad, write_squad


def test_a_card_holds_what_was_measured(checkpoints: dict[str, Path], tmp_path: Path, runtime: str) -> None:
    model = tmp_path / "model"
    shutil.copytree(checkpoints["bert"], model)
    data = write_squad(tmp_path / "data.json", make_squad(3))
    evaluate = ["evaluate", str(model), str(data), "--runtime", runtime, "--threads", "1", "--out", str(tmp_path / "e")]
    assert CliRunner().invoke(command, evaluate).exit_code == 0
    report = tmp_path / "e" / "report.json"
    card = ["card", str(model), "--report", f"three articles={report}", "--license", "apache-2.0"]
    done = CliRunner().invoke(command, card)
    assert done.exit_code == 0, done.output
    text = (model / "README.md").read_text()
    head = yaml.safe_load(text.split("---")[1])
    assert head["license"] == "apache-2.0"
    assert head["model-index"][0]["results"][0]["dataset"]["name"] == "three articles"
    assert "## Speed\n\nNot measured." in text and "what made this model is not recorded" in text
    assert "| what |" in text.replace("| what | ", "| what |")


@pytest.mark.slow
def test_every_installed_runtime_is_measured(checkpoints: dict[str, Path], runtime: str) -> None:
    rows = measure_speeds(checkpoints["bert"], seconds=0.05)
    assert (runtime, "fp32") in {(row["runtime"], row["precision"]) for row in rows}
    assert all(row["pairs_per_second"] > 0 for row in rows)


def test_what_is_no_report_is_named(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("{}")
    for given, says in ((f"a={tmp_path / 'report.json'}", "not a report"), (f"a={tmp_path / 'no'}", "not a report")):
        done = CliRunner().invoke(command, ["card", str(checkpoints["bert"]), "--report", given, "--license", "mit"])
        assert isinstance(done.exception, UsageError) and says in str(done.exception)
