"""A reader made at home in releases: it learns from questions that their own documentation and code ask and answer.

Only kept files that name a licence are learnt from, and all of their licences go into the model's record. The weights
halfway between before and after are what is written: most of the gain, with most of what was known (Wortsman et al.
2022, robust fine-tuning).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from drystone._words import many
from drystone.errors import UsageError
from drystone.reader import Reader
from drystone.reader.evaluation.evaluate import SavedReport, evaluate
from drystone.reader.exports.card import write_card
from drystone.reader.questions.documentation import TextPage, examples, is_page
from drystone.reader.training.average import average
from drystone.reader.training.data import HELD_OUT, DataSet, Example, hold_out, write_data
from drystone.reader.training.mining import mine_unanswerable
from drystone.release.layout import shown
from drystone.release.read import Release

if TYPE_CHECKING:
    from drystone.reader.training.records import ProgressRow

#: Fewer questions than this teach nothing and measure nothing.
_FEWEST: Final = 40
#: Questions that are held back at most, and mined ones for each that has an answer.
_MEASURED: Final = 400
_UNANSWERABLE: Final = 0.7
#: A file with more characters is no page that a person wrote.
_LARGEST: Final = 1 << 20


class AdaptedReader(NamedTuple):
    """What was made: the folder of the reader, how many questions taught it and measured it, the licences of what it
    learnt from, and its metrics before and after (v2.0's, in per cent: f1, HasAns_f1, NoAns_f1 and others)."""

    folder: Path
    learnt: int
    measured: int
    licenses: tuple[str, ...]
    before: dict[str, float]
    after: dict[str, float]


def adapt(
    releases: Sequence[Release],
    model: str,
    out: Path,
    *,
    count: int,
    share: float,
    learning_rate: float,
    seed: int,
    report: Callable[[ProgressRow], None] | None,
) -> AdaptedReader:
    """Make a reader of `model` that knows releases better; raises as `verbs.adapt_reader` does."""
    from drystone.reader.training.train import train  # noqa: PLC0415  torch, an extra

    data, licenses = questions_of(releases)
    kept, held = hold_out(data, share, seed)
    measured = mine_unanswerable(replace(data, examples=_some(held)), 1.0, seed)
    write_data(out / HELD_OUT, measured.examples, data.license)
    before = _measured(model, out / HELD_OUT, out / "before")
    course = train(
        model,
        [mine_unanswerable(kept, _UNANSWERABLE, seed)],
        out / "course",
        examples=count,
        learning_rate=learning_rate,
        seed=seed,
        report=report,
        notes={"hold_out": share, "unanswerable": _UNANSWERABLE, "validation": None},
    )
    folder = average([model, course], out)
    after = _measured(str(folder), out / HELD_OUT, out / "after")
    write_card(folder, {"questions over files held back": after}, license=data.license)
    return AdaptedReader(
        folder, len(kept.examples), len(measured.examples), licenses, before["metrics"], after["metrics"]
    )


def questions_of(releases: Sequence[Release]) -> tuple[DataSet, tuple[str, ...]]:
    """Return what the kept files of releases ask and answer, an article a file, and the licences of these files.

    Raises UsageError where that is too little.
    """
    found: list[Example] = []
    licenses: set[str] = set()
    for release in releases:
        asked_by: dict[str, str] = {}
        found += examples(_pages(release, asked_by))
        titles = {example.title for example in found}
        licenses |= {license_ for title, license_ in asked_by.items() if title in titles}
    if len(found) < _FEWEST:
        raise UsageError(
            f"{', '.join(shown(str(release.path)) for release in releases)}: only {many(len(found), 'question')} could "
            f"be made of documentation and code under a known licence; at least {_FEWEST} are needed."
        )
    named = ", ".join(f"{release.manifest.facts.name} {release.manifest.facts.version}" for release in releases)
    terms = " AND ".join(f"({one})" if " " in one and len(licenses) > 1 else one for one in sorted(licenses))
    return DataSet(named, tuple(found), terms, releases[0].root), tuple(sorted(licenses))


def _pages(release: Release, licenses: dict[str, str]) -> Iterator[TextPage]:
    """Yield the pages of kept files that name their licence; `licenses` gets that of each by its title."""
    for row in release.files(columns=["path", "repo_name", "origin", "license_expression", "content"]):
        text, license_ = row["content"], row["license_expression"]
        if license_ and text and len(text) <= _LARGEST and is_page(row["path"]):
            title = f"{row['repo_name'] or row['origin']}{row['path']}"
            licenses[title] = license_
            yield TextPage(title, text)


def _some(held: Sequence[Example]) -> tuple[Example, ...]:
    count = min(len(held), _MEASURED)
    return tuple(held[i * len(held) // count] for i in range(count))


def _measured(model: str, data: Path, out: Path) -> SavedReport:
    reader = Reader.load(model)
    try:
        return evaluate(reader, data, out)
    finally:
        reader.close()
