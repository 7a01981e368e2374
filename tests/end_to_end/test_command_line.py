"""What holds for every command: misuse exits 2 with help and no traceback, JSON parses, quiet is quiet."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.end_to_end.conftest import Run


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["biuld"], "Did you mean 'build'?"),
        (["build", "-o", "out"], "no sources"),
        (["build", "my-repository"], "no output folder: give one with -o DIR"),
        (["build", "nowhere", "-o", "out"], "nowhere is not a source: there is no such path"),
        (["build", "nowhere.toml"], "nowhere.toml: there is no such settings file"),
        (["build", "my-build.toml", "my-repository"], "give one settings file or sources, not both"),
        (["build", "pypi:flask", "-o", "out"], "write pypi:NAME==VERSION"),
        (["build", "https://example.org/x.git", "-o", "out"], "write git+https://example.org/x.git"),
        (["build", "my-repository", "-o", "out", "--threads", "0"], "0 is not in the range x>=1"),
        (["build", "my-repository", "-o", "out", "--name", "a b"], "name: "),
        (["build", "my-repository", "-o", "out", "--version", "one"], "version: "),
        (["build", "my-repository", "-o", "out", "--engine", "spark"], "'native', 'ray'"),
        (["build", "--ouput", "out"], "--output"),
        (["why", "releases/mine"], "name a file by PATH or SWHID, or a reason with --reason"),
        (["diff", "releases/mine"], "Missing argument 'NEW'"),
        (["scan"], "Missing argument"),
        (["scan", "nowhere"], "nowhere does not exist"),
        (["scan", ".", "--sensitivity", "loud"], "write off, low, balanced or high"),
        (["licenses", "releases/mine", "--allow", "NoSuch-1.0"], "no SPDX identifier"),
        (["dedup", "nowhere.parquet", "-o", "out"], "does not exist"),
        (["review", "list", "--registry"], "No such option"),
        (["review", "--registry", "nowhere.sqlite", "list"], "no registry there"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_misuse_exits_2_and_says_what_to_do(
    home: Path, drystone: Run, release: Path, arguments: list[str], said: str
) -> None:
    done = drystone(*arguments)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not (home / "out").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [["verify", "."], ["why", ".", "x.py"], ["stats", "."], ["diff", ".", "releases/mine"], ["licenses", "."],
     ["why", "releases/mine", "no/such/file.py"], ["verify", "nowhere"], ["build", "folder:nowhere", "-o", "out"]],
    ids=" ".join,
)  # fmt: skip
def test_what_cannot_be_done_exits_1_without_a_traceback(
    home: Path, drystone: Run, release: Path, arguments: list[str]
) -> None:
    done = drystone(*arguments)
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith("drystone: ")
    assert "Traceback" not in done.stderr


def test_a_settings_file_with_problems_exits_2_with_all_of_them(home: Path, drystone: Run, tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text('[release]\nversoin = "1.0.0"\n\n[quality]\nmax_lines = "many"\n\n[[source]]\nkind = "gti"\n')
    done = drystone("build", str(file))
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"drystone: {file}, line 2: release.versoin: unknown key; did you mean 'version'?",
        f"drystone: {file}, line 5: quality.max_lines: must be an integer (it is 'many')",
        f"drystone: {file}, line 8: source.0.kind: must be one of git, archive, pypi, npm, folder, table, "
        "software-heritage, not 'gti'; did you mean 'git'?",
    ]


def parsed(done: Any, lines: bool = False) -> Any:
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()] if lines else json.loads(done.stdout)


@pytest.mark.slow
def test_json_of_every_command_parses(home: Path, drystone: Run, release: Path, tmp_path: Path) -> None:
    sources = ["./my-repository", "my-package-1.0.tar.gz"]
    built = parsed(drystone("build", *sources, "-o", "releases/mine", "--json"))
    assert built["counts"]["occurrences"] == built["counts"]["kept"] + built["counts"]["dropped"]
    estimate = parsed(drystone("build", *sources, "-o", str(tmp_path / "no"), "--dry-run", "--json"))
    assert estimate["funnel"] == built["funnel"]
    assert not list(tmp_path.iterdir())
    assert parsed(drystone("verify", "releases/mine", "--json"))["holds"] is True
    stats = parsed(drystone("stats", "releases/mine", "--json"))
    assert stats["counts"] == built["counts"]
    [why] = parsed(drystone("why", "releases/mine", "fence/stack.py", "--json"), lines=True)
    assert why["ledger"]["reason"] == "exact_duplicate"
    assert parsed(drystone("diff", "releases/mine", "releases/mine", "--json"))["old_root"] == built["root"]
    parsed(drystone("diff", "releases/mine", "releases/mine", "--files", "--json"), lines=True)
    assert "ISC" in {each["license"] for each in parsed(drystone("licenses", "releases/mine", "--json"))["licenses"]}
    parsed(drystone("review", "list", "--json"), lines=True)
    found = parsed(drystone("scan", "my-repository", "--json"))
    assert "marie.dupont@stonework-atelier.fr" not in json.dumps(found)
    pq.write_table(pa.table({"content": ["one two three four five six"] * 3}), tmp_path / "in.parquet")
    summary = parsed(drystone("dedup", str(tmp_path / "in.parquet"), "-o", str(tmp_path / "out"), "--json"))["summary"]
    assert (summary["kept"], summary["dropped"]) == (1, 2)


@pytest.mark.slow
def test_quiet_says_nothing_of_progress(drystone: Run, release: Path, tmp_path: Path) -> None:
    done = drystone("build", "./my-repository", "-o", str(tmp_path / "release"), "--quiet")
    # Only which registry was asked: whose opt-outs hold is said whether one wants progress or not.
    assert done.returncode == 0
    assert re.fullmatch(
        r"registry drystone-registry\.sqlite: state \w+, \d+ requests to opt out in force\n", done.stderr
    )
    assert "root  " in done.stdout
    done = drystone("verify", str(tmp_path / "release"), "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_changed_release_is_found_out(drystone: Run, release: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(release, tmp_path / "copy"))
    shard = next(copy.glob("data/Python/*.parquet"))
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)
    done = drystone("verify", str(copy))
    assert done.returncode == 1
    assert "This release is not what its manifest says." in done.stdout
    assert "Traceback" not in done.stderr


def test_help_and_version(drystone: Run) -> None:
    assert drystone("--version").stdout.startswith("drystone, version ")
    for arguments in (["-h"], ["build", "-h"], ["review", "decide", "--help"]):
        done = drystone(*arguments)
        assert done.returncode == 0
        assert done.stdout.startswith("Usage: drystone")
