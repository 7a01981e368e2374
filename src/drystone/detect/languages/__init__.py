"""Which language a file is written in, whether a tool generated it, and Linguist's table of languages.

Bytes and path in, names out; knows nothing of policies, sources or releases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drystone._lazy import lazily

if TYPE_CHECKING:
    from drystone.detect.languages.detection import (
        LanguageAnnotation,
        annotate_language,
        detect_language,
        detect_languages,
    )
    from drystone.detect.languages.generated import GeneratedBy, generated_by, is_generated, says_generated
    from drystone.detect.languages.tables import Language, language_problem, languages

__all__ = [
    "GeneratedBy",
    "Language",
    "LanguageAnnotation",
    "annotate_language",
    "detect_language",
    "detect_languages",
    "generated_by",
    "is_generated",
    "language_problem",
    "languages",
    "says_generated",
]

__getattr__ = lazily(
    __name__,
    {
        "GeneratedBy": "drystone.detect.languages.generated",
        "Language": "drystone.detect.languages.tables",
        "LanguageAnnotation": "drystone.detect.languages.detection",
        "annotate_language": "drystone.detect.languages.detection",
        "detect_language": "drystone.detect.languages.detection",
        "detect_languages": "drystone.detect.languages.detection",
        "generated_by": "drystone.detect.languages.generated",
        "is_generated": "drystone.detect.languages.generated",
        "language_problem": "drystone.detect.languages.tables",
        "languages": "drystone.detect.languages.tables",
        "says_generated": "drystone.detect.languages.generated",
    },
)
