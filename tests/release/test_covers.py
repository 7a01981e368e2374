"""Folders stand for files: few lines, none left out, none too many."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drystone.release.documents.covers import Folders, below, covered

NAMES = st.sampled_from(["a", "b", "c", "a.py", "b, c.py", "\u00e9"])
PATHS = st.lists(st.lists(NAMES, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts)), max_size=30)


def test_a_folder_whose_files_all_belong_stands_for_them() -> None:
    every = ["/a/x.py", "/a/b/y.py", "/c/z.py", "/c/w.py", "/q.py"]
    folders = Folders(every)
    assert folders.told(every) == ("/",)
    assert folders.told(["/a/b/y.py", "/c/z.py", "/a/x.py"]) == ("/a/", "/c/z.py")
    assert folders.told(["/a/b/y.py", "/c/z.py", "/a/x.py", "/c/w.py"]) == ("/a/", "/c/")
    assert folders.told(["/a/x.py"]) == ("/a/x.py",)
    assert folders.told(["/q.py"]) == ("/q.py",)
    assert folders.told([]) == ()
    assert Folders(["/a/x.py"]).told(["/a/x.py"]) == ("/",)


def test_exceptions_of_exceptions_take_a_line_each() -> None:
    paths = [f"/{folder}/{number}.py" for folder in ("a", "a/b", "c") for number in range(10)]
    folders = Folders(paths)
    some = [path for path in paths if not path.startswith("/a/b/") or path == "/a/b/7.py"]
    assert folders.told(some) == ("/", "!/a/b/", "/a/b/7.py")
    assert covered(paths, folders.told(some)) == some
    assert list(below(["/a", "/a-b", "/a/x", "/a/y/z", "/a0", "/b"], ["/a/", "!/a/y/"])) == ["/a/x", "/a/y/z"]


@given(PATHS, st.sets(st.integers(0, 29)))
def test_the_lines_stand_for_these_files_and_for_no_others(paths: list[str], at: set[int]) -> None:
    every = sorted(set(paths))
    some = [path for number, path in enumerate(every) if number in at]
    lines = Folders(every).told(some)
    assert covered(every, lines) == some
    asked = list(below(every, lines))
    assert asked == sorted(set(asked))
    assert covered(asked, lines) == some
    assert len(lines) <= len(some)


def test_deep_paths_are_told_by_their_top_folders() -> None:
    deep = ["/" + "/".join(f"{number}x{at}" for at in range(400)) + "/f.py" for number in range(200)]
    folders = Folders(deep)
    assert folders.told(deep) == ("/",)
    assert folders.told(deep[1:]) == ("/", "!/0x0/")
