"""What a request may name."""

from __future__ import annotations

import pytest

from drystone.errors import UsageError
from drystone.registry.requests import subjects


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: subjects.path("ann/x", "../etc"), "upwards"),
        (lambda: subjects.path("ann/x", "a/../../b"), "upwards"),
        (lambda: subjects.path("ann/x", "/"), "whole repository"),
        (lambda: subjects.path("ann/x", "a\0b"), "control"),
        (lambda: subjects.path("ann/x", "a" * 5000), "4096"),
        (lambda: subjects.object_("swh:1:rev:" + "0" * 40), "neither"),
        (lambda: subjects.object_("swh:1:cnt:xyz"), "not a SWHID"),
        (lambda: subjects.author("not an address"), "e-mail"),
        (lambda: subjects.author("a" * 10_000_000 + "@example.org"), "e-mail"),
        (lambda: subjects.repository("https://x:y@github.com/" + "a" * 10_000_000), "1 to 2048"),
        (lambda: subjects.owner("pаypal"), "only looks like"),
    ],
)
def test_wrong_subjects_are_refused(make: object, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        make()  # type: ignore[operator]
    assert len(str(caught.value)) < 500
