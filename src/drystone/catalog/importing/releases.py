"""The passport of a release: everything is counted from its own manifest, ledger and rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pyarrow.compute as pc

from drystone.catalog.importing.imported import Imported, QuotedText, known, slug, unknown, with_always
from drystone.catalog.passports.passport import ArtifactVersion, Capability, Fact, Identity, Passport, Procedure
from drystone.catalog.passports.reading import json_of
from drystone.catalog.passports.vocabulary import jobs
from drystone.release.inspection.stats import Stats, stats
from drystone.release.layout import PASSPORT, shown
from drystone.release.read import Release

#: Versions that a passport names at most.
_VERSIONS: Final = 1000
#: Another number where a count changes its meaning.
_METHOD: Final = "1"
#: What follows from the form alone (docs/release-format.md), whatever a release holds.
_BY_FORM: Final = Procedure(name="what every release of this format has", version="1")
_FORM: Final[dict[str, str | bool]] = {
    "contents": "inline",
    "offline": True,
    "provenance.identifiers": "SWHID, origin, revision and path of every file",
    "provenance.decisions": "a ledger with a row for every occurrence",
    "provenance.verifiable": True,
}
_DOES: Final = {
    "code.training_files": ("source_files",),
    "code.license_filter": ("source_files", "license"),
    "code.exact_deduplication": ("source_files",),
    "code.provenance": ("source_files", "repositories"),
    "code.languages": ("source_files",),
    "code.decisions": ("repositories",),
    "code.versions": ("source_files",),
}
_DESCRIPTIONS: Final = {
    "code.training_files": "Each row is one file with its whole text, in Parquet by language.",
    "code.license_filter": "Each file has an SPDX expression with the texts that it was read from; "
    "what is denied or not understood is out.",
    "code.opt_out": "Repositories and contents that a request in force names are not read, or dropped; "
    "later versions accept no less.",
    "code.exact_deduplication": "Of files with equal bytes one is kept; the others stay in the ledger.",
    "code.near_deduplication": "A file is dropped only if a kept one is at least as similar as the threshold; "
    "the decision names that file and the measured similarity.",
    "code.redaction": "Secrets and personal data are replaced; each span is listed with its rule.",
    "code.provenance": "Each file has SWHID, origin, revision and path; a Merkle root covers all rows.",
    "code.languages": "Each file has its language by Linguist's names; one configuration for each.",
    "code.decisions": "The ledger has one row for every occurrence: kept, or dropped with stage, reason and evidence.",
    "code.versions": "A release names those that it follows and which of them were retracted.",
    "code.search": "An index beside the shards answers words, patterns, languages, licences and repositories.",
}


def import_release(release: Release, date: str) -> Imported:
    """Return the passport of a release; `date` is today (YYYY-MM-DD). Raises `ReleaseError` where it is damaged."""
    return _imported(release, stats(release), date, whole=True)


def passport_document(release: Release, counted: Stats) -> Mapping[str, str]:
    """Return the passport that a release carries beside its card, by the name of its file, with what it quotes.

    It depends on the release alone, and on no day. Of an index it says nothing: that can be made and removed later.
    """
    found = _imported(release, counted, None, whole=False)
    return {PASSPORT: json_of(found.passport, found.texts.values()).decode()}


def _imported(release: Release, counted: Stats, date: str | None, *, whole: bool) -> Imported:
    """Return the passport; `whole`: data and index of the release lie there and are looked at."""
    measures = _measures(release, counted, whole=whole)
    lines = "".join(f"{name}: {value}\n" for name, value in measures.items())
    license = _line(release.manifest.facts.license)
    head = f"{_title(release)}\nroot: {counted.root}\n{_form(release)}license: {license}\n"
    kept = QuotedText(head + lines, _source(release), date)
    method = Procedure(name="counted from the release", version=_METHOD, setup=f"release of root {counted.root}")
    facts = [
        known(name, value, [kept.quote(f"{name}: {value}\n", name)], "measured", method)
        for name, value in measures.items()
    ]
    facts.append(known("license", license, [kept.quote(f"license: {license}\n", "license")], "declared"))
    facts += [
        known(name, value, [kept.quote(_form(release), "format")], "derived", _BY_FORM) for name, value in _FORM.items()
    ]
    passport = Passport(
        artifact=_identity(release, counted),
        capabilities=tuple(_capabilities(release, redacts=bool(measures.get("redactions.per_million_files")))),
        facts=with_always([*facts, *_unknown(measures)], "the release does not say it"),
    )
    return Imported(passport, {kept.sha256: kept.text})


def _form(release: Release) -> str:
    return f"format: {release.manifest.format} {release.manifest.format_version}\n"


def _source(release: Release) -> str:
    return _line(f"{_title(release)}: manifest.json, ledger, data")


def _title(release: Release) -> str:
    facts = release.manifest.facts
    return _line(f"release {facts.name} {facts.version}")


def _line(text: str) -> str:
    """Return what a build's settings say as a passport can hold it: one line, without signs that no page shows."""
    return shown(" ".join(text.split()))[:300] or "unnamed"


def _identity(release: Release, counted: Stats) -> Identity:
    facts = release.manifest.facts
    earlier = facts.lineage[: _VERSIONS - 1]
    versions = [ArtifactVersion(name=_line(facts.version), date=facts.date, hashes={"drystone-root": counted.root})]
    versions += [ArtifactVersion(name=_line(one.version), hashes={"drystone-root": one.root}) for one in earlier]
    description = "\n".join(shown(line) for line in facts.description.splitlines())[:4000].strip()
    return Identity(
        kind="dataset", name=slug(facts.name), title=_line(facts.name), url=_line(facts.url) if facts.url else None,
        description=description or "A release of source code.",
        versions=tuple(versions),
    )  # fmt: skip


def _measures(release: Release, counted: Stats, *, whole: bool) -> dict[str, str | int | float | bool]:
    counts, facts = counted.counts, release.manifest.facts
    licensed = sum(share.kept for share in counted.license_types if share.name in {"permissive", "non_permissive"})
    found: dict[str, str | int | float | bool] = {
        "size.text_bytes": counts.text_bytes,
        "size.files": counts.kept,
        "size.repositories": counts.repositories,
        "languages.programming": sum(share.kept > 0 for share in counted.languages),
        "licenses.distinct": sum(share.kept > 0 for share in counted.licenses),
        "versions.count": 1 + len(facts.lineage),
    }
    if whole:
        found["search.index"] = bool(release.manifest.index)
    if facts.registry_head is not None:  # without a registry nobody was asked
        found["optouts.repositories"] = counts.opted_out_repositories
    if facts.near_duplicate_threshold is not None:
        found["duplicates.threshold"] = facts.near_duplicate_threshold
    if counts.kept:
        found["licenses.unknown_share"] = round(100 * (counts.kept - licensed) / counts.kept, 3)
        spans = sum(counted.redactions.values()) if counted.redactions is not None else None
        if spans is None and whole:
            spans = _redactions(release)
        if spans is not None:
            found["redactions.per_million_files"] = round(spans * 1e6 / counts.kept, 1)
    return found


def _redactions(release: Release) -> int:
    return sum(
        pc.sum(pc.list_value_length(table["redactions"])).as_py() or 0 for table in release.data(columns=["redactions"])
    )


def _unknown(measures: dict[str, str | int | float | bool]) -> list[Fact]:
    left = {
        "optouts.repositories": "building with a registry of requests",
        "optouts.lag_days": "the dates of requests and of the versions without them, in the registry",
        "findings.per_million_files": "drystone catalog measure, on a sample of the release",
        "redactions.per_million_files": "drystone catalog add on the release; an older program did not count them",
        "duplicates.exact_share": "drystone catalog measure, on a sample of the release",
        "duplicates.near_share": "drystone catalog measure, on a sample of the release",
    }
    return [unknown(name, by) for name, by in left.items() if name not in measures]


def _capabilities(release: Release, *, redacts: bool) -> list[Capability]:
    does = dict(_DOES)
    if release.manifest.facts.near_duplicate_threshold is not None:
        does["code.near_deduplication"] = ("source_files",)
    if release.manifest.index:
        does["code.search"] = ("source_files",)
    if release.manifest.facts.registry_head is not None:
        does["code.opt_out"] = ("source_files",)
    if redacts:
        does["code.redaction"] = ("source_files",)
    return [
        Capability(
            id=id, name=jobs()[id].name, description=_DESCRIPTIONS[id], intents=jobs()[id].intents, outputs=outputs
        )
        for id, outputs in does.items()
    ]
