"""The passport that a Croissant file gives: what it declares of a dataset. Prose is not read.

Of the file only the parts that are quoted are kept, for it can list every file of a large dataset.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from drystone.catalog.importing.cards import spdx_of
from drystone.catalog.importing.imported import Imported, QuotedText, known, slug, with_always
from drystone.catalog.importing.structured import Structured, from_json
from drystone.catalog.passports.passport import ArtifactVersion, Capability, Fact, Identity, Passport, Procedure
from drystone.catalog.passports.texts import sha256_of
from drystone.catalog.passports.vocabulary import jobs
from drystone.errors import UsageError
from drystone.release.layout import shown

_CROISSANT: Final = re.compile(r"https?://mlcommons\.org/croissant/(?!RAI)(.*)")
_SPDX_PAGE: Final = re.compile(r"https?://spdx\.org/licenses/([A-Za-z0-9.+-]+?)(?:\.html|\.json)?/?")
_SIZE: Final = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(B|KB|MB|GB|TB)\s*", re.IGNORECASE)
_UNITS: Final = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_SUMMED: Final = Procedure(name="sum of contentSize over the files that are listed", version="1")
_CODE: Final = re.compile(r"\b(source[- ]code|code)\b", re.IGNORECASE)
#: Names of columns by which rows hold source files.
_CONTENT: Final = frozenset({"content", "contents", "code"})


def import_croissant(text: str, source: str, date: str, name: str | None = None) -> Imported:
    """Return the passport of the dataset that a Croissant file describes; `source` is its address.

    `name`: of the artifact (default: as the file says). Raises `UsageError` where it is no Croissant file.
    """
    found = from_json(text, source)
    conforms = found.all("conformsTo") or found.all("dct:conformsTo")
    versions = [match[1] for one in conforms if (match := _CROISSANT.match(one))]
    if not versions:
        raise UsageError(f"{source}: is no Croissant file: its conformsTo names no version of Croissant")
    if not any(one.startswith("1.") for one in versions):
        raise UsageError(f"{source}: conformsTo: is Croissant {shown(versions[0])[:40]}; this program reads 1.x")
    title = found.text("name") or name
    if not title:
        raise UsageError(f"{source}: name: is missing; --name says what it is called")
    paths = [path for path in _QUOTED if found.part(*path) is not None]
    sizes = list(_sizes(found))
    total = _total(sizes)
    whole = f"sha256 of the whole file: {sha256_of(text)}\n"
    parts = "".join(found.quote(*path) + "\n" for path in paths)
    summed = "" if total is None else f"files with a contentSize: {len(sizes):,}, bytes: {total}\n"
    kept = QuotedText(whole + parts + summed, f"{source} (excerpt)", date)
    facts = list(_facts(found, kept))
    if total is not None:
        facts.append(known("size.download_bytes", total, [kept.quote(summed, "distribution")], "derived", _SUMMED))
    version = found.text("version")
    day = found.text("datePublished")[:10]
    identity = Identity(
        kind="dataset", name=slug(name or title), title=title[:300],
        description=(found.text("description") or f"As its Croissant file says: {source}")[:4000],
        url=found.text("url") or None, aliases=() if name is None or name == title else (title[:300],),
        versions=(ArtifactVersion(name=version[:300], date=day if _DAY.fullmatch(day) else None),) if version else (),
    )  # fmt: skip
    passport = Passport(
        artifact=identity,
        capabilities=_capabilities(found, kept),
        facts=with_always(facts, f"{source} does not say it"),
    )
    return Imported(passport, {kept.sha256: kept.text})


_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_QUOTED: Final = (
    ("name",), ("license",), ("version",), ("creator",), ("publisher",), ("keywords",), ("isAccessibleForFree",),
    ("rai:personalSensitiveInformation",), ("rai:dataReleaseMaintenancePlan",), ("rai:dataBiases",),
    ("rai:dataLimitations",), ("rai:dataUseCases",), ("rai:dataCollection",),
)  # fmt: skip
#: Facts that the RAI vocabulary has words for.
_RAI: Final = {
    "rai:personalSensitiveInformation": "personal_data",
    "rai:dataReleaseMaintenancePlan": "maintenance.plan",
    "rai:dataBiases": "biases",
    "rai:dataLimitations": "limitations",
    "rai:dataUseCases": "use_cases",
    "rai:dataCollection": "collection",
}


def _facts(found: Structured, kept: QuotedText) -> list[Fact]:
    facts = []
    licenses = [page[1] if (page := _SPDX_PAGE.fullmatch(one)) else one for one in found.all("license")]
    if licenses:
        values = [spdx_of(one)[:300] for one in licenses]
        quote = kept.quote(found.quote("license"), "license")
        facts.append(known("license", values[0] if len(values) == 1 else tuple(values), [quote], "declared"))
    makers = [found.text("creator", at, "name") for at in range(found.length("creator"))] or [
        found.text("creator", "name")
    ]
    makers = [one[:300] for one in makers if one]
    if makers:
        quote = kept.quote(found.quote("creator")[:4000], "creator")
        facts.append(known("maintainer", makers[0] if len(makers) == 1 else tuple(makers), [quote], "declared"))
    if found.text("isAccessibleForFree") == "true":
        quote = kept.quote(found.quote("isAccessibleForFree"), "isAccessibleForFree")
        facts.append(known("price", "free", [quote], "declared"))
    for key, name in _RAI.items():
        said = " ".join(" ".join(found.all(key)).split())
        if said:
            quote = kept.quote(found.quote(key)[:4000], key)
            facts.append(known(name, said[:300] + ("…" if len(said) > 300 else ""), [quote], "declared"))
    return facts


def _sizes(found: Structured) -> Iterator[str]:
    """Yield the size of each file that is downloaded, empty where it is not said: not of what lies in another file."""
    for at in range(found.length("distribution")):
        a_set = found.text("distribution", at, "@type").rpartition("/")[2].rpartition(":")[2] == "FileSet"
        if not a_set and found.part("distribution", at, "containedIn") is None:
            yield found.text("distribution", at, "contentSize")


def _total(sizes: list[str]) -> int | None:
    """Return the bytes of all sizes together; None where there is none, or one that is not understood."""
    read = [_SIZE.fullmatch(size) for size in sizes]
    if not read or None in read:
        return None
    return sum(round(float(one[1]) * _UNITS[one[2].casefold()]) for one in read if one)


def _capabilities(found: Structured, kept: QuotedText) -> tuple[Capability, ...]:
    """Return that it gives source files, where its keywords say code and a column holds contents."""
    columns = {
        found.text("recordSet", at, "field", number, "name").rpartition("/")[2]
        for at in range(min(found.length("recordSet"), 1000))
        for number in range(found.length("recordSet", at, "field"))
    }
    if not columns & _CONTENT or not any(_CODE.search(one) for one in found.all("keywords")):
        return ()
    job = jobs()["code.training_files"]
    return (
        Capability(
            id="code.training_files", name=job.name, intents=job.intents, outputs=("source_files",),
            description="Its rows hold contents of source files, as its Croissant file says.",
            evidence=(kept.quote(found.quote("keywords")[:4000], "keywords"),),
        ),
    )  # fmt: skip
