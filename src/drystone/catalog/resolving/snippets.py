"""Programs that have an artifact do a job, by capability. Each is run by the tests, on our own readers and releases."""

from __future__ import annotations

from typing import Final

from drystone.catalog.passports.passport import Passport
from drystone.catalog.resolving.shapes import Invocation

_READER: Final = {
    "answer.span": """\
import drystone

text = "The manual lies in the red box beside the pump."
best = drystone.ask("Where does the manual lie?", text, model=MODEL)[0]
print(best.text, best.start, best.end)
""",
    "answer.none": """\
import drystone

text = "The manual lies in the red box beside the pump."
best = drystone.ask("Who painted the ceiling?", text, model=MODEL, handle_impossible_answer=True)[0]
print(best.text or "no answer", best.null_score)
""",
}
_RELEASE: Final = {
    "code.training_files": """\
import drystone

for table in drystone.open_release(RELEASE).data(columns=["path", "content"]):
    print(table.num_rows, "files, the first of them", table["path"][0])
""",
    "code.license_filter": """\
import drystone

for each in drystone.licenses(RELEASE).licenses:
    print(each.license, each.files)
""",
    "code.decisions": """\
import drystone

for row in drystone.occurrences(RELEASE, limit=3):
    print(row["path"], row["decision"], row["reason"])
""",
    "code.languages": """\
import drystone

for each in drystone.stats(RELEASE).languages:
    print(each.name, each.kept)
""",
    "code.search": """\
import drystone

for file in drystone.search_releases([RELEASE], "def", limit=3):
    print(file.path)
""",
}
_RELEASE["code.provenance"] = _RELEASE["code.decisions"]


def invocation(passport: Passport, capability: str, place: str | None) -> Invocation | None:
    """Return the program that has an artifact do a job; None where none is known.

    `place`: its folder or the name of its installed package here; without it a reader is named by its place on a hub,
    from where it is fetched.
    """
    if passport.artifact.kind == "reader":
        text, name = _READER.get(capability), "MODEL"
        where = place or next((alias for alias in passport.artifact.aliases if alias.count("/") == 1), None)
        requires = ["pip install 'drystone[reader]'"]
        if place is None:
            requires.append("a network, once, to fetch it from its hub")
    else:
        text, name, where = _RELEASE.get(capability), "RELEASE", place
        requires = ["pip install drystone"]
        if capability == "code.search":
            requires.append("drystone index of the release, once")
    if text is None or where is None:
        return None
    return Invocation("python", text.replace(name, repr(where)), tuple(requires), place is not None)
