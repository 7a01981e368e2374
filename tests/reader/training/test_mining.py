"""Contexts that do not answer: where they come from, and contexts cut as long texts are read."""

from __future__ import annotations

from collections import Counter

import pytest

from drystone.errors import UsageError
from drystone.reader.training.data import DataSet, Example
from drystone.reader.training.mining import WordRanking, mine_unanswerable, shorten

_TOWNS = ("Rome", "Oslo", "Lima", "Cairo", "Delhi", "Tokyo")


def _data() -> DataSet:
    examples = []
    for town in _TOWNS:
        for number in range(8):
            fact = f"The bridge number {number} of {town} was opened in {1800 + number * 7 + len(town)}."
            before = f"People walk along river {number} every day. " * 5
            after = f"Boats pass below in summer, and {town} counts them by tens. " * 5
            context = f"{before}{fact} {after}".strip()
            gold = fact.rsplit(maxsplit=1)[-1].rstrip(".")
            start = context.index(gold)
            question = f"When was bridge number {number} of {town} opened?"
            name = f"{town}{number}"
            examples.append(Example(question, context, start, start + len(gold), name, town, (gold,)))
    return DataSet("towns", tuple(examples), "CC0-1.0", "")


def test_contexts_that_do_not_answer_come_from_the_article_from_others_and_from_the_rest() -> None:
    data = _data()
    mined = [e for e in mine_unanswerable(data, 3).examples if e.start is None]
    assert len(mined) == 3 * len(data.examples)
    by_id = {e.id: e for e in data.examples}
    titles = {e.context: e.title for e in data.examples}
    kinds: Counter[str] = Counter()
    for e in mined:
        source = by_id[e.id.partition(":")[0]]
        assert e.question == source.question
        assert source.golds[0] not in e.context
        kinds["rest" if e.context in source.context else str(titles[e.context] == source.title)] += 1
    assert set(kinds) == {"rest", "True", "False"}
    assert kinds["True"] > kinds["False"] > kinds["rest"]
    assert len({e.id for e in mined}) == len(mined)
    assert mine_unanswerable(data, 3) == mine_unanswerable(data, 3)


def test_near_means_that_words_are_shared_and_rare() -> None:
    ranking = WordRanking(["a cat sat", "a dog sat", "a cat and a dog sat", "nothing here", ""])
    assert ranking.scores("which cat?").argmax() == 0  # the shorter of two
    assert ranking.scores("CAT dog").argmax() == 2
    assert ranking.scores("zebra").tolist() == [0.0] * 5


def test_nothing_to_offer_is_an_error_and_no_share_changes_nothing() -> None:
    alone = DataSet("one", (Example("Who?", "Anna.", 0, 4, "1", "t", ("Anna",)),), "MIT", "")
    assert mine_unanswerable(alone, 0) is alone
    with pytest.raises(UsageError, match="nor is there another article"):
        mine_unanswerable(alone, 1)


def test_contexts_are_cut_at_sentences_and_keep_their_answer() -> None:
    data = _data()
    cut = shorten(data, 1.0, about=200)
    assert all(len(e.context) <= 200 for e in cut.examples)
    for before, after in zip(data.examples, cut.examples, strict=True):
        assert after.context in before.context
        assert after.context[0].isupper() and after.context[-1] == "."
        assert after.start is not None and after.context[after.start : after.end] == before.golds[0]
    half = shorten(data, 0.5, about=200)
    shorter = sum(len(e.context) <= 200 for e in half.examples)
    assert 0 < shorter < len(data.examples)
    assert shorten(cut, 1.0, about=200) == cut
    long = data.examples[0]
    whole = shorten(DataSet("x", (long._replace(start=0, end=len(long.context)),), "MIT", ""), 1.0, about=200)
    assert whole.examples[0].context == long.context  # an answer is never cut
