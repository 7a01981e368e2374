from __future__ import annotations

from pathlib import Path

import pytest

from drystone.catalog.comparing.shapes import Verdict
from drystone.catalog.matching.finder import ArtifactFinder
from drystone.catalog.passports.passport import Passport
from drystone.catalog.resolving import resolve as resolving
from drystone.catalog.resolving.resolve import resolve
from drystone.catalog.resolving.snippets import invocation
from drystone.catalog.shelf.builtin import builtin_passports
from drystone.catalog.shelf.shelf import Shelf
from drystone.errors import UsageError
from drystone.reader.model.installed import installed
from tests.catalog.passports.made import does, known, passport

SPAN = does("answer.span", inputs=["question", "text"])


def test_what_is_here_goes_before_what_must_be_got(release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolving, "_installed", lambda: ({}, ()))  # as where no reader is installed
    with Shelf() as shelf:
        finder = ArtifactFinder(shelf)
        far = resolve("capability://code.training_files", shelf, finder)
        assert (far.kind, far.place, far.invocation) == ("dataset", None, None)
        assert far.why.endswith("it must be got first.")
        near = resolve("train a code model", shelf, finder, [str(release)])
        assert (near.capability, near.place, near.kind) == ("capability://code.training_files", str(release), "dataset")
        assert near.reasons == (), "no catalog holds the release, so that no search found it"
        assert {one.lost for one in near.alternatives} == {f"it is not here, as {near.title} is"}
        reader = resolve("capability://answer.span", shelf, finder)
        assert reader.kind == "reader"
        assert reader.place is None
        if reader.invocation is not None:
            assert not reader.invocation.checked
    distilled = builtin_passports()["distilbert-base-cased-distilled-squad"]
    program = invocation(distilled, "answer.span", None)
    assert program is not None
    assert "model='distilbert/distilbert-base-cased-distilled-squad'" in program.text
    assert "a network, once, to fetch it from its hub" in program.requires


def test_an_installed_reader_that_cannot_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.json").write_text("{")
    monkeypatch.setattr(resolving, "installed", lambda: {str(tmp_path): tmp_path})
    resolving._installed.cache_clear()
    try:
        with Shelf() as shelf:
            found = resolve("capability://answer.span", shelf, ArtifactFinder(shelf))
    finally:
        resolving._installed.cache_clear()
    assert [str(tmp_path) in note and "cannot be used" in note for note in found.notes] == [True]


def test_what_was_not_found_fits_by_no_number() -> None:
    passports = list(builtin_passports().values())[:2]
    found, other = (resolving._Candidate(one, None, fit) for one, fit in zip(passports, (0.0, None), strict=True))
    for order in ((found, other), (other, found)):
        assert resolving._ordered("no.such.job", order) == [found, other], "one that fits by 0 was found all the same"
    assert resolving._lost("no.such.job", found, other).endswith("it was not found for this")


def test_of_many_only_the_best_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is surely behind comes last, whatever it is compared with, and the cost does not grow with the catalog."""
    monkeypatch.setattr(resolving, "_installed", lambda: ({}, ()))
    facts = {"a": 80.0, "b": 86.0, "z": 90.0} | {f"m{n:03}": 50 + n / 10 for n in range(300)}
    passports = {
        name: passport(name, known("quality.squad_v1_1.f1", f1, unit="%", low=f1 - 1, high=f1 + 1), capabilities=[SPAN])
        for name, f1 in facts.items()
    } | {f"u{n:02}": passport(f"u{n:02}", capabilities=[SPAN]) for n in range(3)}
    compared: list[tuple[str, str]] = []
    whole = resolving.job_verdict

    def counted(capability: str, one: Passport, other: Passport) -> Verdict:
        compared.append((one.artifact.name, other.artifact.name))
        return whole(capability, one, other)

    monkeypatch.setattr(resolving, "job_verdict", counted)
    with Shelf() as shelf:
        monkeypatch.setattr(shelf, "passports", lambda: iter(passports.values()))
        monkeypatch.setattr(shelf, "get", passports.__getitem__)
        finder = ArtifactFinder(shelf)
        assert finder.doing("answer.span", 5) == ["u00", "u01", "u02", "z", "a"], "who is unknown is behind nobody"
        found = resolve("capability://answer.span", shelf, finder)
    assert found.artifact == "u00", "of those that are left the first by name"
    assert compared == [("u00", name) for name in ("u01", "u02", "z", "a", "b")]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("capability://answer.spam", "Did you mean capability://answer.span"),
        ("capability://", "no artifact of the catalog does this"),
        ("capability://\x1b[31m", "no artifact of the catalog does this"),
        ("bake bread with rye", "nothing in the catalog is known to do this"),
        ("", "is empty"),
    ],
)
def test_what_nobody_does_is_said(asked: str, said: str) -> None:
    with Shelf() as shelf, pytest.raises(UsageError, match=said):
        resolve(asked, shelf, ArtifactFinder(shelf))


@pytest.mark.slow
@pytest.mark.skipif(not {"mini", "mini-half"} <= set(installed()), reason="mini or mini-half is not installed")
def test_who_is_known_to_do_it_better_is_chosen() -> None:
    with Shelf() as shelf:
        found = resolve("capability://answer.span", shelf, ArtifactFinder(shelf))
    assert (found.artifact, found.place) == ("mini", "mini")
    lost = {one.artifact: one.lost for one in found.alternatives}
    assert lost["mini-half"].startswith("mini is ahead at this")
    assert "F1, 24 articles of SQuAD v1.1 held back from training" in lost["mini-half"]
