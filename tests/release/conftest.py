from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from drystone.release import verbs
from drystone.release.versions.receipts import new_key
from tests.release.sample import sample_rows, write_sample


@pytest.fixture(scope="session")
def sample_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of real files. Read only."""
    folder = tmp_path_factory.mktemp("release") / "sample"
    write_sample(folder)
    return folder


@pytest.fixture(scope="session")
def _small_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release") / "small"
    rows = [r for r in sample_rows() if r.repository != "pypi/rich" or len(r.data) < 2000]
    write_sample(folder, rows)
    return folder


@pytest.fixture
def release_copy(_small_release: Path, tmp_path: Path) -> Path:
    """A smaller release of real files, to be changed."""
    return Path(shutil.copytree(_small_release, tmp_path / "copy"))


@pytest.fixture(scope="session")
def signed_release(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A signed release, and the publisher's private key. Read only."""
    home = tmp_path_factory.mktemp("signed")
    from tests.release.tamperings import write_second_version

    write_second_version(home / "release")
    new_key(home / "publisher.key")
    (done,) = verbs.sign([home / "release"], home / "publisher.key")
    assert done.signatures == ("manifest.json.sig", "tombstones/1.0.0.json.sig")
    return home / "release", home / "publisher.key"
