"""What sources promise and do not give, in whole builds: told without places, bounded, asked for again, understood."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import drystone
from drystone.errors import BuildError
from drystone.release.read import Release
from tests.building.conftest import MIT, git
from tests.sources.software_heritage.test_contents import Server
from tests.sources.software_heritage.world import Link, World

CODE = "import os\n\n\ndef wall(name):\n    return os.path.join('walls', name)\n"
GPL = "SPDX-License-Identifier: GPL-3.0-only\n"


@pytest.fixture
def world() -> World:
    made = World()
    made.repository("https://x.org/a", {"LICENSE": MIT, "a.py": CODE, "b.py": CODE.replace("wall(", "lost(")})
    return made


@pytest.fixture
def server(world: World) -> Iterator[Server]:
    """A store that has not the file b.py."""
    names = {(i.sha1 or b"").hex(): world.contents[i.sha1_git or b""] for i in world.ids()}
    running = Server({f"/content/{n}": gzip.compress(data) for n, data in names.items() if b"lost(" not in data})
    try:
        yield running
    finally:
        running.close()


def build(folder: Path, sources: list[str], contents: str | None = None, **more: Any) -> Release:
    given = {"registry": str(folder / "registry.sqlite"), "threads": 1, "agreement": "none", **more}
    return drystone.build(sources, folder / "release", contents=contents, **given)


def ledger(release: Release) -> dict[str, dict[str, Any]]:
    return {row["path"]: row for batch in release.ledger() for row in batch.to_pylist()}


def damaged(folder: Path) -> list[str]:
    """A repository without a blob, one without its commit, and an archive that is none."""
    for name, lost in (("one", "HEAD:a.py"), ("two", "HEAD")):
        made = folder / name
        made.mkdir(parents=True)
        git(made, "init", "-q", "-b", "main")
        (made / "a.py").write_text(CODE)
        (made / "LICENSE").write_text(MIT)
        git(made, "add", "-A")
        git(made, "commit", "-qm", "All")
        id_ = git(made, "rev-parse", lost).strip()
        (made / ".git/objects" / id_[:2] / id_[2:]).unlink()
    (folder / "three.tar.gz").write_bytes(gzip.compress(b"no archive" * 99, mtime=0))
    return [str(folder / "one"), str(folder / "two"), str(folder / "three.tar.gz")]


def test_equal_sources_have_equal_roots_wherever_they_and_their_stores_lie(
    world: World, server: Server, tmp_path: Path
) -> None:
    roots, counts = set(), []
    for place, host in (("here", "127.0.0.1"), ("some/where/else", "localhost")):
        folder = tmp_path / place
        sources = [f"swh+{world.write(folder / 'export')}", *damaged(folder)]
        release = build(folder, sources, server.url.replace("127.0.0.1", f"ann:secret@{host}"))
        roots.add(release.root)
        counts.append(drystone.losses(release).lost)
        told = [*release.ledger(["origin", "evidence"]), *release.repositories(["origin", "problem"])]
        said = json.dumps([table.to_pylist() for table in told])
        assert "secret" not in said
        assert str(tmp_path) not in said
        assert host not in said
    assert len(roots) == 1
    assert counts == [4, 4]


def test_a_bound_on_losses_stops_before_anything_is_published(world: World, server: Server, tmp_path: Path) -> None:
    export = world.write(tmp_path / "export")
    with pytest.raises(BuildError, match=r"33.33% of what was promised did not come, and limits.losses allows 1%"):
        build(tmp_path, [f"swh+{export}"], server.url, settings={"limits": {"losses": "1%"}})
    assert not (tmp_path / "release").exists()
    release = build(tmp_path, [f"swh+{export}"], server.url, settings={"limits": {"losses": "40%"}})
    assert drystone.losses(release).told() == ["1 of 3 contents could not be had: the answer is 404 Not Found"]
    assert drystone.verify(release.path).losses == drystone.losses(release)


def test_what_was_lost_is_asked_for_again(world: World, server: Server, tmp_path: Path) -> None:
    export = world.write(tmp_path / "export")
    first = build(tmp_path, [f"swh+{export}"], server.url)
    assert ledger(first)["/b.py"]["reason"] == "damaged"
    asked = sum(server.asked.values())
    assert build(tmp_path, [f"swh+{export}"], server.url).root == first.root
    assert sum(server.asked.values()) == asked, "within a day nothing is asked for again"
    for id_ in world.ids():
        server.objects[f"/content/{(id_.sha1 or b'').hex()}"] = gzip.compress(world.contents[id_.sha1_git or b""])
    again = build(tmp_path, [f"swh+{export}"], server.url, retry_lost=True, replace=True)
    assert ledger(again)["/b.py"]["decision"] == "kept"
    assert drystone.losses(again).lost == 0


@pytest.mark.parametrize(
    ("licence", "reason"),
    [
        (Link(b"docs/text"), "non_permissive_license"),
        (Link(b"nowhere"), "license_not_understood"),
        (Link(b"../out"), "license_not_understood"),
        (b"%PDF-1.4\0\0", "license_not_understood"),
        ("", "license_not_understood"),
        ("x" * 2000, "license_not_understood"),
    ],
)
def test_a_licence_that_is_there_is_followed_or_not_understood(tmp_path: Path, licence: Any, reason: str) -> None:
    world = World()
    world.repository("https://x.org/a", {"LICENSE": licence, "docs": {"text": GPL}, "a.py": CODE})
    settings = {"limits": {"max_file_bytes": 1000}, "licenses": {"profile": "stack-v2"}}
    export, bucket = world.write(tmp_path / "export"), world.bucket(tmp_path / "bucket")
    release = build(tmp_path, [f"swh+{export}"], str(bucket), settings=settings)
    assert ledger(release)["/a.py"]["reason"] == reason
