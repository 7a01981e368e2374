"""The passport that unfragile.ai gives of an artifact (JSON), or that an `unfragile.yml` in its repository declares.

What that catalog counted itself (score, matches, confidence) is no fact of the artifact: it is named and left out.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from drystone.catalog.importing.imported import Imported, QuotedText, known, slug, with_always
from drystone.catalog.importing.structured import Structured, from_json, from_yaml
from drystone.catalog.passports.passport import Capability, Fact, Identity, Passport
from drystone.errors import UsageError
from drystone.release.layout import shown

_SCHEME: Final = "capability://"
_MODELS: Final = frozenset({"model", "finetune"})
_ANSWERS: Final = re.compile(r"question[- ]answering", re.IGNORECASE)
_NO_ID: Final = re.compile(r"[^a-z0-9]+")
#: What that catalog counted itself.
_THEIRS: Final = ("confidence", "matches", "success_rate", "matchConfidence", "timesMatched", "successRate")

_Path = tuple[str | int, ...]


def import_unfragile(text: str, source: str, date: str, name: str | None = None) -> Imported:
    """Return the passport that such a file gives: JSON where it begins with a brace, else YAML.

    Raises `UsageError` where it is none of both, or is about something that is neither dataset nor reader.
    """
    json = text.lstrip("\ufeff \t\r\n").startswith("{")
    found = from_json(text, source) if json else from_yaml(text, source)
    root = next(
        (path for path in (("passport", "unfragile"), ("unfragile",), ()) if found.keys(*path, "artifact")), None
    )
    if root is None:
        raise UsageError(f"{source}: is no passport of unfragile: it has no artifact")
    version = found.text(*root, "@version") or "1.0"
    if not version.startswith("1."):
        raise UsageError(f"{source}: @version: is {shown(version)[:40]}; this program reads 1.x")
    kept = QuotedText(text, source, date)
    artifact = (*root, "artifact")
    notes: list[str] = []
    capabilities = tuple(_capabilities(found, kept, root, notes))
    title = found.text(*artifact, "name") or found.text(*artifact, "slug") or name
    if not title:
        raise UsageError(f"{source}: artifact.name: is missing")
    if found.part(*root, "trust", "score") is not None:
        notes.append("trust.score: is a number of unfragile's own")
    passport = Passport(
        artifact=Identity(
            kind=_kind(found, artifact, source), name=slug(name or title), title=title[:300],
            description=(found.text(*artifact, "description") or f"As unfragile describes it: {source}")[:4000],
            url=(found.text(*artifact, "url") or None),
            aliases=tuple(one[:300] for one in sorted({found.text(*artifact, "slug"), title} - {"", name or title})),
        ),
        capabilities=capabilities,
        facts=with_always(list(_facts(found, kept, root)), f"{source} does not say it"),
    )  # fmt: skip
    return Imported(passport, {kept.sha256: kept.text}, tuple(notes))


def _kind(found: Structured, artifact: _Path, source: str) -> Literal["dataset", "reader"]:
    kind = found.text(*artifact, "type")
    if kind == "dataset":
        return "dataset"
    said = [*found.all(*artifact, "tags"), *found.all(*artifact, "categories"), found.text(*artifact, "description")]
    if kind in _MODELS and any(_ANSWERS.search(one) for one in said):
        return "reader"
    raise UsageError(
        f"{source}: artifact.type: is {kind or 'missing'}; this catalog holds datasets, and models of which tags or "
        "description say question answering"
    )


def _facts(found: Structured, kept: QuotedText, root: _Path) -> list[Fact]:
    facts = []
    pricing = next((p for p in ((*root, "artifact", "pricing"), (*root, "pricing")) if found.keys(*p)), None)
    if pricing is not None:
        model, free = found.text(*pricing, "model"), found.text(*pricing, "free") == "true"
        price = found.text(*pricing, "starting_price")
        said = ", from ".join(one for one in (model or ("free" if free else ""), price) if one)
        if said:
            quote = kept.quote(found.quote(*pricing)[:4000], "pricing")
            facts.append(known("price", said[:300], [quote], "declared"))
    failures = (*root, "failure_modes") if found.length(*root, "failure_modes") else (*root, "trust", "failure_modes")
    modes = [_failure(found, (*failures, at)) for at in range(found.length(*failures))]
    if any(modes):
        quote = kept.quote(found.quote(*failures)[:4000], "failure_modes")
        facts.append(known("failure_modes", tuple(one[:300] for one in modes if one), [quote], "declared"))
    return facts


def _failure(found: Structured, path: _Path) -> str:
    mode, often, against = (found.text(*path, key) for key in ("mode", "frequency", "mitigation"))
    if not mode:
        return found.text(*path)
    return mode + (f" ({often})" if often else "") + (f"; against it: {against}" if against else "")


def _capabilities(found: Structured, kept: QuotedText, root: _Path, notes: list[str]) -> list[Capability]:
    made: dict[str, Capability] = {}
    for at in range(found.length(*root, "capabilities")):
        path = (*root, "capabilities", at)
        name = " ".join(found.text(*path, "name").split())[:300]
        id = _id(found.text(*path, "uri"), name)
        if not name or id is None:
            notes.append(f"capabilities.{at}: has no name or id")
            continue
        if id in made:
            notes.append(f"capabilities.{at}: the id {id} stands twice; the first counts")
            continue
        counted = [key for key in _THEIRS if found.part(*path, key) is not None]
        if counted:
            notes.append(f"capabilities.{at}: {', '.join(counted)}: numbers of unfragile's own")
        made[id] = _capability(found, kept, path, id, name)
    return list(made.values())


def _capability(found: Structured, kept: QuotedText, path: _Path, id: str, name: str) -> Capability:
    def lines(*keys: str) -> tuple[str, ...]:
        places = [(*path, key) for key in keys] + [(*path, "conditions", key) for key in keys]
        values = next((values for place in places if (values := found.all(*place))), [])
        return tuple(" ".join(one.split())[:300] for one in values[:100])

    description = found.text(*path, "description")
    key = "description" if description else "name"
    return Capability(
        id=id, name=name, description=_prose(description or name),
        intents=lines("intents", "intents_served") or (name,),
        best_for=lines("best_for", "bestFor"), limits=lines("limitations"), requirements=lines("requires"),
        inputs=lines("input_types", "inputTypes"), outputs=lines("output_types", "outputTypes"),
        evidence=(kept.quote(found.quote(*path, key)[:4000], f"capabilities, {name}"[:300]),),
    )  # fmt: skip


def _prose(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.splitlines())[:4000]


def _id(uri: str, name: str) -> str | None:
    """Return an id of a capability from its URI, else from its name."""
    words = [word for word in _NO_ID.sub(" ", (uri.removeprefix(_SCHEME) or name).casefold()).split() if word]
    return ".".join(words)[:96].strip(".") if len(words) > 1 else None
