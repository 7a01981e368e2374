"""Builds whose output, work folder and cache lie in an object store: moto's S3 server, of which some requests fail."""

from __future__ import annotations

import json
import logging
import os
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.scale.growth import write_sources
from benchmarks.scale.unsteady import unsteady
from click.testing import CliRunner

from drystone.building.builds import build
from drystone.building.settings import Settings, sources_from_arguments
from drystone.cli import cli
from drystone.errors import BuildError, UsageError
from drystone.release.checking.verify import verify
from drystone.release.location import Bucket
from drystone.release.manifest import Manifest
from drystone.sources import Source
from drystone.work import files
from drystone.work.engine import Engine, Silent
from drystone.work.remote import lease, mirror
from drystone.work.remote.objects import Objects
from drystone.work.store import Stage
from tests.store import local_store

pytest.importorskip("s3fs", reason="the extra `s3` is not installed")
# Their own warnings, when sockets are left to the garbage collector, say nothing of ours.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    """Give the URL of a place on a server that refuses or drops 5 of 100 requests."""
    with local_store() as url, unsteady(os.environ["AWS_ENDPOINT_URL"], 0.05) as address:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL", address)
            patch.setattr(logging.getLogger("werkzeug"), "disabled", True)  # a line for each request
            yield url
            counts = json.loads(urllib.request.urlopen(f"{address}/.counts").read())
        assert counts["failed"] > 5


@pytest.fixture(autouse=True)
def _unmounted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(mirror, "_mounted", {})
    yield
    files.told_of_placed.clear()


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[Source]:
    folders = write_sources(tmp_path_factory.mktemp("sources"), 3, 6, lines=100)
    return sources_from_arguments(tuple(map(str, folders)))


@pytest.fixture(scope="module")
def root(sources: list[Source], tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the root hash of the release in a folder."""
    return build(Settings(), sources, tmp_path_factory.mktemp("local") / "release", Engine(threads=1)).root


def _build(sources: list[Source], url: str, local: Path) -> Manifest:
    return build(Settings.model_validate({"engine": {"local": str(local)}}), sources, Path(url), Engine(threads=1))


def _fetched(url: str, folder: Path) -> Path:
    bucket = Bucket(url, folder)
    for name in bucket.names():
        bucket.fetch(name)
    return folder


def test_a_release_in_a_store_is_that_in_a_folder(
    store: str, sources: list[Source], root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By several processes, with an index; each host holds a megabyte of it at most."""
    url = f"{store}/whole"
    file = tmp_path / "build.toml"
    tables = "".join(f"[[source]]\nkind = 'folder'\npath = '{source.spec[7:]}'\n" for source in sources)
    engine = f"[engine]\nlocal = 'local'\nlocal_bytes = {1 << 20}\nthreads = 2\n"
    file.write_text(f"[release]\noutput = '{url}'\n{engine}[search]\nindex = true\n{tables}")
    monkeypatch.chdir(tmp_path)
    command = ["build", str(file), "--quiet"]
    said = CliRunner().invoke(cli, command)
    assert said.exit_code == 0, said.output
    assert f"at    {url}\n" in said.stdout
    report = verify(_fetched(url, tmp_path / "fetched"))
    assert not report.problems
    assert report.root == root
    assert list((tmp_path / "fetched/index").iterdir())
    said = CliRunner().invoke(cli, [*command, "--json"])  # finds all of it done
    assert json.loads(said.stdout)["release"] == url
    assert sum(path.stat().st_size for path in (tmp_path / "local").rglob("*") if path.is_file()) < 2 << 20
    said = CliRunner().invoke(cli, [*command, "--update", url])
    assert isinstance(said.exception, UsageError)
    assert str(said.exception).startswith(f"{url}: an update reads and writes folders")


def test_another_host_goes_on(
    store: str, sources: list[Source], root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two end, since their tokens have expired or the storage has turned read-only; for the third it lists late."""
    url = f"{store}/three"
    put, finish = Objects.put, Stage.finish
    done: list[str] = []
    monkeypatch.setattr(Stage, "finish", lambda self, *told: [done.append(self.folder.name), finish(self, *told)][1])
    for host, stage in (("a", "annotate"), ("b", "write")):

        def ends(self: Objects, path: Path, name: str, stage: str = stage) -> None:
            if name.startswith(f"{stage}-") and name.endswith(".done"):
                raise self._refused(name, PermissionError("ExpiredToken: The provided token has expired."))
            put(self, path, name)

        with monkeypatch.context() as patch:
            patch.setattr(Objects, "put", ends)
            told = rf"host \S+, {url}.work/{stage}-\S+: ExpiredToken.*renew the credentials"
            with pytest.raises(BuildError, match=told):
                _build(sources, url, tmp_path / host)
    assert sum(name.startswith("inventory-") for name in done) == len(
        sources
    )  # those of the first host serve the second
    # What is not listed yet is done again; nothing that is needed is looked for in a list.
    monkeypatch.setattr(Objects, "sizes", lambda self, folder="": {})
    monkeypatch.setattr(Objects, "folders", lambda self: [])
    assert _build(sources, url, tmp_path / "c").root == root


class _TakesOver(Silent):
    """Another host takes the output over while the first stage begins."""

    def __init__(self, url: str) -> None:
        self._output, self._is_done = Objects(url), False

    def start(self, stage: str, total: float, done: float) -> None:
        if not self._is_done:
            self._output.write("lock", b'{"host": "elsewhere", "process": 1}')
            self._is_done = True
            time.sleep(1)


def test_an_output_that_another_took_over_gets_no_manifest(
    store: str, sources: list[Source], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "_EVERY", 0.05)
    url = f"{store}/over"
    settings = Settings.model_validate({"engine": {"local": str(tmp_path / "a"), "work": str(tmp_path / "work")}})
    with pytest.raises(BuildError, match="host elsewhere has taken this place over"):
        build(settings, sources, Path(url), Engine(threads=1, progress=_TakesOver(url)))
    assert Objects(url).size("manifest.json") is None


def test_two_builds_into_one_output(store: str, sources: list[Source], tmp_path: Path) -> None:
    url = f"{store}/both"
    Objects(f"{url}.work").write("lock", b'{"host": "elsewhere", "process": 1}')
    with pytest.raises(BuildError, match=rf"{url}.work: another build is at work here \(host elsewhere, process 1\)"):
        _build(sources, url, tmp_path)
    Objects(f"{store}/other").write("mine", b"")
    with pytest.raises(BuildError, match=rf"{store}/other: is not a release and not empty"):
        _build(sources, f"{store}/other", tmp_path)
