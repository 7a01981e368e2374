"""croissant.json: the release as Croissant describes data sets, with Responsible AI and provenance fields.

Follows the Croissant format specification 1.1 (http://mlcommons.org/croissant/1.1), the RAI vocabulary 1.0 and PROV-O.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import orjson
import pyarrow as pa

from drystone.release.columns import DATA, Column
from drystone.release.documents.citations import citation_bibtex, makers
from drystone.release.inspection.stats import Stats
from drystone.release.manifest import FileEntry, Manifest

if TYPE_CHECKING:
    from drystone._json import Json

_PARQUET: Final = "application/x-parquet"
#: Names of the set of all shards, and of their rows.
_SHARDS: Final = "shards"
_FILES: Final = "files"

_CONTEXT: Final[dict[str, Json]] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "prov": "http://www.w3.org/ns/prov#",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def croissant(manifest: Manifest, found: Stats) -> Iterator[str]:
    """Yield the text of croissant.json."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    yield orjson.dumps(_metadata(manifest, found), option=options).decode()


def _metadata(manifest: Manifest, found: Stats) -> dict[str, Json]:
    facts, counts = manifest.facts, manifest.counts
    described: dict[str, Json] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": facts.name,
        "description": facts.description or f"{counts.kept} source files with a ledger of every decision.",
        "version": facts.version,
        "license": f"https://spdx.org/licenses/{facts.license}.html",
        "url": facts.url,
        "datePublished": facts.date,
        "citeAs": "".join(citation_bibtex(facts, manifest.root)),
        "keywords": ["source code", "provenance", "SWHID"],
        "creator": [{"@type": "sc:Organization", "name": author} for author in makers(facts)],
        "identifier": f"sha256:{manifest.root}",
        "distribution": [*_files(manifest), _file_set()],
        "recordSet": [_records()],
        **responsible(manifest, found),
        **_provenance(manifest),
    }
    return {key: value for key, value in described.items() if value is not None}


def _files(manifest: Manifest) -> Iterator[dict[str, Json]]:
    for entry in manifest.files:
        yield {
            "@type": "cr:FileObject",
            "@id": _id(entry.place),
            "name": entry.place,
            "description": _what(entry),
            "contentUrl": entry.place,
            "contentSize": f"{entry.bytes} B",
            "encodingFormat": _PARQUET,
            "sha256": entry.sha256,
        }


def _what(entry: FileEntry) -> str:
    if entry.kind == "data":
        return f"{entry.rows} files in {entry.language}"
    return f"{entry.rows} {_ROWS_OF[entry.kind]}"


_ROWS_OF: Final[dict[str, str]] = {
    "ledger": "occurrences and decisions",
    "repositories": "repositories",
    "repository_duplicates": "pairs of repositories that are mirrors, forks or copies",
    "history": "revisions that lead to the repositories, with what each changed",
}


def _file_set() -> dict[str, Json]:
    return {
        "@type": "cr:FileSet",
        "@id": _SHARDS,
        "name": _SHARDS,
        "description": "All shards of all languages.",
        "encodingFormat": _PARQUET,
        "includes": "data/*/*.parquet",
    }


def _records() -> dict[str, Json]:
    """Return what is said of a row, once: all languages have the same columns, and `language` is one of them."""
    return {
        "@type": "cr:RecordSet",
        "@id": _FILES,
        "name": _FILES,
        "description": "Files, one a record. license_evidence and redactions are in the Parquet files only.",
        "key": {"@id": f"{_FILES}/swhid"},
        "field": [
            {
                **fixed,
                "@id": f"{_FILES}/{fixed['name']}",
                "source": {"fileSet": {"@id": _SHARDS}, "extract": {"column": fixed["name"]}},
            }
            for fixed in _fields()
        ],
    }


def _id(name: str) -> str:
    """Identifiers in Croissant have no spaces: `_` stands for one, `__` for `_`."""
    return name.replace("_", "__").replace(" ", "_")


def _fields() -> list[dict[str, Json]]:
    """Return what is said of each column; `@id` and `source` hold their place only."""
    found: list[dict[str, Json]] = []
    for column in DATA:
        if kind := _data_type(column.type):
            array: dict[str, Json] = {"isArray": True, "arrayShape": "-1"} if pa.types.is_list(column.type) else {}
            found.append(
                {
                    "@type": "cr:Field",
                    "@id": "",
                    "name": column.name,
                    "description": _describe(column),
                    "dataType": kind,
                    "source": {},
                    **array,
                }
            )
    return found


def _describe(column: Column) -> str:
    return f"{column.meaning} A column of The Stack v2." if column.stack_v2 else column.meaning


def _data_type(kind: pa.DataType) -> str | None:
    if pa.types.is_list(kind):
        return _data_type(kind.value_type)
    for test, name in (
        (pa.types.is_string, "sc:Text"),
        (pa.types.is_boolean, "sc:Boolean"),
        (pa.types.is_integer, "sc:Integer"),
        (pa.types.is_floating, "sc:Float"),
        (pa.types.is_timestamp, "sc:DateTime"),
    ):
        if test(kind):
            return name
    return None


def responsible(manifest: Manifest, found: Stats) -> dict[str, Json]:
    """Return what the RAI vocabulary 1.0 asks, by its names."""
    counts = manifest.counts
    top = ", ".join(f"{s.name} {s.kept}" for s in found.languages[:5] if s.kept) or "none"
    unlicensed = sum(s.kept for s in found.license_types if s.name == "no_license")
    return {
        "rai:dataCollection": (
            f"Public source repositories, listed in repositories.parquet ({counts.repositories}); "
            f"{counts.opted_out_repositories} opted-out repositories were never read."
        ),
        "rai:dataCollectionType": ["Software Collection"],
        "rai:dataCollectionRawData": "Files at one revision of each repository, named by SWHID in ledger/.",
        "rai:dataPreprocessingProtocol": [f"{r.stage}: {r.reason} ({r.files} files dropped)" for r in found.reasons],
        "rai:dataAnnotationProtocol": ["Language, licence, quality and secrets were detected by program; see ledger/."],
        "rai:dataBiases": [f"Files by language, largest first: {top}. Public code is not a sample of all code."],
        "rai:dataLimitations": [
            "Detection of language, licence and secrets makes errors; evidence columns show what each rests on.",
            f"{unlicensed} kept files carry no licence that was found.",
        ],
        "rai:dataUseCases": ["Training and evaluation of models of source code; research on software."],
        "rai:dataSocialImpact": "Every file is traced to its repository, so that its authors can find it and opt out.",
        "rai:personalSensitiveInformation": [
            "Names, addresses and keys may occur in source code. What was found was replaced; see column redactions."
        ],
        "rai:dataReleaseMaintenancePlan": "Opt-outs and corrections lead to a new version; see CHANGELOG.md.",
    }


def _provenance(manifest: Manifest) -> dict[str, Json]:
    facts = manifest.facts
    derived: list[dict[str, Json]] = [{"@id": "repositories.parquet"}]
    for previous in facts.lineage:
        entity: dict[str, Json] = {"@type": "prov:Entity", "name": f"{facts.name} {previous.version}"}
        derived.append(entity | {"identifier": f"sha256:{previous.root}"})
    return {
        "prov:wasDerivedFrom": derived,
        "prov:wasGeneratedBy": {
            "@type": "prov:Activity",
            "name": "drystone build",
            "description": "Stages: " + ", ".join(s.stage for s in facts.funnel) if facts.funnel else "A build.",
            "prov:used": {"@type": "prov:Entity", "name": "configuration and registry state in manifest.json"},
            "prov:wasAssociatedWith": {
                "@type": "prov:SoftwareAgent",
                "name": "drystone",
                "version": facts.program_version,
            },
        },
    }
