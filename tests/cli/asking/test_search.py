from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

import drystone
from drystone.cli.asking.search import command
from drystone.errors import ReleaseError
from drystone.search.query import QueryError
from tests.release.sample import Row, sample_rows, write_sample

Run = Callable[..., Result]
HOSTILE = "needle = '\x1b[2J\x1b]0;owned\x07 \u202e <script>alert(1)</script>'\n"


@pytest.fixture(scope="session")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("indexed") / "stones"
    rows = [r for r in sample_rows() if r.repository != "pypi/rich"]
    rows.append(Row("own/odd", "/odd\x1b[31m\u202e.py", HOSTILE.encode(), "Python"))
    write_sample(folder, rows)
    drystone.index_release(folder)
    return folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


def test_files_come_with_lines_licence_and_swhid_and_a_total(run: Run, indexed: Path) -> None:
    done = run(command, indexed, "needle", "--no-pager")
    assert done.exit_code == 0, done.output
    assert "own/odd:/odd" in done.stdout
    assert "Python, MIT" in done.stdout
    assert re.search(r"^ +1: needle = ", done.stdout, re.M)
    assert ";lines=1" in done.stdout
    assert "1 file, that is all" in done.stdout


def test_nothing_of_a_text_acts_on_a_terminal(run: Run, indexed: Path) -> None:
    for options in ([], ["-l"], ["--json"], ["--sarif"], ["--passages", "1"]):
        shown = run(command, indexed, "needle", *options).stdout
        assert shown, options
        assert not [c for c in shown if not c.isprintable() and c not in "\n\t"], options


def test_json_is_a_line_for_each_file_and_one_for_the_total(run: Run, indexed: Path) -> None:
    *files, last = [
        json.loads(line) for line in run(command, indexed, "def", "--json", "--limit", 3).stdout.splitlines()
    ]
    assert [one["kind"] for one in files] == ["file"] * 3
    assert (last["kind"], last["total"], last["exact"], last["reason"]) == ("summary", 3, False, "limit")
    for one in files:
        assert one["root"] == drystone.open_release(indexed).root
        assert one["occurrences"] >= 1
        for line in one["lines"]:
            assert [line["text"][a:b].lower() for a, b in line["spans"]] == ["def"] * len(line["bytes"])
    whole = [json.loads(line) for line in run(command, indexed, "needle", "--json").stdout.splitlines()]
    assert whole[0]["lines"][0]["text"] == HOSTILE.rstrip("\n"), "JSON holds the text as it is"
    assert whole[-1]["exact"]


def test_names_alone(run: Run, indexed: Path) -> None:
    done = run(command, indexed, "-l", "file:^/LICENSE", "--limit", 0)
    assert all(line.endswith("/LICENSE") for line in done.stdout.splitlines())
    assert "that is all" in done.stderr


def test_context_stands_around_matches(run: Run, indexed: Path) -> None:
    shown = run(command, indexed, "lang:python def", "-C", 1, "--limit", 1, "--lines", 1, "--no-pager").stdout
    assert re.search(r"^ +\d+- ", shown, re.M)
    assert re.search(r"^ +\d+: ", shown, re.M)


def test_counts(run: Run, indexed: Path) -> None:
    total = json.loads(run(command, indexed, "--count", "def", "--json").stdout)
    for by in ("language", "license", "repository", "year"):
        found = json.loads(run(command, indexed, "--count", "--by", by, "def", "--json").stdout)
        assert sum(found["counts"].values()) == found["total"] == total["total"] > 0
    shown = run(command, indexed, "--count", "--by", "language", "def").stdout
    assert re.search(r"^ +\d+  Python$", shown, re.M)


def test_how_often_a_string_stands_there(run: Run, indexed: Path) -> None:
    found = json.loads(run(command, indexed, "--times", "needle", "--json").stdout)
    assert (found["times"], found["files"], found["exact"]) == (1, 1, True)
    assert "0 times in 0 files" in run(command, indexed, "--times", "NEEDLE").stdout
    assert "1 time in 1 file" in run(command, indexed, "--times", "NEEDLE", "--fold").stdout


def test_the_ledger_is_asked_for_what_is_out(run: Run, indexed: Path) -> None:
    shown = run(command, indexed, "kept:no reason:duplicate", "--limit", 0, "--no-pager").stdout
    assert "dropped at exact_duplicates: exact_duplicate, /" in shown
    assert "stands for it" in shown
    *rows, last = [json.loads(line) for line in run(command, indexed, "kept:no", "--json").stdout.splitlines()]
    assert {row["kind"] for row in rows} == {"occurrence"}
    assert last["total"] == len(rows)


def test_the_same_bytes_elsewhere(run: Run, indexed: Path) -> None:
    assert (
        "the same bytes: https://example.org/fork/click/"
        in run(command, indexed, "repo:pypi/click def", "--limit", 0, "--no-pager").stdout
    )


def test_releases_are_named_where_there_are_several(run: Run, indexed: Path, tmp_path: Path) -> None:
    other = shutil.copytree(indexed, tmp_path / "other")
    shown = run(command, indexed, other, "-l", "needle").stdout
    assert len(shown.splitlines()) == 2
    assert all(line.startswith("Sample stones ") for line in shown.splitlines())


def test_errors_name_the_column_and_what_was_expected(run: Run, indexed: Path) -> None:
    wrong = run(command, indexed, "foo (bar").exception
    assert isinstance(wrong, QueryError)
    assert "column 5: there is no ')' for this '('" in str(wrong)
    assert "did you mean 'Python'" in str(run(command, indexed, "lang:pythn").exception)


def test_a_release_without_an_index_says_how_to_make_it(run: Run, sample_release: Path) -> None:
    error = run(command, sample_release, "x").exception
    assert isinstance(error, ReleaseError)
    assert "drystone index" in str(error)


@pytest.mark.parametrize(
    "options",
    [["--by", "year"], ["--where", "x"], ["--fold"], ["--count", "--times"], ["--sarif", "--json"], ["-l", "--count"]],
)
def test_options_that_do_not_go_together_are_refused(run: Run, indexed: Path, options: list[str]) -> None:
    assert run(command, indexed, "x", *options).exit_code == 2


def test_best_files_say_what_their_scores_are_made_of(run: Run, indexed: Path) -> None:
    done = run(command, indexed, "where is the progress bar drawn", "--best", 3, "--explain", "--no-pager")
    assert done.exit_code == 0, done.output
    assert re.search(r"^ +where  in [\d,]+ passages?, counts for nothing: it only asks$", done.stdout, re.M)
    assert re.search(r"^ +progress  in [\d,]+ passages?, counts \d", done.stdout, re.M)
    scores = [float(score) for score in re.findall(r"^\S+  score ([\d.]+)", done.stdout, re.M)]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)
    for score, (prior, parts) in zip(scores, re.findall(r"^ +([\d.]+) x \((.*)\)$", done.stdout, re.M), strict=True):
        assert score == pytest.approx(float(prior) * sum(map(float, re.findall(r"[\d.]+", parts))), abs=0.06)
    rows = [json.loads(line) for line in run(command, indexed, "progress", "--best", 2, "--json").stdout.splitlines()]
    assert [row["kind"] for row in rows] == ["ranked"] * 2
    assert rows[0]["passages"][0]["lines"][0] >= 1


def test_explain_says_why_each_file_stands_where_it_does(run: Run, indexed: Path) -> None:
    done = run(command, indexed, "needle", "--explain")
    assert done.exit_code == 0, done.output
    assert "trigrams" in done.stdout
    assert re.search(r"^ +1  own/odd:/odd.*  definition$", done.stdout, re.M)
    assert "1 file, that is all" in done.stdout
