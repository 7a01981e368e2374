"""Asks a folder of text files: for each question the likeliest span, copied from the file that it stands in.

python examples/ask_documents.py FOLDER "What lies on top?" "..." [--model mini] (pip install ./models/mini)
"""

from __future__ import annotations

import argparse
from pathlib import Path

from drystone import Reader


def main() -> None:
    """Ask each file each question; across different texts, answers are compared by `logit` (docs/reader.md)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("questions", nargs="+")
    parser.add_argument("--model", default="mini", help="installed model, folder or Hub id")
    given = parser.parse_args()

    texts = {path: path.read_text("utf-8") for path in sorted(given.folder.rglob("*.md")) if path.stat().st_size}
    reader = Reader.load(given.model)
    for question in given.questions:
        pairs = ((question, text) for text in texts.values())
        answers = reader.stream(pairs, handle_impossible_answer=True)  # a text may hold no answer
        found = [(file, a[0]) for file, a in zip(texts, answers, strict=True) if a and a[0].text]
        if not found:
            print(f"{question} - no answer in {len(texts)} files")
            continue
        file, best = max(found, key=lambda pair: pair[1].logit)
        line = texts[file].count("\n", 0, best.start) + 1
        assert texts[file][best.start : best.end] == best.text  # a span of the file, never written by the model
        print(f"{question} - {best.text!r} ({file}, line {line}, score {best.score:.2f})")


if __name__ == "__main__":
    main()
