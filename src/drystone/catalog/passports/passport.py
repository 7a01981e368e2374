"""The passport of an artifact: identity, capabilities, facts, each fact with what it rests on. Reads no file."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from drystone._words import many
from drystone.release.layout import size_text

#: Of the JSON: another number where a field changes its meaning or goes.
FORMAT: Final = 1

ArtifactKind = Literal["dataset", "reader"]
Status = Literal["known", "unknown", "not_applicable", "disputed"]
Basis = Literal["measured", "declared", "derived", "editorial"]
#: Facts that every passport has, if only to say that nothing is known.
ALWAYS: Final = ("license", "maintainer", "price")

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,95}$")]
FactName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+([._-][a-z0-9]+)*$", max_length=96)]
CapabilityId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+([._-][a-z0-9]+)+$", max_length=96)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
#: Units of the vocabulary and how one of them is called.
_ONE: Final = {
    many(0, one)[2:]: one
    for one in ("day", "download", "file", "language", "like", "pair", "parameter", "repository", "span", "token")
}
#: What a line, and what a text of several lines, may hold: no control character.
LINE: Final = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
PROSE: Final = r"^[^\x00-\x09\x0b-\x1f\x7f-\x9f]*$"
Line = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=LINE)]
Prose = Annotated[str, StringConstraints(min_length=1, max_length=4000, pattern=PROSE)]
Lines = Annotated[tuple[Line, ...], Field(max_length=100, strict=False)]
#: What a fact can be: one value, or several that stand for no order.
Value = Prose | bool | int | float | Lines


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Reference(_Plain):
    """Where a fact was read: `quote` stands word for word in the text whose SHA-256 (of its UTF-8) is `sha256`.

    `source` is the URL, or the name of a file, that the text came from on `date`; `locator` says where in it: a
    heading, a key, a line. Without a `date` it is of something that never changes: a release of a root hash.
    """

    source: Line
    locator: Line | None = None
    sha256: Sha256
    quote: Prose
    date: Day | None = None

    @property
    def read_on(self) -> str:
        """When it was read, in words that follow its source; empty of what never changes."""
        return "" if self.date is None else f", read on {self.date}"


References = Annotated[tuple[Reference, ...], Field(max_length=50, strict=False)]


class Procedure(_Plain):
    """What measured or derived a value: a name, its version, and what else must be known to do it again."""

    name: Line
    version: Line
    setup: Prose | None = None


class Claim(_Plain):
    """A value with what it rests on.

    `low` and `high` bound a number (95 %). `basis`: measured (here, by `method`), declared (by whoever is quoted),
    derived (from other facts, by `method`) or editorial (the judgement of who wrote the passport).
    """

    value: Value
    unit: Line | None = None
    low: float | None = None
    high: float | None = None
    basis: Basis
    evidence: References = ()
    method: Procedure | None = None

    @model_validator(mode="after")
    def _rests(self) -> Self:
        if not self.evidence:
            raise ValueError("a value rests on evidence; what nobody can show is 'unknown'")
        if self.basis in {"measured", "derived"} and self.method is None:
            raise ValueError(f"what is {self.basis} names its method")
        if (self.low is None) != (self.high is None):
            raise ValueError("an interval has two ends")
        if self.low is not None and self.high is not None:
            number = self.number
            if number is None or not self.low <= number <= self.high:
                raise ValueError("an interval holds its value, a number")
        return self

    @property
    def number(self) -> float | None:
        """The value where it is a number."""
        return float(self.value) if isinstance(self.value, int | float) and not isinstance(self.value, bool) else None

    @property
    def text(self) -> str:
        """The value for people, with its unit and interval."""
        if isinstance(self.value, bool):
            return "yes" if self.value else "no"
        if isinstance(self.value, str):
            return self.value
        if isinstance(self.value, tuple):
            return ", ".join(self.value)
        ends = () if self.low is None or self.high is None else (self.low, self.high)
        if self.unit == "bytes":
            number, shown = size_text(int(self.value)), [size_text(int(end)) for end in ends]
        else:
            unit = _ONE.get(self.unit or "", self.unit) if self.value == 1 else self.unit
            number = f"{self.value:,}" if isinstance(self.value, int) else f"{self.value:,.6g}"
            number += "" if unit is None else unit if unit == "%" else f" {unit}"
            shown = [f"{end:,.6g}" for end in ends]
        return number + (f" ({' to '.join(shown)})" if shown else "")


class Fact(_Plain):
    """One cell of a passport.

    known: one claim. disputed: two or more that differ, each with its evidence. unknown and not_applicable: none.
    `settled_by` says what would make an unknown or disputed fact known; `note` what a reader should know besides.
    """

    name: FactName
    status: Status
    claims: Annotated[tuple[Claim, ...], Field(max_length=20, strict=False)] = ()
    settled_by: Prose | None = None
    note: Prose | None = None

    @model_validator(mode="after")
    def _counts(self) -> Self:
        values = [(claim.value, claim.unit) for claim in self.claims]
        if self.status == "known" and len(values) != 1:
            raise ValueError("what is known has one claim")
        if self.status == "disputed" and (len(values) < 2 or all(value == values[0] for value in values)):
            raise ValueError("what is disputed has two claims that differ")
        if self.status in {"unknown", "not_applicable"} and values:
            raise ValueError(f"what is {self.status} has no claims")
        if self.status in {"unknown", "disputed"} and self.settled_by is None:
            raise ValueError(f"what is {self.status} says by what it would be settled")
        return self

    @property
    def text(self) -> str:
        """The fact for people."""
        return text_of(self)

    @property
    def bases(self) -> str:
        """What its claims are: measured, declared, …"""
        return ", ".join(dict.fromkeys(claim.basis for claim in self.claims))

    @property
    def claim(self) -> Claim | None:
        """The claim of a fact that is known."""
        return self.claims[0] if self.status == "known" else None


def text_of(fact: Fact | None) -> str:
    """Return a fact for people: its value, or in words what there is in place of one."""
    if fact is None or fact.status == "unknown":
        return "unknown"
    if fact.status == "not_applicable":
        return "not applicable"
    values = " or ".join(dict.fromkeys(claim.text for claim in fact.claims))
    return f"disputed: {values}" if fact.status == "disputed" else values


class Capability(_Plain):
    """Something that an artifact does. Artifacts that do the same thing share the `id` (docs/catalog.md)."""

    id: CapabilityId
    name: Line
    description: Prose
    intents: Lines = Field(min_length=1)
    best_for: Lines = ()
    limits: Lines = ()
    requirements: Lines = ()
    inputs: Lines = ()
    outputs: Lines = ()
    evidence: References = ()


class ArtifactVersion(_Plain):
    """A version of an artifact; `hashes` by algorithm name what exactly is meant."""

    name: Line
    date: Day | None = None
    hashes: dict[Line, Line] = Field(default={}, max_length=10)


class Identity(_Plain):
    """What an artifact is called. `aliases` are other names of the same thing, such as its place on a hub."""

    kind: ArtifactKind
    name: Name
    title: Line
    description: Prose
    url: Line | None = None
    aliases: Lines = ()
    versions: Annotated[tuple[ArtifactVersion, ...], Field(max_length=1000, strict=False)] = ()


class Passport(_Plain):
    """An artifact with what it can do and what is known of it.

    No two facts have one name and no two capabilities one id; `license`, `maintainer` and `price` are there in any
    case.
    """

    format: Literal[1] = FORMAT
    artifact: Identity
    capabilities: Annotated[tuple[Capability, ...], Field(max_length=200, strict=False)] = ()
    facts: Annotated[tuple[Fact, ...], Field(max_length=2000, strict=False)] = ()

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        for what, names in (
            ("capabilities", [one.id for one in self.capabilities]),
            ("facts", [one.name for one in self.facts]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
            if twice:
                raise ValueError(f"{what}: '{twice[0]}' stands twice")
        missing = [name for name in ALWAYS if name not in {fact.name for fact in self.facts}]
        if missing:
            raise ValueError(f"facts: '{missing[0]}' is missing; where nothing is known of it, its status is 'unknown'")
        return self

    def fact(self, name: str) -> Fact | None:
        """Return the fact of a name; None where the passport does not speak of it."""
        return next((fact for fact in self.facts if fact.name == name), None)

    @property
    def references(self) -> list[Reference]:
        """All that capabilities and facts rest on, in order."""
        return [
            *(reference for capability in self.capabilities for reference in capability.evidence),
            *(reference for fact in self.facts for claim in fact.claims for reference in claim.evidence),
        ]
