"""Passports from the cards of models and datasets on a hub: README.md with YAML at its head. Loads no model.

What the head says is declared, quoted as it stands. Prose is not read: it takes a person to say what it means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import yaml
from license_expression import ExpressionError, get_spdx_licensing

from drystone.catalog.importing.imported import Imported, QuotedText, known, slug, unknown, with_always
from drystone.catalog.passports.passport import Capability, Fact, Identity, Passport
from drystone.catalog.passports.vocabulary import jobs
from drystone.errors import UsageError

#: Characters of a card.
LONGEST: Final = 4_000_000
_HEAD: Final = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)
#: Which fact a metric of a model-index is: by the name of its set, word for word (by its type only where it has none):
#: another set of the same type, such as one of reviews in SQuAD's form, is another fact.
_SETS: Final = {
    "squad": "quality.squad_v1_1",
    "squad v1.1": "quality.squad_v1_1",
    "squad_v1": "quality.squad_v1_1",
    "squad_v2": "quality.squad_v2",
    "squad v2.0": "quality.squad_v2",
    "squad v2": "quality.squad_v2",
    "squad v1.1, 24 articles held back from training": "quality.squad_held_back",
}
#: Splits on which these facts are measured.
_SPLITS: Final = frozenset({"", "validation", "dev"})
_METRICS: Final = {"f1": "f1", "exact_match": "em", "exact": "em"}


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
    card = _Head(text, head.start(1), head.group(1), source)
    kept = QuotedText(text, source, date)
    reader = card.text("pipeline_tag") == "question-answering" or "question-answering" in card.all("tags")
    dataset = any(card.node(key) is not None for key in ("task_categories", "dataset_info", "size_categories"))
    if reader == dataset:
        raise UsageError(f"{source}: is the card neither of a dataset nor of a model that answers questions")
    facts = list(_facts(card, kept))
    notes: list[str] = []
    if reader:
        results, notes = _results(card, kept)
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


def _facts(card: _Head, kept: QuotedText) -> Iterator[Fact]:
    for key, name in (("license", "license"), ("datasets", "training_data"), ("language", "languages.natural")):
        values = card.all(key)
        if values and not (name == "languages.natural" and "code" in values):
            values = [_spdx(value) for value in values] if name == "license" else values
            value = values[0] if len(values) == 1 else tuple(values)
            yield known(name, value, [kept.quote(card.quote(key), key)], "declared")


def _results(card: _Head, kept: QuotedText) -> tuple[list[Fact], list[str]]:
    """Return the facts of a model-index, and a note for each result that is none of ours."""
    facts: dict[str, Fact] = {}
    notes = []
    for one, of_set, result in _metrics(card):
        metric = _METRICS.get(card.text(*result, "type"))
        value = card.number(*result, "value")
        of = card.text(*of_set, "name") or card.text(*of_set, "type")
        family = _SETS.get(of.casefold()) if card.text(*of_set, "split") in _SPLITS else None
        where = f"model-index, {of or 'a set without a name'}, {card.text(*result, 'type')}"
        if family is None or metric is None or value is None:
            notes.append(f"{where}: is no fact of the vocabulary")
            continue
        name = f"{family}.{metric}"
        if name in facts:
            notes.append(f"{where}: stands twice; the first counts")
            continue
        quote = kept.quote(card.quote(*result), where)
        facts[name] = known(name, value, [quote], "declared", note=f"task: {one}" if one else None)
    if "quality.squad_v1_1.f1" not in facts:
        facts["quality.squad_v1_1.f1"] = unknown("quality.squad_v1_1.f1", "drystone catalog measure-reader")
    return list(facts.values()), notes


def _metrics(card: _Head) -> Iterator[tuple[str, tuple[str | int, ...], tuple[str | int, ...]]]:
    """Yield the task, the path of the set and the path of the metric, of each metric of the model-index."""
    for model in range(card.length("model-index")):
        for result in range(card.length("model-index", model, "results")):
            path = ("model-index", model, "results", result)
            for metric in range(card.length(*path, "metrics")):
                yield card.text(*path, "task", "type"), (*path, "dataset"), (*path, "metrics", metric)


def _spdx(text: str) -> str:
    """Return an SPDX expression as SPDX spells it; what is none stays as it stands."""
    try:
        return str(get_spdx_licensing().parse(text, validate=True))
    except ExpressionError:
        return text


def _last(source: str) -> str:
    parts = [part for part in re.split(r"[/\\]", source) if part and part.casefold() != "readme.md"]
    return parts[-1] if parts else "unnamed"


class _Head:
    """The YAML of a card, with where each part stands in the text. Nothing of it is built: nodes are read as text."""

    def __init__(self, text: str, start: int, head: str, source: str) -> None:
        self._text, self._start = text, start
        try:
            if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(head, Loader=yaml.SafeLoader)):
                raise UsageError(f"{source}: YAML with aliases is not read")
            self._root = yaml.compose(head, Loader=yaml.SafeLoader)
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            said = " ".join(str(error).split())[:300]
            raise UsageError(f"{source}: the head is no YAML: {said}") from None
        if not isinstance(self._root, yaml.MappingNode):
            raise UsageError(f"{source}: the head is no YAML mapping")

    def node(self, *path: str | int) -> yaml.Node | None:
        """Return the node at a path of keys and numbers; None where there is none."""
        node: yaml.Node | None = self._root
        for key in path:
            if isinstance(key, int) and isinstance(node, yaml.SequenceNode) and key < len(node.value):
                node = node.value[key]
            elif isinstance(key, str) and isinstance(node, yaml.MappingNode):
                node = next((value for name, value in node.value if name.value == key), None)
            else:
                return None
        return node

    def length(self, *path: str | int) -> int:
        """Return how many entries the list at a path has."""
        node = self.node(*path)
        return len(node.value) if isinstance(node, yaml.SequenceNode) else 0

    def text(self, *path: str | int) -> str:
        """Return the text at a path; empty where there is none."""
        node = self.node(*path)
        return str(node.value) if isinstance(node, yaml.ScalarNode) else ""

    def number(self, *path: str | int) -> float | None:
        """Return the number at a path."""
        try:
            value = float(self.text(*path))
        except ValueError:
            return None
        return value if abs(value) < 1e12 else None

    def all(self, *path: str | int) -> list[str]:
        """Return the texts of the list at a path, or the one text."""
        one = self.text(*path)
        return [one] if one else [text for at in range(self.length(*path)) if (text := self.text(*path, at))]

    def quote(self, *path: str | int) -> str:
        """Return the node at a path as it stands in the card, with its key."""
        node = self.node(*path)
        assert node is not None
        start, end = node.start_mark.index, node.end_mark.index
        parent = self.node(*path[:-1])
        if isinstance(parent, yaml.MappingNode):
            start = next(name.start_mark.index for name, value in parent.value if value is node)
        return self._text[self._start + start : self._start + end].rstrip()
