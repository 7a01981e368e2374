"""Losses of tasks: what makes one, and when a task with one is done again."""

from __future__ import annotations

from pathlib import Path

import pytest

from drystone.work import losses
from drystone.work.store import Stage


def test_what_is_lost_and_why_decides_the_digest_and_the_order_does_not() -> None:
    one, other = {"path": "a", "problem": "missing"}, {"path": "b", "problem": "missing"}
    found, again = losses.lost([one, other]), losses.lost([other, one])
    assert found is not None
    assert again is not None
    assert (found["count"], found["digest"]) == (2, again["digest"])
    assert losses.digests([losses.lost([{**one, "problem": "refused"}, other])]) != [found["digest"]]
    assert losses.lost([]) is None
    assert losses.digests([None, found]) == [found["digest"]]


@pytest.mark.parametrize(("age", "now", "again"), [(60, False, False), (60, True, True), (90_000, False, True)])
def test_losses_are_asked_for_again_after_a_day_or_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age: float, now: bool, again: bool
) -> None:
    stage = Stage(tmp_path)
    stage.finish("some", {"lost": losses.lost([1])})
    stage.finish("none", {"lost": None})
    here = losses.time.time()
    monkeypatch.setattr(losses.time, "time", lambda: here + age)
    losses.forget_lost(stage, ["some", "none", "never"], now=now)
    assert (stage.summary("some") is None) is again
    assert stage.summary("none") is not None
