"""What a user asks of a reader: shapes of answers, options, bad input, streams, and the same answer in any company."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drystone.errors import UsageError
from drystone.reader import Answer, Reader

from .checkpoints import prose

PASSAGES = [p for p in prose() if len(p) > 200]
#: Scores in fp32 differ by at most this between batch compositions (docs/reader.md).
TOLERANCE = 1e-4


def test_one_pair_gives_an_answer_that_is_a_slice(bert: Reader) -> None:
    answer = bert.answer("What is a heap?", PASSAGES[0])
    assert isinstance(answer, Answer)
    assert PASSAGES[0][answer.start : answer.end] == answer.text != ""
    assert 0 < answer.score <= 1
    assert 0 <= answer.null_score <= 1


def test_lists_of_either_keep_their_order(bert: Reader) -> None:
    questions = ["What is it?", "Who is it for?", "When?"]
    singles = [bert.answer(q, PASSAGES[0]) for q in questions]
    assert [a.text for a in bert.answer(questions, PASSAGES[0])] == [a.text for a in singles]  # type: ignore[union-attr]
    by_context = bert.answer("What is it?", PASSAGES[:3])
    assert [a.text for a in by_context] == [bert.answer("What is it?", p).text for p in PASSAGES[:3]]  # type: ignore[union-attr]
    pairs = bert.answer(questions, PASSAGES[:3], top_k=2)
    assert [len(answers) for answers in pairs] == [2, 2, 2]
    assert bert.answer([], []) == []


def test_top_k_are_distinct_and_exactly_as_many_as_there_are(bert: Reader) -> None:
    for k in (1, 2, 5, 40):
        found = bert.answer("What is it?", PASSAGES[0] * 4, top_k=k, max_seq_len=64, doc_stride=30)
        answers = [found] if isinstance(found, Answer) else found
        assert len({(a.start, a.end) for a in answers}) == len(answers) == k
    assert len(bert.answer("Who?", "One two.", top_k=100)) == 5  # a full stop alone is no answer


def test_documents_are_ranked_together_and_say_which_one_answers(bert: Reader) -> None:
    documents = [PASSAGES[0], "?!", "# " + PASSAGES[1] * 3]
    found = bert.answer("What is it?", documents=documents, top_k=6)
    assert isinstance(found, list) and len(found) == 6
    assert [a.logit for a in found] == sorted((a.logit for a in found), reverse=True)
    for answer in found:
        assert answer.document in (0, 2)
        assert documents[answer.document][answer.start : answer.end] == answer.text
    best = bert.answer("What is it?", documents=documents)
    assert not isinstance(best, list)
    assert best.text == documents[best.document or 0][best.start : best.end] != ""
    nothing = bert.answer("What is it?", documents=["?!", ""])
    assert not isinstance(nothing, list) and (nothing.text, nothing.document, nothing.null_score) == ("", None, 1.0)


def test_documents_that_are_none_are_named(bert: Reader) -> None:
    for given, message in (
        ({"documents": "one text"}, "documents: must be a list"),
        ({"documents": [3]}, "documents: must be a list"),
        ({"documents": ["a"], "context": "b"}, "not both"),
        ({}, "or give documents"),
    ):
        with pytest.raises(UsageError, match=message):
            bert.answer("Who?", **given)
    with pytest.raises(UsageError, match="one question at a time"):
        bert.answer(["Who?"], documents=["a"])  # type: ignore[call-overload]
    with pytest.raises(UsageError, match="question: is empty"):
        bert.answer(" ", documents=["a"])


def test_words_are_whole_unless_asked_otherwise(bert: Reader) -> None:
    context = "Antidisestablishmentarianism perplexed everybody."
    for answer in bert.answer("What?", context, top_k=5):
        assert answer.start == 0 or not (context[answer.start - 1].isalpha() and context[answer.start].isalpha())
    loose = bert.answer("What?", context, top_k=50, align_to_words=False)
    assert any(context[a.end - 1 : a.end + 1].isalpha() and a.end < len(context) - 1 for a in loose)


def test_max_answer_len_counts_tokens(bert: Reader) -> None:
    for answer in bert.answer("What?", "one two three four five six", top_k=50, max_answer_len=1, align_to_words=False):
        assert " " not in answer.text


def test_an_impossible_question_may_have_the_empty_answer(bert: Reader) -> None:
    every = bert.answer("What?", "One two.", top_k=100, handle_impossible_answer=True)
    empty = [a for a in every if a.text == ""]
    assert [(a.start, a.end) for a in empty] == [(0, 0)]
    assert empty[0].score == empty[0].null_score


@pytest.mark.parametrize("name", ["bert", "roberta"])
def test_the_same_answers_in_any_company(name: str, request: pytest.FixtureRequest) -> None:
    reader: Reader = request.getfixturevalue(name)
    rng = random.Random(3)
    pairs = [(f"What is {rng.choice(p.split())}?", p[: rng.randrange(60, 2000)]) for p in PASSAGES * 3]
    alone = [next(reader.stream([pair], top_k=3)) for pair in pairs]
    order = list(range(len(pairs)))
    for _ in range(2):
        rng.shuffle(order)
        together = list(reader.stream([pairs[i] for i in order], top_k=3))
        for place, i in enumerate(order):
            assert [(a.start, a.end) for a in together[place]] == [(a.start, a.end) for a in alone[i]]
            for a, b in zip(together[place], alone[i], strict=True):
                assert a.score == pytest.approx(b.score, rel=TOLERANCE)


def test_the_same_call_gives_the_same_bits(bert: Reader) -> None:
    assert bert.answer(["a?"] * 20, PASSAGES[0], top_k=3) == bert.answer(["a?"] * 20, PASSAGES[0], top_k=3)


def test_two_threads_compute_what_one_does(checkpoints: dict[str, Path], bert: Reader, runtime: str) -> None:
    pair = Reader.load(checkpoints["bert"], runtime=runtime, threads=2)
    pairs = [("What is it?", p) for p in PASSAGES * 5]
    for one, two in zip(bert.stream(pairs), pair.stream(pairs), strict=True):
        assert one[0].text == two[0].text
    pair.close()


def test_warming_meets_every_length(bert: Reader, roberta: Reader) -> None:
    for reader in (bert, roberta):
        assert reader.warm() == -(-reader.windower.limit(None) // 8)


def test_one_reader_serves_several_threads(bert: Reader) -> None:
    expected, found = bert.answer("What is it?", PASSAGES[:6]), {}

    def ask(i: int) -> None:
        found[i] = bert.answer("What is it?", PASSAGES[:6])

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(found[i] == expected for i in range(4))


def test_a_stream_yields_before_its_source_ends(bert: Reader) -> None:
    drawn = 0

    def endless() -> Iterator[tuple[str, str]]:
        nonlocal drawn
        while True:
            drawn += 1
            yield f"What is {drawn}?", "Short text about a number."

    stream = bert.stream(endless())
    first = [next(stream) for _ in range(600)]
    assert all(answers[0].text for answers in first)
    assert drawn < 2000


def test_a_context_of_many_windows_is_answered_in_level_time(bert: Reader) -> None:
    context = ("The heap is an array. " * 6000) + "אין כמו הבית 👩‍👩‍👧 " * 50
    answer = bert.answer("What is the heap?", context)
    assert isinstance(answer, Answer)
    assert context[answer.start : answer.end] == answer.text


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    ["word " * 400_000, "a" * 500_000, "\u0301" * 250_000, " \n" * 250_000 + "end."],
    ids=["2 MB of words", "one word", "marks alone", "white space"],
)
def test_contexts_of_megabytes(text: str, bert: Reader, roberta: Reader) -> None:
    for reader in (bert, roberta)[: 1 if len(text) > 10**6 else 2]:
        try:
            answer = reader.answer("What?", text, doc_stride=8)
        except UsageError as error:
            assert "holds nothing" in str(error)
        else:
            assert isinstance(answer, Answer)
            assert text[answer.start : answer.end] == answer.text


@pytest.mark.parametrize(
    ("question", "context", "message"),
    [
        ("", "text", "question: is empty"),
        ("Why?", "", "context: is empty"),
        (" \t\n", "text", "question: is empty"),
        ("Why?", "\u2003\r\n ", "context: is empty"),
        ("Why?", None, "context: must be a string or a list of strings, not NoneType"),
        (7, "text", "question: must be a string or a list of strings, not int"),
        (["a", 3], ["b", "c"], r"question \(pair 1\): must be a string, not int"),
        (["a", "b"], ["c"], "context: 1 contexts for 2 questions"),
        (["a", " "], "text", r"question \(pair 1\): is empty"),
        ("why " * 300, "text", "question: 600 tokens leave no room"),
        ("\x00\x07", "text", "question: holds nothing that the model's tokenizer knows"),
    ],
)
def test_what_cannot_be_answered_is_named(bert: Reader, question: Any, context: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        bert.answer(question, context)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("top_k", -1), ("top_k", 0), ("top_k", 1.5), ("top_k", True), ("top_k", None), ("top_k", float("nan")),
        ("top_k", 10**9), ("max_answer_len", 0), ("max_answer_len", float("nan")), ("max_seq_len", "big"),
        ("max_seq_len", -5), ("max_seq_len", 10**6), ("doc_stride", -1), ("doc_stride", float("inf")),
        ("max_question_len", 0), ("handle_impossible_answer", "yes"), ("align_to_words", None), ("normalize", "no"),
        ("temperature", 1),
    ],
)  # fmt: skip
def test_impossible_options_are_named(bert: Reader, option: str, value: Any) -> None:
    with pytest.raises(UsageError, match=f"^{option}: "):
        bert.answer("Why?", "Because.", **{option: value})


@pytest.mark.parametrize("name", ["bert", "roberta"])
@pytest.mark.parametrize(
    "context",
    [
        "Emoji 👩‍👩‍👧‍👦 and 🏳️‍🌈 stand 👍🏽 here.",
        "e\u0301\u0301 combining a\u0308 marks \u0300 alone",
        "\u202eright to left\u202c שלום مرحبا abc",
        "nul \x00 bell \x07 escape \x1b[31m del \x7f",
        "lone \ud83d surrogate \udc00\ud800 end",
        "line\r\nline\r\nline",
        "한국어 中文 ไทย अनुच्छेद",
        "\ufeffbyte order mark \ufffd \uffff",
        "[SEP] [CLS] </s><s><mask>",
    ],
)
def test_hostile_text_gives_exact_offsets(name: str, context: str, request: pytest.FixtureRequest) -> None:
    reader: Reader = request.getfixturevalue(name)
    found = reader.answer("What stands here? 👍 \ud800", context, top_k=30)
    for answer in found:
        assert context[answer.start : answer.end] == answer.text
        assert answer.text == answer.text.strip() != ""


def test_a_text_without_spaces_has_as_many_answers_as_are_asked_for(checkpoints: dict[str, Path], runtime: str) -> None:
    reader = Reader.load(checkpoints["deberta-v2"], runtime=runtime, threads=1)  # a tokenizer of SentencePiece's kind
    context = "Anna,Berlin;Carl,Dresden!" * 3
    answers = reader.answer("Where?", context, top_k=9, max_answer_len=1)
    assert isinstance(answers, list)
    assert len({(a.start, a.end) for a in answers}) == 9
    assert {a.text for a in answers} <= {"Anna", "Berlin", "Carl", "Dresden"}
    plain = reader.answer("Where?", context, top_k=3, normalize="window")
    assert [a.text for a in plain] == [context], "with the pipeline's ranking words are the pipeline's"
