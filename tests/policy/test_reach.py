"""Who else would lose files by a request, and what stays since all have it."""

from __future__ import annotations

from pathlib import Path

from drystone.policy.optouts import MOST_ORIGINS
from drystone.policy.reach import common_contents, reach_of, without_common
from drystone.policy.verbs import optout_reach
from drystone.registry import NewRequest, Registry
from drystone.registry.requests import subjects
from drystone.release.read import open_release
from tests.release.sample import Row, write_sample

MINE, ALL = b"def wall():\n    return 'mine'\n" * 9, b"def common():\n    return 'all have it'\n" * 9


def release(folder: Path) -> Path:
    rows = [Row("ann/walls", "/stack.py", MINE, "Python"), Row("ann/walls", "/common.py", ALL, "Python")]
    for number, owner in enumerate(("ben", "cat")):
        rows += [Row(f"{owner}/x", f"/copy{n}.py", MINE, "Python", "exact_duplicates.exact_duplicate")
                 for n in range(number + 1)]  # fmt: skip
        rows.append(Row(f"{owner}/x", "/LICENSE", MINE, None, "exact_duplicates.exact_duplicate"))
    rows += [Row(f"owner{n}/x", "/v.py", ALL, "Python", "exact_duplicates.exact_duplicate")
             for n in range(MOST_ORIGINS + 1)]  # fmt: skip
    write_sample(folder, rows)
    return folder


def test_others_are_listed_and_nobody_loses_what_all_have(tmp_path: Path) -> None:
    place = release(tmp_path / "stones-1.0")
    opened = open_release(place)
    ids = [row["swhid"] for table in opened.ledger(["swhid"]) for row in table.to_pylist()]
    with Registry.open(tmp_path / "registry.sqlite") as registry:
        request, _ = registry.requests.receive(NewRequest([subjects.repository("https://example.org/ann/walls")]))
        registry.optouts.block(request.id, set(ids), "the repository")
        assert not registry.optouts.snapshot(), "nothing is decided"
        only = registry.optouts.snapshot(only=request.id)
        found = reach_of(opened, only)
        assert (found.repositories, found.files) == (1, 2)
        assert {each.origin.rpartition("/")[0][-3:]: each.files for each in found.others} == {"ben": 1, "cat": 2}
        (common,) = found.common
        assert (common.owners, common.path) == (MOST_ORIGINS + 1, "/v.py")
        assert without_common([opened], only).content(common.swhid) is None
        registry.optouts.settle_copies(request.id, [common.swhid], "mo", "ann wrote it")
        settled = registry.optouts.snapshot(only=request.id)
        assert common_contents([opened], settled) == {}
        assert len(reach_of(opened, settled).others) == MOST_ORIGINS + 3
        assert registry.optouts.snapshot(only=request.id).forks == {request.id}
    named, (again,) = optout_reach(request.id[:6], [place], registry=str(tmp_path / "registry.sqlite"))
    assert (named.id, len(again.others)) == (request.id, MOST_ORIGINS + 3)
