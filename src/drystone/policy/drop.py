"""What a policy answers: nothing (go on) or a drop with its stage, reason and evidence.

The stages and reasons of every drop stand here, in the order in which a build judges.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

#: Stage -> reasons. A file is dropped by the first stage that objects.
REASONS: Final[dict[str, tuple[str, ...]]] = {
    "opted_out": ("opted_out",),
    "inventory": ("symlink", "submodule", "device", "unreadable", "too_large"),
    "encoding": ("binary", "undecodable", "damaged"),
    "language": ("unknown_language", "excluded_language"),
    "license": ("non_permissive_license", "denied_license", "no_license"),
    "quality": (
        "empty",
        "generated",
        "too_many_lines",
        "long_average_line",
        "long_line",
        "few_letters",
        "encoded_data",
        "long_data_file",
        "little_visible_text",
        "plain_text",
    ),
    "exact_duplicates": ("exact_duplicate",),
    "near_duplicates": ("near_duplicate",),
}

STAGES: Final = (*REASONS, "release")


@dataclass(frozen=True, slots=True)
class Drop:
    """One objection: `evidence` is JSON-able and says what the reason rests on."""

    stage: str
    reason: str
    evidence: dict[str, Any] = field(default_factory=dict)
