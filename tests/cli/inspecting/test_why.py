from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from drystone.cli.inspecting.why import command
from drystone.errors import ReleaseError
from tests.release.sample import sample_rows

Run = Callable[..., Result]


def words(text: str) -> str:
    return " ".join(text.split())


def test_a_kept_file(run: Run, sample_release: Path) -> None:
    done = run(command, sample_release, "secret.py")
    assert done.exit_code == 0
    text = words(done.stdout)
    assert "/secret.py in https://example.org/own/special" in text
    assert "decision kept" in text
    assert "replaced key at bytes 7 to 27 (aws, confidence 0.90)" in text
    assert "MIT: /LICENSE lines 1 to 9" in text


def test_a_near_duplicate_with_a_diff(run: Run, sample_release: Path, tmp_path: Path) -> None:
    row = next(r for r in sample_rows() if r.similarity)
    assert row.like is not None
    without = words(run(command, sample_release, row.path).stdout)
    assert "dropped at stage near_duplicates: near_duplicate" in without
    assert f"{row.like.path} of https://example.org/{row.like.repository}, Jaccard similarity 0.9700" in without
    assert "No diff: the text of the dropped file is not part of the release" in without
    (tmp_path / Path(row.path).name).write_bytes(row.data)
    assert "+# one line more" in run(command, sample_release, row.path, "--from", tmp_path).stdout


def test_a_copy_of_a_dropped_file(run: Run, sample_release: Path) -> None:
    assert "itself dropped at stage language: unknown" in words(run(command, sample_release, "empty.py").stdout)


def test_many_matches_are_listed(run: Run, sample_release: Path) -> None:
    done = run(command, sample_release, "own/special:*")
    assert "10 occurrences match; name one of them" in done.stdout
    assert "\t" not in done.stdout
    assert "100 or more" in run(command, sample_release, "*").stdout


def test_json_has_a_line_for_each_match(run: Run, sample_release: Path) -> None:
    done = run(command, sample_release, "own/special:*", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == 10
    assert {line["ledger"]["decision"] for line in lines} == {"kept", "dropped"}
    assert lines[0]["repository"]["repo_name"] == "own/special"


def test_nothing_found(run: Run, sample_release: Path) -> None:
    done = run(command, sample_release, "no\x1bthing")
    assert isinstance(done.exception, ReleaseError)
    assert "'no\\x1bthing'" in str(done.exception)


def test_all_files_dropped_for_a_reason(run: Run, sample_release: Path) -> None:
    dropped = [r for r in sample_rows() if (r.dropped or "").endswith(".near_duplicate")]
    done = run(command, sample_release, "--reason", "near_duplicate", "--json")
    rows = [json.loads(line)["ledger"] for line in done.stdout.splitlines()]
    assert sorted(row["path"] for row in rows) == sorted(r.path for r in dropped)
    assert (
        len(run(command, sample_release, "--reason", "near_duplicate", "--limit", 1, "--json").stdout.splitlines()) == 1
    )
    one = run(command, sample_release, dropped[0].path, "--reason", "near_duplicate")
    assert "dropped at stage near_duplicates: near_duplicate" in words(one.stdout)
    wrong = run(command, sample_release, "--reason", "near_duplicates")
    assert "did you mean 'near_duplicate'?" in str(wrong.exception)
    assert run(command, sample_release).exit_code == 2
