from __future__ import annotations

import threading

import pytest
from starlette.exceptions import HTTPException

from drystone.web import seats
from drystone.web.seats import Seats


def test_a_seat_is_waited_for_and_then_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seats, "_PATIENCE", 0.05)
    two = Seats(2, "walks")
    with two.hold(), two.hold():
        with pytest.raises(HTTPException, match="too many walks at once") as refused, two.hold():
            pass
        assert refused.value.status_code == 429
        assert refused.value.headers == {"Retry-After": "2"}
    monkeypatch.setattr(seats, "_PATIENCE", 60)
    one, sat = Seats(1, "walks"), threading.Event()

    def sit() -> None:
        with one.hold():
            sat.set()

    with one.hold():
        waiting = threading.Thread(target=sit)
        waiting.start()
        assert not sat.wait(0.05)
    assert sat.wait(30)
    waiting.join()


def test_whoever_fails_gets_up() -> None:
    one = Seats(1, "walks")
    with pytest.raises(ValueError, match="stumbled"), one.hold():
        raise ValueError("stumbled")
    with one.hold():
        pass
