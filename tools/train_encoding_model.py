"""Rewrites `characters.json` of drystone.detect: how common each character over U+007F is in texts of some languages.

    python -m tools.train_encoding_model DJANGO_WHEEL

The texts are the translations that Django's wheel carries (BSD-3-Clause): short sentences of programs, as comments and
messages are. What was used for the shipped file stands in docs/detection/languages.md.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from drystone.detect.legacy import LANGUAGES, MODEL

#: Characters of a language that are told apart; what is rarer counts by its class alone.
_CHARACTERS = 1500
_STRING = re.compile(r'^"(?:[^"\\]|\\.)*"$')


def translations(wheel: Path, language: str) -> Iterator[str]:
    """Yield the translated sentences of one language's catalogs."""
    with zipfile.ZipFile(wheel) as archive:
        for name in sorted(archive.namelist()):
            if f"/locale/{language}/" in name and name.endswith(".po"):
                yield from _sentences(archive.read(name).decode())


def _sentences(catalog: str) -> Iterator[str]:
    """Yield what stands behind `msgstr` in a catalog, its head aside."""
    for block in catalog.split("\n\n")[1:]:
        said, inside = [], False
        for line in block.splitlines():
            keyword, _, text = line.partition(" ") if line.startswith("msg") else ("", "", line)
            if keyword:
                inside = keyword.startswith("msgstr")
            if inside and _STRING.match(text):
                said.append(ast.literal_eval(text))
        yield "".join(said)


def counted(sentences: Iterator[str]) -> dict[str, object]:
    """Return the commonest characters with their counts, their total, and how often each kind of neighbour precedes."""
    characters: Counter[str] = Counter()
    before = [0, 0, 0]
    for sentence in sentences:
        previous = " "
        for character in sentence:
            if character > "\x7f":
                characters[character] += 1
                before[1 if previous > "\x7f" else 0 if previous.isalpha() else 2] += 1
            previous = character
    common = sorted(characters.items(), key=lambda item: (-item[1], item[0]))[:_CHARACTERS]
    return {
        "characters": "".join(character for character, _ in common),
        "counts": [count for _, count in common],
        "total": characters.total(),
        "before": before,
    }


def _main() -> None:
    parser = argparse.ArgumentParser(description="Rewrite the statistics behind guesses of an encoding.")
    parser.add_argument("wheel", type=Path)
    wheel = parser.parse_args().wheel
    model = {language: counted(translations(wheel, language)) for language in LANGUAGES}
    rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(row, ensure_ascii=False)}" for name, row in model.items())
    MODEL.write_text("{\n" + rows + "\n}\n", "utf-8")
    print(f"{MODEL}: {len(model)} languages from {wheel.name}")


if __name__ == "__main__":
    _main()
