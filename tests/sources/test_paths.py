"""Which paths are taken as they are, and which links lead out: against pathlib's own reckoning."""

from __future__ import annotations

import posixpath

from hypothesis import given
from hypothesis import strategies as st

from drystone.sources import Limits
from drystone.sources._paths import link_note, path_problem, without_dots

PARTS = st.sampled_from([b"a", b"b", b".", b"..", b"...", b"", b"..a"])
PATHS = st.lists(PARTS, min_size=1, max_size=6).map(b"/".join)


@given(PATHS)
def test_a_path_without_a_problem_stays_inside(path: bytes) -> None:
    if path_problem(path, Limits()) is None:
        assert not posixpath.normpath(path).startswith((b"../", b"/"))
        assert posixpath.normpath(path) != b".."


@given(st.lists(st.sampled_from([b"a", b"b"]), min_size=1, max_size=4).map(b"/".join), PATHS)
def test_a_link_has_a_note_where_it_leads_out_on_its_way(path: bytes, target: bytes) -> None:
    depth, out = path.count(b"/"), target.startswith(b"/")
    for part in target.split(b"/"):
        depth += {b"..": -1, b".": 0, b"": 0}.get(part, 1)
        out |= depth < 0
    assert (link_note(path, target) is not None) == out


@given(PATHS.map(lambda path: path.lstrip(b"/")))
def test_dots_before_a_path_are_no_part_of_it(path: bytes) -> None:
    assert without_dots(b"./" + path) == without_dots(b"././/" + path) == without_dots(path)
    assert not without_dots(path).startswith(b"./")


def test_what_a_path_may_not_be() -> None:
    wanted = {
        b"": "the path is empty",
        b".": "the path is empty",
        b"/a": "the path is absolute",
        b"a\0": "the path holds a NUL byte",
        b"a/../b": "the path leads through '..'",
        b"n" * 10: "the path has 10 bytes, more than the limit of 9",
    }
    assert {path: path_problem(path, Limits(max_path_bytes=9)) for path in wanted} == wanted
