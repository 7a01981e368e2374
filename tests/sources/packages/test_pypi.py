from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from drystone.errors import SourceError
from drystone.sources import Limits, PypiSource
from tests.sources.conftest import read

SIX = PypiSource("six", "1.17.0")
#: As the index has it for good: a file that was published is never replaced.
SIX_SHA256 = "ff70335d468e7eb6ec65b95b99d3a2836546063f63acc5171de367e834932a81"


@pytest.mark.network
def test_a_source_distribution(tmp_path: Path) -> None:
    found = read(SIX, tmp_path)
    repository = found.repository
    assert (repository.origin, repository.name, repository.kind) == ("pypi:six==1.17.0", "six", "pypi")
    assert repository.metadata == {
        "filename": "six-1.17.0.tar.gz",
        "package_type": "sdist",
        "sha256": SIX_SHA256,
        "upload_time": "2024-12-04T17:35:28.174320+00:00",
        "yanked": False,
        "yanked_reason": None,
    }
    assert repository.visit_date is None
    assert repository.directory == "01f094eea8683c248e06f1ec6d50808a5530c832"
    assert b"six-1.17.0/six.py" in found.by_path()
    assert (tmp_path / "pypi" / SIX_SHA256 / "six-1.17.0.tar.gz").is_file()


@pytest.mark.network
def test_a_second_fetch_needs_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    SIX.fetch(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    again = pickle.loads(pickle.dumps(SIX))
    assert read(again, tmp_path).repository.metadata["sha256"] == SIX_SHA256
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.network
def test_a_wheel_by_its_hash(tmp_path: Path) -> None:
    wheel = PypiSource("six", "1.17", "4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274")
    found = read(wheel, tmp_path)
    assert found.repository.metadata["package_type"] == "wheel"
    assert found.by_path()[b"six.py"].kind == "file"


@pytest.mark.network
def test_a_package_without_a_source_distribution(tmp_path: Path) -> None:
    found = read(PypiSource("enry-python", "0.2.0"), tmp_path)
    assert found.repository.metadata["package_type"] in ("sdist", "wheel")
    assert found.entries


@pytest.mark.network
def test_a_file_that_changed_in_the_cache(tmp_path: Path) -> None:
    SIX.fetch(tmp_path)
    path = tmp_path / "pypi" / SIX_SHA256 / "six-1.17.0.tar.gz"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(SourceError, match="its SHA-256 is"):
        read(SIX, tmp_path)


@pytest.mark.network
@pytest.mark.parametrize(
    ("source", "says"),
    [
        (PypiSource("six", "999.0"), "no source distribution or wheel of this version"),
        (PypiSource("six", "1.17.0", "0" * 64), "no file with the SHA-256"),
        (PypiSource("drystone-no-such-package-here", "1"), "no package of this name"),
    ],
)
def test_what_the_index_does_not_have(tmp_path: Path, source: PypiSource, says: str) -> None:
    with pytest.raises(SourceError, match=says):
        source.fetch(tmp_path)


def test_without_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(SourceError, match=r"pypi:six==1\.17\.0 could not be fetched \(ProxyError\); check the network"):
        SIX.fetch(tmp_path)
    with pytest.raises(SourceError, match="was not fetched yet"), SIX.open(tmp_path, Limits()):
        pass
