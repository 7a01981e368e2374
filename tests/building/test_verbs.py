"""The verbs that join rooms, called from Python: the same defaults and results as on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import drystone
from drystone.catalog.passports.reading import load_with_texts
from drystone.catalog.passports.texts import find_quotes
from drystone.cli import cli
from drystone.errors import ReleaseError, SettingsError, UsageError
from drystone.registry.place import DEFAULT_REGISTRY
from tests.building.conftest import MIT, program, write


@pytest.fixture
def walls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two programs that are nearly the same; what is made lies where the test runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DRYSTONE_REGISTRY", raising=False)
    text = "\n".join(f"def stone_{n}(weight):\n    return weight * {n} + {n * n}" for n in range(60)) + "\n"
    write(tmp_path / "walls", {"LICENSE": MIT, "stack.py": text, "stacked.py": text + "LAST = 1\n"})
    return tmp_path / "walls"


def test_python_and_the_command_line_make_one_release(walls: Path, tmp_path: Path) -> None:
    release = drystone.build([walls], "python", threads=1)
    assert (tmp_path / DEFAULT_REGISTRY).is_file()
    said = CliRunner().invoke(cli, ["build", "walls", "-o", "command", "--threads", "1", "--json"]).stdout
    assert json.loads(said)["root"] == release.root
    assert release.manifest.facts.registry_head is not None
    report = drystone.verify("python")
    assert report.holds and report.root == release.root
    assert not drystone.audit(["python", "command"]).problems


def test_each_version_carries_its_passport_beside_its_card(walls: Path, tmp_path: Path) -> None:
    """Made by the build, of what the release is; a later version, and one after a retraction, has its own."""
    write(tmp_path / "fences", {"LICENSE": MIT, "post.py": program("post")})
    hostile = {
        "release": {"description": "\x1b[31m<script>\u202e\n" + "long " * 2000, "url": "https://e.org/" + "x" * 400}
    }
    drystone.build([walls, tmp_path / "fences"], "release", threads=1, settings=hostile)
    roots = []
    for step in range(3):
        if step == 1:
            write(tmp_path / "walls", {"new.py": program("new")})
            drystone.build([], "release", update="release", threads=1)
        elif step == 2:
            (row,) = (row for row in drystone.occurrences("release") if row["path"].endswith("post.py"))
            request, _ = drystone.request_optout(swhids=[row["swhid"]])
            drystone.vouch_optout(request.id, "seen")
            drystone.decide_optout(request.id, "accepted")
            drystone.retract(["release"])
        manifest = drystone.open_release("release").manifest
        passport, texts = load_with_texts(Path("release/passport.json"))
        assert passport.artifact.versions[0].hashes == {"drystone-root": manifest.root}
        assert {one.state for one in find_quotes(passport, texts)} == {"stands"}
        fact = passport.fact("size.files")
        assert fact is not None and fact.claim is not None and fact.claim.value == manifest.counts.kept
        assert "passport.json" in Path("release/SHA256SUMS").read_text()
        assert drystone.verify("release").holds
        roots.append(manifest.root)
    assert len(set(roots)) == 3
    with pytest.raises(UsageError, match="checksums cover it"):
        drystone.publish_passport("release")
    drystone.add_artifact("release/passport.json", "catalog.sqlite")
    (tmp_path / "release/passport.json").write_text("{}")
    assert "passport.json" in {one.path for one in drystone.verify("release").examples}


def test_why_takes_the_dropped_text_from_the_work_folder_wherever_it_lies(walls: Path, tmp_path: Path) -> None:
    drystone.build([walls], "release", threads=1, settings={"engine": {"work": "elsewhere"}})
    (decision,) = drystone.why("release", "stacked.py", work="elsewhere")
    if decision.ledger["decision"] == "kept":  # of the two the other one fell
        (decision,) = drystone.why("release", "stack.py", work="elsewhere")
    assert decision.ledger["reason"] == "near_duplicate"
    assert "LAST = 1" in (decision.diff or "")
    (row,) = drystone.occurrences("release", decision.ledger["path"])
    (without,) = drystone.why("release", row)
    assert without.diff is None and "--from" in (without.diff_missing or "")
    with pytest.raises(ReleaseError, match="no occurrence matches"):
        drystone.why("release", "nowhere.py")


def test_an_estimate_writes_no_release(walls: Path, tmp_path: Path) -> None:
    write(tmp_path / "fences", {"LICENSE": MIT, "post.py": program("post")})
    found = drystone.estimate([walls, "fences"], "release", sample=1, threads=1)
    assert (found.sources, found.sampled) == (2, 1)
    assert not (tmp_path / "release").exists()


def test_a_source_may_be_what_a_table_of_a_settings_file_is(walls: Path, tmp_path: Path) -> None:
    table = {"kind": "folder", "path": "walls", "origin": "https://example.org/walls", "stars": 5, "license": "MIT"}
    release = drystone.build([table], "python", threads=1, settings={"release": {"description": "Walls."}})
    (row,) = (row for batch in release.repositories() for row in batch.to_pylist())
    assert (row["origin"], row["star_events_count"], row["gha_license_id"]) == ("https://example.org/walls", 5, "MIT")
    wrong = [table, {"kind": "table", "path": "walls"}, {"kind": "gti", "url": "x"}, {**table, "starz": 5}]
    with pytest.raises(UsageError) as caught:
        drystone.build(wrong, "out")
    for said in ("sources[1], 'contents': is missing", "sources[2], 'kind': must be one of", "did you mean 'stars'?"):
        assert said in str(caught.value)


def test_wrong_orders_are_told(walls: Path, tmp_path: Path) -> None:
    (tmp_path / "build.toml").write_text('[[source]]\nspec = "walls"\n')
    for wrong, said in (
        (lambda: drystone.build([walls]), "no output folder"),
        (lambda: drystone.build("build.toml", "out", settings={}), "in the file or as a mapping"),
        (lambda: drystone.build("build.toml", "out", contents="s3://x"), "stand with the source"),
        (lambda: drystone.build([walls], "out", name="a b"), "name: "),
        (lambda: drystone.build([walls], "out", key="publisher.key"), "belong together"),
        (lambda: drystone.retract(["out"], date="yesterday"), "YYYY-MM-DD"),
        (lambda: drystone.verify("out", registry="nowhere.sqlite"), "not a release|no such|manifest"),
    ):
        with pytest.raises((UsageError, ReleaseError), match=said):
            wrong()
    with pytest.raises(SettingsError, match="quality"):
        drystone.build([walls], "out", settings={"quality": {"profile": "loud"}})


def test_a_url_that_nothing_opens_is_refused_before_any_work(walls: str, tmp_path: Path) -> None:
    wrong = "nowhere://user:secret@bucket/release"
    for order in ({"output": wrong}, {"output": tmp_path / "out", "settings": {"engine": {"work": wrong}}}):
        with pytest.raises(UsageError, match=r"^nowhere://bucket/release: Protocol not known.*give a folder, or a URL"):
            drystone.build(walls, **order)
    assert list(tmp_path.glob("out*")) == []
