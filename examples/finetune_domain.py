"""Fine-tunes a reader on a domain and prints the gain on articles of it that are held back.

    python examples/finetune_domain.py squadshifts_amazon_reviews.json.gz --license CC-BY-4.0
    python examples/finetune_domain.py --documentation docs --documentation src --license Apache-2.0

The first form learns from a SQuAD file: product reviews, of which a third is held back. The second makes questions from
what documentation and code say of themselves, so that nobody has to label anything. `--general` measures another SQuAD
file before and after, to see what is lost there.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from drystone import Reader
from drystone.reader.evaluation.metrics import score
from drystone.reader.questions.documentation import write
from drystone.reader.training.data import Example, hold_out, questions, read_data
from drystone.reader.training.train import train


def measure(model: str | Path, examples: tuple[Example, ...]) -> tuple[float, float, float]:
    """Return exact match, F1 and half of F1's 95 % interval, in per cent."""
    asked = questions(examples)
    with_answers = Reader.load(model).stream(((q.question, q.context) for q in asked), max_answer_len=30)
    marks = np.array([score(q, a[0].text if a else "") for q, a in zip(asked, with_answers, strict=True)]) * 100
    return marks[:, 0].mean(), marks[:, 1].mean(), 1.96 * marks[:, 1].std() / len(marks) ** 0.5


def main() -> None:
    """Parse arguments, measure, train, measure again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", help="SQuAD file")
    parser.add_argument("--documentation", type=Path, action="append", help="make questions from this folder instead")
    parser.add_argument("--license", required=True, help="of the data, as an SPDX expression")
    parser.add_argument("--model", default="mini", help="installed model, folder or Hub id")
    parser.add_argument("--out", type=Path, default=Path("tuned"))
    parser.add_argument("--hold-out", type=float, default=1 / 3)
    parser.add_argument("--examples", type=int, help="length of the run (default: one pass)")
    parser.add_argument("--limit", type=int, default=1000, help="held-out questions to measure")
    parser.add_argument("--learning-rate", type=float, default=5e-5)
    parser.add_argument("--general", type=Path, help="another SQuAD file to measure before and after")
    given = parser.parse_args()
    if (given.data is None) == (given.documentation is None):
        parser.error("give a SQuAD file or --documentation")
    with tempfile.TemporaryDirectory() as scratch:
        data = given.data
        if given.documentation:
            data = Path(scratch) / "documentation.json"
            print(f"{write(given.documentation, given.license, data):,} questions from documentation")
        kept, held = hold_out(read_data(data, license=given.license, skip_bad=True), given.hold_out)
    held = held[:: max(1, len(held) // given.limit)]
    sets = {f"{kept.name}, {len(held):,} held-out questions": held}
    if given.general:
        general = read_data(given.general, license="measured only", skip_bad=True).examples
        sets[given.general.name] = general[:: max(1, len(general) // given.limit)]
    before = {name: measure(given.model, examples) for name, examples in sets.items()}
    train(
        given.model,
        [kept],
        given.out,
        examples=given.examples,
        learning_rate=given.learning_rate,
        report=lambda row: (
            print(f"{row['seen']:,} of {row['of']:,}: loss {row['loss']:.3f}") if "loss" in row else None
        ),
    )
    for name, examples in sets.items():
        em, f1, around = measure(given.out, examples)
        was_em, was_f1, was_around = before[name]
        print(
            f"{name}: exact match {was_em:.1f} -> {em:.1f}, "
            f"F1 {was_f1:.1f} ± {was_around:.1f} -> {f1:.1f} ± {around:.1f}"
        )


if __name__ == "__main__":
    main()
