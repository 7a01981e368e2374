"""Whole builds over small real repositories: what is kept, what is dropped and why, and the laws."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import pytest

import drystone
from drystone import building as room
from drystone.building.settings import Settings, sources_from_arguments
from drystone.cli import cli
from drystone.errors import BuildError, DrystoneError, MissingExtraError, UsageError
from drystone.policy.verbs import Resting, count_files_on_text
from drystone.registry import Registry
from drystone.release.checking.verify import verify
from drystone.release.manifest import Manifest
from drystone.release.read import Release, open_release
from drystone.work import ranges
from drystone.work.engine import Engine
from drystone.work.store import Store
from tests.building.conftest import git, program, write
from tests.release.sample import covered_and_named


def make(sources: list[Path], output: Path, engine: Engine | None = None, **settings: Any) -> Manifest:
    chosen = Settings.model_validate(settings)
    found = sources_from_arguments(tuple(str(source) for source in sources))
    return room.build(chosen, found, output, engine or Engine(threads=1))


def rows(release: Release) -> dict[str, dict[str, Any]]:
    return {
        f"{row['origin'].split(':')[-1]}{row['path']}": row for batch in release.ledger() for row in batch.to_pylist()
    }


@pytest.fixture(scope="module")
def release(sources: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Release:
    output = tmp_path_factory.mktemp("built") / "release"
    make(sources, output)
    return open_release(output)


def test_each_file_is_in_or_out_for_its_own_reason(release: Release) -> None:
    found = {path: (row["decision"], row["reason"]) for path, row in rows(release).items()}
    expected = {
        "walls/README.md": ("kept", None),
        "walls/walls/copyleft.py": ("dropped", "non_permissive_license"),
        "walls/walls/latin.py": ("kept", None),
        "walls/walls/wide.py": ("kept", None),
        "walls/walls/empty.py": ("dropped", "empty"),
        "walls/walls/blob.bin": ("dropped", "binary"),
        "walls/walls/nul.c": ("dropped", "binary"),
        "walls/data/table.json": ("dropped", "long_data_file"),
        "walls/notes.unknown-kind": ("dropped", "unknown_language"),
        "walls/link.py": ("dropped", "symlink"),
        "fences/fences/post.py": ("kept", None),
        "gates-1.0.tar.gz/gates-1.0/gates/open.py": ("dropped", "no_license"),
        "moats-2.0.tar.gz/moats-2.0/moats/fill.py": ("dropped", "non_permissive_license"),
    }
    assert {path: found[path] for path in expected} == expected


def test_the_newer_repository_stands_for_its_copies(release: Release) -> None:
    ledger = rows(release)
    copy, original = ledger["fences/fences/stack.py"], ledger["walls/walls/stack.py"]
    assert original["decision"] == "kept"
    assert (copy["kept_repository_id"], copy["kept_path"]) == (original["repository_id"], "/walls/stack.py")
    assert copy["swhid"] == copy["kept_swhid"] == original["swhid"]


def test_a_near_duplicate_names_the_kept_file_and_its_similarity(release: Release) -> None:
    ledger = rows(release)
    near = ledger["fences/fences/gather.py"]
    assert near["reason"] == "near_duplicate"
    assert near["kept_swhid"] == ledger["walls/walls/gather.py"]["swhid"]
    assert 0.7 <= near["similarity"] < 1


def test_why_shows_a_near_duplicate_as_a_diff_from_what_the_build_left(
    release: Release, capsys: pytest.CaptureFixture[str]
) -> None:
    row = rows(release)["fences/fences/gather.py"]
    cli.main(["why", str(release.path), f"{row['origin']}:{row['path']}"], standalone_mode=False)
    shown = capsys.readouterr().out
    assert "near_duplicate" in shown
    assert f"{row['similarity']:.4f}" in shown
    assert "+ 70" in shown


def test_texts_are_utf8_and_personal_data_is_gone(release: Release) -> None:
    files = {row["path"]: row for batch in release.data() for row in batch.to_pylist()}
    assert "Mörtel" in files["/walls/latin.py"]["content"]
    assert files["/walls/wide.py"]["src_encoding"] == "UTF-16LE"
    assert files["/walls/wide.py"]["content"].startswith('"""Work of wide."""')
    contact = files["/walls/contact.py"]
    assert "marie" not in contact["content"]
    assert [span["kind"] for span in contact["redactions"]] == ["email"]
    assert files["/walls/stack.py"]["license_expression"] == "MIT"
    assert files["/walls/stack.py"]["license_evidence"][0]["path"] == "/LICENSE"


def test_the_profile_decides_on_what_has_no_licence_and_card_and_manifest_say_so(
    release: Release, sources: list[Path], tmp_path: Path
) -> None:
    gates = next(source for source in sources if source.name.startswith("gates"))
    make([gates], tmp_path / "all", licenses={"profile": "stack-v2"})
    taken = open_release(tmp_path / "all")
    (row,) = [row for path, row in rows(taken).items() if path.endswith("open.py")]
    assert (row["decision"], row["license_type"], row["license_expression"]) == ("kept", "no_license", None)
    for found, takes in ((release, False), (taken, True)):
        licenses = found.manifest.facts.configuration["licenses"]
        assert isinstance(licenses, dict)
        assert licenses["no_license"] is takes
        card = (found.path / "README.md").read_text()
        assert ("nobody granted a right to use them" in card, "Files without a licence were left out" in card) == (
            takes,
            not takes,
        )


def test_a_notebook_comes_out_as_a_script_under_its_own_swhid(release: Release, sources: list[Path]) -> None:
    (row,) = [r for batch in release.data("Jupyter Notebook") for r in batch.to_pylist()]
    assert "# # Sketch of a wall" in row["content"]
    assert "sketch_0 = " in row["content"]
    assert "an output" not in row["content"]
    assert row["content_id"] == git(sources[0], "hash-object", "walls/sketch.ipynb").strip()


def test_the_release_keeps_every_law(release: Release) -> None:
    report = verify(release.path)
    assert not report.problems, report.problems


def test_notice_names_the_holders_of_what_was_kept(release: Release) -> None:
    notice = (release.path / "NOTICE").read_text()
    assert "Copyright (c) 2021 Ada Example" in notice
    assert "Copyright (c) 2021 Grace Example" in notice
    assert notice.count("Permission is hereby granted") == 1
    told, named = covered_and_named(release.path)
    assert told == named != set()
    assert "\n    for /\n" in notice, "where all that is kept of a repository rests on a text, one line says so"


def test_order_processes_and_ranges_do_not_matter(
    sources: list[Path], release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = release.manifest.root
    shuffled = sources[:]
    random.Random(7).shuffle(shuffled)
    assert make(shuffled, tmp_path / "two", Engine(threads=2, in_process=0)).root == root
    monkeypatch.setattr(ranges, "ROWS_PER_RANGE", 5)
    assert make(sources[::-1], tmp_path / "small").root == root


def test_a_second_build_does_nothing_again(sources: list[Path], tmp_path: Path) -> None:
    output = tmp_path / "release"
    first = make(sources, output)
    before = {path: path.stat().st_mtime_ns for path in output.rglob("*") if path.is_file()}
    assert make(sources, output) == first
    assert {path: path.stat().st_mtime_ns for path in output.rglob("*") if path.is_file()} == before


def test_other_settings_need_replace_and_redo_only_what_they_touch(sources: list[Path], tmp_path: Path) -> None:
    output = tmp_path / "release"
    first = make(sources, output)
    with pytest.raises(BuildError, match="--replace"):
        make(sources, output, licenses={"profile": "stack-v2"})
    inventories = {path: path.stat().st_mtime_ns for path in tmp_path.glob("release.work/inventory-*/*.pack")}
    found = sources_from_arguments(tuple(str(source) for source in sources))
    settings = Settings.model_validate({"licenses": {"profile": "stack-v2"}})
    second = room.build(settings, found, output, Engine(threads=1), replace=True)
    assert second.root != first.root
    assert second.counts.kept > first.counts.kept
    assert {path: path.stat().st_mtime_ns for path in inventories} == inventories
    assert not verify(output).problems


def test_a_changed_source_is_seen(sources: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "fences"
    shutil.copytree(sources[1], folder)
    first = make([folder], tmp_path / "release")
    (folder / "fences/post.py").write_text("import os\n\nprint(os.name)\n")
    found = sources_from_arguments((str(folder),))
    second = room.build(Settings(), found, tmp_path / "release", Engine(threads=1), replace=True)
    assert second.root != first.root


def test_an_update_annotates_and_compares_only_what_is_new(
    sources: list[Path], release: Release, tmp_path: Path
) -> None:
    output = tmp_path / "release"
    make(sources[:3], output)
    annotated = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("release.work/annotate-*/*.done")}
    found = sources_from_arguments(tuple(str(source) for source in sources))
    assert room.build(Settings(), found, output, Engine(threads=1), replace=True).root == release.manifest.root
    after = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("release.work/annotate-*/*.done")}
    assert len(after) == len(annotated) + 1
    assert annotated.items() <= after.items()
    (summary,) = [json.loads(path.read_bytes())["summary"] for path in tmp_path.glob("release.work/near-*/near.done")]
    assert summary["dropped"] == 1
    assert summary["comparisons"] == 0


@pytest.mark.slow
def test_a_killed_build_ends_in_the_same_release(sources: list[Path], release: Release, tmp_path: Path) -> None:
    """SIGKILL at growing delays, so that some stage is hit each time; the last run is left alone."""
    output = tmp_path / "release"
    command = [sys.executable, "-m", "drystone", "build", *map(str, sources), "-o", str(output), "--threads", "2"]
    environment = {**os.environ, "DRYSTONE_REGISTRY": str(tmp_path / "registry.sqlite")}
    for delay in (1.5, 3, 4.5, 6, 8):
        process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL, env=environment)
        time.sleep(delay)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    subprocess.run([*command, "--quiet"], check=True, env=environment, stdout=subprocess.DEVNULL)
    assert open_release(output).manifest.root == release.manifest.root
    assert not verify(output).problems


@pytest.mark.slow
def test_ray_gives_the_same_release(sources: list[Path], release: Release, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    code = (
        "import sys\nfrom pathlib import Path\nfrom drystone import building\n"
        "from drystone.work.engine import Engine\n"
        "from drystone.building.settings import Settings, sources_from_arguments\n"
        "found = sources_from_arguments(tuple(sys.argv[2:]))\n"
        "print(building.build(Settings(), found, Path(sys.argv[1]), Engine('ray', 2)).root)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "release"), *map(str, sources)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    assert done.stdout.split()[-1] == release.manifest.root


def test_a_dry_run_writes_nothing(sources: list[Path], release: Release, tmp_path: Path) -> None:
    found = sources_from_arguments(tuple(str(source) for source in sources))
    estimated = room.estimate(Settings(), found, tmp_path / "release", Engine(threads=1))
    assert estimated.funnel == release.manifest.facts.funnel
    assert list(tmp_path.iterdir()) == []


def test_two_builds_cannot_share_a_folder(sources: list[Path], tmp_path: Path) -> None:
    with Store(tmp_path / "release.work").lock(), pytest.raises(BuildError, match="another build"):
        make(sources, tmp_path / "release")


def test_a_folder_that_is_no_release_is_left_alone(sources: list[Path], tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters/love.txt").write_text("mine")
    with pytest.raises(BuildError, match="not a release"):
        make(sources, tmp_path / "letters")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(BuildError, match="is a file"):
        make(sources, tmp_path / "file")


def test_no_sources_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no sources"):
        make([], tmp_path / "release")


def test_bytes_that_cannot_be_had_become_rows(tmp_path: Path) -> None:
    """A file over the size limit and a damaged archive: rows in the ledger, nothing lost."""
    folder = tmp_path / "big"
    folder.mkdir()
    (folder / "one_line.js").write_bytes(b"var a = 1; " * 20_000_000)
    (folder / "small.py").write_text("# SPDX-License-Identifier: MIT\nimport os\n\nprint(os.name)\n")
    archive = tmp_path / "cut.tar.gz"
    subprocess.run(["tar", "-czf", str(archive), "-C", str(tmp_path), "big/small.py"], check=True)
    archive.write_bytes(archive.read_bytes()[:-40])
    make([folder, archive], tmp_path / "release")
    release = open_release(tmp_path / "release")
    ledger = rows(release)
    assert ledger["big/one_line.js"]["reason"] == "too_large"
    assert ledger["big/one_line.js"]["size"] == 220_000_000
    assert ledger["big/small.py"]["decision"] == "kept"
    damaged = [row for path, row in ledger.items() if path.startswith("cut.tar.gz")]
    repositories = {row["origin"]: row for batch in release.repositories() for row in batch.to_pylist()}
    (lost,) = [row for row in damaged if row["kind"] == "unreadable"]
    assert lost["reason"] == "lost_content"
    assert "cut short" in lost["evidence"]
    assert repositories["archive:cut.tar.gz"]["status"] == "read"
    assert not verify(tmp_path / "release").problems


def test_a_full_disk_stops_with_a_clear_error_and_the_build_goes_on_later(sources: list[Path], tmp_path: Path) -> None:
    """A limit on file size (RLIMIT_FSIZE) fails the write in the middle, as a full disk does."""
    big = tmp_path / "big"
    big.mkdir()
    words = ("stone", "lintel", "mortar", "cope", "batter", "hearting", "through", "plumb")
    lines = (f"{words[i % 8]}_{words[i // 8 % 8]}_{i} = {words[i * 7 % 8]}({i * 31 % 977})\n" for i in range(60_000))
    (big / "words.py").write_text("# SPDX-License-Identifier: MIT\n" + "".join(lines))
    output = tmp_path / "release"
    code = (
        "import resource, signal, sys\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))\nfrom drystone.cli import main\nmain()\n"
    )
    arguments = [
        "build",
        str(big),
        "-o",
        str(output),
        "--threads",
        "1",
        "--quiet",
        "--registry",
        drystone.init_registry(str(tmp_path / "r.db")),
    ]
    done = subprocess.run([sys.executable, "-c", code, *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("*.partial"))
    assert make([big], output).counts.kept == 1
    assert not verify(output).problems


@pytest.mark.parametrize("threads", [1, 2])
def test_a_registry_that_cannot_be_made_is_said_before_the_work_is_done(
    sources: list[Path], tmp_path: Path, threads: int
) -> None:
    (tmp_path / "file").write_text("not a folder")
    place = tmp_path / "file/registry.sqlite"
    with pytest.raises(DrystoneError, match=r"registry\.sqlite"):
        make(sources, tmp_path / "release", Engine(threads=threads, in_process=0), registry=str(place))
    assert not list((tmp_path / "release.work").glob("decide-*"))


def test_a_persons_decision_on_a_licence_text_holds_in_the_next_build(tmp_path: Path) -> None:
    folder = tmp_path / "walls"
    write(
        folder,
        {
            "LICENSE": "House licence\n\nYou may use this software under the terms agreed upon by word of mouth at the "
            "harvest feast. Redistribution is granted to neighbours. All other rights are reserved by the village.\n",
            "stack.py": program("stack"),
        },
    )
    registry = tmp_path / "registry.sqlite"
    settings = Settings.model_validate({"registry": str(registry)})
    found = sources_from_arguments((str(folder),))
    first = room.build(settings, found, tmp_path / "first", Engine(threads=1))
    with Registry(registry) as opened:
        (waiting,) = opened.reviews.queue()
        assert waiting.path == "/LICENSE"
        assert "harvest feast" in (waiting.sample or "")
        opened.reviews.decide(waiting.text_sha256, "ISC", "Ada", "the village said so")
    second = room.build(settings, found, tmp_path / "second", Engine(threads=1))
    assert (first.counts.kept, second.counts.kept) == (0, 1)
    before = rows(open_release(tmp_path / "first"))["walls/stack.py"]
    assert (before["reason"], before["license_type"]) == ("license_not_understood", "non_permissive")
    assert orjson.loads(before["evidence"])["review"] == [waiting.text_sha256]
    assert first.facts.registry_head != second.facts.registry_head
    row = rows(open_release(tmp_path / "second"))["walls/stack.py"]
    assert (row["decision"], row["license_expression"]) == ("kept", "ISC")
    assert orjson.loads(row["evidence"])["review"] == [waiting.text_sha256]


def test_scancode_is_asked_only_where_it_is_installed(sources: list[Path], tmp_path: Path) -> None:
    if importlib.util.find_spec("licensedcode") is not None:
        pytest.skip("the extra `scancode` is installed here")
    (tmp_path / "walls").mkdir()
    (tmp_path / "walls/LICENSE").write_text("You may use this under the licence agreed upon at the harvest feast.\n")
    with pytest.raises(MissingExtraError, match="scancode"):
        make([tmp_path / "walls"], tmp_path / "release", detection={"scancode": True})


def folders(base: Path, *contents: dict[str, str | bytes]) -> list[Path]:
    for number, files in enumerate(contents):
        write(base / f"r{number}", files)
    return [base / f"r{number}" for number in range(len(contents))]


def test_the_same_bytes_take_the_licence_that_was_found_elsewhere(tmp_path: Path) -> None:
    gpl = "SPDX-License-Identifier: GPL-3.0-only\n"
    found = folders(
        tmp_path,
        {"COPYING": gpl, "stack.py": program("stack")},
        {"taken.py": program("stack"), "own.py": program("own"), "freed.py": program("free")},
        {"LICENSE": "SPDX-License-Identifier: MIT\n", "free.py": program("free"), "stack.py": program("stack")},
    )
    make(found, tmp_path / "release", licenses={"profile": "stack-v2"})
    ledger = rows(open_release(tmp_path / "release"))
    taken = ledger["r1/taken.py"]
    assert (taken["reason"], taken["license_expression"]) == ("non_permissive_license", "GPL-3.0-only")
    assert orjson.loads(taken["evidence"])["same_bytes"] == {"origin": "folder:r0", "path": "/stack.py"}
    assert (ledger["r1/own.py"]["decision"], ledger["r1/freed.py"]["reason"]) == ("kept", "exact_duplicate")
    assert ledger["r2/stack.py"]["decision"] == "kept"  # whoever granted it there is heard there


def test_a_head_that_denies_or_contradicts_its_folder_waits_and_a_decision_says_what_it_changes(tmp_path: Path) -> None:
    head = "# Confidential and proprietary. Unauthorized copying of this file is strictly prohibited.\n\n"
    other = "# SPDX-License-Identifier: ISC\n\n"
    files = {"LICENSE": "SPDX-License-Identifier: MIT\n", "a.py": head + program("a"), "b.py": program("b")}
    found = folders(tmp_path, {**files, "c.py": other + program("c")})
    registry = tmp_path / "registry.sqlite"
    make(found, tmp_path / "first", registry=str(registry))
    first = rows(open_release(tmp_path / "first"))
    row, kept = first["r0/a.py"], first["r0/c.py"]
    assert (row["reason"], row["license_type"]) == ("license_denied", "non_permissive")
    assert (kept["decision"], kept["license_expression"]) == ("kept", "ISC")
    assert "header says ISC, folder says MIT" in orjson.loads(kept["evidence"])["conflict"]
    with Registry(registry) as opened:
        contrary, waiting = opened.reviews.queue()
        assert (contrary.path, contrary.cause, contrary.expression) == ("c.py", "conflict", "ISC")
        assert orjson.loads(contrary.evidence)[-1] == {"conflict": "header says ISC, folder says MIT"}
        assert count_files_on_text(tmp_path / "first", contrary.text_sha256) == Resting(kept=1, dropped=0)
        assert (waiting.path, waiting.cause, waiting.swhid) == ("a.py", "denied", row["swhid"])
        assert "Unauthorized copying" in (waiting.sample or "")
        assert count_files_on_text(tmp_path / "first", waiting.text_sha256) == Resting(kept=0, dropped=1)
        opened.reviews.decide(waiting.text_sha256, "MIT", "Ada", "an old notice; the firm freed it in 2020")
        opened.reviews.decide(contrary.text_sha256, "GPL-3.0-only", "Ada", "so its author says elsewhere")
    make(found, tmp_path / "second", registry=str(registry))
    second = rows(open_release(tmp_path / "second"))
    assert (second["r0/a.py"]["decision"], second["r0/a.py"]["license_expression"]) == ("kept", "MIT")
    assert (second["r0/c.py"]["reason"], second["r0/c.py"]["license_expression"]) == (
        "non_permissive_license",
        "GPL-3.0-only",
    )
    with Registry(registry) as opened:
        assert opened.reviews.queue() == []
    assert count_files_on_text(tmp_path / "second", waiting.text_sha256) == Resting(kept=1, dropped=0)


def test_a_conflict_is_in_the_row_and_waits_for_a_person(tmp_path: Path) -> None:
    readme = "# Walls\n\n## License\n\nThis program is released under the GNU General Public License, version 3.\n"
    mit = "SPDX-License-Identifier: MIT\n"
    found = folders(
        tmp_path, {"LICENSE": mit, "package.json": '{"license": "MIT"}', "README.md": readme, "a.py": program("a")}
    )
    registry = tmp_path / "registry.sqlite"
    make(found, tmp_path / "first", registry=str(registry))
    row = rows(open_release(tmp_path / "first"))["r0/a.py"]
    assert (row["reason"], row["license_expression"]) == ("non_permissive_license", "MIT AND GPL-3.0-only")
    assert "README.md says GPL-3.0-only, others say MIT" in orjson.loads(row["evidence"])["conflict"]
    with Registry(registry) as opened:
        waiting = {review.path: review for review in opened.reviews.queue()}
        assert {path: review.cause for path, review in waiting.items() if path == "/README.md"} == {
            "/README.md": "conflict"
        }
        opened.reviews.decide(waiting["/README.md"].text_sha256, "NONE", "Ada", "of an older version")
    make(found, tmp_path / "second", registry=str(registry))
    again = rows(open_release(tmp_path / "second"))["r0/a.py"]
    assert (again["decision"], again["license_expression"], again["evidence"]) == ("kept", "MIT", None)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\n" + bytes(range(256)), b"\0\1\2" * 100, b"x" * 3000])
def test_a_licence_file_that_cannot_be_read_is_not_understood(tmp_path: Path, content: bytes) -> None:
    found = folders(tmp_path, {"LICENSE": "SPDX-License-Identifier: MIT\n", "a.py": program("a")})
    write(tmp_path / "r0/inner", {"LICENSE": content, "b.py": program("b"), "README.md": ""})
    limit = {"max_file_bytes": 2800}
    make(found, tmp_path / "release", licenses={"profile": "stack-v2"}, limits=limit)
    ledger = rows(open_release(tmp_path / "release"))
    assert ledger["r0/a.py"]["license_expression"] == "MIT"
    inner = ledger["r0/inner/b.py"]
    assert inner["reason"] == "license_not_understood"
    (read,) = orjson.loads(inner["evidence"])["read"]
    assert (read["path"], read["rule"].partition(":")[0]) == ("/inner/LICENSE", "unread")


def test_links_and_pdfs_with_the_name_of_a_licence(tmp_path: Path) -> None:
    (walls,) = folders(tmp_path, {"legal/terms.txt": "SPDX-License-Identifier: GPL-3.0-only\n", "a.py": program("a")})
    (walls / "LICENSE").symlink_to("COPYING")
    (walls / "COPYING").symlink_to("legal/terms.txt")
    write(walls / "away", {"b.py": program("b")})
    (walls / "away/LICENSE").symlink_to("../../../outside")
    write(walls / "paper", {"LICENSE.pdf": b"%PDF-1.7\n\0\1\2", "c.py": program("c")})
    make([walls], tmp_path / "release", licenses={"allow": ["GPL-3.0-only"]})
    ledger = rows(open_release(tmp_path / "release"))
    assert (ledger["r0/a.py"]["decision"], ledger["r0/a.py"]["license_expression"]) == ("kept", "GPL-3.0-only")
    reasons = [ledger[f"r0/{path}"]["reason"] for path in ("away/b.py", "paper/c.py", "LICENSE")]
    assert reasons == ["license_not_understood", "license_not_understood", "symlink"]


def test_reuse_is_heard_in_builds(tmp_path: Path) -> None:
    toml = 'version = 1\n\n[[annotations]]\npath = "*.py"\nSPDX-License-Identifier = "GPL-3.0-only"\n'
    (walls,) = folders(
        tmp_path,
        {
            "LICENSE": "SPDX-License-Identifier: MIT\n",
            "REUSE.toml": toml,
            "a.py": program("a"),
            "lib/b.py": program("b"),
            "c.py": program("c"),
            "c.py.license": "SPDX-License-Identifier: ISC\n",
        },
    )
    make([walls], tmp_path / "release")
    found = {path: row["license_expression"] for path, row in rows(open_release(tmp_path / "release")).items()}
    assert [found[f"r0/{name}"] for name in ("a.py", "lib/b.py", "c.py")] == ["GPL-3.0-only", "MIT", "ISC"]
