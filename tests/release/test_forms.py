"""What is chosen of an export: splits by weight, and which one a file is in."""

from __future__ import annotations

import pytest

from drystone.errors import UsageError
from drystone.release.exports.forms import RowChoice, parse_splits


def test_shares_are_those_that_were_asked_for() -> None:
    choice = RowChoice(splits=parse_splits(["train=8", "validation=1,test=1"]))
    found = [choice.split_of(f"swh:1:cnt:{number:040x}", "") for number in range(20_000)]
    assert [round(found.count(number) / len(found), 2) for number in range(3)] == [0.8, 0.1, 0.1]


@pytest.mark.parametrize("text", ["train", "train=", "train=0", "=1", "Train=1", "a=1,a=2", "a=-1", "a=nan", "a/b=1"])
def test_splits_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_splits([text])
