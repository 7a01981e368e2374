"""Questions on a server: within their time, without what is withdrawn meanwhile, and nobody keeps a seat."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

import drystone
from drystone.reader import Reader
from drystone.reader.batcher import Batcher
from drystone.web.state import _QUESTIONS
from tests.release.sample import write_sample
from tests.web.ask_site import QUESTION, ask, ask_site, rows
from tests.web.pages import Site, site


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, small: Path) -> Iterator[Site]:
    with ask_site(tmp_path_factory.mktemp("asked"), Reader.load(small, threads=1)) as running:
        yield running


def test_what_is_not_read_in_time_is_left_out_and_told(here: Site) -> None:
    found = ask(here, question="Who guards the quarry?", least=0, seconds=1e-6).json()
    assert (found["found"], found["read"]) == (False, 0)
    assert found["notes"] == [f"0 of {found['pieces']} pieces were read: there was no time for the others"]
    late = ask(here, question="Who?", where="c:/.*(a|b).*(c|d)/", seconds=1e-9)
    assert (late.status_code, late.json()["detail"][0]["field"]) == (422, "seconds")


def test_a_client_that_goes_away_leaves_its_seat(here: Site) -> None:
    for _ in range(3 * _QUESTIONS):
        stream = requests.get(
            f"{here.url}/v1/ask",
            params={"question": "Who?"},
            headers={"Accept": "text/event-stream"},
            timeout=60,
            stream=True,
        )
        next(stream.iter_content(20))
        stream.close()
    seats = [here.app.state.drystone.asks.hold() for _ in range(_QUESTIONS)]
    for seat in seats:
        seat.__enter__()
    for seat in seats:
        seat.__exit__(None, None, None)


class Interrupted(Batcher):
    """A queue that is interrupted once, when something is to be read."""

    def __init__(self, reader: Reader, do: Any) -> None:
        super().__init__(reader)
        self.do = do

    def submit(self, *arguments: Any) -> Any:
        do, self.do = self.do, lambda: None
        do()
        return super().submit(*arguments)


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_what_is_withdrawn_is_answered_no_more(tmp_path: Path, small: Path, when: str) -> None:
    folder, other = tmp_path / "stones", tmp_path / "other"
    for place, leave in ((folder, ""), (other, "/history.md")):
        write_sample(place, rows(leave))
        drystone.index_release(place)

    def withdraw() -> None:
        shutil.copytree(other, folder, dirs_exist_ok=True)
        (folder / "manifest.json").touch()
        time.sleep(0.01)

    (tmp_path / "site").mkdir()
    batcher = Interrupted(Reader.load(small, threads=1), withdraw if when == "meanwhile" else lambda: None)
    with site(tmp_path / "site", places=[folder], readers={"small": batcher}) as running:
        if when == "before":
            first = ask(running, question=QUESTION, least=0, top_k=20).json()
            assert "/history.md" in {one["path"] for each in first["answers"] for one in each["citations"]}
            withdraw()
            assert ask(running, question=QUESTION, root=first["releases"][0]["root"]).status_code == 410
        found = ask(running, question=QUESTION, least=0, top_k=20).json()
        assert found["answers"]
        assert "/history.md" not in {one["path"] for each in found["answers"] for one in each["citations"]}
        assert {one["root"] for each in found["answers"] for one in each["citations"]} == {
            drystone.open_release(other).root
        }
