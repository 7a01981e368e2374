"""The laws of sources, for every kind of them: a new kind passes these, or says in `conformance.py` why it does not."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from drystone.errors import SourceError
from drystone.identity.hashes import blob_hash
from drystone.sources import Limits, RepositorySource
from drystone.sources.base import FILE, UNREADABLE
from tests.sources.conformance import KINDS, Files, Kind, read_all, states, tree_hash_of

FILES: Files = {
    b"LICENSE": b"Permission is hereby granted.\n",
    b"README.md": b"# A wall\n",
    b"src/again.py": b"x = 1\n",
    b"src/bytes.bin": bytes(range(256)),
    b"src/empty": b"",
    b"src/wall/stone.py": b"x = 1\n",
}
#: Names that a careless reader changes, loses or takes for something else.
ODD = {
    "a space and a tab\t": b"1",
    "two\nlines": b"2",
    "-rf": b"3",
    "..dots/...": b"4",
    "caf\u00e9": b"5",
    "cafe\u0301": b"6",
    "\u202egnp.exe": b"7",
    "C:\\windows\\x": b"8",
    "CON": b"9",
    "*?": b"10",
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each law meets the kinds that are not excused from it."""
    if "kind" in metafunc.fixturenames:
        law = metafunc.function.__name__.removeprefix("test_")
        held = [kind for kind in KINDS if law not in kind.excused]
        metafunc.parametrize("kind", held, indirect=True, ids=[kind.name for kind in held])


@pytest.fixture
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Kind:
    found: Kind = request.param(tmp_path)
    return found


def test_a_listing_is_complete_and_its_ids_are_those_of_the_bytes(kind: Kind) -> None:
    found = read_all(kind.make(FILES), kind.cache)
    listed = found.by_path()
    assert listed.keys() == FILES.keys()
    for path, data in FILES.items():
        each = listed[path]
        assert (each.kind, each.blob, each.size, each.problem) == (FILE, blob_hash(data), len(data), None)
        assert each.data == data
    (repository,) = found.repositories
    assert repository.empty is None
    assert repository.origin
    assert repository.name.endswith(("project", "stone", kind.folder.name)) or kind.name.startswith("archive")


def test_a_second_reading_gives_the_same_in_the_same_order(kind: Kind, tmp_path: Path) -> None:
    source = kind.make(FILES)
    first = read_all(source, kind.cache)
    assert read_all(source, kind.cache) == first


def test_the_directory_is_the_hash_of_the_tree(kind: Kind) -> None:
    (repository,) = read_all(kind.make(FILES), kind.cache).repositories
    assert repository.directory == tree_hash_of(FILES)


def test_a_state_changes_with_the_content(kind: Kind) -> None:
    source = kind.make(FILES)
    before = states(source, kind.cache)
    assert states(source, kind.cache) == before
    # One byte of one file, the sizes as they were.
    changed = kind.make({**FILES, b"src/again.py": b"x = 2\n"})
    assert changed == source
    assert states(changed, kind.cache) != before
    assert read_all(changed, kind.cache).by_path()[b"src/again.py"].data == b"x = 2\n"


def test_a_file_over_the_limit_is_listed_and_not_read(kind: Kind) -> None:
    large = b"stone" * 1000
    found = read_all(kind.make({**FILES, b"large": large}), kind.cache, Limits(max_file_bytes=1000)).by_path()
    assert (found[b"large"].kind, found[b"large"].blob, found[b"large"].size) == (FILE, blob_hash(large), len(large))
    assert found[b"large"].data is None
    assert found.keys() == {*FILES, b"large"}
    assert all(found[path].data == data for path, data in FILES.items())


def test_a_path_over_the_limit_is_a_row_with_a_problem(kind: Kind) -> None:
    long = b"deep/" + b"n" * 60
    found = read_all(kind.make({**FILES, long: b"1"}), kind.cache, Limits(max_path_bytes=50)).by_path()
    assert (found[long].kind, found[long].blob, found[long].data) == (UNREADABLE, None, None)
    assert found[long].problem == "the path has 65 bytes, more than the limit of 50"
    assert {path for path, each in found.items() if each.kind == FILE} == set(FILES)


def test_a_listing_ends_at_the_limit_of_entries(kind: Kind) -> None:
    source = kind.make({b"%03d" % number: b"%d" % number for number in range(50)})
    *listed, last = read_all(source, kind.cache, Limits(max_entries=20)).occurrences
    assert len(listed) <= 20
    assert all(each.kind == FILE for each in listed)
    assert last.kind == UNREADABLE
    assert "20" in (last.problem or "")


def test_odd_names_stay_as_they_are(kind: Kind) -> None:
    files = {name.encode(): data for name, data in ODD.items()}
    if kind.any_bytes:
        files |= {b"\xff\xfe/\x80": b"11", b"\xc3": b"12"}
    found = read_all(kind.make(files), kind.cache).by_path()
    assert {path: each.data for path, each in found.items()} == files


def test_paths_that_lead_out_are_rows_with_a_problem(kind: Kind) -> None:
    found = read_all(kind.make({**FILES, b"src/../../out": b"1"}), kind.cache).occurrences
    assert {each.path for each in found if each.kind == FILE} == set(FILES)
    out = [each for each in found if each.kind != FILE]
    assert out
    for each in out:
        assert (each.kind, each.blob, each.data) == (UNREADABLE, None, None)
        assert each.problem == "the path leads through '..'"


def test_without_files_it_says_so(kind: Kind) -> None:
    found = read_all(kind.make({}), kind.cache)
    assert found.occurrences == []
    (repository,) = found.repositories
    assert repository.empty or repository.directory == tree_hash_of({})


def test_what_cannot_be_read_at_all_is_named(kind: Kind) -> None:
    source = kind.make(FILES)
    name = kind.spoil(source)
    with pytest.raises(SourceError) as refused:
        read_all(source, kind.cache)
    assert name in str(refused.value)


def test_it_travels_to_another_process(kind: Kind) -> None:
    source = kind.make(FILES)
    moved = pickle.loads(pickle.dumps(source))
    assert moved == source
    assert read_all(moved, kind.cache) == read_all(source, kind.cache)


def test_its_spec_is_what_a_user_would_write(kind: Kind) -> None:
    source = kind.make(FILES)
    assert kind.parsed(source) == source
    assert kind.parsed(source).spec == source.spec


def test_a_second_fetch_finds_what_is_there(kind: Kind) -> None:
    source = kind.make(FILES)
    assert isinstance(source, RepositorySource)
    source.fetch(kind.cache)
    before = {path: path.stat().st_mtime_ns for path in kind.cache.rglob("*")}
    source.fetch(kind.cache)
    assert {path: path.stat().st_mtime_ns for path in kind.cache.rglob("*")} == before


def test_an_excuse_names_a_law_and_says_why() -> None:
    for kind in KINDS:
        for law, reason in kind.excused.items():
            assert f"test_{law}" in globals(), f"{kind.name} is excused from a law that is none: {law}"
            assert len(reason.split()) > 3


def test_every_kind_that_a_user_can_name_is_held_to_these_laws() -> None:
    from drystone.sources._parse import _KEYS

    assert {kind.name.removesuffix("-zip") for kind in KINDS} == set(_KEYS)
