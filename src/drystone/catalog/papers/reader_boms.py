"""A reader's ML-BOM (CycloneDX 1.6, with a model card) and its SPDX 3.0.1 document (AI profile)."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from license_expression import ExpressionError, get_spdx_licensing

from drystone.catalog.papers.cyclonedx import OURS, bill
from drystone.catalog.papers.paper import Form, Paper, filled
from drystone.catalog.papers.readers import DescribedReader, UsedModel
from drystone.catalog.papers.spdx import NO_ASSERTION, Graph, document, sha256_hash

if TYPE_CHECKING:
    from drystone._json import Json

#: What settles a field that nobody but the one who publishes a reader can say.
_MAKER: Final = "the one who publishes it: neither card nor training.json says who that is"
_URL: Final = "the one who publishes it: neither card nor training.json says where it can be got"
_TRAINING: Final = "training.json, which drystone reader train writes beside the weights"
_MEASURE: Final = "drystone catalog measure-reader"
_TASK: Final = "question-answering"


def reader_cyclonedx(known: DescribedReader) -> Paper:
    """Return the ML-BOM of a reader: the model with its card, what it was made from and trained on beside it."""
    form, ref = Form(), f"reader:{known.weights or known.name}"
    finished = form.take("metadata.timestamp", known.finished, _TRAINING)
    bases = [_component(one, f"base:{at}", "machine-learning-model") for at, one in enumerate(known.bases)]
    data = [_component(one, f"data:{at}", "data") for at, one in enumerate(known.data)]
    form.take("authors, manufacturer, supplier", None, _MAKER)
    component = filled(
        type="machine-learning-model",
        **{"bom-ref": ref},
        name=known.name,
        version=form.take("version", known.weights, "weights in safetensors: their SHA-256 names a reader"),
        description=known.passport.artifact.description,
        licenses=_licenses(form.take("licenses", known.said("license"), "`license` at the head of its card")),
        hashes=[] if known.weights is None else [{"alg": "SHA-256", "content": known.weights}],
        externalReferences=_website(form.take("externalReferences", known.passport.artifact.url, _URL)),
        modelCard=_model_card(known, form, [str(one["bom-ref"]) for one in data]),
        properties=[
            *({"name": f"{OURS}sha256:{name}", "value": sha256} for name, sha256 in known.files.items()),
            *({"name": f"{OURS}recipe:{name}", "value": value} for name, value in known.recipe.items()),
        ],
    )
    form.take("components (what it was made from)", bases, _TRAINING)
    return bill(form, ref, component=component, made=finished, program=version("drystone"), parts=[*bases, *data])


def _model_card(known: DescribedReader, form: Form, data: list[str]) -> dict[str, Json]:
    metrics = [
        filled(
            type=f"{kind.title} ({claim.basis}{', disputed' if fact.status == 'disputed' else ''})",
            value=claim.text.partition(" (")[0],
            confidenceInterval=filled(lowerBound=_end(claim.low), upperBound=_end(claim.high)),
        )
        for kind, fact, claim in known.measures
    ]
    for field in ("considerations.users", "considerations.ethicalConsiderations"):
        form.take(f"modelCard.{field}", None, "the one who publishes it")
    form.take(
        "modelCard.considerations.technicalLimitations", known.limits, "its maintainers saying it, or a measurement"
    )
    family = form.take("modelCard.modelParameters.modelArchitecture", known.family, "`model_type` in config.json")
    return filled(
        modelParameters=filled(
            approach={"type": "supervised"} if known.data else None,
            task=_TASK,
            architectureFamily=None if family is None else "transformer",
            modelArchitecture=family,
            datasets=[{"ref": one} for one in form.take("modelCard.modelParameters.datasets", data, _TRAINING) or ()],
            inputs=[{"format": "text: a question and a passage"}],
            outputs=[{"format": "a span of the passage, with its characters and a score"}],
        ),
        quantitativeAnalysis=filled(
            performanceMetrics=form.take("modelCard.quantitativeAnalysis.performanceMetrics", metrics, _MEASURE)
        ),
        considerations=filled(
            useCases=[intent for one in known.passport.capabilities for intent in one.intents],
            technicalLimitations=known.limits,
        ),
    )


def _end(value: float | None) -> str | None:
    return None if value is None else f"{value:g}"


def _component(one: UsedModel, ref: str, kind: str) -> dict[str, Json]:
    examples = [] if one.examples is None else [{"name": f"{OURS}examples", "value": str(one.examples)}]
    return filled(
        type=kind, **{"bom-ref": ref}, name=one.name, licenses=_licenses(one.license),
        hashes=[] if one.sha256 is None else [{"alg": "SHA-256", "content": one.sha256}],
        data=[{"type": "dataset", "name": one.name}] if kind == "data" else [], properties=examples,
    )  # fmt: skip


def _licenses(said: str | None) -> list[Json]:
    """Return a licence: as an expression where SPDX knows it, else by its name."""
    if said is None:
        return []
    return [{"expression": said}] if _is_spdx(said) else [{"license": {"name": said}}]


def _is_spdx(said: str) -> bool:
    try:
        get_spdx_licensing().parse(said, validate=True)
    except ExpressionError:
        return False
    return True


def _website(url: str | None) -> list[Json]:
    return [] if url is None else [{"type": "website", "url": url}]


def reader_spdx(known: DescribedReader, today: str) -> Paper:
    """Return the SPDX document of a reader; `today` (YYYY-MM-DD) is its day, where training.json says none."""
    form, graph = Form(), Graph(known.weights or known.name)
    finished = form.take("releaseTime, builtTime", known.finished, _TRAINING)
    for field, settled in (
        ("suppliedBy, originatedBy", _MAKER),
        ("autonomyType, safetyRiskAssessment", "the one who puts it to use"),
        ("energyConsumption", "measuring it: no field of training.json has it"),
        ("informationAboutApplication", "the one who publishes it"),
    ):
        form.take(field, None, settled)
    reader = graph.add(
        "ai_AIPackage",
        "reader",
        name=known.name,
        description=known.passport.artifact.description,
        software_packageVersion=form.take("packageVersion", known.weights, "weights in safetensors"),
        software_primaryPurpose="model",
        software_downloadLocation=form.take("downloadLocation", known.passport.artifact.url, _URL),
        releaseTime=None if finished is None else f"{finished}T00:00:00Z",
        builtTime=None if finished is None else f"{finished}T00:00:00Z",
        verifiedUsing=[] if known.weights is None else [sha256_hash(known.weights)],
        ai_domain=[_TASK],
        ai_typeOfModel=form.take("typeOfModel", [known.family] if known.family else [], "`model_type` in config.json"),
        ai_hyperparameter=[_entry(name, value) for name, value in known.recipe.items()],
        ai_metric=form.take("metric", list(_metrics(known)), _MEASURE),
        ai_informationAboutTraining=form.take("informationAboutTraining", _trained(known), _TRAINING),
        ai_limitation=form.take("limitation", "; ".join(known.limits), "its maintainers saying it"),
        # Nobody can say of texts that were written by others that they hold none.
        ai_useSensitivePersonalInformation="noAssertion",
    )
    said = form.take("hasDeclaredLicense", known.said("license"), "`license` at the head of its card")
    declared = graph.license(said) if said is not None and _is_spdx(said) else NO_ASSERTION
    graph.relate(reader, "hasDeclaredLicense", [declared])
    graph.relate(reader, "hasConcludedLicense", [NO_ASSERTION])
    graph.relate(reader, "trainedOn", [_dataset(graph, one, at) for at, one in enumerate(known.data)])
    graph.relate(reader, "descendantOf", [_base(graph, one, at) for at, one in enumerate(known.bases)])
    graph.relate(
        reader,
        "contains",
        [
            graph.add("software_File", f"file-{name}", name=name, verifiedUsing=[sha256_hash(sha256)])
            for name, sha256 in known.files.items()
        ],
    )
    profiles = ("core", "software", "simpleLicensing", "ai", *(("dataset",) if known.data else ()))
    return document(form, graph, reader, known.name, profiles, known.finished or today, version("drystone"))


def _entry(key: str, value: str) -> Json:
    return {"type": "DictionaryEntry", "key": key, "value": value}


def _metrics(known: DescribedReader) -> Iterator[Json]:
    for kind, fact, claim in known.measures:
        yield _entry(kind.title, f"{claim.text}, {claim.basis}" + (", disputed" if fact.status == "disputed" else ""))


def _trained(known: DescribedReader) -> str:
    parts = [f"from {one.name}" for one in known.bases]
    parts += [
        f"on {one.name}" + ("" if one.examples is None else f" ({one.examples:,} examples)") for one in known.data
    ]
    return "; ".join(parts)


def _dataset(graph: Graph, one: UsedModel, at: int) -> str:
    made = graph.add(
        "dataset_DatasetPackage",
        f"data-{at}",
        name=one.name,
        software_primaryPurpose="data",
        dataset_datasetType=["text"],
        dataset_datasetSize=one.examples,
        verifiedUsing=[] if one.sha256 is None else [sha256_hash(one.sha256)],
    )
    if one.license is not None and _is_spdx(one.license):
        graph.relate(made, "hasDeclaredLicense", [graph.license(one.license)])
    return made


def _base(graph: Graph, one: UsedModel, at: int) -> str:
    return graph.add(
        "ai_AIPackage",
        f"base-{at}",
        name=one.name,
        software_primaryPurpose="model",
        verifiedUsing=[] if one.sha256 is None else [sha256_hash(one.sha256)],
    )
