"""The vocabulary of decisions: words that the ledger holds are of one stage each, and in the order of judging."""

from __future__ import annotations

import dataclasses

import pytest

from drystone.policy.decision import KEPT, Drop, LedgerStage, Reason


def test_a_word_means_one_reason() -> None:
    words = [reason.word for reason in Reason]
    assert len(set(words)) == len(words)
    assert len({stage.word for stage in LedgerStage}) == len(LedgerStage)


def test_reasons_stand_in_the_order_of_judging() -> None:
    order = list(LedgerStage)
    stages = [order.index(reason.stage) for reason in Reason]
    assert stages == sorted(stages)


def test_every_stage_but_that_of_the_kept_has_a_reason() -> None:
    assert {reason.stage for reason in Reason} == set(LedgerStage) - {KEPT.stage}


def test_a_drop_knows_its_stage_and_cannot_be_changed() -> None:
    drop = Drop(Reason.LONG_LINE, {"limit": 1000})
    assert (drop.decision, drop.stage.word, drop.reason.word) == ("dropped", "quality", "long_line")
    with pytest.raises(dataclasses.FrozenInstanceError):
        drop.reason = Reason.EMPTY  # type: ignore[misc]
