"""Why a release holds nothing, and what of the settings lets nothing through. Reads ledgers; decides nothing."""

from __future__ import annotations

from typing import Final

from drystone._words import many
from drystone.building.configuration.tables import Settings
from drystone.policy.decision import LedgerStage, Reason
from drystone.release.inspection.stats import stats
from drystone.release.read import Release

#: What to look at where files are dropped for a reason, or at a stage; docs/building.md explains each.
_LOOK_AT: Final[dict[object, str]] = {
    LedgerStage.OPTED_OUT: "requests in the registry: drystone optout list",
    Reason.TOO_LARGE: "[limits] max_file_bytes",
    Reason.REPOSITORY_DUPLICATE: "[repository_duplicates] action and threshold",
    Reason.UNKNOWN_LANGUAGE: "[languages] least_confidence",
    Reason.EXCLUDED_LANGUAGE: "[languages] include and exclude",
    Reason.NON_PERMISSIVE_LICENSE: "[licenses] allow, categories and tiers",
    Reason.DENIED_LICENSE: "[licenses] deny",
    Reason.NO_LICENSE: "[licenses] no_license, or a LICENSE file in the source",
    LedgerStage.LICENSE: "decisions on licence texts: drystone review list",
    Reason.GENERATED: "[quality] drop_generated",
    LedgerStage.QUALITY: "[quality]",
    LedgerStage.MALWARE: "[malware], and what the scanner said: drystone why",
    LedgerStage.DECONTAMINATION: "[decontamination] against, threshold and generic",
    LedgerStage.FILTERS: "[filters] drop",
    LedgerStage.EXACT_DUPLICATES: "the file that stands for it: drystone why",
    LedgerStage.NEAR_DUPLICATES: "[near_duplicates]",
}


def why_nothing(release: Release) -> list[str]:
    """Return why a release keeps no file, one line for each reason with what to look at; empty where it keeps some."""
    counts = release.manifest.counts
    if counts.kept:
        return []
    if not counts.occurrences:
        out = counts.opted_out_repositories
        return [f"opted out: {many(out, 'repository')}, and no other has a file" if out else "the sources hold no file"]
    return [
        f"{many(each.files, 'file')} at stage {each.stage}: {each.reason}{_look_at(each.reason)}"
        for each in stats(release).reasons
    ]


def unmet_languages(settings: Settings, release: Release) -> list[str]:
    """Return the languages that `include` asks for and no kept file is in."""
    return [name for name in settings.languages.include if name not in release.languages]


def _look_at(word: str) -> str:
    reason = next((each for each in Reason if each.word == word), None)
    if reason is None:
        return ""
    hint = _LOOK_AT.get(reason) or _LOOK_AT.get(reason.stage)
    return f"; look at {hint}" if hint else ""
