"""What a decision is: kept, or dropped for one reason, at one stage, on some evidence.

Every stage and every reason stand here, in the order of judging, and nowhere else. Knows no rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, ClassVar, Final

if TYPE_CHECKING:
    from drystone._json import Json


class LedgerStage(Enum):
    """Where a decision falls. The first stage that objects to a file drops it; `RELEASE` is that of a kept file."""

    OPTED_OUT = "opted_out"
    INVENTORY = "inventory"
    REPOSITORY_DUPLICATES = "repository_duplicates"
    ENCODING = "encoding"
    LANGUAGE = "language"
    LICENSE = "license"
    QUALITY = "quality"
    MALWARE = "malware"
    DECONTAMINATION = "decontamination"
    FILTERS = "filters"
    EXACT_DUPLICATES = "exact_duplicates"
    NEAR_DUPLICATES = "near_duplicates"
    RELEASE = "release"
    #: Not of a build: what a retraction leaves behind.
    RETRACTION = "retraction"
    #: Not of a build either: what a mixture of a release leaves out.
    MIXTURE = "mixture"

    def __init__(self, word: str) -> None:
        self.word = word


class Reason(Enum):
    """Why a file is dropped: `stage` and `word` are what the ledger says, and docs/building.md explains each."""

    OPTED_OUT = LedgerStage.OPTED_OUT, "opted_out"
    SYMLINK = LedgerStage.INVENTORY, "symlink"
    SUBMODULE = LedgerStage.INVENTORY, "submodule"
    DEVICE = LedgerStage.INVENTORY, "device"
    UNREADABLE = LedgerStage.INVENTORY, "unreadable"
    LOST_CONTENT = LedgerStage.INVENTORY, "lost_content"
    LOST_DIRECTORY = LedgerStage.INVENTORY, "lost_directory"
    LOST_REPOSITORY = LedgerStage.INVENTORY, "lost_repository"
    TOO_LARGE = LedgerStage.INVENTORY, "too_large"
    REPOSITORY_DUPLICATE = LedgerStage.REPOSITORY_DUPLICATES, "repository_duplicate"
    BINARY = LedgerStage.ENCODING, "binary"
    UNDECODABLE = LedgerStage.ENCODING, "undecodable"
    DAMAGED = LedgerStage.ENCODING, "damaged"
    UNKNOWN_LANGUAGE = LedgerStage.LANGUAGE, "unknown_language"
    EXCLUDED_LANGUAGE = LedgerStage.LANGUAGE, "excluded_language"
    LICENSE_DENIED = LedgerStage.LICENSE, "license_denied"
    LICENSE_NOT_UNDERSTOOD = LedgerStage.LICENSE, "license_not_understood"
    NON_PERMISSIVE_LICENSE = LedgerStage.LICENSE, "non_permissive_license"
    DENIED_LICENSE = LedgerStage.LICENSE, "denied_license"
    NO_LICENSE = LedgerStage.LICENSE, "no_license"
    EMPTY = LedgerStage.QUALITY, "empty"
    GENERATED = LedgerStage.QUALITY, "generated"
    TOO_MANY_LINES = LedgerStage.QUALITY, "too_many_lines"
    LONG_AVERAGE_LINE = LedgerStage.QUALITY, "long_average_line"
    LONG_LINE = LedgerStage.QUALITY, "long_line"
    FEW_LETTERS = LedgerStage.QUALITY, "few_letters"
    ENCODED_DATA = LedgerStage.QUALITY, "encoded_data"
    LONG_DATA_FILE = LedgerStage.QUALITY, "long_data_file"
    LITTLE_VISIBLE_TEXT = LedgerStage.QUALITY, "little_visible_text"
    PLAIN_TEXT = LedgerStage.QUALITY, "plain_text"
    MALWARE = LedgerStage.MALWARE, "malware"
    NOT_SCANNED = LedgerStage.MALWARE, "not_scanned"
    BENCHMARK = LedgerStage.DECONTAMINATION, "benchmark"
    GENERIC_CODE = LedgerStage.DECONTAMINATION, "generic_code"
    FILTERED = LedgerStage.FILTERS, "filtered"
    EXACT_DUPLICATE = LedgerStage.EXACT_DUPLICATES, "exact_duplicate"
    NEAR_DUPLICATE = LedgerStage.NEAR_DUPLICATES, "near_duplicate"
    #: Given by retraction alone: a duplicate whose kept file was retracted since.
    REPRESENTATIVE_RETRACTED = LedgerStage.RETRACTION, "representative_retracted"
    #: Given by mixtures alone: files that `[only]` excludes, those over the budget, near duplicates of either.
    EXCLUDED_FROM_MIXTURE = LedgerStage.MIXTURE, "excluded_from_mixture"
    OVER_BUDGET = LedgerStage.MIXTURE, "over_budget"
    REPRESENTATIVE_NOT_IN_MIXTURE = LedgerStage.MIXTURE, "representative_not_in_mixture"

    def __init__(self, stage: LedgerStage, word: str) -> None:
        self.stage = stage
        self.word = word


@dataclass(frozen=True, slots=True)
class Kept:
    """In the release: no stage objects."""

    decision: ClassVar[str] = "kept"
    stage: ClassVar[LedgerStage] = LedgerStage.RELEASE


@dataclass(frozen=True, slots=True)
class Drop:
    """Not in the release; `evidence` is JSON-able and says what the reason rests on."""

    reason: Reason
    evidence: Mapping[str, Json] = field(default_factory=dict)
    decision: ClassVar[str] = "dropped"

    @property
    def stage(self) -> LedgerStage:
        """The stage that objects."""
        return self.reason.stage


KEPT: Final = Kept()
