"""Which texts are good enough to be in a release: thresholds over measures, as data.

The defaults are the profile `stack-v2`: the thresholds of StarCoder2 (arXiv:2402.19173, section 4.1), each of which
a build may set.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from drystone.policy.decision import Drop, Reason
from drystone.policy.names import LanguageName

if TYPE_CHECKING:
    from drystone._json import Json


class QualityPolicy(BaseModel):
    """Thresholds; a file is dropped where a measure is beyond its threshold. Lengths in characters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    profile: Literal["stack-v2", "off"] = "stack-v2"
    max_lines: int = Field(100_000, ge=1)
    max_average_line_length: float = Field(100, gt=0)
    max_line_length: int = Field(1000, ge=1)
    #: These languages are exempt from the two limits above; one line may still not exceed `max_long_line_length`.
    long_line_languages: tuple[LanguageName, ...] = (
        "HTML", "JSON", "Markdown", "Roff", "Roff Manpage", "SMT", "TeX", "Text", "XML",
    )  # fmt: skip
    max_long_line_length: int = Field(100_000, ge=1)
    min_letter_fraction: float = Field(0.25, ge=0, le=1)
    #: For these the share of letters and digits counts in place of that of letters.
    alphanumeric_languages: tuple[LanguageName, ...] = ("Motorola 68K Assembly", "WebAssembly")
    max_encoded_run: int = Field(1024, ge=0)
    max_encoded_fraction: float = Field(0.5, ge=0, le=1)
    data_languages: tuple[LanguageName, ...] = ("Text", "JSON", "YAML", "Web Ontology Language", "Graphviz (DOT)")
    max_data_lines: int = Field(512, ge=1)
    min_visible_characters: int = Field(100, ge=0)
    min_visible_fraction: float = Field(0.2, ge=0, le=1)
    #: A file of language Text stays only where its name says that it is documentation.
    text_stems: tuple[str, ...] = ("readme", "notes", "todo", "description", "cmakelists")
    text_infix: str = "requirement"
    drop_generated: bool = True


class Measures(NamedTuple):
    """What was measured of a text: as `drystone.detect.quality` measures it; the last two are None but for HTML."""

    num_lines: int
    max_line_length: int
    avg_line_length: float
    alpha_fraction: float
    alphanum_fraction: float
    encoded_longest: int
    encoded_fraction: float
    #: The words by which its first lines say that a program wrote it.
    says_generated: str | None
    visible_characters: int | None = None
    visible_fraction: float | None = None


def judge_quality(
    policy: QualityPolicy, language: str, name: str, measures: Measures, generated: Mapping[str, Json] | None
) -> Drop | None:
    """Return why a text is not good enough, or None.

    `name` is the file's base name; `generated` is the rule by which a program wrote it, with value and limit.
    """
    if policy.profile == "off":
        return None
    if measures.num_lines == 0:
        return Drop(Reason.EMPTY)
    if policy.drop_generated and generated is not None:
        return Drop(Reason.GENERATED, generated)
    if policy.drop_generated and measures.says_generated is not None:
        return Drop(Reason.GENERATED, {"rule": "first lines", "value": measures.says_generated})
    return (
        _lines(policy, language, measures)
        or _characters(policy, language, measures)
        or _kind(policy, language, name, measures)
    )


def _beyond(reason: Reason, measure: str, value: float | None, limit: float) -> Drop:
    return Drop(reason, {measure: round(value, 4) if isinstance(value, float) else value, "limit": limit})


def _lines(policy: QualityPolicy, language: str, m: Measures) -> Drop | None:
    if m.num_lines > policy.max_lines:
        return _beyond(Reason.TOO_MANY_LINES, "num_lines", m.num_lines, policy.max_lines)
    longest = policy.max_line_length
    if language in policy.long_line_languages:
        longest = policy.max_long_line_length
    elif m.avg_line_length > policy.max_average_line_length:
        return _beyond(Reason.LONG_AVERAGE_LINE, "avg_line_length", m.avg_line_length, policy.max_average_line_length)
    if m.max_line_length > longest:
        return _beyond(Reason.LONG_LINE, "max_line_length", m.max_line_length, longest)
    return None


def _characters(policy: QualityPolicy, language: str, m: Measures) -> Drop | None:
    share, measure = m.alpha_fraction, "alpha_fraction"
    if language in policy.alphanumeric_languages:
        share, measure = m.alphanum_fraction, "alphanum_fraction"
    if share < policy.min_letter_fraction:
        return _beyond(Reason.FEW_LETTERS, measure, share, policy.min_letter_fraction)
    if m.encoded_longest > policy.max_encoded_run:
        return _beyond(Reason.ENCODED_DATA, "encoded_longest", m.encoded_longest, policy.max_encoded_run)
    if m.encoded_fraction > policy.max_encoded_fraction:
        return _beyond(Reason.ENCODED_DATA, "encoded_fraction", m.encoded_fraction, policy.max_encoded_fraction)
    return None


def _kind(policy: QualityPolicy, language: str, name: str, m: Measures) -> Drop | None:
    """Judge what only some languages are held to."""
    if language in policy.data_languages and m.num_lines > policy.max_data_lines:
        return _beyond(Reason.LONG_DATA_FILE, "num_lines", m.num_lines, policy.max_data_lines)
    if language == "HTML":
        visible, share = m.visible_characters, m.visible_fraction
        assert visible is not None
        assert share is not None
        if visible < policy.min_visible_characters:
            return _beyond(Reason.LITTLE_VISIBLE_TEXT, "visible_characters", visible, policy.min_visible_characters)
        if share < policy.min_visible_fraction:
            return _beyond(Reason.LITTLE_VISIBLE_TEXT, "visible_fraction", share, policy.min_visible_fraction)
    if language == "Text":
        lower = name.lower()
        if policy.text_infix not in lower and PurePosixPath(lower).stem not in policy.text_stems:
            return Drop(Reason.PLAIN_TEXT, {"name": name})
    return None
