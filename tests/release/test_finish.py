from __future__ import annotations

import getpass
import shutil
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from drystone.errors import ReleaseError
from drystone.release import layout
from drystone.release.documents.notice import read_notices
from drystone.release.manifest import EarlierVersion, ReleaseFacts, read_manifest
from drystone.release.writing.finish import finish
from tests.release.sample import FACTS, sample_rows


def test_sha256sum_agrees(sample_release: Path) -> None:
    if shutil.which("sha256sum") is None:
        pytest.skip("sha256sum is not installed")
    done = subprocess.run(
        ["sha256sum", "-c", "SHA256SUMS"], cwd=sample_release, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert all(line.endswith(": OK") for line in lines)
    everything = {p.relative_to(sample_release).as_posix() for p in sample_release.rglob("*") if p.is_file()}
    assert {line.removesuffix(": OK") for line in lines} == everything - {"SHA256SUMS", "manifest.json"}


def test_counts_are_those_of_the_rows(sample_release: Path) -> None:
    counts = read_manifest(sample_release).counts
    rows = sample_rows()
    kept = [row for row in rows if row.dropped is None]
    assert (counts.occurrences, counts.kept, counts.dropped) == (len(rows), len(kept), len(rows) - len(kept))
    assert counts.text_bytes == sum(len(row.text.encode()) for row in kept)
    assert counts.opted_out_repositories == 2


def test_nothing_tells_of_the_machine(sample_release: Path) -> None:
    for path in sample_release.rglob("*"):
        if path.is_file() and path.suffix != ".parquet":
            text = path.read_bytes()
            assert str(sample_release.parent).encode() not in text, path
            assert f"/{getpass.getuser()}/".encode() not in text, path


def test_the_manifest_goes_first_and_comes_last(release_copy: Path) -> None:
    manifest = read_manifest(release_copy)
    (release_copy / manifest.files[0].path).unlink()
    with pytest.raises(ReleaseError, match="is missing or has another size"):
        finish(release_copy, FACTS, manifest.files)
    with pytest.raises(ReleaseError, match="incomplete release"):
        read_manifest(release_copy)


def test_what_does_not_fit_together_is_refused(release_copy: Path) -> None:
    files = list(read_manifest(release_copy).files)
    without_ledger = [f for f in files if f.kind != "ledger"]
    for entry in files:
        if entry.kind == "ledger":
            (release_copy / entry.path).unlink()
    with pytest.raises(ReleaseError, match="no part of the ledger was written"):
        finish(release_copy, FACTS, without_ledger)
    (release_copy / "data/Python/left.parquet").touch()
    with pytest.raises(ReleaseError, match=r"left\.parquet lies in .* but is not part of this release"):
        finish(release_copy, FACTS, without_ledger)
    with pytest.raises(ReleaseError, match="listed twice"):
        finish(release_copy, FACTS, [*files, files[0]])


def test_a_missing_shard_is_refused(release_copy: Path) -> None:
    files = list(read_manifest(release_copy).files)
    gone = next(f for f in files if f.language == "Python")
    (release_copy / gone.path).unlink()
    with pytest.raises(ReleaseError, match="data/Python has 1 file where their names say 2"):
        finish(release_copy, FACTS, [f for f in files if f is not gone])


def test_no_repositories_are_refused(release_copy: Path) -> None:
    files = [f for f in read_manifest(release_copy).files if f.kind != "repositories"]
    (release_copy / layout.REPOSITORIES).unlink()
    with pytest.raises(ReleaseError, match=r"repositories\.parquet was not written"):
        finish(release_copy, FACTS, files)


def test_ledger_and_data_must_agree(release_copy: Path) -> None:
    files = list(read_manifest(release_copy).files)
    gone = next(f for f in files if f.language == "TOML")
    shutil.rmtree(release_copy / "data/TOML")
    with pytest.raises(ReleaseError, match=r"the ledger has .* kept .* but data holds"):
        finish(release_copy, FACTS, [f for f in files if f is not gone])


def test_finishing_again_gives_the_same(release_copy: Path) -> None:
    manifest = read_manifest(release_copy)
    before = {p: p.read_bytes() for p in release_copy.iterdir() if p.is_file()}
    notices = read_notices(release_copy, manifest.format_version)
    assert notices
    assert finish(release_copy, manifest.facts, reversed(manifest.files), notices[::-1]) == manifest
    assert {p: p.read_bytes() for p in release_copy.iterdir() if p.is_file()} == before


def test_the_card_describes_every_configuration(sample_release: Path) -> None:
    text = (sample_release / "README.md").read_text()
    front = yaml.safe_load(text.split("---\n")[1])
    manifest = read_manifest(sample_release)
    assert [c["config_name"] for c in front["configs"]] == [
        "default", "C++", "F%2A", "Markdown", "Python", "TOML", "Text",
    ]  # fmt: skip
    python = next(c for c in front["configs"] if c["config_name"] == "Python")
    assert python["data_files"] == [{"split": "train", "path": [e.path for e in manifest.languages["Python"]]}]
    info = next(i for i in front["dataset_info"] if i["config_name"] == "Python")
    assert info["splits"][0]["num_examples"] == sum(e.rows for e in manifest.languages["Python"])
    assert manifest.root in text
    assert "179 occurrences" in text or f"{manifest.counts.occurrences} occurrences" in text
    assert "| near\\_duplicates | near\\_duplicate | 3 |" in text
    assert "drystone verify" in text


def test_the_citation_is_a_citation_file(sample_release: Path) -> None:
    cited = yaml.safe_load((sample_release / "CITATION.cff").read_text())
    assert cited["cff-version"] == "1.2.0"
    assert cited["type"] == "dataset"
    assert cited["authors"] == [{"name": "The makers of the sample"}]
    assert str(cited["date-released"]) == "2026-01-02"


def test_hostile_facts_stay_text(release_copy: Path) -> None:
    files = read_manifest(release_copy).files
    facts = ReleaseFacts(
        name="x: [y]\n---\n# <script>|\x1b[31m",
        version="'\"1",
        configuration={},
        description="---\nlicense: mit\n---",
        changes=("- more \x1b stones",),
        previous=EarlierVersion(version="0.9", root="a" * 64),
        url="https://example.org/",
    )
    finish(release_copy, facts, files)
    for name in layout.DOCUMENTS:
        assert b"\x1b" not in (release_copy / name).read_bytes(), name
    front = yaml.safe_load((release_copy / "README.md").read_text().split("---\n")[1])
    assert front["license"] == "other"
    assert "<script>" not in (release_copy / "README.md").read_text().split("---\n", 2)[2]
    assert yaml.safe_load((release_copy / "CITATION.cff").read_text())["version"] == "'\"1"
    changes = (release_copy / "CHANGELOG.md").read_text()
    assert "Follows 0.9" in changes
    assert pq.read_metadata(release_copy / files[0].path).num_rows == files[0].rows
