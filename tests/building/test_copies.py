"""Copies in other clothes: which follow an opt-out, on what evidence, and which stay because everybody has them."""

from __future__ import annotations

import codecs
import json
from pathlib import Path

import pytest

from drystone.building.retract import apply
from drystone.policy.optouts import MOST_ORIGINS
from drystone.registry import Registry
from drystone.registry.requests import subjects
from drystone.registry.verbs import settle_copies
from drystone.sources import GitSource
from drystone.verification.verbs import list_contents
from tests.building.conftest import MIT
from tests.building.test_optouts import Home

WORK = "".join(
    f"def course_{n}(stones, width={n}):\n    return [stone for stone in stones if stone.width > width + {n}]\n\n\n"
    for n in range(30)
)
WORK = WORK.rstrip("\n") + "\n"
OTHER = "".join(f"def rail_{n}(posts):\n    yield from reversed(posts[{n}:])\n\n\n" for n in range(30))


def notebook(text: str) -> str:
    cells = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "source": part.splitlines(True)}
        for part in text.strip().split("\n\n\n")
    ]
    about = {"kernelspec": {"language": "python", "name": "python3"}, "language_info": {"name": "python"}}
    return json.dumps({"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 5})


#: Every way in which the same text may be written.
CLOTHES = {
    "same.py": WORK.encode(),
    "mark.py": codecs.BOM_UTF8 + WORK.encode(),
    "utf16le.py": codecs.BOM_UTF16_LE + WORK.encode("utf-16-le"),
    "utf16be.py": codecs.BOM_UTF16_BE + WORK.encode("utf-16-be"),
    "utf32.py": codecs.BOM_UTF32_LE + WORK.encode("utf-32-le"),
    "windows.py": WORK.replace("\n", "\r\n").encode(),
    "mac.py": WORK.replace("\n", "\r").encode(),
    "mixed.py": WORK.replace("\n", "\r\n", 7).encode(),
    "cut.py": WORK.rstrip("\n").encode(),
    "longer.py": WORK.encode() + b"\n\n\n",
    "all.py": codecs.BOM_UTF16_BE + WORK.rstrip("\n").replace("\n", "\r\n").encode("utf-16-be"),
}
#: What contains most of it without being it.
NEAR = {
    "edited.py": WORK.replace("course_3", "layer_3").replace("course_11", "layer_11"),
    "joined.py": OTHER + WORK,
    "script.ipynb": notebook(WORK),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("copies"))
    home.repository("https://github.com/ann/walls", {"LICENSE": MIT, "stack.py": WORK, "common.py": OTHER + "x = 1\n"})
    home.folder("https://github.com/ben/x", {"LICENSE": MIT, **CLOTHES, **NEAR, "mine.py": OTHER})
    for n in range(MOST_ORIGINS + 1):
        own = {"own.txt": f"{n}\n"}  # of repositories with one root directory one is read
        home.folder(f"https://github.com/owner{n}/x", {"LICENSE": MIT, "vendored.py": OTHER + "x = 1\n", **own})
    return home


def inventory(home: Home, request: str) -> None:
    source = home.sources[0]
    assert isinstance(source, GitSource)
    list_contents(request, [source.spec], registry=home.registry, cache=home.path / "cache")


def of_ben(home: Home) -> dict[str, str]:
    return {name.rpartition("/")[2]: found for name, found in home.decisions().items() if "/ben/" in name}


def test_the_same_text_goes_in_whatever_form_and_what_many_have_stays(home: Home, tmp_path: Path) -> None:
    home.registry, home.output = str(tmp_path / "registry.sqlite"), tmp_path / "release"
    request = home.opt_out(subjects.repository("ann/walls"))
    inventory(home, request)
    home.build()
    found = of_ben(home)
    assert {name for name, reason in found.items() if reason == "opted_out"} == set(CLOTHES)
    assert found["mine.py"] == "kept"
    ledger = home.ledger()
    assert json.loads(ledger["github.com/ben/x/same.py"]["evidence"]) == {"request": request}
    told = json.loads(ledger["github.com/ben/x/utf16be.py"]["evidence"])
    assert (told["request"], told["same_text"]) == (request, ledger["github.com/ben/x/same.py"]["swhid"])
    vendored = {name: reason for name, reason in home.decisions().items() if name.endswith("vendored.py")}
    assert sorted(vendored.values()) == ["exact_duplicate"] * MOST_ORIGINS + ["kept"]
    with Registry.open(home.registry) as registry:
        (application,) = registry.requests.get(request).applications
        assert application.occurrences == len(CLOTHES)
        assert registry.audit().problems == ()
    # A person looked at this one, and decided.
    common = next(row["swhid"] for name, row in ledger.items() if name.endswith("vendored.py"))
    assert settle_copies(request, [common], "written by ann", registry=home.registry, by="mo")[1] == 1
    home.build()
    gone = {reason for name, reason in home.decisions().items() if name.endswith("vendored.py")}
    assert gone == {"opted_out"}
    with Registry.open(home.registry) as registry:
        assert registry.audit().problems == ()


def test_what_contains_a_file_goes_by_choice_with_the_share_that_was_measured(home: Home, tmp_path: Path) -> None:
    home.registry, home.output = str(tmp_path / "registry.sqlite"), tmp_path / "release"
    request = home.opt_out(subjects.repository("ann/walls"), near=True)
    inventory(home, request)
    home.build()
    found = of_ben(home)
    assert {name for name, reason in found.items() if reason == "opted_out"} == {*CLOTHES, *NEAR}
    assert found["mine.py"] != "opted_out", "it contains what all have"
    ledger = home.ledger()
    for name in NEAR:
        told = json.loads(ledger[f"github.com/ben/x/{name}"]["evidence"])
        assert told["request"] == request
        assert told["contains"] == ledger["github.com/ben/x/same.py"]["swhid"]
        assert 0.8 <= told["share"] <= 1
    with Registry.open(home.registry) as registry:
        assert registry.audit().problems == ()


def test_while_somebody_contests_a_request_only_what_it_names_is_out(home: Home, tmp_path: Path) -> None:
    home.registry, home.output = str(tmp_path / "registry.sqlite"), tmp_path / "release"
    request = home.opt_out(subjects.repository("ann/walls"))
    inventory(home, request)
    with Registry.open(home.registry) as registry:
        contested = registry.requests.contest(request, "ben", "https://u:pw@github.com/ben/x", "ours is of 2019")
        assert (contested.status, contested.objections[0].place) == ("contested", "https://github.com/ben/x")
        assert "ours is of 2019" in registry.contacts.get(request).values()
        assert "ours is of 2019" not in "".join(event.body for event in registry.events.all())
    manifest = home.build()
    assert manifest.counts.opted_out_repositories == 1
    assert "opted_out" not in of_ben(home).values()
    with Registry.open(home.registry) as registry:
        registry.requests.decide(request, "accepted", "mo", "ann's is older")
        assert registry.audit().problems == ()
    home.build()
    assert of_ben(home)["same.py"] == "opted_out"


def test_a_retraction_takes_the_forms_of_a_text_that_its_release_tells_of_and_leaves_what_many_have(
    home: Home, tmp_path: Path
) -> None:
    home.registry, home.output = str(tmp_path / "registry.sqlite"), tmp_path / "release"
    home.build()
    assert "opted_out" not in home.decisions().values()
    request = home.opt_out(subjects.repository("ann/walls"))
    with Registry.open(home.registry) as registry:
        (outcome,) = apply([str(home.output)], registry)
        assert registry.audit().problems == ()
    fell = {name for name, reason in of_ben(home).items() if reason == "opted_out"}
    assert {"same.py", "mark.py", "utf16le.py", "utf16be.py", "windows.py", "cut.py", "all.py"} <= fell <= set(CLOTHES)
    assert set(outcome.inventory.requests) == {request}
    assert "opted_out" not in {reason for name, reason in home.decisions().items() if name.endswith("vendored.py")}
    # What its texts tell nothing of is found by the next build, which reads them.
    home.build()
    assert {name for name, reason in of_ben(home).items() if reason == "opted_out"} == set(CLOTHES)
