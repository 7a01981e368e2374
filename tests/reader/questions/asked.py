"""What a text asks, and its answers."""

from __future__ import annotations

from drystone.reader.questions.documentation import TextPage, examples


def asked_of(path: str, text: str) -> dict[str, str]:
    found = examples([TextPage(path, text)])
    for e in found:
        assert e.start is not None and e.context[e.start : e.end] == e.golds[0]
        assert e.title == path
    return {e.question: e.golds[0] for e in found}
