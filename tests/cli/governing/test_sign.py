"""`drystone sign`, `verify --key`, and checkpoints of the log, as a stranger and an operator use them."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

from click.testing import CliRunner, Result

from drystone.cli import cli
from drystone.registry import Registry
from tests.registry.log.tamperings import TAMPERINGS, filled
from tests.release.tamperings import write_second_version


def run(*arguments: str, status: int = 0) -> Result:
    found = CliRunner().invoke(cli, arguments)
    assert found.exit_code == status, found.output
    return found


def test_a_stranger_checks_a_signed_release_without_drystone(tmp_path: Path) -> None:
    release, key = tmp_path / "release", tmp_path / "publisher.key"
    write_second_version(release)
    run("receipt", "key", str(key))
    said = run("sign", str(release), "--key", str(key)).stdout.splitlines()
    commands = [line.strip().replace("/tmp/signers", shlex.quote(str(tmp_path / "signers"))) for line in said[-2:]]
    done = subprocess.run(
        ["bash", "-ec", "; ".join(commands)], cwd=release, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert 'Good "drystone-release" signature for publisher' in done.stdout
    quick = ("verify", str(release), "--quick")
    assert "whose key that is, --key FILE checks" in run(*quick).stdout
    assert f"Signed by {said[1]}." in run(*quick, "--key", f"{key}.pub").stdout
    run("receipt", "key", str(tmp_path / "other.key"))
    refused = run(*quick, "--key", str(tmp_path / "other.key.pub"), status=1)
    assert "signatures: manifest.json.sig: is signed by key" in refused.stdout


def test_a_log_is_held_against_a_checkpoint_that_was_kept(tmp_path: Path) -> None:
    path, key, kept = tmp_path / "registry.sqlite", tmp_path / "operator.key", tmp_path / "checkpoint.txt"
    filled(str(path)).close()
    registry = ("registry", "--registry", str(path))
    run("receipt", "key", str(key))
    kept.write_text(run(*registry, "checkpoint", "--key", str(key), "--name", "example.org/registry").stdout)
    held = ("--checkpoint", str(kept), "--key", f"{key}.pub")
    assert "Nothing was altered or removed." in run(*registry, "audit", *held).stdout
    log = tmp_path / "log.jsonl"
    log.write_text(run(*registry, "log", "--json").stdout)
    assert "Nothing was altered or removed." in run("registry", "audit", "--log", str(log), *held).stdout
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:-1]))
    refused = run("registry", "audit", "--log", str(log), *held, status=1)
    assert "the last 1 of them were removed" in refused.stdout
    TAMPERINGS["the log written anew with another moderator"](path)
    assert "Nothing was altered" in run(*registry, "audit").stdout
    assert "the log was rewritten" in run(*registry, "audit", *held, status=1).stdout
    with Registry(path) as opened:
        head = opened.audit().head
    assert json.loads(run(*registry, "audit", "--head", head, "--json").stdout)["whole"]
