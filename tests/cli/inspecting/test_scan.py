from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pygit2
import pytest

from tests.detect.secrets.generated import literal

MAIL = "jane.doe@gmx" + ".de"


def scan(*arguments: str | Path, cwd: Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", "from drystone.cli import main; main()", "scan", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, timeout=120, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text(f'mail = "{MAIL}"\napi_key = "{literal(40)}"\n')
    (tmp_path / "clean.py").write_text("x = 1\n")
    (tmp_path / "wide.txt").write_bytes(f"write to {MAIL}".encode("utf-16"))
    (tmp_path / "data.bin").write_bytes(b"\0\1\2" * 100 + MAIL.encode())
    (tmp_path / "link.py").symlink_to(tmp_path / "a.py")
    return tmp_path


def test_findings_are_masked_and_the_status_is_1(folder: Path) -> None:
    done = scan(".", cwd=folder)
    assert done.returncode == 1
    lines = done.stdout.decode().splitlines()
    assert [line.split(":")[:3] for line in lines] == [["a.py", "1", "9"], ["a.py", "2", "12"], ["wide.txt", "1", "10"]]
    for secret in (MAIL, literal(40)):
        assert secret not in done.stdout.decode() + done.stderr.decode()
    assert b"1 binary, 1 symbolic link" in done.stderr


def test_a_secret_in_a_notebook_has_the_line_of_the_file_and_its_cell(tmp_path: Path) -> None:
    cells = [{"cell_type": "code", "source": ["import crm\n", 'crm.connect(password = "River!4821")\n'], "outputs": []}]
    text = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)
    (tmp_path / "a.ipynb").write_text(text)
    (line,) = scan(".", cwd=tmp_path).stdout.decode().splitlines()
    where = next(i for i, each in enumerate(text.splitlines(), 1) if "River" in each)
    assert line.split(":")[:2] == ["a.ipynb", str(where)] and "password" in line
    assert line.endswith(" (cell 1, line 2)")
    said = json.loads(scan("--json", ".", cwd=tmp_path).stdout)["findings"][0]
    assert (said["cell"], said["cell_line"]) == (1, 2)


def test_nothing_found_is_status_0(folder: Path) -> None:
    assert scan("clean.py", cwd=folder).returncode == 0


def test_json_and_sarif(folder: Path) -> None:
    report = json.loads(scan("--json", "a.py", cwd=folder).stdout)
    assert [f["kind"] for f in report["findings"]] == ["email", "high_entropy"]
    assert report["files"] == 1
    assert report["settings"]["email"] == "balanced"
    done = scan("--sarif", "-o", "out.sarif", "a.py", cwd=folder)
    text = (folder / "out.sarif").read_text()
    sarif = json.loads(text)
    assert done.returncode == 1
    assert sarif["version"] == "2.1.0"
    (run,) = sarif["runs"]
    assert {r["ruleId"] for r in run["results"]} <= {r["id"] for r in run["tool"]["driver"]["rules"]}
    assert run["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] == 1
    assert MAIL not in text and literal(40) not in text


def test_a_baseline_accepts_what_it_knows(folder: Path) -> None:
    assert scan("--write-baseline", "base.json", "a.py", cwd=folder).returncode == 0
    text = (folder / "base.json").read_text()
    assert MAIL not in text and literal(40) not in text
    assert scan("--baseline", "base.json", "a.py", cwd=folder).returncode == 0
    (folder / "b.py").write_text("other = 'john.roe@gmx" + ".de'\n# " + MAIL)
    done = scan("--baseline", "base.json", "b.py", cwd=folder)
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 1


def test_two_baselines_share_no_fingerprint(folder: Path) -> None:
    prints = []
    for name in ("one.json", "two.json"):
        scan("--write-baseline", name, "a.py", cwd=folder)
        prints.append({f["fingerprint"] for f in json.loads((folder / name).read_text())["findings"]})
    assert prints[0].isdisjoint(prints[1])


def test_a_broken_baseline_is_an_error_that_names_it(folder: Path) -> None:
    (folder / "base.json").write_text("{")
    done = scan("--baseline", "base.json", "a.py", cwd=folder)
    assert done.returncode == 2
    assert b"base.json is no baseline" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], b"does not exist"),
        (["--sensitivity", "eager", "."], b"low, balanced or high"),
        (["--sensitivity", "mail=low", "."], b"no kind"),
        (["--json", "--sarif", "."], b"Choose one"),
    ],
)
def test_misuse_is_status_2(folder: Path, arguments: list[str], said: bytes) -> None:
    done = scan(*arguments, cwd=folder)
    assert done.returncode == 2
    assert said in done.stderr


def test_sensitivity_by_kind(folder: Path) -> None:
    report = json.loads(scan("--json", "--sensitivity", "email=off", "a.py", cwd=folder).stdout)
    assert [f["kind"] for f in report["findings"]] == ["high_entropy"]
    assert scan("--sensitivity", "off", ".", cwd=folder).returncode == 0


def test_standard_input(folder: Path) -> None:
    done = scan("-", cwd=folder, stdin=MAIL.encode())
    assert done.returncode == 1
    assert done.stdout.startswith(b"-:1:1: email")


def test_large_files_are_passed_over(folder: Path) -> None:
    done = scan("--max-bytes", "10", "a.py", cwd=folder)
    assert done.returncode == 0
    assert b"1 larger than 10 bytes" in done.stderr


def test_what_git_ignores_is_left_out_unless_asked_for(folder: Path) -> None:
    pygit2.init_repository(str(folder))
    (folder / ".gitignore").write_text("secret/\n")
    (folder / "secret").mkdir()
    (folder / "secret" / "c.txt").write_text(MAIL)
    assert b"secret" not in scan(".", cwd=folder).stdout
    assert b"secret/c.txt:1:1" in scan("--git-ignored", ".", cwd=folder).stdout


def test_pipes_and_odd_names_do_no_harm(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / os.fsdecode(b"odd\xff.txt")).write_text(MAIL)
    done = scan("--sarif", ".", cwd=folder)
    assert done.returncode == 1
    assert b"1 not a regular file" in done.stderr
    assert any("odd%FF" in json.dumps(r) for r in json.loads(done.stdout)["runs"][0]["results"])
