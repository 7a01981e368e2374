"""What is looked for, how eagerly, and what is written in its place. Plain data; knows no rule."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final, Literal, get_args

from drystone.errors import SettingsError, did_you_mean

Level = Literal["off", "low", "balanced", "high"]
Replacement = Literal["placeholder", "surrogate"]
#: What becomes of people beside content: hashes that join, nothing, or what the source says.
People = Literal["hash", "drop", "keep"]

#: The confidence a finding needs at each level of sensitivity.
LEAST_CONFIDENCE: Final[dict[str, float]] = {"low": 0.9, "balanced": 0.6, "high": 0.3}

KINDS: Final = (
    "email",
    "ip_address",
    "phone",
    "credit_card",
    "iban",
    "private_key",
    "token",
    "password",
    "high_entropy",
    "name",
)

#: Kinds of what grants access; the others name or reach a person.
SECRET_KINDS: Final = frozenset(("private_key", "token", "password", "high_entropy"))


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """Sensitivity of each kind, what is kept, and the form of replacement; picklable, and JSON by `as_dict`.

    A kind's level is the confidence its findings need: `low` 0.9, `balanced` 0.6, `high` 0.3; `off` looks for none.
    `name` (personal names in author and copyright lines) is off, since licences ask for attribution.
    `keep` names kinds that are reported by a scan but left in the text by `redact`.
    `replacement` is `placeholder` (`<EMAIL>`) or `surrogate` (the same shape, stable within a file).
    """

    email: Level = "balanced"
    ip_address: Level = "balanced"
    phone: Level = "balanced"
    credit_card: Level = "balanced"
    iban: Level = "balanced"
    private_key: Level = "balanced"
    token: Level = "balanced"  # noqa: S105  a level, no password
    password: Level = "balanced"  # noqa: S105  a level, no password
    high_entropy: Level = "balanced"
    name: Level = "off"
    keep: tuple[str, ...] = ()
    replacement: Replacement = "placeholder"

    def __post_init__(self) -> None:
        problems = [
            f"{kind} = {getattr(self, kind)!r}: a level is one of {', '.join(get_args(Level))}."
            for kind in KINDS
            if getattr(self, kind) not in get_args(Level)
        ]
        problems += [
            f"keep names {kind!r}; kinds are {', '.join(KINDS)}{did_you_mean(kind, KINDS) or '.'}"
            for kind in self.keep
            if kind not in KINDS
        ]
        if self.replacement not in get_args(Replacement):
            problems.append(f"replacement = {self.replacement!r}: write placeholder or surrogate.")
        if problems:
            raise SettingsError(problems)

    def least_confidence(self, kind: str) -> float:
        """Return the confidence a finding of `kind` needs; over 1 where the kind is off."""
        return LEAST_CONFIDENCE.get(getattr(self, kind), 2.0)

    def as_dict(self) -> dict[str, str | list[str]]:
        """Return the settings as JSON-able data."""
        return {f.name: list(v) if isinstance(v := getattr(self, f.name), tuple) else v for f in fields(self)}
