"""Counts of what did not come: by kind, by cause, as a share, and as people read them."""

from __future__ import annotations

import pyarrow as pa

from drystone.policy.decision import Reason
from drystone.release.inspection.losses import LOST, Losses, add, cause, together
from drystone.release.schema import LEDGER


def test_its_words_are_reasons_of_the_policy() -> None:
    reasons = {reason.word for reason in Reason if reason.word.startswith("lost_")} | {Reason.DAMAGED.word}
    assert set(LOST) == reasons


def test_equal_causes_count_together_whatever_they_are_of() -> None:
    rows = [
        ("damaged", f'{{"why":"swh:1:cnt:{digit * 40} cannot be had: the answer is 404 Not Found"}}') for digit in "abc"
    ]
    rows += [("lost_content", f'{{"problem":"the object {"d" * 40} is missing"}}'), ("symlink", None), (None, None)]
    columns = zip(*rows, strict=True)
    table = pa.table([pa.array(c, LEDGER.field(n).type) for c, n in zip(columns, ("reason", "evidence"), strict=True)],
                     names=["reason", "evidence"])  # fmt: skip
    found: dict[str, dict[str, int]] = {}
    add(found, table)
    assert found == {
        "damaged": {"the answer is 404 Not Found": 3}, "lost_content": {"the object ... is missing": 1},
    }  # fmt: skip
    assert together([found, found])["damaged"] == {"the answer is 404 Not Found": 6}
    assert cause(None) == "nobody knows why"


def test_lines_name_numbers_wholes_and_causes() -> None:
    causes = {
        "lost_content": {"missing": 2, "b": 1, "c": 1, "d": 1}, "damaged": {"missing": 1},
        "lost_directory": {"cannot be listed": 1}, "lost_repository": {"no HEAD": 3},
    }  # fmt: skip
    losses = Losses(200, 10, causes, {"it has no commits": 2})
    assert losses.lost == 10
    assert losses.share == 0.3, "three of ten repositories weigh more than ten of 200 rows"
    assert losses.told() == [
        "6 of 200 contents could not be had: missing (3); b (1); c (1); for other reasons (1)",
        "1 directory did not come, with all that is below: cannot be listed",
        "3 of 10 repositories could not be read: no HEAD",
        "2 of 10 repositories are empty, with nothing missing: it has no commits",
    ]
    assert Losses(3, 1, {}, {}).told() == []
    assert Losses(0, 0, {}, {}).share == 0
