"""Every way we know to bring opted-out work back into a release: is it caught, or does the request page tell of it?

Real builds under a real registry. Each way has files of its own, so that nothing else can catch it. `ways(folder)`
returns for each what became of it.
"""

from __future__ import annotations

import io
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Final

from tests.building.conftest import MIT, git
from tests.building.test_copies import CLOTHES, OTHER, WORK, Home, notebook

from benchmarks.harness import Figure
from drystone.errors import UsageError
from drystone.policy.optouts import MOST_ORIGINS
from drystone.registry import Registry
from drystone.registry.requests import subjects
from drystone.sources import ArchiveSource, GitSource
from drystone.verification.verbs import list_contents

CAUGHT: Final = "caught"
TOLD: Final = "told on the request page"
MISSED: Final = "MISSED"

#: One repository that asked, under every name by which a source may bring it.
PLACES: Final = {
    "another case": "https://github.com/Ann/WALLS",
    "with .git": "https://github.com/ann/walls.git",
    "with .git twice and a slash": "https://github.com/ann/walls.git.git/",
    "doubled slashes": "https://github.com//ann///walls",
    "www.": "https://www.github.com/ann/walls",
    "http": "http://github.com/ann/walls",
    "git://": "git://github.com/ann/walls",
    "git+https with a ref": "git+https://github.com/ann/walls@v1",
    "ssh://": "ssh://git@github.com/ann/walls.git",
    "git@host:path": "git@github.com:ann/walls.git",
    "ssh over https": "ssh://git@ssh.github.com:443/ann/walls.git",
    "a login and a password": "https://eve:secret@github.com/ann/walls",
    "a port": "https://github.com:443/ann/walls",
    "percent encoding": "https://github.com/ann/w%61lls",
    "a query": "https://github.com/ann/walls?tab=readme",
    "a fragment": "https://github.com/ann/walls#readme",
    "a page below it": "https://github.com/ann/walls/tree/main/src",
    "owner/name": "ann/walls",
    "its wiki": "https://github.com/ann/walls.wiki.git",
    "its API": "https://api.github.com/repos/ann/walls",
    "its raw files": "https://raw.githubusercontent.com/ann/walls/main/a.py",
    "its archives": "https://codeload.github.com/ann/walls/zip/main",
    "its page in an archive": "https://archive.softwareheritage.org/browse/origin/?origin_url=https://github.com/ann/walls",
    "full-width letters": "https://github.com/ann/\uff57alls",
    "invisible letters": "https://github.com/ann/wa\u200blls",
    "a new name that is recorded": "https://gitlab.com/ann/walls-two",
    "the name before a rename": "https://github.com/anna/walls",
    "another repository of an owner who asked": "https://codeberg.org/dan/new",
    "a page of an owner's repository": "https://codeberg.org/dan/new/src/branch/main/a",
    "a gist of an owner who asked": "https://gist.github.com/fay/0123abcd",
    "a fork that is recorded": "https://github.com/eve/walls-fork",
    "a package's page": "https://pypi.org/project/Walls-Of-Ann",
}
#: Forms of one text, each in a repository of another owner.
NEAR: Final = {
    "two functions with other names": WORK.replace("course_3", "layer_3").replace("course_11", "layer_11"),
    "another file before it": OTHER + WORK,
    "another file behind it": WORK + OTHER,
    "a comment at each tenth line": "".join(
        line + ("# as it was\n" if n % 10 == 0 else "") for n, line in enumerate(WORK.splitlines(True))
    ),
    "a notebook with it": notebook(WORK),
    "without nine tenths of nothing": WORK[: int(len(WORK) * 0.95)],
}
#: What is not followed, and the words of the request page that say so.
NOT_COVERED: Final = {
    "half of it": (WORK[: len(WORK) // 2], "less than four fifths"),
    "another language": (WORK.replace("def ", "function ").replace(":\n", " {\n").replace("return", "yield"),
                         "translations into another language"),
    "all names changed": (WORK.replace("course", "w").replace("stone", "s").replace("width", "k").replace("n", "m"),
                          "less than four fifths"),
}  # fmt: skip


def ways(folder: Path) -> dict[str, str]:
    """Try every way in a folder; return what became of each: caught, told, or missed."""
    found = {**_places(folder / "places"), **_copies(folder / "copies"), **_registries(folder / "registries")}
    page = files("drystone.web.drawing").joinpath("templates/request.html").read_text("utf-8")
    for name, (_, words) in NOT_COVERED.items():
        if found[name] == MISSED and words in page:
            found[name] = TOLD
    return found


def _places(folder: Path) -> dict[str, str]:
    home = Home(folder)
    for number, origin in enumerate(PLACES.values()):
        text = WORK.replace("course", f"course_of_{number}")
        home.folder(origin, {"LICENSE": MIT, f"own{number}.py": text})
    home.folder("https://github.com/ben/other", {"LICENSE": MIT, "b.py": OTHER})
    home.opt_out(subjects.repository("ann/walls"))
    home.opt_out(subjects.owner("codeberg.org/dan"), subjects.owner("fay"))
    home.opt_out(subjects.repository("pypi:walls-of-ann"))
    with Registry.open(home.registry) as registry:
        registry.optouts.record_place("rename", "ann/walls", "https://gitlab.com/ann/walls-two", "mo")
        registry.optouts.record_place("redirect", "anna/walls", "ann/walls", "mo")
        registry.optouts.record_place("fork", "eve/walls-fork", "ann/walls", "mo")
    home.build()
    kept = {name.rpartition("/")[2] for name in home.ledger()}
    assert "b.py" in kept
    return {name: MISSED if f"own{n}.py" in kept else CAUGHT for n, name in enumerate(PLACES)}


def _archived(folder: Path, form: str) -> ArchiveSource:
    path = folder / f"walls.{form}"
    named = {"x/LICENSE": MIT.encode(), "x/deep/er/other_name.py": WORK.encode()}
    if form == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in named.items():
                archive.writestr(name, data)
    else:
        with tarfile.open(path, "w:gz") as tar:
            for name, data in named.items():
                about = tarfile.TarInfo(name)
                about.size = len(data)
                tar.addfile(about, io.BytesIO(data))
    return ArchiveSource(path)


def _copies(folder: Path) -> dict[str, str]:
    home = Home(folder)
    mine = home.repository(
        "https://github.com/ann/walls", {"LICENSE": MIT, "stack.py": WORK, "old.py": OTHER + "o = 1\n"}
    )
    git(mine, "rm", "-q", "old.py")
    git(mine, "commit", "-qm", "Less")
    texts: dict[str, str | bytes] = {f"the same text as {name}": data for name, data in CLOTHES.items()}
    texts |= {**NEAR, **{name: text for name, (text, _) in NOT_COVERED.items()}}
    texts["an old version out of the history"] = OTHER + "o = 1\n"
    for number, (name, data) in enumerate(texts.items()):
        suffix = "ipynb" if "notebook" in name else "py"
        home.folder(f"https://github.com/owner{number}/x", {"LICENSE": MIT, f"copy.{suffix}": data})
    home.sources += [_archived(folder, "zip"), _archived(folder, "tar.gz")]
    for form in ("folder", "git"):
        make: Callable[..., Path] = home.folder if form == "folder" else home.repository
        make(f"https://github.com/in-a/{form}", {"LICENSE": MIT, "form.txt": form, "a/b/c/renamed.py": WORK})
    request = home.opt_out(subjects.repository("ann/walls"), near=True)
    source = home.sources[0]
    assert isinstance(source, GitSource)
    list_contents(request, [source.spec], registry=home.registry, cache=folder / "cache")
    home.build()
    ledger = home.decisions()
    found = {}
    for number, name in enumerate(texts):
        (decision,) = {v for k, v in ledger.items() if f"/owner{number}/x/copy." in k}
        found[name] = CAUGHT if decision == "opted_out" else MISSED
    for form in ("zip", "tar.gz"):
        hits = {v for k, v in ledger.items() if k.endswith("deep/er/other_name.py")}
        found[f"in a {form} file, under another name"] = CAUGHT if hits == {"opted_out"} else MISSED
    for form in ("folder", "git"):
        hits = {v for k, v in ledger.items() if f"in-a/{form}/" in k and k.endswith("renamed.py")}
        found[f"in a {form} of somebody else, under another path"] = CAUGHT if hits == {"opted_out"} else MISSED
    page = files("drystone.web.drawing").joinpath("templates/request.html").read_text("utf-8")
    found[f"in more than {MOST_ORIGINS} places at once"] = TOLD if "unrelated owners have" in page else MISSED
    found["a fork that nobody recorded, with changed files"] = TOLD if "Forks that neither" in page else MISSED
    return found


def _registries(folder: Path) -> dict[str, str]:
    """Build anew over a release that a registry was applied to, with every registry but that one."""
    home = Home(folder)
    home.folder("https://github.com/ann/walls", {"LICENSE": MIT, "stack.py": WORK})
    home.folder("https://github.com/ben/x", {"LICENSE": MIT, "b.py": OTHER})
    right = Path(home.registry)
    home.opt_out(subjects.owner("nobody"))
    old = right.with_name("old.sqlite")
    old.write_bytes(right.read_bytes())
    home.opt_out(subjects.repository("ann/walls"))
    home.build()
    foreign = Home(folder / "foreign")
    foreign.opt_out(subjects.owner("eve"))
    tried = {
        "a registry that is lost": folder / "nowhere.sqlite",
        "a registry of before the decision": old,
        "the registry of somebody else": Path(foreign.registry),
    }
    found = {}
    for name, place in tried.items():
        home.registry = str(place)
        try:
            home.build()
            found[name] = MISSED
        except UsageError:
            found[name] = CAUGHT
    home.registry = str(right)
    home.build()
    again = any("stack.py" in name for name in home.ledger())
    found["a work folder of before the decision"] = MISSED if again else CAUGHT
    return found


def figures(quick: bool) -> list[Figure]:
    """Return how many ways are neither caught nor told of, and how many were tried."""
    with tempfile.TemporaryDirectory(prefix="drystone-ways-") as folder:
        found = ways(Path(folder))
    missed = [name for name, what in found.items() if what == MISSED]
    told = sum(what == TOLD for what in found.values())
    note = f"{len(found)} ways, {told} of them told on the request page" + (f"; missed: {missed}" if missed else "")
    return [
        Figure(
            "ways to bring opted-out content back that are neither caught nor told of",
            len(missed),
            "ways",
            0,
            0,
            True,
            note,
        ),
        Figure("ways that were tried", len(found), "ways", 40, None, False, ""),
    ]
