"""Passports from the cards of models and datasets on a hub: README.md with YAML at its head. Loads no model.

What the head says is declared, quoted as it stands. Prose is not read: it takes a person to say what it means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from license_expression import ExpressionError, get_spdx_licensing

from drystone.catalog.importing.evaluations import results_of_hub, results_of_index
from drystone.catalog.importing.imported import Imported, QuotedText, agreed, known, slug, with_always
from drystone.catalog.importing.structured import Structured, from_yaml
from drystone.catalog.passports.passport import Capability, Fact, Identity, Passport
from drystone.catalog.passports.vocabulary import jobs
from drystone.errors import UsageError
from drystone.release.files import read_bounded_text

#: Characters of a card.
LONGEST: Final = 4_000_000
_HEAD: Final = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)


def import_card(text: str, source: str, date: str, name: str | None = None) -> Imported:
    """Return the passport that a card gives; `source` is its address, `date` the day it was read (YYYY-MM-DD).

    `name`: of the artifact (default: from the card's model-index or `pretty_name`, or from the address). Raises
    `UsageError` where the text is no card, or of something that is neither dataset nor reader.
    """
    if len(text) > LONGEST:
        raise UsageError(f"{source}: a card of more than {LONGEST:,} characters is not read")
    head = _HEAD.search(text)
    if head is None:
        raise UsageError(f"{source}: is no card: it does not begin with YAML between lines of ---")
    card = from_yaml(text, f"{source}: the head", head.start(1), head.end(1))
    if not card.keys():
        raise UsageError(f"{source}: the head is no YAML mapping")
    kept = QuotedText(text, source, date)
    tasks = {card.text("pipeline_tag"), *card.all("tags"), card.text("model-index", 0, "results", 0, "task", "type")}
    reader = "question-answering" in tasks
    dataset = any(card.part(key) is not None for key in ("task_categories", "dataset_info", "size_categories"))
    if reader == dataset:
        raise UsageError(f"{source}: is the card neither of a dataset nor of a model that answers questions")
    facts = list(_facts(card, kept))
    notes: list[str] = []
    if reader:
        results, notes = results_of_index(card, kept)
        facts += results
    title = name or card.text("model-index", 0, "name") or card.text("pretty_name") or _last(source)
    identity = Identity(
        kind="reader" if reader else "dataset", name=slug(title), title=title,
        description=f"As its card says: {source}", url=source if source.startswith("https://") else None,
    )  # fmt: skip
    id, inputs, outputs = (
        ("answer.span", ("question", "text"), ("span", "score")) if reader else ("code.training_files", (), ())
    )
    does = [
        Capability(
            id=id, name=jobs()[id].name, description=f"Declared in the head of {source}.", intents=jobs()[id].intents,
            inputs=inputs, outputs=outputs,
        )
    ] if reader or "code" in card.all("language") else []  # fmt: skip
    passport = Passport(
        artifact=identity, capabilities=tuple(does), facts=with_always(facts, f"the head of {source} does not say it")
    )
    return Imported(passport, {kept.sha256: kept.text}, tuple(notes))


def import_hub_folder(folder: Path, name: str, date: str) -> Imported:
    """Return the passport of a folder as a hub gives it: its card, and the results in `.eval_results`.

    Raises `UsageError` where the card is missing, or one of these is none.
    """
    card = import_card(read_bounded_text(folder / "README.md", LONGEST), f"{name}: README.md", date, name)
    facts = {fact.name: fact for fact in card.passport.facts}
    texts, notes = dict(card.texts), list(card.notes)
    for path in sorted((folder / ".eval_results").glob("*.yaml")):
        source = f"{name}: .eval_results/{path.name}"
        found, left, kept = results_of_hub(read_bounded_text(path, LONGEST), source, date)
        texts[kept.sha256] = kept.text
        notes += left
        for fact in found:
            facts[fact.name] = agreed(facts.get(fact.name), fact, "drystone catalog measure-reader")
    passport = Passport(
        artifact=card.passport.artifact, capabilities=card.passport.capabilities, facts=tuple(facts.values())
    )
    return Imported(passport, texts, tuple(notes))


def _facts(card: Structured, kept: QuotedText) -> Iterator[Fact]:
    for key, name in (("license", "license"), ("datasets", "training_data"), ("language", "languages.natural")):
        values = card.all(key)
        if values and not (name == "languages.natural" and "code" in values):
            values = [spdx_of(value) for value in values] if name == "license" else values
            value = values[0] if len(values) == 1 else tuple(values)
            yield known(name, value, [kept.quote(card.quote(key), key)], "declared")


def spdx_of(text: str) -> str:
    """Return an SPDX expression as SPDX spells it; what is none stays as it stands."""
    try:
        return str(get_spdx_licensing().parse(text, validate=True))
    except ExpressionError:
        return text


def _last(source: str) -> str:
    parts = [part for part in re.split(r"[/\\]", source) if part and part.casefold() != "readme.md"]
    return parts[-1] if parts else "unnamed"
