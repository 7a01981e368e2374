"""Which texts are good enough to be in a release: thresholds over measures, as data.

The defaults are the profile `stack-v2`: the thresholds of StarCoder2 (arXiv:2402.19173, section 4.1), each of which
a build may set.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from drystone.policy.drop import Drop


class QualityPolicy(BaseModel):
    """Thresholds; a file is dropped where a measure is beyond its threshold. Lengths in characters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    profile: Literal["stack-v2", "off"] = "stack-v2"
    max_lines: int = Field(100_000, ge=1)
    max_average_line_length: float = Field(100, gt=0)
    max_line_length: int = Field(1000, ge=1)
    #: These languages are exempt from the two limits above; one line may still not exceed `max_long_line_length`.
    long_line_languages: tuple[str, ...] = (
        "HTML", "JSON", "Markdown", "Roff", "Roff Manpage", "SMT", "TeX", "Text", "XML",
    )  # fmt: skip
    max_long_line_length: int = Field(100_000, ge=1)
    min_letter_fraction: float = Field(0.25, ge=0, le=1)
    #: For these the share of letters and digits counts in place of that of letters.
    alphanumeric_languages: tuple[str, ...] = ("Motorola 68K Assembly", "WebAssembly")
    max_encoded_run: int = Field(1024, ge=0)
    max_encoded_fraction: float = Field(0.5, ge=0, le=1)
    data_languages: tuple[str, ...] = ("Text", "JSON", "YAML", "Web Ontology Language", "Graphviz (DOT)")
    max_data_lines: int = Field(512, ge=1)
    min_visible_characters: int = Field(100, ge=0)
    min_visible_fraction: float = Field(0.2, ge=0, le=1)
    #: A file of language Text stays only where its name says that it is documentation.
    text_stems: tuple[str, ...] = ("readme", "notes", "todo", "description", "cmakelists")
    text_infix: str = "requirement"
    drop_generated: bool = True


def judge(policy: QualityPolicy, language: str, name: str, measures: Mapping[str, Any], generated: bool) -> Drop | None:
    """Return why a text is not good enough, or None.

    `measures` has the columns of `drystone.detect.quality.MEASURES`, `says_generated`, and for HTML
    `visible_characters` and `visible_fraction`; `name` is the file's base name.
    """
    if policy.profile == "off":
        return None

    def drop(reason: str, measure: str, limit: object) -> Drop:
        value = measures[measure]
        return Drop(
            "quality", reason, {measure: round(value, 4) if isinstance(value, float) else value, "limit": limit}
        )

    if measures["num_lines"] == 0:
        return Drop("quality", "empty")
    if policy.drop_generated and (generated or measures["says_generated"]):
        return Drop("quality", "generated", {"by": "rule" if generated else "first lines"})
    if measures["num_lines"] > policy.max_lines:
        return drop("too_many_lines", "num_lines", policy.max_lines)
    if language in policy.long_line_languages:
        if measures["max_line_length"] > policy.max_long_line_length:
            return drop("long_line", "max_line_length", policy.max_long_line_length)
    elif measures["avg_line_length"] > policy.max_average_line_length:
        return drop("long_average_line", "avg_line_length", policy.max_average_line_length)
    elif measures["max_line_length"] > policy.max_line_length:
        return drop("long_line", "max_line_length", policy.max_line_length)
    letters = "alphanum_fraction" if language in policy.alphanumeric_languages else "alpha_fraction"
    if measures[letters] < policy.min_letter_fraction:
        return drop("few_letters", letters, policy.min_letter_fraction)
    if measures["encoded_longest"] > policy.max_encoded_run:
        return drop("encoded_data", "encoded_longest", policy.max_encoded_run)
    if measures["encoded_fraction"] > policy.max_encoded_fraction:
        return drop("encoded_data", "encoded_fraction", policy.max_encoded_fraction)
    if language in policy.data_languages and measures["num_lines"] > policy.max_data_lines:
        return drop("long_data_file", "num_lines", policy.max_data_lines)
    if language == "HTML":
        if measures["visible_characters"] < policy.min_visible_characters:
            return drop("little_visible_text", "visible_characters", policy.min_visible_characters)
        if measures["visible_fraction"] < policy.min_visible_fraction:
            return drop("little_visible_text", "visible_fraction", policy.min_visible_fraction)
    if language == "Text":
        lower = name.lower()
        if policy.text_infix not in lower and PurePosixPath(lower).stem not in policy.text_stems:
            return Drop("quality", "plain_text", {"name": name})
    return None
