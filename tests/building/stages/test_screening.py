"""Builds that leave out benchmarks' tasks, what scanners object to, and what filters say: one release, all its laws."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import drystone
from drystone.building.settings import load_settings
from drystone.cli import cli
from drystone.errors import BuildError, SettingsError, UsageError
from drystone.release.read import Release
from tests import clamd
from tests.building.conftest import MIT, program, write
from tests.dedup.contamination.conftest import DRESSED, GCD, SOLUTION, benchmark

__all__ = ["benchmark"]  # a fixture

RULES = 'rule marker { strings: $a = "joints filled with mortar" condition: $a }\n'


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "in" / "walls"
    write(folder, {
        "LICENSE": MIT,
        "plain.py": program("plain"),
        "solved.py": program("solved") + "\n\n" + DRESSED,
        "copies/solved.py": program("solved") + "\n\n" + DRESSED,
        "divisor.py": program("divisor") + "\n\n" + GCD,
        "marked.py": program("marked") + "# joints filled with mortar\n",
        "short.py": "def short(a):\n    return a\n",
        "vendor/plain.py": program("plain"),
    })  # fmt: skip
    return folder


@pytest.fixture
def settings(tmp_path: Path, benchmark: Path) -> dict[str, Any]:
    (tmp_path / "own.yar").write_text(RULES)
    return {
        "decontamination": {"against": [str(benchmark)]},
        "malware": {"yara": [str(tmp_path / "own.yar")]},
        "filters": {"drop": {"vendored": "path LIKE '/vendor/%'", "tiny": "num_lines < 3"}},
    }


def ledger(release: Release) -> dict[str, dict[str, Any]]:
    rows = [row for table in release.ledger() for row in table.to_pylist()]
    return {row["path"]: {**row, "evidence": json.loads(row["evidence"] or "{}")} for row in rows}


def test_each_file_falls_for_its_own_reason_and_the_release_holds(
    source: Path, settings: dict[str, Any], tmp_path: Path
) -> None:
    pytest.importorskip("yara")
    made = drystone.build(source, tmp_path / "out", settings=settings, threads=1)
    rows = ledger(made)
    reasons = {path: (row["stage"], row["reason"]) for path, row in rows.items() if path != "/LICENSE"}
    assert reasons == {
        "/plain.py": ("release", None),
        "/divisor.py": ("release", None),
        "/solved.py": ("decontamination", "benchmark"),
        "/copies/solved.py": ("decontamination", "benchmark"),
        "/marked.py": ("malware", "malware"),
        "/short.py": ("filters", "filtered"),
        "/vendor/plain.py": ("filters", "filtered"),
    }
    assert rows["/marked.py"]["evidence"] == {"by": "YARA", "names": ["own.yar:marker"]}
    assert rows["/short.py"]["evidence"] == {"filter": "tiny", "expression": "num_lines < 3"}
    told = rows["/solved.py"]["evidence"]
    assert (told["benchmark"], told["task"], told["task_lines"]) == ("walls", "walls/0", [[1, 9]])
    assert rows["/divisor.py"]["evidence"]["generic_code"]["task"] == "walls/1"
    report = drystone.verify(tmp_path / "out")
    assert (report.problems, report.notes) == ({}, [])
    funnel = {step.stage: step.files for step in made.manifest.facts.funnel}
    assert (funnel["quality"], funnel["malware"], funnel["decontamination"], funnel["filters"]) == (5, 4, 3, 2)

    explained = drystone.why(made, "/solved.py")[0]
    assert explained.beside is not None
    assert "def paires_proches" in explained.beside
    assert "def close_pairs" in explained.beside
    done = CliRunner().invoke(cli, ["why", str(made.path), "/divisor.py"])
    assert "def gcd(a, b):" in done.stdout

    # The order of processes, the next version, other places of the same files: the same root.
    two = drystone.build(source, tmp_path / "two", settings=settings, threads=2)
    moved = tmp_path / "elsewhere" / "walls.jsonl"
    moved.parent.mkdir()
    moved.write_bytes(Path(settings["decontamination"]["against"][0]).read_bytes())
    again = {**settings, "decontamination": {"against": [str(moved)]}}
    assert drystone.build(source, tmp_path / "moved", settings=again, threads=1).root == made.root == two.root
    write(source, {"more.py": program("more") + "\n\n" + SOLUTION})
    updated = drystone.build([], tmp_path / "next", update=made.path, threads=1)
    scratch = drystone.build(source, tmp_path / "scratch", settings=settings, threads=1)
    assert updated.root == scratch.root
    assert ledger(updated)["/more.py"]["reason"] == "benchmark"


def test_generic_code_falls_where_the_settings_say_so(source: Path, benchmark: Path, tmp_path: Path) -> None:
    chosen = {"decontamination": {"against": [str(benchmark)], "generic": "drop"}}
    made = drystone.build(source, tmp_path / "out", settings=chosen, threads=1)
    assert ledger(made)["/divisor.py"]["reason"] == "generic_code"


def test_a_clamd_that_goes_away_ends_the_build_and_the_next_one_goes_on(source: Path, tmp_path: Path) -> None:
    write(source, {"virus.py": program("virus") + f"# {clamd.MARKER.decode()}\n"})
    with clamd.running(tmp_path / "clamd") as address:
        chosen = {"malware": {"clamd": address, "seconds": 5}}
        made = drystone.build(source, tmp_path / "out", settings=chosen, threads=1)
        row = ledger(made)["/virus.py"]
        assert (row["stage"], row["reason"]) == ("malware", "malware")
        assert row["evidence"] == {"by": "ClamAV", "names": ["Drystone.Marker.UNOFFICIAL"]}
    away = {"malware": {"clamd": f"{tmp_path}/away", "seconds": 1}}
    with pytest.raises(BuildError, match="the build goes on where it was"):
        drystone.build(source, tmp_path / "later", settings=away, threads=1)
    with clamd.running(tmp_path / "again") as address:
        chosen = {"malware": {"clamd": address, "seconds": 5}}
        assert drystone.build(source, tmp_path / "later", settings=chosen, threads=1).root == made.root


def test_wrong_settings_are_told_with_their_lines(source: Path, tmp_path: Path) -> None:
    file = tmp_path / "build.toml"
    file.write_text(
        f'[[source]]\nkind = "folder"\npath = "{source}"\n\n[decontamination]\nagainst = ["none.jsonl"]\n\n'
        '[malware]\nyara = ["none.yar"]\n\n[filters]\ndrop = "num_line < 3"\n'
    )
    with pytest.raises(SettingsError) as told:
        load_settings(file)
    assert [problem.split(": ", 1)[0].split(", ")[1] for problem in told.value.problems] == ["line 12"]
    assert "there is no column num_line; did you mean 'num_lines'" in told.value.problems[0]
    file.write_text(file.read_text().replace("num_line <", "num_lines <"))
    with pytest.raises(SettingsError) as told:
        load_settings(file)
    assert [problem.split(": ", 1)[0].split(", ")[1] for problem in told.value.problems] == ["line 6", "line 9"]
    (tmp_path / "bad.jsonl").write_text("[]")
    with pytest.raises(UsageError, match="has 0 rows and no text"):
        drystone.build(source, tmp_path / "o", settings={"decontamination": {"against": [str(tmp_path / "bad.jsonl")]}})
    with pytest.raises(SettingsError, match=r"malware\.clamd: .*write the path of its socket"):
        drystone.build(source, tmp_path / "o", settings={"malware": {"clamd": "localhost:3310"}})
