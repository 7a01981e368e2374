"""Idioms of common languages, and what is settled by them and by likeness together."""

import pytest
from benchmarks.detection.nameless import CODE, NOTHING

from drystone.detect.languages.detection import annotate_language
from drystone.detect.languages.idioms import idioms
from drystone.detect.languages.tables import languages


def test_idioms_are_counted_once_each() -> None:
    assert idioms(b"#include <stdio.h>\n#include <stdlib.h>\n\nint main(void)\n{\n    return 0;\n}\n")["C"] == 4
    assert not idioms(b"gate 3\nhinge 4\n")


@pytest.mark.parametrize(("language", "text"), CODE, ids=[f"{name}{n}" for n, (name, _) in enumerate(CODE)])
def test_common_code_without_a_name_is_right_or_not_settled(language: str, text: str) -> None:
    assert language in languages()
    assert annotate_language(None, text.encode()).settled() in (language, None)


def test_most_common_code_without_a_name_is_settled() -> None:
    settled = [annotate_language(None, text.encode()).settled() for _, text in CODE]
    assert settled.count(None) <= 0.06 * len(CODE)


def test_files_with_nothing_to_go_by_stay_without_a_language() -> None:
    found = {name: annotate_language(name, text.encode()).settled() for name, text in NOTHING}
    answered = {name: language for name, language in found.items() if language not in (None, "Text")}
    assert len(answered) <= 0.03 * len(NOTHING), answered


@pytest.mark.parametrize(
    "text",
    [
        '{% for gate in gates %}\n<li class="gate"><a href="/g">{{ gate.name }}</a></li>\n{% endfor %}\n<div></div>\n',
        "cdef int width(int a):\n    cdef int b = a\n    return b\n\ndef area(w):\n    print(w)\n",
    ],
)
def test_templates_and_dialects_are_not_settled_as_their_base(text: str) -> None:
    assert annotate_language(None, text.encode()).settled() not in ("HTML", "Python")
