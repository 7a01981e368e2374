from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from drystone.cli.inspecting.verify import command
from drystone.errors import RegistryError, ReleaseError

Run = Callable[..., Result]


def test_a_sound_release(run: Run, sample_release: Path) -> None:
    done = run(command, sample_release)
    assert done.exit_code == 0
    assert "conservation" in done.stdout
    assert "Nothing is wrong." in done.stdout
    assert done.stderr.startswith("verify: ")
    assert "as far as a quick look shows" in run(command, sample_release, "--quick").stdout
    quiet = run(command, sample_release, "--quiet")
    assert (quiet.exit_code, quiet.output) == (0, "")


def test_json(run: Run, sample_release: Path) -> None:
    report = json.loads(run(command, sample_release, "--json").stdout)
    assert report["holds"] is True
    assert report["problems"] == {}
    assert len(report["root"]) == 64


@pytest.mark.parametrize("options", [(), ("--json",), ("--quiet",)])
def test_a_changed_release_exits_1_and_names_the_file(
    run: Run, options: tuple[str, ...], sample_release: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(sample_release, tmp_path / "copy")
    with (copy / "NOTICE").open("a") as file:
        file.write("x")
    done = run(command, copy, *options)
    assert done.exit_code == 1
    assert "NOTICE" in done.stdout


def test_what_is_no_release(run: Run, tmp_path: Path) -> None:
    done = run(command, tmp_path)
    assert isinstance(done.exception, ReleaseError)
    assert done.stderr == ""


def test_help_shows_examples(run: Run) -> None:
    assert "drystone verify releases/mine --quick" in run(command, "--help").stdout


def test_a_registry_that_cannot_be_asked_is_noted_and_left_alone(
    run: Run, sample_release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DRYSTONE_REGISTRY", str(tmp_path / "nowhere.sqlite"))
    assert "could not be asked" not in run(command, sample_release, "--quick").stdout
    monkeypatch.delenv("DRYSTONE_REGISTRY")
    junk = tmp_path / "drystone-registry.sqlite"
    junk.write_bytes(b"not a database" * 100)
    done = run(command, sample_release, "--quick")
    assert done.exit_code == 0
    assert "Whether it is superseded could not be asked: " in done.stdout
    assert junk.read_bytes() == b"not a database" * 100
    assert isinstance(run(command, sample_release, "--quick", "--registry", junk).exception, RegistryError)
