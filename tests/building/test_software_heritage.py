"""Whole builds of a Software Heritage export: ledger, repositories, card, determinism."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from drystone.building import build
from drystone.building.settings import Settings, load_settings, sources_from_arguments
from drystone.cli.building.build import command
from drystone.errors import BuildError, SettingsError, UsageError
from drystone.release.checking.verify import verify
from drystone.release.read import open_release
from drystone.sources.software_heritage import parts as swh_parts
from drystone.sources.software_heritage import source as software_heritage
from drystone.work.engine import Engine
from tests.building.conftest import MIT, program
from tests.sources.software_heritage.world import Link, Module, Tree, World, when


@pytest.fixture
def world() -> World:
    world = World()
    tree: dict[str | bytes, Any] = {
        "LICENSE": MIT, "a.py": program("alpha"), "sub": {"b.py": program("beta"), "gone": Tree(b"\1" * 20)},
        "link": Link(b"a.py"), "module": Module(b"\2" * 20),
    }  # fmt: skip
    world.repository("https://github.com/one/project", tree, when(2020))
    world.repository("https://github.com/two/project", tree, when(2022))
    world.repository(
        "https://github.com/three/other", {"LICENSE": MIT, "c.py": program("gamma"), "a.py": program("alpha")}
    )
    world.origin("https://github.com/four/never", ("failed", None))
    return world


def object_of(bucket: Path, world: World, data: str) -> Path:
    (id_,) = [i for i in world.ids() if world.contents[i.sha1_git or b""] == data.encode()]
    return bucket / "content" / (id_.sha1 or b"").hex()


def built(arguments: list[str], output: Path, **engine: Any) -> Path:
    sources = sources_from_arguments((arguments[0],), contents=arguments[1], agreement="Agreement of [2026]")
    build(Settings(), sources, output, Engine(**{"threads": 1, **engine}))
    return output


def ledger(output: Path) -> dict[tuple[str, str], dict[str, Any]]:
    rows = [row for batch in open_release(output).ledger() for row in batch.to_pylist()]
    return {(row["origin"].split("/")[3], row["path"]): row for row in rows}


def test_a_build_of_an_export(world: World, tmp_path: Path) -> None:
    export, bucket = world.write(tmp_path / "export"), world.bucket(tmp_path / "bucket")
    object_of(bucket, world, program("beta")).unlink()
    object_of(bucket, world, program("gamma")).write_bytes(gzip.compress(b"something else"))
    output = built([f"swh+{export}", str(bucket)], tmp_path / "release")
    assert verify(output).holds
    rows = ledger(output)
    assert {key: (row["decision"], row["reason"]) for key, row in rows.items() if key[1] != "/LICENSE"} == {
        ("two", "/a.py"): ("kept", None),
        ("two", "/sub/b.py"): ("dropped", "damaged"),
        ("two", "/sub/gone"): ("dropped", "lost_directory"),
        ("two", "/link"): ("dropped", "symlink"),
        ("two", "/module"): ("dropped", "submodule"),
        ("three", "/a.py"): ("dropped", "exact_duplicate"),
        ("three", "/c.py"): ("dropped", "damaged"),
        ("four", "/"): ("dropped", "lost_repository"),
    }
    assert "there is no object" in json.loads(rows["two", "/sub/b.py"]["evidence"])["why"]
    assert "bytes in place of" in json.loads(rows["three", "/c.py"]["evidence"])["why"]
    listed = {r["origin"]: r for r in pq.read_table(output / "repositories.parquet").to_pylist()}
    assert len(listed) == 4
    assert "https://github.com/two/project, which stands for it" in listed["https://github.com/one/project"]["problem"]
    assert listed["https://github.com/four/never"]["problem"] == "it has no full visit"
    metadata = json.loads(listed["https://github.com/two/project"]["metadata"])
    assert metadata["branch_reason"] == "HEAD, an alias of refs/heads/main"
    card = (output / "README.md").read_text()
    assert "Terms of the Software Heritage archive" in card
    assert r"Agreement of \[2026\]" in card
    assert "**no request was applied**" in card


def test_how_it_is_cut_and_where_it_lies_do_not_show(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roots = []
    for number, form in enumerate(("orc", "parquet")):
        place = tmp_path / str(number)
        export, bucket = world.write(place / "export", form, files=1 + number), world.bucket(place / "bucket")
        if number:
            monkeypatch.setattr(software_heritage, "_GROUP_ENTRIES", 3)
            monkeypatch.setattr(swh_parts, "_PART_ROWS", 2)
        object_of(bucket, world, program("beta")).unlink()
        output = built([f"swh+{export}", str(bucket)], place / "release", threads=1)
        roots.append(open_release(output).manifest.root)
    assert roots[0] == roots[1]


def test_a_build_goes_on_where_the_store_gave_up(world: World, tmp_path: Path) -> None:
    export, bucket = world.write(tmp_path / "export"), world.bucket(tmp_path / "bucket")
    with pytest.raises(BuildError, match="no answer"):
        sources = sources_from_arguments((f"swh+{export}",), contents="http://127.0.0.1:9")
        monkey = pytest.MonkeyPatch()
        monkey.setattr("drystone.sources.software_heritage.http._LONGEST_PAUSE", 0.001)
        try:
            build(Settings(), sources, tmp_path / "release", Engine(threads=1))
        finally:
            monkey.undo()
    output = built([f"swh+{export}", str(bucket)], tmp_path / "release")
    assert verify(output).holds


def test_terms_are_shown_once(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    export, bucket = world.write(tmp_path / "export"), world.bucket(tmp_path / "bucket")
    (tmp_path / "build.toml").write_text(
        f'registry = "{tmp_path}/registry.sqlite"\n[release]\noutput = "release"\n[[source]]\n'
        f'kind = "software-heritage"\nexport = "export"\ncontents = "{bucket}"\norigins = "https://github.com/t"\n'
    )
    runner = CliRunner()
    first = runner.invoke(command, [str(tmp_path / "build.toml"), "--quiet"], catch_exceptions=False)
    assert "Bulk access to its contents needs an agreement" in first.stderr
    again = runner.invoke(command, [str(tmp_path / "build.toml"), "--quiet"], catch_exceptions=False)
    assert again.exit_code == 3, "a directory of the export is lost, and the rest is there"
    assert "1 directory did not come" in again.stderr
    assert "agreement" not in again.stderr
    assert "**none was stated**" in (tmp_path / "release/README.md").read_text()
    assert export.exists()


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('export = "x"', "contents: is missing"),
        ('export = "x"\ncontents = "y"\nstars = 4', "stars: is unknown"),
        ('export = "x"\ncontents = "y"\ndepth = "deep"', "depth: must be an integer"),
        ('export = "x"\ncontents = "y"\ndepth = 99999', "depth must be between 1 and 4096"),
        ('export = "x"\ncontents = "y"\nrows = 0', "rows must be between 1 and 67,108,864, it is 0"),
        ('export = ""\ncontents = "y"', "export: must not be empty"),
    ],
)
def test_settings_that_are_wrong(tmp_path: Path, lines: str, said: str) -> None:
    (tmp_path / "build.toml").write_text(f'[[source]]\nkind = "software-heritage"\n{lines}\n')
    with pytest.raises(SettingsError, match=said):
        load_settings(tmp_path / "build.toml")


def test_the_command_line_needs_a_place_of_contents() -> None:
    with pytest.raises(UsageError, match="--contents LOCATION"):
        sources_from_arguments(("swh+export",))
