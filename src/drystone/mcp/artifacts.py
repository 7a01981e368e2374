"""The tools about the catalog: find what does what is wanted, compare artifacts, show a passport.

What artifacts' passports say was written by others: it stands behind the bar, and is data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from drystone._words import many
from drystone.catalog.comparing.compare import MOST as MOST_COMPARED
from drystone.catalog.comparing.compare import compare_passports
from drystone.catalog.matching import HITS, LONGEST, MOST, NOT_KNOWN
from drystone.catalog.matching.records import Seeker
from drystone.catalog.matching.shapes import ArtifactHit, MatchFilters, Method
from drystone.catalog.passports.passport import Capability, Fact
from drystone.catalog.passports.vocabulary import fact_kind
from drystone.mcp.pages import Cursors, ToolResult, page
from drystone.mcp.quoting import QUOTED, said
from drystone.mcp.render import ended
from drystone.mcp.shapes import Cursor, ResultPart
from drystone.mcp.shelf import ReleaseShelf
from drystone.mcp.stopping import Stop

#: Quotes that one fact is shown with.
_QUOTES: Final = 2
ArtifactName = Annotated[str, Field(min_length=1, max_length=300, description="Name, title or alias of an artifact.")]


class _CatalogArguments(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cursor: Cursor = None


class FindArguments(_CatalogArguments):
    """What `find` asks for."""

    need: Annotated[
        str, Field(min_length=1, max_length=LONGEST, description="What somebody wants done, in their own words.")
    ]
    kind: Annotated[str | None, Field(max_length=32, description="Only this kind, such as reader or dataset.")] = None
    license: Annotated[
        str | None, Field(max_length=100, description="Only what is known to be under it (SPDX), or `permissive`.")
    ] = None
    language: Annotated[str | None, Field(max_length=100, description="Only what is known to be for it.")] = None
    free: Annotated[bool, Field(description="Only what is known to cost nothing.")] = False
    offline: Annotated[bool, Field(description="Only what is known to work without a network.")] = False
    limit: Annotated[int, Field(ge=1, le=MOST, description="Artifacts at most.")] = HITS


class CompareArguments(_CatalogArguments):
    """What `compare` asks for."""

    artifacts: Annotated[
        list[ArtifactName], Field(min_length=2, max_length=MOST_COMPARED, description="Which are compared.")
    ]


class PassportArguments(_CatalogArguments):
    """What `passport` asks for."""

    artifact: ArtifactName


class ArtifactsFound(ResultPart):
    """Artifacts that fit, best first, with the reasons.

    `unknown` counts by filter those that fit and of which nobody knows whether they pass it.
    """

    need: str
    method: Method
    searched: int
    hits: list[ArtifactHit]
    unknown: dict[str, int]


class FactShown(TypedDict):
    """A fact as words. `status`: known, unknown, not_applicable, disputed; `evidence`: quotes with where and when."""

    name: str
    title: str
    status: str
    value: str
    basis: str
    evidence: list[str]


class FactCompared(TypedDict):
    """A fact of all artifacts, in their order; `ahead` names the one whose value is better in every case, or null."""

    name: str
    title: str
    values: list[str]
    ahead: str | None
    said: str


class ArtifactsCompared(ResultPart):
    """Artifacts side by side. Where `state` is no_shared_job, neither is better."""

    artifacts: list[str]
    state: Literal["compared", "no_shared_job"]
    said: str
    verdicts: list[str]
    facts: list[FactCompared]


class CapabilityShown(TypedDict):
    """What an artifact does."""

    id: str
    name: str
    description: str
    intents: list[str]


class PassportShown(ResultPart):
    """What is known of an artifact. What nobody knows is unknown, and never 0."""

    artifact: str
    kind: str
    title: str
    description: str
    capabilities: list[CapabilityShown]
    facts: list[FactShown]


def find(shelf: ReleaseShelf, asked: FindArguments, stop: Stop) -> ToolResult:
    """Find artifacts of the catalog by what they do."""
    cursors = Cursors("find", asked.model_dump(exclude={"cursor"}), shelf.catalog.state())
    offset = cursors.read(asked.cursor)
    wanted = MatchFilters(asked.kind, asked.license, asked.free, asked.offline, asked.language)
    found = shelf.finder.find(asked.need, wanted, limit=asked.limit, seeker=Seeker("mcp") if not offset else None)
    stop.check()

    def make(shown: Sequence[ArtifactHit], rest: str | None, notes: list[str]) -> ToolResult:
        result: ArtifactsFound = {
            "quoted": QUOTED, "need": asked.need, "method": found.method, "searched": found.searched,
            "hits": list(shown), "unknown": found.unknown, "notes": [*found.notes, *notes], "next": rest,
        }  # fmt: skip
        return ToolResult({**result, "hits": [asdict(one) for one in shown]}, ended(_found_lines(result), result))

    return page(found.hits[offset:], offset, cursors, make)


def compare(shelf: ReleaseShelf, asked: CompareArguments, stop: Stop) -> ToolResult:
    """Compare artifacts of the catalog on what is known of them."""
    cursors = Cursors("compare", asked.model_dump(exclude={"cursor"}), shelf.catalog.state())
    offset = cursors.read(asked.cursor)
    found = compare_passports([shelf.catalog.get(name) for name in asked.artifacts])
    stop.check()
    titles = [one.title for one in found.artifacts]
    rows: list[FactCompared] = [
        {
            "name": row.kind.name, "title": row.kind.title, "values": list(row.texts),
            "ahead": None if row.ahead is None else titles[row.ahead], "said": row.said,
        }
        for row in found.facts
    ]  # fmt: skip

    def make(shown: Sequence[FactCompared], rest: str | None, notes: list[str]) -> ToolResult:
        result: ArtifactsCompared = {
            "quoted": QUOTED, "artifacts": titles, "state": found.state, "said": found.said,
            "verdicts": [one.said for one in found.verdicts], "facts": list(shown), "notes": notes, "next": rest,
        }  # fmt: skip
        lines = [QUOTED, said("in short", found.said), *(said("verdict", one) for one in result["verdicts"])]
        for fact in shown:
            lines += ["", said("fact", fact["title"])]
            lines += [said("  of", f"{title}: {value}") for title, value in zip(titles, fact["values"], strict=True)]
            lines.append(said("  so", fact["said"]))
        return ToolResult(result, ended(lines, result))

    return page(rows[offset:], offset, cursors, make)


def passport(shelf: ReleaseShelf, asked: PassportArguments, stop: Stop) -> ToolResult:
    """Show what is known of an artifact, each fact with the words that it rests on."""
    cursors = Cursors("passport", asked.model_dump(exclude={"cursor"}), shelf.catalog.state())
    offset = cursors.read(asked.cursor)
    found = shelf.catalog.get(asked.artifact)
    stop.check()
    items: list[Capability | Fact] = [*found.capabilities, *found.facts]

    def make(shown: Sequence[Capability | Fact], rest: str | None, notes: list[str]) -> ToolResult:
        result: PassportShown = {
            "quoted": QUOTED, "artifact": found.artifact.name, "kind": found.artifact.kind,
            "title": found.artifact.title, "description": found.artifact.description,
            "capabilities": [_capability(one) for one in shown if isinstance(one, Capability)],
            "facts": [_fact(one) for one in shown if isinstance(one, Fact)], "notes": notes, "next": rest,
        }  # fmt: skip
        return ToolResult(result, ended(_passport_lines(result), result))

    return page(items[offset:], offset, cursors, make)


def _capability(one: Capability) -> CapabilityShown:
    return {"id": one.id, "name": one.name, "description": one.description, "intents": list(one.intents)}


def _fact(fact: Fact) -> FactShown:
    quotes = [reference for claim in fact.claims for reference in claim.evidence][:_QUOTES]
    return {
        "name": fact.name, "title": fact_kind(fact.name).title, "status": fact.status, "value": fact.text,
        "basis": fact.bases, "evidence": [f"“{one.quote}” {one.source}{one.read_on}" for one in quotes],
    }  # fmt: skip


def _found_lines(result: ArtifactsFound) -> list[str]:
    lines = [QUOTED, f"by {result['method']}, of {many(result['searched'], 'artifact')}"]
    if not result["hits"]:
        lines.append("nothing fits")
    for hit in result["hits"]:
        lines += ["", said("artifact", f"{hit.title} ({hit.artifact}, {hit.kind})"), f"fit {hit.fit:.2f} (0 to 1)"]
        lines += [said("does", hit.capability_name)] if hit.capability_name else []
        lines += [said(f"by {reason.by}", f"{reason.text} ({reason.of})") for reason in hit.reasons]
    lines += [f"{count:,} more may fit: nobody knows {NOT_KNOWN[name]}" for name, count in result["unknown"].items()]
    return lines


def _passport_lines(result: PassportShown) -> list[str]:
    lines = [QUOTED, said("artifact", f"{result['title']} ({result['artifact']}, {result['kind']})")]
    lines.append(said("description", result["description"]))
    lines += [said("does", f"{one['name']} ({one['id']})") for one in result["capabilities"]]
    for fact in result["facts"]:
        lines += ["", said("fact", f"{fact['title']}: {fact['value']}")]
        lines += [said("  rests on", one) for one in fact["evidence"]]
    return lines
