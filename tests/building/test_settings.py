"""Settings files: every problem at once, each with file, line and key; and what a good file comes to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import drystone
from drystone.building.settings import Settings, load_settings
from drystone.errors import SettingsError, UsageError
from drystone.sources import FolderSource, PypiSource

KINDS = "git, archive, pypi, npm, folder, table, software-heritage"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "walls").mkdir()
    return tmp_path


SOURCE = '[[source]]\nkind = "folder"\npath = "walls"\n'


def problems(home: Path, text: str) -> list[str]:
    file = home / "build.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    assert str(caught.value) == "\n".join(caught.value.problems)
    assert all(problem.startswith(f"{file}, line ") for problem in caught.value.problems)
    return [problem.removeprefix(f"{file}, ") for problem in caught.value.problems]


def test_a_good_file_gives_settings_and_sources_relative_to_itself(home: Path) -> None:
    file = home / "build.toml"
    file.write_text(
        '[release]\nname = "walls"\noutput = "out/release"\nauthors = ["Ada", "Grace"]\n\n'
        "[quality]\nmax_line_length = 2_000\n\n[near_duplicates]\nthreshold = 1\n\n[engine]\nwork = '/var/work'\n\n"
        + SOURCE
        + '\n[[source]]\nkind = "pypi"\npackage = "flask"\nversion = "3.0.3"\ncreated_at = 2010-04-06\n'
    )
    settings, sources = load_settings(file)
    assert settings.release.output == home / "out/release"
    assert settings.release.authors == ("Ada", "Grace")
    assert settings.quality.max_line_length == 2000
    assert settings.near_duplicates.threshold == 1.0
    assert settings.engine.work == Path("/var/work")
    assert [type(source) for source in sources] == [FolderSource, PypiSource]
    assert [source.spec for source in sources] == [f"folder:{home / 'walls'}", "pypi:flask==3.0.3"]


def test_the_file_may_say_nothing_but_its_sources(home: Path) -> None:
    file = home / "build.toml"
    file.write_text(SOURCE)
    settings, _ = load_settings(file)
    assert settings.configuration() == Settings().configuration()


def test_all_problems_come_at_once_in_the_order_of_the_file(home: Path) -> None:
    text = """\
[release]
name = "no spaces, please"
versoin = "1.0.0"
shard_bytes = "64 MiB"

[licenses]
allow = ["MIT", "Xyzzy"]
no_license = "yes"

[quality]
max_lines = 0

[[source]]
kind = "pypi"
package = "requests"

[[source]]
kind = "gti"
path = "walls"

[[source]]
kind = "folder"
path = "fences"
stars = "many"

[mortar]
"""
    assert problems(home, text) == [
        "line 2: release.name: must be up to 96 letters, digits, '.', '_' and '-', and begin with a letter or a "
        "digit (it is 'no spaces, please')",
        "line 3: release.versoin: unknown key; did you mean 'version'?",
        "line 4: release.shard_bytes: must be an integer, of bytes; did you mean 67_108_864? (it is '64 MiB')",
        "line 7: licenses.allow.1: no SPDX identifier; see https://spdx.org/licenses/ (it is 'Xyzzy')",
        "line 8: licenses.no_license: must be true or false (it is 'yes')",
        "line 11: quality.max_lines: must be greater than or equal to 1 (it is 0)",
        "line 13: source.0.version: is missing; a source of kind 'pypi' needs it",
        f"line 18: source.1.kind: must be one of {KINDS}, not 'gti'; did you mean 'git'?",
        "line 24: source.2.stars: must be an integer, not 'many'",
        "line 26: mortar: unknown key",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("release = 3\n", "line 1: release: must be a table (it is 3)"),
        ("[release]\nversion = 1.0\n", "line 2: release.version: must be a string (it is 1.0)"),
        (
            "[release]\nversion = '1.0'\n",
            r"line 2: release.version: must be three numbers, such as 1.0.0 (it is '1.0')",
        ),
        *((f"[release]\ndate = '{day}'\n", "line 2: release.date: must be a day, written as 2026-01-31; did you mean "
           f"'2026-01-31'? (it is '{day}')") for day in ("20260131", "2026-W05-6")),
        ("[release]\nauthors = 'Ada'\n", "line 2: release.authors: must be an array (it is 'Ada')"),
        ("[release]\nzstd_level = 99\n", "line 2: release.zstd_level: must be less than or equal to 19 (it is 99)"),
        ("release.zstd_level = 2.5\n", "line 1: release.zstd_level: must be an integer (it is 2.5)"),
        ("[engine]\nthreads = '2'\n", "line 2: engine.threads: must be an integer (it is '2')"),
        ("[engine]\nkind = 'spark'\n", "line 2: engine.kind: must be 'native' or 'ray' (it is 'spark')"),
        ("[limits]\nmax_ratio = nan\n", "line 2: limits.max_ratio: must be greater than or equal to 1 (it is nan)"),
        ("[secrets]\n\n# why\nemail = 'max'\n", "line 4: secrets.email: must be 'off', 'low', 'balanced' or 'high' "
                                                "(it is 'max')"),
        ("[near_duplicates]\nthreshold = 1.5\n", "line 2: near_duplicates.threshold: must be less than or equal to 1 "
                                                 "(it is 1.5)"),
        ("[licenses]\ntiers = ['Golden']\n", "line 2: licenses.tiers.0: must be 'Model', 'Gold', 'Silver', 'Bronze' or "
                                             "'Lead'; did you mean 'Gold'? (it is 'Golden')"),
        ("[licenses]\ndeny = ['GPL 3']\n", "line 2: licenses.deny.0: no SPDX identifier; did you mean 'GPL-3.0-only' "
                                           "or 'GPL-3.0-or-later'? (it is 'GPL 3')"),
        ("[quality]\nmax_linse = 1\n", "line 2: quality.max_linse: unknown key; did you mean 'max_lines'?"),
        ("languges = {include = ['C']}\n", "line 1: languges: unknown key; did you mean 'languages'?"),
    ],
)  # fmt: skip
def test_each_wrong_value_is_named(home: Path, text: str, problem: str) -> None:
    assert problems(home, text + SOURCE) == [problem]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "line 1: source: no sources; name at least one in a table [[source]]"),
        ("source = 'walls'\n", "line 1: source: must be an array (it is 'walls')"),
        ("source = ['walls']\n", "line 1: source.0: must be a table (it is 'walls')"),
        ("[[source]]\npath = 'walls'\n", f"line 1: source.0.kind: must be one of {KINDS}, not None"),
        ("[[source]]\nkind = 'git'\n", "line 1: source.0.url: a source of kind 'git' needs either 'path' or 'url'"),
        ("[[source]]\nkind = 'folder'\npath = 'walls'\nstar = 5\n",
         "line 4: source.0.star: is unknown for a source of kind 'folder'; did you mean 'stars'?"),
        ("[[source]]\nkind = 'archive'\npath = 'walls'\nsha256 = 'abc'\n",
         "line 4: source.0.sha256: must be 64 hex digits"),
    ],
)  # fmt: skip
def test_each_wrong_source_is_named(home: Path, text: str, problem: str) -> None:
    assert problems(home, text) == [problem]


def test_a_source_that_is_not_there_is_named_with_its_line(home: Path) -> None:
    text = SOURCE + "\n[[source]]\nkind = 'git'\npath = 'fences'\n"
    assert problems(home, text) == [f"line 7: source.1.path: there is nothing at {home / 'fences'}"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[release]\nname = "open\n', 2),
        ("[release\n", 1),
        ("name = 'a'\nname = 'b'\n", 2),
        ("[release]\nname =", 2),
        ("[release]\n\ntitle = 1979-13-01\n", 3),
    ],
)
def test_a_syntax_error_is_named_with_its_line(home: Path, text: str, line: int) -> None:
    [problem] = problems(home, text)
    assert problem.startswith(f"line {line}: not TOML: ")


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_named(home: Path, content: bytes | None) -> None:
    file = home / "build.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UsageError, match=r"build\.toml: cannot be read"):
        load_settings(file)


def wrong_settings() -> list[dict[str, Any]]:
    """Files with one mistake each: text, the line that must be named, and what must be said."""
    lines = (Path(__file__).parents[2] / "benchmarks/first_hour_settings.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_every_wrong_setting_is_refused_with_its_line_and_a_hint(home: Path) -> None:
    wrong = wrong_settings()
    assert len(wrong) == 60
    for each in wrong:
        (problem,) = problems(home, each["text"])
        assert problem.startswith(f"line {each['line']}: "), each
        assert each["hint"] in problem, each


def test_words_are_checked_whoever_gives_them(home: Path) -> None:
    with pytest.raises(SettingsError, match=r"languages\.include\.0: .*did you mean 'Go'"):
        drystone.explain_settings([home / "walls"], home / "out", settings={"languages": {"include": ["Golang"]}})
    with pytest.raises(SettingsError, match=r"release\.name: must be up to 96 letters"):
        drystone.explain_settings([home / "walls"], home / "out", name="my walls")
