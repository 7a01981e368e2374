"""Results that somebody published of a reader: model-index, `.eval_results` of a hub, Every Eval Ever.

A result is a fact only where its set and its metric are known word for word; every other one is named and left out. A
share of 1 is written in per cent, as it is in the vocabulary.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from drystone.catalog.importing.imported import Imported, QuotedText, known, slug, unknown, with_always
from drystone.catalog.importing.structured import Structured, from_json, from_yaml
from drystone.catalog.passports.passport import Capability, Fact, Identity, Passport, Procedure, Reference
from drystone.catalog.passports.vocabulary import jobs
from drystone.errors import UsageError

#: Which family of facts a result belongs to: by the name of its set, word for word (by its type only where it has
#: none): another set of the same type, such as one of reviews in SQuAD's form, is another fact.
_SETS: Final = {
    "squad": "quality.squad_v1_1",
    "rajpurkar/squad": "quality.squad_v1_1",
    "squad v1.1": "quality.squad_v1_1",
    "squad_v1": "quality.squad_v1_1",
    "squad_v2": "quality.squad_v2",
    "rajpurkar/squad_v2": "quality.squad_v2",
    "squad v2.0": "quality.squad_v2",
    "squad v2": "quality.squad_v2",
    "squad v1.1, 24 articles held back from training": "quality.squad_held_back",
}
#: Splits on which these facts are measured.
_SPLITS: Final = frozenset({"", "validation", "dev"})
_METRICS: Final = {"f1": "f1", "exact_match": "em", "exact": "em", "em": "em", "exact match": "em"}
_PERCENT: Final = Procedure(name="share of 1 times 100", version="1")
_MEASURE: Final = "drystone catalog measure-reader"

_Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class _Result:
    """One published result. `path` leads to the part that is quoted; `top`: the most that its metric gives (1 or 100).

    `top` None: it is not said, or is neither, so that what the value means is not known.
    """

    set: str
    split: str
    metric: str
    value: float | None
    path: _Path
    low: float | None = None
    high: float | None = None
    top: float | None = 100.0
    note: str | None = None


def results_of_index(card: Structured, kept: QuotedText) -> tuple[list[Fact], list[str]]:
    """Return the facts of a card's model-index, and a note for each result that is none of ours."""
    facts, notes = _facts(card, kept, "model-index", _of_index(card))
    if not any(fact.name == "quality.squad_v1_1.f1" for fact in facts):
        facts.append(unknown("quality.squad_v1_1.f1", _MEASURE))
    return facts, notes


def results_of_hub(text: str, source: str, date: str) -> tuple[list[Fact], list[str], QuotedText]:
    """Return the facts of a file of `.eval_results`, the notes, and the text. Raises `UsageError` where it is none."""
    found, kept = from_yaml(text, source), QuotedText(text, source, date)
    if text.strip() and not found.length():
        raise UsageError(f"{source}: is no list of results")
    facts, notes = _facts(found, kept, source, _of_hub(found))
    return facts, notes, kept


def import_evaluations(text: str, source: str, date: str, name: str | None = None) -> Imported:
    """Return the passport of the reader that a file of Every Eval Ever is about (schema 0.2).

    `name`: of the artifact (default: the model's id). Raises `UsageError` where it is no such file, or holds no result
    of a set that is known here.
    """
    found, kept = from_json(text, source), QuotedText(text, source, date)
    version, model = found.text("schema_version"), found.text("model_info", "id")
    if not version or not model or not found.length("evaluation_results"):
        raise UsageError(
            f"{source}: is no file of Every Eval Ever: no schema_version, model_info or evaluation_results"
        )
    if version.split(".")[0] != "0":
        raise UsageError(f"{source}: schema_version: is {version}; this program reads 0.x")
    facts, notes = _facts(found, kept, "evaluation_results", _of_everybody(found))
    if not facts:
        raise UsageError(
            f"{source}: holds no result on questions and answers that is known here: {'; '.join(notes[:3])}"
        )
    maker = found.text("model_info", "developer")
    if maker:
        quote = kept.quote(found.quote("model_info", "developer"), "model_info")
        facts.append(known("maintainer", maker, [quote], "declared"))
    job = jobs()["answer.span"]
    passport = Passport(
        artifact=Identity(
            kind="reader", name=slug(name or model), title=model, description=f"As its results say: {source}",
            aliases=() if name is None else (model,),
        ),
        capabilities=(
            Capability(
                id="answer.span", name=job.name, description=f"Results on questions and answers stand in {source}.",
                intents=job.intents, inputs=("question", "text"), outputs=("span", "score"),
                evidence=tuple(_references(facts))[:1],
            ),
        ),
        facts=with_always(facts, f"{source} does not say it"),
    )  # fmt: skip
    return Imported(passport, {kept.sha256: kept.text}, tuple(notes))


def _references(facts: list[Fact]) -> Iterator[Reference]:
    return (reference for fact in facts for claim in fact.claims for reference in claim.evidence)


def _facts(
    found: Structured, kept: QuotedText, where: str, results: Iterator[_Result]
) -> tuple[list[Fact], list[str]]:  # fmt: skip
    facts: dict[str, Fact] = {}
    notes = []
    for one in results:
        said = f"{where}, {one.set or 'a set without a name'}, {one.metric or 'a metric without a name'}"
        family = _SETS.get(one.set.casefold()) if one.split.casefold() in _SPLITS else None
        metric = _METRICS.get(one.metric.casefold())
        if family is None or metric is None or one.value is None:
            notes.append(f"{said}: is no fact of the vocabulary")
            continue
        if one.top is None:
            notes.append(f"{said}: does not say whether it goes up to 1 or 100 (max_score)")
            continue
        name = f"{family}.{metric}"
        if name in facts:
            notes.append(f"{said}: stands twice; the first counts")
            continue
        quote = kept.quote(found.quote(*one.path), said)
        facts[name] = _fact(name, one, one.value, 100 / one.top, quote)
    return list(facts.values()), notes


def _fact(name: str, one: _Result, value: float, times: float, quote: Reference) -> Fact:
    low, high = (None if end is None else end * times for end in (one.low, one.high))
    if low is None or high is None or not low <= value * times <= high:
        low = high = None
    if times == 1:
        return known(name, value, [quote], "declared", low=low, high=high, note=one.note)
    return known(name, round(value * times, 6), [quote], "derived", _PERCENT, low=low, high=high, note=one.note)


def _of_index(card: Structured) -> Iterator[_Result]:
    """Yield each metric of the model-index."""
    for model in range(card.length("model-index")):
        for result in range(card.length("model-index", model, "results")):
            path = ("model-index", model, "results", result)
            task, of = card.text(*path, "task", "type"), (*path, "dataset")
            for metric in range(card.length(*path, "metrics")):
                here = (*path, "metrics", metric)
                yield _Result(
                    card.text(*of, "name") or card.text(*of, "type"), card.text(*of, "split"),
                    card.text(*here, "type"), card.number(*here, "value"), here, note=f"task: {task}" if task else None,
                )  # fmt: skip


def _of_hub(found: Structured) -> Iterator[_Result]:
    """Yield each result of a file of `.eval_results`: its metric is what the task's name ends with."""
    for at in range(found.length()):
        task = found.text(at, "dataset", "task_id")
        metric = re.split(r"[./:_ -]", task)[-1] if "exact" not in task.casefold() else "exact_match"
        source = found.text(at, "source", "name") or found.text(at, "source", "url")
        yield _Result(
            found.text(at, "dataset", "id"), "", metric, found.number(at, "value"), (at,),
            note=f"source: {source}"[:300] if source else None,
        )  # fmt: skip


def _of_everybody(found: Structured) -> Iterator[_Result]:
    """Yield each result of a file of Every Eval Ever; where its metric ends says whether it is a share of 1."""
    for at in range(found.length("evaluation_results")):
        path = ("evaluation_results", at)
        metric = found.text(*path, "metric_config", "metric_name") or found.text(
            *path, "metric_config", "evaluation_description"
        )
        score = (*path, "score_details")
        ends = next(
            (
                ends
                for ends in ((*score, "confidence_interval"), (*score, "uncertainty", "confidence_interval"))
                if found.part(*ends)
            ),
            score,
        )
        top = found.number(*path, "metric_config", "max_score")
        yield _Result(
            found.text(*path, "source_data", "hf_repo") or found.text(*path, "source_data", "dataset_name"),
            found.text(*path, "source_data", "hf_split"),
            metric if metric.casefold() in _METRICS else found.text(*path, "evaluation_name"),
            found.number(*score, "score"), score,
            low=found.number(*ends, "lower"), high=found.number(*ends, "upper"),
            top=top if top in {1, 100} else None,
        )  # fmt: skip
