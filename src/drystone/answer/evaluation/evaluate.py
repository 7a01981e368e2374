"""Asks every question of a set and looks where its right answer was lost. Knows no formats and no averages."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from drystone.answer.answering import Asker, ReadPairs, Trace, read_by, steps
from drystone.answer.citing import CitedRelease
from drystone.answer.evaluation import measures
from drystone.answer.evaluation.measures import AnswerReport, AnswerRow, Stage
from drystone.answer.evaluation.places import GoldPlace, places_of, sources_of
from drystone.answer.evaluation.sets import LabelledQuestion, read_set
from drystone.answer.retrieval import Piece
from drystone.answer.scoring import FoundSpan
from drystone.answer.shapes import Citation
from drystone.errors import UsageError
from drystone.release.layout import shown
from drystone.release.read import Release

if TYPE_CHECKING:
    from drystone.reader import Reader

FORMAT: Final = 1
#: Bytes of a content, by its SWHID.
_Where = tuple[str, int, int]


def evaluate(
    file: str | os.PathLike[str],
    releases: Sequence[Release],
    reader: Reader,
    *,
    max_answer_len: int,
    least: float,
    where: str,
    limit: int | None,
    rows: str | os.PathLike[str] | None,
    progress: Callable[[int, int], None] | None,
) -> AnswerReport:
    """Measure answers on a set; raises as `verbs.evaluate_answers` does."""
    every = read_set(file)
    there = sources_of(releases)
    asked = [one for one in every if not one.source or one.source in there]
    if not asked:
        raise UsageError(
            f"{shown(os.fspath(file))}: the releases have no repository that a question is about "
            f"({shown(every[0].source)} is the first)"
        )
    left_out, asked = len(every) - len(asked), asked[:limit]
    places = places_of(asked, releases)
    asker, read = Asker(releases), read_by(reader, max_answer_len)
    done: list[AnswerRow] = []
    with nullcontext() if rows is None else _created(Path(rows)) as lines:
        for question, here in zip(asked, places, strict=True):
            done.append(_ask(question, here, releases, asker, read, where))
            if lines is not None:
                lines.write(json.dumps(done[-1], ensure_ascii=False) + "\n")
            if progress:
                progress(len(done), len(asked))
    kinds = sorted({row["kind"] for row in done} - {""})
    by_kind = {kind: measures.answered([row for row in done if row["kind"] == kind]) for kind in kinds}
    return {
        "format": FORMAT,
        "set": os.fspath(file),
        "model": reader.name,
        "releases": [f"{one.manifest.facts.name} {one.manifest.facts.version} {one.root}" for one in releases],
        "questions": len(done),
        "unanswerable": sum(not row["answerable"] for row in done),
        "left_out": left_out,
        "answerable": measures.answered(done),
        "by_kind": {kind: score for kind, score in by_kind.items() if score is not None},
        "citations": measures.citation_score(done, least),
        "not_found": measures.at_recall(done),
        "not_found_at_least": measures.not_found(done, least),
        "stages": measures.stages(done),
        "milliseconds": measures.spread([row["milliseconds"] for row in done]),
        "cpu_milliseconds": measures.spread([row["cpu_milliseconds"] for row in done]),
    }


def _ask(
    question: LabelledQuestion,
    places: tuple[GoldPlace, ...],
    releases: Sequence[Release],
    asker: Asker,
    read: ReadPairs,
    where: str,
) -> AnswerRow:
    query = f"({where}) ({question.where})" if where and question.where else where or question.where
    wall, cpu = time.perf_counter(), time.process_time()
    *_, traced = steps(question.question, asker.find(question.question, query), read)
    top = next(iter(asker.cite(traced, top_k=1, least=0.0)), None)
    wall, cpu = 1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu)
    cited = top.citations if top else ()
    golds = [gold.text for gold in question.golds]
    exact, overlap = measures.best(top.text if top else "", golds)
    stretches = list(dict.fromkeys((p.stretch.swhid, p.stretch.start, p.stretch.text) for p in traced.pieces))
    passage = _rank([(swhid, start, start + len(text.encode())) for swhid, start, text in stretches], places)
    piece = _rank([_bytes_of_piece(one) for one in traced.pieces], places)
    said = [any(_meets(_bytes_of_span(span), places) for span in group) for _, group in traced.groups]
    answer = next((rank for rank, meets in enumerate(said, 1) if meets), None)
    return {
        "id": question.id,
        "kind": question.kind,
        "question": question.question,
        "answerable": bool(golds),
        "golds": list(dict.fromkeys(golds)),
        "answer": top.text if top else "",
        "score": top.score if top else 0.0,
        "exact_match": exact,
        "f1": overlap,
        "stage": _stage(exact, places, traced, passage, piece, answer) if golds else None,
        "passage_rank": passage,
        "piece_rank": piece,
        "answer_rank": answer,
        "places": [f"{one.path}:{one.lines[0]}" for one in cited],
        "citations": len(cited),
        "citations_right": sum(_meets((one.swhid.partition(";")[0], *one.bytes), places) for one in cited),
        "citations_valid": _valid(cited, releases),
        "milliseconds": wall,
        "cpu_milliseconds": cpu,
    }


def _valid(cited: Sequence[Citation], releases: Sequence[Release]) -> int:
    """Return how many citations stand in the releases, whose bytes are read again."""
    again = [CitedRelease(release) for release in releases]
    count = 0
    for one in cited:
        texts = [release.text(one.swhid.partition(";")[0], one.language) for release in again]
        count += any(
            text is not None
            and text[slice(*one.bytes)] == one.quote.encode()
            and hashlib.sha256(text).hexdigest() == one.released_sha256
            for text in texts
        )
    return count


def _stage(
    exact: int, places: tuple[GoldPlace, ...], traced: Trace, passage: int | None, piece: int | None, answer: int | None
) -> Stage:
    """Return where the right answer was lost. One that is found at a place that the set does not list is right."""
    if exact:
        return "right"
    if not places:
        return "not released"
    if passage is None:
        return "not retrieved"
    if piece is None or piece > traced.read:
        return "not read"
    if answer is None:
        return "no span"
    return "span differs" if answer == 1 else "ranked below"


def _rank(found: Sequence[_Where], places: tuple[GoldPlace, ...]) -> int | None:
    """Return the number (from 1) of the first stretch of bytes that has a place as a whole."""
    return next(
        (number for number, one in enumerate(found, 1) if any(place.inside(*one) for place in places)),
        None,
    )


def _meets(where: _Where, places: tuple[GoldPlace, ...]) -> bool:
    return any(place.meets(*where) for place in places)


def _bytes_of_piece(piece: Piece) -> _Where:
    return _bytes(piece, piece.start, piece.start + len(piece.text))


def _bytes_of_span(span: FoundSpan) -> _Where:
    return _bytes(span.piece, span.start, span.end)


def _bytes(piece: Piece, start: int, end: int) -> _Where:
    stretch = piece.stretch
    first = stretch.start + len(stretch.text[:start].encode())
    return stretch.swhid, first, first + len(stretch.text[start:end].encode())


def _created(path: Path) -> TextIO:
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{shown(str(path))} cannot be written: {error.strerror}") from None
