"""A first settings file: good as it is written, and with every line switched on."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import drystone
from drystone.building.settings import Settings, load_settings
from drystone.errors import UsageError


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "walls").mkdir()
    return tmp_path


def test_a_first_file_is_good_as_it_is_and_with_every_line_switched_on(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "a.tar.gz").write_bytes(b"")
    subprocess.run(["git", "init", "-q", str(home / "fences")], check=True)
    monkeypatch.chdir(home)
    file = drystone.write_first_settings()
    settings, sources = load_settings(file)
    # The folder is not at hand: where there are repositories and archives, they are what is meant.
    assert sorted(source.spec for source in sources) == ["a.tar.gz", "fences"]
    assert settings.configuration() == Settings().configuration()
    every = Path("every.toml")
    switched = re.sub(r"(?m)^#(?=[a-z\[])", "", file.read_text())
    every.write_text(switched.replace('ref = "main"\n', ""))
    assert load_settings(every)[0].model_dump() == settings.model_dump()
    assert len(switched) < len(file.read_text())
    with pytest.raises(UsageError, match="is there already"):
        drystone.write_first_settings()
    file = drystone.write_first_settings("two.toml", ["walls", "pypi:flask==3.0.3", "git+https://example.org/a/b@v1"])
    _, sources = load_settings(file)
    assert [source.spec for source in sources] == [
        "folder:walls",
        "pypi:flask==3.0.3",
        "git+https://example.org/a/b@v1",
    ]
