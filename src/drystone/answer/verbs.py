"""What can be asked of releases and of texts: the verbs of this room, light to load and each with its defaults."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from drystone.reader.options import DEFAULT_MODEL, Precision

if TYPE_CHECKING:
    from drystone.answer.adapting import AdaptedReader
    from drystone.answer.evaluation.measures import AnswerReport
    from drystone.answer.forms import CitationForm
    from drystone.answer.shapes import CheckedCitation, Citation, CitedAnswers
    from drystone.reader.reader import Reader
    from drystone.reader.spans.decode import Answer
    from drystone.reader.training.records import ProgressRow
    from drystone.reader.verbs import AnyModel
    from drystone.release.verbs import AnyRelease

#: Answers that are given, tokens that each may have, and how sure one must be, where nobody says otherwise.
TOP_K: Final = 1
MAX_ANSWER_LEN: Final = 15
LEAST: Final = 0.5
#: Answers are whole words, and not tokens as the model chose them.
ALIGN_TO_WORDS: Final = True
#: In which a model that is named is loaded: a question takes a third of the processor time that fp32 takes.
PRECISION: Final[Precision] = "fast"


def ask_releases(
    releases: Iterable[AnyRelease],
    question: str,
    *,
    model: AnyModel | Callable[[], Reader] = DEFAULT_MODEL,
    precision: Precision = PRECISION,
    top_k: int = TOP_K,
    max_answer_len: int = MAX_ANSWER_LEN,
    least: float = LEAST,
    where: str = "",
    align_to_words: bool = ALIGN_TO_WORDS,
) -> CitedAnswers:
    """Answer a question from releases: with spans of their texts, each with its citation, the surest first.

    At most `top_k` answers that are at least `least` sure (0 to 1); none is an answer, too. Every quote was read again
    from its bytes. `model`: its name or folder, a reader, or what gives one, called in a thread while passages are
    found; `precision` is that of a model that is named (`load_reader`). `max_answer_len`: in tokens. `where`: a query
    (docs/search.md) that files match. A release without an index is read as a whole where it has at most 4 MiB of text.
    Raises `UsageError` for an empty question or one of more than 1,000 characters, `ReleaseError`, `QueryError`,
    `ModelError`.
    """
    from drystone.answer.answering import Asker, check, read_by, steps
    from drystone.reader.verbs import load_reader
    from drystone.release.verbs import opened

    check(question)
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(model if callable(model) else partial(load_reader, model, precision=precision))
        asker = Asker([opened(release) for release in releases])
        found = asker.find(question, where)
        reader = loading.result()
    *_, traced = steps(question, found, read_by(reader, max_answer_len, align_to_words=align_to_words))
    return asker.answers(question, traced, top_k=top_k, least=least)


def ask_text(
    question: str,
    context: str,
    *,
    model: AnyModel = DEFAULT_MODEL,
    precision: Precision = PRECISION,
    top_k: int = TOP_K,
    max_answer_len: int = MAX_ANSWER_LEN,
    align_to_words: bool = ALIGN_TO_WORDS,
) -> list[Answer]:
    """Answer a question from one text, read in pieces as those of releases are, so that a long one answers well.

    Returns at most `top_k` spans of it, the surest first; `score` is how sure each is. Raises as `ask_releases` does.
    """
    from drystone.answer.answering import answer_text
    from drystone.reader.verbs import load_reader

    reader = load_reader(model, precision=precision)
    return answer_text(
        context, question, reader, top_k=top_k, max_answer_len=max_answer_len, align_to_words=align_to_words
    )


def verify_citations(file: str | os.PathLike[str], release: AnyRelease) -> list[CheckedCitation]:
    """Read the bytes of every quote of an answer again from a release, and say of each what became of it.

    `file` is JSON as `drystone ask --json` prints it; the release may be a later version of the one that is cited.
    Raises `UsageError` where the file is none, `ReleaseError`.
    """
    from drystone.answer.checking import check_file
    from drystone.release.verbs import opened

    return check_file(file, opened(release))


def evaluate_answers(
    file: str | os.PathLike[str],
    releases: Iterable[AnyRelease],
    *,
    model: AnyModel = DEFAULT_MODEL,
    precision: Precision = PRECISION,
    max_answer_len: int = MAX_ANSWER_LEN,
    least: float = LEAST,
    where: str = "",
    limit: int | None = None,
    rows: str | os.PathLike[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> AnswerReport:
    """Ask all questions of a labelled set (docs/answers.md) of releases, and return how good the answers are.

    `file`: JSON Lines, a JSON list, or SQuAD's JSON. Questions about a repository that the releases do not have are
    left out, and counted. `least`: how sure the answers are whose citations are judged. `limit`: only the first
    questions. `rows`: a file for one line of JSON a question. `progress` is called with questions asked and all
    questions. Raises `UsageError` for a set that cannot be read, with line and field, and as `ask_releases` does.
    """
    from drystone.answer.evaluation.evaluate import evaluate
    from drystone.reader.verbs import load_reader
    from drystone.release.verbs import opened

    opened_ones = [opened(release) for release in releases]
    reader = load_reader(model, precision=precision)
    return evaluate(
        file, opened_ones, reader, max_answer_len=max_answer_len, least=least, where=where, limit=limit,
        rows=rows, progress=progress,
    )  # fmt: skip


def write_citations(found: CitedAnswers | Iterable[Citation], form: CitationForm) -> str:
    """Return citations, or those of all answers, as text to paste ("text"), "bibtex", or CSL-JSON ("csl").

    Each place once, the surest first. Whatever a file or its name holds stands as text in each form. Nothing was found:
    nothing is written, or an empty list.
    """
    from drystone.answer.forms import write_citations as write
    from drystone.answer.shapes import CitedAnswers

    if isinstance(found, CitedAnswers):
        found = [citation for answer in found.answers for citation in answer.citations]
    return write(found, form)


def resolve_permalink(link: str, releases: Iterable[AnyRelease]) -> CheckedCitation:
    """Say what became of the quote that a permalink of a citation names, in the newest version of its release here.

    `link`: as a citation has it, or any address with the same query. Of `releases` those of the link's name count;
    others may be among them. Raises `UsageError` where the link is none or no release has its name, `ReleaseError`.
    """
    from drystone.answer.permalinks import parse_permalink
    from drystone.answer.resolving import resolve
    from drystone.release.verbs import opened

    named = parse_permalink(link)
    return resolve(named, [opened(release) for release in releases])


def adapt_reader(
    releases: Iterable[AnyRelease],
    out: str | os.PathLike[str],
    *,
    model: str | os.PathLike[str] = DEFAULT_MODEL,
    examples: int = 2048,
    hold_out: float = 0.25,
    learning_rate: float = 5e-5,
    seed: int = 0,
    progress: Callable[[ProgressRow], None] | None = None,
) -> AdaptedReader:
    """Teach a reader releases by questions made from their own documentation and code, without labels.

    Only kept files that name a licence are learnt from; their licences stand in the model's card. Writes the reader
    into `out`, with its card and training.json, and returns its metrics before and after on the files held back (a
    share of `hold_out`). `examples`: questions shown in training. Called again after an interruption it goes on.
    `progress` is called with rows of the training. Raises `UsageError` where too few questions can be made,
    `MissingExtraError` without torch, `ReleaseError`, `ModelError`.
    """
    from drystone.answer.adapting import adapt
    from drystone.release.verbs import opened

    return adapt(
        [opened(release) for release in releases],
        os.fspath(model),
        Path(out),
        count=examples,
        share=hold_out,
        learning_rate=learning_rate,
        seed=seed,
        report=progress,
    )
