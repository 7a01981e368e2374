"""The release in SPDX 3.0.1: JSON-LD of the Dataset, Software, Core and SimpleLicensing profiles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from drystone._words import many
from drystone.catalog.papers.described import Described, SourceRepository
from drystone.catalog.papers.paper import AUTHORS, DATE, DESCRIPTION, URL, Form, Paper, filled
from drystone.release.documents.croissant import responsible

if TYPE_CHECKING:
    from drystone._json import Json

_CONTEXT: Final = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
_INFO: Final = "_:creation"
_PROFILES: Final = ("core", "software", "simpleLicensing", "dataset")
#: The licence of which nothing is asserted, an element of the specification itself.
NO_ASSERTION: Final = "expandedlicensing_NoAssertionLicense"


def spdx(known: Described, today: str) -> Paper:
    """Return the SPDX document; `today` (YYYY-MM-DD) is its day, where the release says none of its own."""
    form, graph = Form(), Graph(known.manifest.root)
    maker = form.take("originatedBy", ", ".join(known.facts.authors), AUTHORS)
    makers = [graph.add("Organization", "makers", name=maker)] if maker else []
    release = _release(known, form, graph, makers)
    graph.relate(release, "hasDeclaredLicense", [graph.license(known.facts.license)])
    graph.relate(release, "hasConcludedLicense", [_concluded(known, graph)])
    graph.relate(release, "contains", list(_files(known, graph)))
    graph.relate(release, "descendantOf", [_repository(origin, graph) for origin in known.origins])
    name = f"{known.facts.name} {known.facts.version}"
    return document(form, graph, release, name, _PROFILES, known.facts.date or today, known.facts.program_version)


def document(
    form: Form,
    graph: Graph,
    root: str,
    name: str,
    profiles: Iterable[str],
    day: str,
    program: str,
) -> Paper:
    """Return the document of a graph about `root`, made on a day (YYYY-MM-DD) by this version of the program."""
    tool = graph.add("SoftwareAgent", "drystone", name=f"drystone {program}")
    made = graph.add("SpdxDocument", "document", name=name, rootElement=[root], profileConformance=list(profiles))
    info: dict[str, Json] = {
        "type": "CreationInfo",
        "@id": _INFO,
        "specVersion": "3.0.1",
        "created": f"{day}T00:00:00Z",
        "createdBy": [tool],
    }
    graph.of(made)["element"] = [str(one["spdxId"]) for one in graph.elements if one["spdxId"] != made]
    return form.json({"@context": _CONTEXT, "@graph": [info, *graph.elements]})


def _release(known: Described, form: Form, graph: Graph, makers: list[str]) -> str:
    facts, counts = known.facts, known.manifest.counts
    told = responsible(known.manifest, known.counted)
    date = form.take("releaseTime, builtTime", facts.date, DATE)
    return graph.add(
        "dataset_DatasetPackage",
        "release",
        name=facts.name,
        description=form.take("description", facts.description, DESCRIPTION),
        software_packageVersion=facts.version,
        software_primaryPurpose="data",
        software_downloadLocation=form.take("downloadLocation", facts.url, URL),
        originatedBy=list(makers),
        releaseTime=None if date is None else f"{date}T00:00:00Z",
        builtTime=None if date is None else f"{date}T00:00:00Z",
        verifiedUsing=[sha256_hash(known.manifest.root)],
        dataset_datasetType=["text", "syntactic"],
        dataset_datasetSize=counts.kept,
        dataset_dataCollectionProcess=told["rai:dataCollection"],
        dataset_dataPreprocessing=told["rai:dataPreprocessingProtocol"],
        dataset_knownBias=told["rai:dataBiases"],
        dataset_datasetNoise=" ".join(map(str, _listed(told["rai:dataLimitations"]))),
        dataset_intendedUse=" ".join(map(str, _listed(told["rai:dataUseCases"]))),
        dataset_datasetUpdateMechanism=told["rai:dataReleaseMaintenancePlan"],
        dataset_anonymizationMethodUsed=[
            f"{kind}: {many(spans, 'span')} replaced" for kind, spans in known.redactions.items()
        ],
        # Nobody can say of public source code that it holds none.
        dataset_hasSensitivePersonalInformation="noAssertion",
        dataset_confidentialityLevel=form.take(
            "confidentialityLevel", None, "the one who publishes it: the release does not say who may read it"
        ),
        dataset_datasetAvailability=form.take(
            "datasetAvailability", None, "the one who publishes it: an address does not say whether it asks for a login"
        ),
    )


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def _concluded(known: Described, graph: Graph) -> str:
    """Return what holds for all kept files together; nothing where a file has no licence that is known."""
    if known.unlicensed or not known.licenses:
        return NO_ASSERTION
    return graph.license(" AND ".join(one if " " not in one else f"({one})" for one in known.licenses))


def _files(known: Described, graph: Graph) -> Iterator[str]:
    for entry in known.manifest.files:
        yield graph.add(
            "software_File",
            f"file-{entry.sha256}",
            name=entry.place,
            software_primaryPurpose="data",
            contentType="application/vnd.apache.parquet",
            verifiedUsing=[sha256_hash(entry.sha256)],
        )


def _repository(origin: SourceRepository, graph: Graph) -> str:
    outside: list[Json] = [
        filled(type="ExternalIdentifier", externalIdentifierType=kind, identifier=value)
        for kind, value in (("swhid", origin.swhid), ("packageUrl", origin.purl))
        if value
    ]
    made = graph.add(
        "software_Package",
        f"repository-{origin.id}",
        name=origin.name,
        comment=f"{origin.place}: {many(origin.kept, 'file')} kept",
        software_primaryPurpose="source",
        software_downloadLocation=origin.url,
        software_packageUrl=origin.purl,
        externalIdentifier=outside,
    )
    if origin.license:
        graph.relate(made, "hasConcludedLicense", [graph.license(origin.license)])
    return made


def sha256_hash(value: str) -> Json:
    """Return a SHA-256 as SPDX has it."""
    return {"type": "Hash", "algorithm": "sha256", "hashValue": value}


class Graph:
    """The elements of a document. Their ids are made of the root hash and a key of their own."""

    def __init__(self, root: str) -> None:
        self._base = f"urn:drystone:{root}:"
        self._by_key: dict[str, dict[str, Json]] = {}
        self._licenses: dict[str, str] = {}

    @property
    def elements(self) -> Iterable[dict[str, Json]]:
        """All of them in the order of their making."""
        return self._by_key.values()

    def of(self, id: str) -> dict[str, Json]:
        """Return an element to change."""
        return self._by_key[id.removeprefix(self._base)]

    def add(self, type_: str, key: str, /, **fields: Json) -> str:
        """Keep an element and return its id; one of a key that is there already stays as it is."""
        id = self._base + key
        self._by_key.setdefault(key, {"type": type_, "spdxId": id, "creationInfo": _INFO, **filled(**fields)})
        return id

    def license(self, expression: str) -> str:
        """Return the id of a licence expression."""
        key = self._licenses.setdefault(expression, f"license-{len(self._licenses)}")
        return self.add("simplelicensing_LicenseExpression", key, simplelicensing_licenseExpression=expression)

    def relate(self, from_: str, kind: str, to: list[str]) -> None:
        """Keep a relationship to all of `to`; none where there are none."""
        if to:
            key = f"{kind}-of-{from_.removeprefix(self._base)}"
            self.add("Relationship", key, **{"from": from_}, relationshipType=kind, to=list(to))
