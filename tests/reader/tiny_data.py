"""A small question-answering set that a tiny model can learn: who did what where, in sentences of one pattern."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

_NAMES = ("argument", "string", "random", "sequence", "function", "value", "iterable", "module")
_PLACES = ("the class", "a list", "the object", "a file", "the parser", "an instance")
_DEEDS = ("returns", "raises", "prints", "takes", "holds")


def make_squad(articles: int, paragraphs: int = 4, seed: int = 0) -> list[dict[str, Any]]:
    """SQuAD's `data`: articles of paragraphs of a few sentences, with a question on each sentence's place."""
    random = np.random.default_rng(seed)
    count = 0
    made = []
    for a in range(articles):
        rows = []
        for _ in range(paragraphs):
            context, qas = "", []
            names = random.permutation(len(_NAMES))[: int(random.integers(1, 5))]
            for name in names.tolist():
                deed, place = str(random.choice(_DEEDS)), str(random.choice(_PLACES))
                sentence = f"The {_NAMES[name]} {deed} {place}. "
                start = len(context) + sentence.index(place, 4)
                answers = [{"text": place, "answer_start": start}]
                qas.append(
                    {"id": f"a{count}", "question": f"What is it that {_NAMES[name]} {deed}?", "answers": answers}
                )
                context += sentence
                count += 1
            rows.append({"context": context, "qas": qas})
        made.append({"title": f"article {a}", "paragraphs": rows})
    return made


def write_squad(path: Path, data: list[dict[str, Any]], license: str | None = "CC0-1.0") -> Path:
    """Write a SQuAD file."""
    whole = {"version": "1.1", "data": data} | ({"license": license} if license else {})
    path.write_text(json.dumps(whole), encoding="utf-8")
    return path
