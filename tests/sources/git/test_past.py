"""Points in time of real git repositories, with clocks that lie."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from drystone.errors import UsageError
from drystone.sources import GitSource, parse_source, source_from_table
from drystone.sources.git.past import Branch, branch
from tests.sources.conftest import ENVIRONMENT, Git, read


def dated(git: Git, dates: Iterable[str]) -> list[str]:
    """Commit once at each date, by the committer's clock; return the ids."""
    found = []
    for at, date in enumerate(dates):
        (git.path / "a.py").write_text(f"x = {at}\n")
        environment = {**ENVIRONMENT, "GIT_COMMITTER_DATE": f"{date}T12:00:00Z"}
        for arguments in (("add", "-A"), ("commit", "-qm", date)):
            subprocess.run(["git", "-C", str(git.path), *arguments], env=environment, check=True)
        found.append(git("rev-parse", "HEAD"))
    return found


def of(*years: float) -> Branch:
    seconds = [int((year - 1970) * 31_556_952) for year in years]
    return Branch([f"{at}" for at in range(len(years))], np.array(seconds, np.int64))


def test_a_branch_is_where_the_fewest_clocks_contradict() -> None:
    honest = of(2010, 2011, 2012)
    assert [honest.by(datetime(year, 6, 1)) for year in (2009, 2010, 2011, 2012, 2020)] == [-1, 0, 1, 2, 2]
    # One commit from 2099 at the root, one from 1970 at the tip: neither hides the others, nor brings in what is later.
    future, past = of(2099, 2010, 2011, 2012), of(2010, 2011, 1970)
    assert [future.by(datetime(year, 6, 1)) for year in (2009, 2010, 2011, 2012)] == [-1, -1, 2, 3]
    assert [past.by(datetime(year, 6, 1)) for year in (1990, 2010, 2011)] == [-1, 0, 2]
    assert of().by(datetime(2020, 1, 1)) == -1
    # Each point is one by which the branch had moved; the last is its end. One wild clock adds none.
    assert [honest.by(point) for point in honest.points("year")] == [1, 2]
    assert len(of(*[2010 + at / 200 for at in range(400)], 9.0e4).points("year")) <= 4


def test_each_point_is_a_repository_of_its_own(make_git: Callable[..., Git], tmp_path: Path) -> None:
    git = make_git()
    ids = dated(git, ["2019-05-01", "2020-05-01", "2021-05-01"])
    git("checkout", "-qb", "topic")
    side = dated(git, ["2021-06-01"])
    git("checkout", "-q", "main")
    git("merge", "-q", "--no-ff", "-m", "merge", "topic")
    merge = git("rev-parse", "HEAD")
    assert branch(git.path, merge).commits == [*ids, merge]  # the branch never was at the topic's commits
    assert side[0] not in branch(git.path, merge).commits
    table = {"kind": "git", "path": str(git.path)}
    source = source_from_table({**table, "as_of": "2020-12-31"})
    assert isinstance(source, GitSource)
    found = read(source, tmp_path).repository
    assert (found.revision, found.branch, found.metadata["as_of"]) == (ids[1], "refs/heads/main", "2020-12-31")
    points = source_from_table({**table, "points": ["2021-01-01", "2020-01-01", "2020-01-01", "2018-01-01"]})
    each = [read(one, tmp_path).repository for one in points.at_points(tmp_path)]  # type: ignore[union-attr]
    assert [one.revision for one in each] == [None, ids[0], ids[1]]
    assert each[0].empty == "its branch has no commit by 2018-01-01"
    assert len({one.id for one in each}) == 3
    yearly = source_from_table({**table, "every": "year"}).at_points(tmp_path)  # type: ignore[union-attr]
    assert [one.state(tmp_path).repository.revision for one in yearly][:2] == ids[:2]
    assert yearly[-1].state(tmp_path).repository.revision == merge
    assert len({one.spec for one in yearly}) == len(yearly)
    assert {one.address for one in yearly} == {str(git.path)}


def test_what_cannot_know_its_past_says_so(tmp_path: Path) -> None:
    for kind, more in {
        "folder": {"path": "x"},
        "archive": {"path": "x"},
        "pypi": {"package": "x", "version": "1"},
    }.items():
        with pytest.raises(UsageError, match=rf"as_of cannot be told by a source of kind '{kind}'.*'git'"):
            source_from_table({"kind": kind, **more, "as_of": "2020-01-01"})
    for wrong, said in {
        ("as_of", "yesterday"): "must be a day such as",
        ("points", "2020-01-01"): "must be a list of days",
        ("every", "week"): "must be one of year, quarter, month",
    }.items():
        with pytest.raises(UsageError, match=said):
            source_from_table({"kind": "git", "path": "x", wrong[0]: wrong[1]})
    with pytest.raises(UsageError, match="stands beside 'as_of'"):
        source_from_table({"kind": "git", "path": "x", "as_of": "2020-01-01", "every": "year"})
    with pytest.raises(UsageError, match="an export's points in time are named"):
        source_from_table({"kind": "software-heritage", "export": "x", "contents": "y", "every": "year"})


def test_repositories_of_other_tools_name_the_way(tmp_path: Path) -> None:
    for name, parts in {"hg": [".hg/store"], "svn": ["format", "db/fs-type"], "copy": [".svn/wc.db"]}.items():
        for part in parts:
            (tmp_path / name / part).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / part).write_text("5\n")
    (tmp_path / "dump").write_bytes(b"SVN-fs-dump-format-version: 2\n\n")
    told = {"hg": "Mercurial repository", "svn": "Subversion repository", "copy": "Subversion working copy"}
    for name, what in {**told, "dump": "Subversion dump"}.items():
        with pytest.raises(UsageError, match=f"is a {what}, which Drystone does not read; Software Heritage archives"):
            parse_source(str(tmp_path / name))
    with pytest.raises(UsageError, match="is a Mercurial repository"):
        parse_source("hg+https://hg.example.org/walls")
    with pytest.raises(UsageError, match="kind is 'svn': a Subversion repository"):
        source_from_table({"kind": "svn", "path": "x"})
    assert parse_source(f"folder:{tmp_path / 'hg'}").kind == "folder"
