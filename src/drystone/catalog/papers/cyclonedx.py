"""The ML-BOM of a release: CycloneDX 1.6 (ECMA-424), JSON. The release is the component, its repositories its parts."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from drystone._words import many
from drystone.catalog.papers.described import Described, SourceRepository
from drystone.catalog.papers.paper import AUTHORS, DATE, DESCRIPTION, URL, Form, Paper, filled
from drystone.release.layout import language_folder

if TYPE_CHECKING:
    from drystone._json import Json

#: Properties of ours, as CycloneDX asks: a namespace before the name.
OURS: Final = "drystone:"
NAMESPACE: Final = uuid.UUID("6f0c0c3e-6d0a-5f0e-9a52-1f6f4f8f4a10")


def cyclonedx(known: Described) -> Paper:
    """Return the ML-BOM. One release gives one serial number, that of its root hash."""
    form, ref = Form(), f"release:{known.manifest.root}"
    date = form.take("metadata.timestamp", known.facts.date, DATE)
    return bill(
        form,
        known.manifest.root,
        component=_component(known, form, ref),
        made=date,
        program=known.facts.program_version,
        parts=[_repository(origin) for origin in known.origins],
        compositions=[{"aggregate": "complete", "assemblies": [ref]}],
    )


def bill(
    form: Form,
    key: str,
    *,
    component: dict[str, Json],
    made: str | None,
    program: str,
    parts: Sequence[dict[str, Json]],
    **more: Json,
) -> Paper:
    """Return the BOM of a component, which has a `bom-ref`, and of the parts that it depends on.

    `key` gives the serial number, so that a thing has one whenever it is written. `made`: a day as YYYY-MM-DD.
    `program`: the version of this one that knew all of it.
    """
    bom = filled(
        bomFormat="CycloneDX",
        specVersion="1.6",
        serialNumber=f"urn:uuid:{uuid.uuid5(NAMESPACE, key)}",
        version=1,
        metadata=filled(
            timestamp=None if made is None else f"{made}T00:00:00Z",
            tools={"components": [{"type": "application", "name": "drystone", "version": program}]},
            component=component,
        ),
        components=list(parts),
        dependencies=[{"ref": component["bom-ref"], "dependsOn": [part["bom-ref"] for part in parts]}],
        **more,
    )
    return form.json(bom)


def _component(known: Described, form: Form, ref: str) -> dict[str, Json]:
    facts = known.facts
    authors: list[Json] = [{"name": author} for author in facts.authors]
    maker = form.take("authors, manufacturer, data.governance", ", ".join(facts.authors), AUTHORS)
    publisher = form.take("group, supplier", known.publisher, URL)
    url = form.take("externalReferences", facts.url, URL)
    form.take("properties.datasetContact", None, "an address of whoever answers for the release: no field has it yet")
    return filled(
        type="data",
        **{"bom-ref": ref},
        group=publisher,
        name=facts.name,
        version=facts.version,
        description=form.take("description", facts.description, DESCRIPTION),
        manufacturer=None if maker is None else {"name": maker},
        supplier=None if publisher is None else filled(name=publisher, url=[facts.url]),
        authors=authors,
        licenses=[_license(facts.license)],
        hashes=[{"alg": "SHA-256", "content": known.manifest.root}],
        tags=["source code", *known.manifest.languages],
        externalReferences=[]
        if url is None
        else [{"type": type_, "url": url} for type_ in ("website", "distribution")],
        data=[_data(known, maker)],
        properties=list(_properties(known)),
    )


def _data(known: Described, maker: str | None) -> dict[str, Json]:
    files = [
        f"config:{name} split:train path:data/{language_folder(name)}/*.parquet" for name in known.manifest.languages
    ]
    governance: list[Json] = [] if maker is None else [{"organization": {"name": maker}}]
    return filled(
        type="dataset",
        name=known.facts.name,
        description=known.facts.description or f"{many(known.manifest.counts.kept, 'file')} of source code.",
        contents={"attachment": {"contentType": "text/plain", "content": "\n".join(files)}},
        classification="source code",
        sensitiveData=list(_sensitive(known)),
        governance=filled(custodians=governance),
    )


def _sensitive(known: Described) -> Iterator[str]:
    for kind, spans in known.redactions.items():
        yield f"{kind.replace('_', ' ')}: {many(spans, 'span')} replaced; column redactions lists each."
    yield "Source code may hold names, addresses and keys that no detector recognised."


def _properties(known: Described) -> Iterator[Json]:
    counts, facts = known.manifest.counts, known.facts
    said = {
        "createdAt": facts.date,
        "lastModified": facts.date,
        "usedStorage": known.bytes,
        "rootHash": known.manifest.root,
        "registryHead": facts.registry_head,
        "files": counts.kept,
        "filesDropped": counts.dropped,
        "textBytes": counts.text_bytes,
        "repositoriesOptedOut": None if facts.registry_head is None else counts.opted_out_repositories,
        "filesWithoutKnownLicense": known.unlicensed,
        "nearDuplicateThreshold": facts.near_duplicate_threshold,
    }
    for name, value in said.items():
        if value is not None:
            yield {"name": OURS + name, "value": str(value)}


def _repository(origin: SourceRepository) -> dict[str, Json]:
    return filled(
        type="data",
        **{"bom-ref": f"repository:{origin.id}"},
        name=origin.name,
        purl=origin.purl,
        swhid=[origin.swhid] if origin.swhid else [],
        licenses=[_license(origin.license)] if origin.license else [],
        externalReferences=[{"type": "vcs", "url": origin.url}] if origin.url else [],
        data=[{"type": "source-code", "name": origin.place}],
        properties=[{"name": OURS + "files", "value": str(origin.kept)}],
    )


def _license(expression: str) -> dict[str, Json]:
    return {"expression": expression}
