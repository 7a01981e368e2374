"""Decisions on what scanners and benchmarks say of a text. Knows what was found, not how it is found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from drystone.policy.decision import Drop, Reason

if TYPE_CHECKING:
    from drystone._json import Json

#: What becomes of a file that holds a task so short that any program may hold it.
GenericCode = Literal["keep", "drop"]


class Screened(NamedTuple):
    """What was found of a text: by scanners (`names` of signatures, or the `problem`), and of benchmarks' tasks.

    None where nothing was found, or nothing was sought.
    """

    malware: Mapping[str, Json] | None = None
    contamination: Mapping[str, Json] | None = None

    @property
    def generic_code(self) -> Mapping[str, Json] | None:
        """The evidence of a task that is only what any program may hold."""
        if self.contamination is None or not self.contamination["generic"]:
            return None
        return _evidence(self.contamination)


def judge_screened(screened: Screened, generic: GenericCode) -> Drop | None:
    """Return why a text is left out, or None. A text that a scanner could not read is not taken for a clean one."""
    if screened.malware is not None:
        reason = Reason.NOT_SCANNED if "problem" in screened.malware else Reason.MALWARE
        return Drop(reason, screened.malware)
    if screened.contamination is None:
        return None
    if not screened.contamination["generic"]:
        return Drop(Reason.BENCHMARK, _evidence(screened.contamination))
    return Drop(Reason.GENERIC_CODE, _evidence(screened.contamination)) if generic == "drop" else None


def _evidence(found: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in found.items() if name != "generic"}
