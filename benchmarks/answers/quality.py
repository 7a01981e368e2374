"""How good answers are on the questions that are held out: right, found, refused, cited."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from benchmarks.answers.questions import KINDS, QUESTIONS
from benchmarks.answers.releases import released, said
from benchmarks.harness import Figure
from drystone.answer.verbs import evaluate_answers

if TYPE_CHECKING:
    from drystone.answer.evaluation.measures import AnswerReport


def figures(quick: bool) -> list[Figure]:
    """Return the figures of the held-out questions, documentation first, and of the tuning ones beside them."""
    release = released("held_out")
    rows = release.path.with_name("held_out.rows.jsonl")  # kept, to look into
    report = evaluate_answers(QUESTIONS, [release], limit=60 if quick else None, rows=rows)
    cited = [json.loads(line) for line in rows.read_text("utf-8").splitlines()]
    tuned = evaluate_answers(QUESTIONS, [released("tune")], limit=20 if quick else None)
    valid = sum(row["citations_valid"] for row in cited) / (sum(row["citations"] for row in cited) or 1)
    found = [figure for kind in KINDS for figure in _of_kind(report, tuned, kind)]
    return [
        *found,
        *_not_found(report, tuned),
        Figure(
            "citations valid on re-reading bytes", 100 * valid, "%", 100, 100,
            note=f"all {sum(row['citations'] for row in cited):,} of the surest answers to {len(cited)} questions",
        ),
        Figure("citations that meet a right place", report["citations"]["precision"], "",
               note="of those shown; a lower bound, for the set does not list every place"),
        Figure("answerable questions that are shown a right place", report["citations"]["recall"], ""),
        *_lost(report),
        Figure("CPU ms a question, held-out release", report["cpu_milliseconds"]["mean"], "ms", note=said(release)),
    ]  # fmt: skip


def _of_kind(report: AnswerReport, tuned: AnswerReport, kind: str) -> list[Figure]:
    score, other = report["by_kind"].get(kind), tuned["by_kind"].get(kind)
    if score is None:
        return []
    bounds = {"f1": (0.72, 0.8), "exact_match": (0.6, 0.7), "hit": (0.88, 0.94)} if kind == "documentation" else {}
    rows = []
    for name, words, of in (
        ("f1", "top answer F1", lambda one: one["f1"]),
        ("exact_match", "top answer exact match", lambda one: one["exact_match"]),
        ("hit", "hit@5 of the gold passage", lambda one: one["hit"]["5"]),
    ):
        note = f"{score['questions']} questions"
        note += f"; {of(other):.3f} on the {other['questions']} that tuning saw" if other is not None else ""
        rows.append(Figure(f"{kind} questions: {words}", of(score), "", *bounds.get(name, (None, None)), note=note))
    return rows


def _lost(report: AnswerReport) -> list[Figure]:
    """Return how many answerable questions were not answered right, and where they were lost."""
    lost = {stage: count for stage, count in report["stages"].items() if stage != "right" and count}
    note = ", ".join(f"{stage} {count}" for stage, count in lost.items())
    return [Figure("answerable questions not answered to the word", sum(lost.values()), "", note=note)]


def _not_found(report: AnswerReport, tuned: AnswerReport) -> list[Figure]:
    score, other = report["not_found"], tuned["not_found"]
    name = "at 80 % recall of answerables"
    if score is None:
        return [Figure(f"unanswerable: told 'not found' {name}", None, "", 0.8, 0.9, note="needs both kinds")]
    beside = f"; {other['refused']:.3f} on the {tuned['unanswerable']} that tuning saw" if other is not None else ""
    return [
        Figure(f"unanswerable: told 'not found' {name}", score["refused"], "", 0.8, 0.9,
               note=f"{report['unanswerable']} questions, threshold {score['threshold']:.3f}{beside}"),
        Figure(f"unanswerable: precision of 'not found' {name}", score["precision"], "",
               note=f"at most {score['precision_at_most']:.3f}, for so few of the questions have no answer"),
    ]  # fmt: skip
