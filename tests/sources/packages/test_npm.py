"""Packages of the npm registry, by the npm command itself."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from drystone.errors import SourceError, UsageError
from drystone.identity.origins import canonical, ends_of
from drystone.sources import Limits, NpmSource, parse_source, source_from_table, table_problems
from drystone.sources.fetched import fetched
from tests.sources.conftest import read

PAD = NpmSource("left-pad", "1.3.0")


@pytest.fixture
def npm() -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")


@pytest.mark.network
@pytest.mark.usefixtures("npm")
def test_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = read(PAD, tmp_path)
    repository = found.repository
    assert (repository.origin, repository.name, repository.kind) == ("npm:left-pad@1.3.0", "left-pad", "npm")
    assert str(repository.metadata["integrity"]).startswith("sha512-XI5MPzVNApjAyhQzphX8")
    assert found.by_path()[b"package/index.js"].kind == "file"
    assert [each.place for each in fetched(tmp_path)] == ["npm:left-pad"]
    monkeypatch.setenv("PATH", "")
    assert read(PAD, tmp_path) == found  # a second fetch asks nobody
    with pytest.raises(SourceError, match="npm is not installed"):
        PAD.fetch(tmp_path / "other")


@pytest.mark.network
@pytest.mark.usefixtures("npm")
def test_what_the_registry_does_not_have(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"npm:left-pad@99\.0\.0: the registry has no such package or version"):
        NpmSource("left-pad", "99.0.0").fetch(tmp_path)
    with pytest.raises(SourceError, match=r"its SHA-256 is [0-9a-f]{64}, not 0{64} as asked for"):
        NpmSource("left-pad", "1.3.0", "0" * 64).fetch(tmp_path)
    assert list(fetched(tmp_path)) == []


def test_names_and_versions(tmp_path: Path) -> None:
    scoped = parse_source("npm:@types/node@20.1.0")
    assert scoped == NpmSource("@types/node", "20.1.0")
    assert scoped.spec == "npm:@types/node@20.1.0"
    assert source_from_table({"kind": "npm", "package": "left-pad", "version": "1.3.0"}) == PAD
    for wrong in ("npm:left-pad", "npm:@types/node", "npm:left-pad@latest", "npm:left-pad@^1.0.0", "npm:../x@1.0.0"):
        with pytest.raises(UsageError, match="npm:NAME@VERSION"):
            parse_source(wrong)
    assert table_problems({"kind": "npm", "package": "-x", "version": "1.0.0"})[0][0] == "package"
    assert table_problems({"kind": "npm", "package": "x", "version": "1"})[0][0] == "version"
    with pytest.raises(SourceError, match="was not fetched yet"), PAD.open(tmp_path, Limits()):
        pass


def test_an_opt_out_of_a_package_holds_for_all_its_versions_and_no_other_scope() -> None:
    assert canonical("npm:left-pad@1.3.0") == canonical("npm:left-pad") == "npm:left-pad"
    assert canonical("npm:@Types/node@20.1.0") == canonical("npm:@types/node") == "npm:@types/node"
    assert ends_of("npm:@types/node") == []
