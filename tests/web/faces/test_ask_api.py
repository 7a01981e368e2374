"""`/v1/ask` over HTTP: answers with citations, candidates as they come, limits, problems by field."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

import drystone
from drystone.reader import Reader
from drystone.web.state import _QUESTIONS
from tests.web.ask_site import ANSWER, CODE, QUESTION, TEXTS, ask, ask_site, installed
from tests.web.pages import Site

STREAM = {"Accept": "text/event-stream"}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, small: Path) -> Iterator[Site]:
    """With random weights: what is answered is nonsense, and must hold all laws."""
    with ask_site(tmp_path_factory.mktemp("asked"), Reader.load(small, threads=1)) as running:
        yield running


@pytest.fixture(scope="module")
def sure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with ask_site(tmp_path_factory.mktemp("sure"), installed()) as running:
        yield running


def events(response: requests.Response) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for block in response.text.split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        found.append((fields["event"], json.loads(fields["data"])))
    return found


def test_an_answer_comes_with_what_it_rests_on(sure: Site, tmp_path: Path) -> None:
    found = ask(sure, question=f"  {QUESTION} ").json()
    release = drystone.open_release(sure.releases[1])
    assert (found["found"], found["question"], found["model"]) == (True, QUESTION, "small")
    assert found["answers"][0]["text"] == ANSWER
    assert {one["path"] for one in found["answers"][0]["citations"]} == {"/history.md", "/copy.md"}
    assert {one["root"] for one in found["answers"][0]["citations"]} == {release.root}
    assert found["read"] == found["pieces"] > 1
    assert "stones-1.0.0 has no index" in found["missing"][0], "an answer in part says so"
    file = tmp_path / "answer.json"
    file.write_text(json.dumps(found))
    assert {one.state for one in drystone.verify_citations(file, release)} == {"stands"}
    chosen = ask(sure, question=QUESTION, where="file:history", top_k=1).json()
    assert [one["path"] for one in chosen["answers"][0]["citations"]] == ["/history.md"]


def test_what_is_not_there_is_not_found(sure: Site) -> None:
    found = ask(sure, question="Which planet was cut by the largest moons?").json()
    assert (found["found"], found["answers"]) == (False, [])
    assert ask(sure, question="Which planet was cut by the largest moons?", least=0).json()["found"]
    assert "language of the texts" in ask(sure, question="端口是多少").json()["notes"][0]


def test_whatever_the_reader_says_every_quote_stands(here: Site) -> None:
    for question in ("Who?", "Who guards the quarry?", "?!", "Wer schnitt den Schlussstein?"):
        found = ask(here, question=question, least=0, top_k=20).json()
        for answer in found["answers"]:
            for one in answer["citations"]:
                text = TEXTS.get(one["path"]) or f"{CODE}{one['path'][1:-3]}\n"
                assert text.encode()[slice(*one["bytes"])].decode() == one["quote"]
                assert one["prefix"] + one["quote"] + one["suffix"] in text


def test_candidates_come_as_they_are_read_then_the_answers(here: Site) -> None:
    response = ask(here, STREAM, question="Who guards the quarry?", least=0)
    assert response.headers["content-type"].startswith("text/event-stream")
    *candidates, (last, answers) = events(response)
    assert {kind for kind, _ in candidates} == {"candidates"}, "no text of a release makes an event of its own"
    read = [each["read"] for _, each in candidates]
    assert read == list(range(candidates[0][1]["pieces"] + 1))
    assert candidates[0][1]["answers"] == []
    assert all(one["citations"] for _, each in candidates for one in each["answers"])
    assert last == "answers"
    assert candidates[-1][1]["answers"] == answers["answers"] == ask(
        here, question="Who guards the quarry?", least=0
    ).json()["answers"]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "status", "field"),
    [
        ({}, 422, "question"),
        ({"question": ""}, 422, "question"),
        ({"question": " \n"}, 422, "question"),
        ({"question": "x" * 10_240}, 422, "question"),
        ({"question": "Who?", "where": "lang:pythn"}, 422, "where"),
        ({"question": "Who?", "where": "foo (bar"}, 422, "where"),
        ({"question": "Who?", "top_k": 0}, 422, "top_k"),
        ({"question": "Who?", "top_k": 21}, 422, "top_k"),
        ({"question": "Who?", "least": 1.5}, 422, "least"),
        ({"question": "Who?", "least": "nan"}, 422, "least"),
        ({"question": "Who?", "seconds": 21}, 422, "seconds"),
        ({"question": "Who?", "max_answer_len": 0}, 422, "max_answer_len"),
        ({"question": "Who?", "topk": 3}, 422, "topk"),
        ({"question": "Who?", "root": "zz"}, 422, "root.0"),
        ({"question": "Who?", "release": "nothing"}, 404, None),
        ({"question": "Who?", "model": "nothing"}, 404, None),
        ({"question": "Who?", "root": "ab" * 32}, 410, None),
        ({"question": "Who?", "release": "stones-1.0.0"}, 503, None),
    ],
)
def test_problems_name_the_field(here: Site, asked: dict[str, Any], status: int, field: str | None) -> None:
    for headers in (None, STREAM):
        response = ask(here, headers, **asked)
        assert response.status_code == status, response.text
        body = response.json()
        assert body["error"]
        if field is not None:
            assert body["detail"][0]["field"] == field


def test_without_a_reader_it_says_what_to_do(tmp_path: Path) -> None:
    with ask_site(tmp_path, None) as running:
        refused = ask(running, question="Who?")
        assert refused.status_code == 503
        assert "--model" in refused.json()["error"]


def test_so_many_at_once_and_no_more(here: Site) -> None:
    seats = [here.app.state.drystone.asks.hold() for _ in range(_QUESTIONS)]
    for seat in seats:
        seat.__enter__()
    try:
        for headers in (None, STREAM):
            refused = ask(here, headers, question="Who?")
            assert refused.status_code == 429
            assert refused.headers["retry-after"]
    finally:
        for seat in seats:
            seat.__exit__(None, None, None)
    found: list[list[Any]] = []
    whole = ask(here, question="Who guards the quarry?", least=0).json()["answers"]

    def client() -> None:
        found.append(ask(here, question="Who guards the quarry?", least=0).json()["answers"])

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [[one["text"] for one in each] for each in found] == [[one["text"] for one in whole]] * 8


def test_it_is_described(here: Site) -> None:
    described = requests.get(f"{here.url}/openapi.json", timeout=30).json()
    operation = described["paths"]["/v1/ask"]["get"]
    assert {each["name"] for each in operation["parameters"]} >= {"question", "where", "release", "root", "least"}
    assert "text/event-stream" in operation["responses"]["200"]["content"]
    assert "Citation" in described["components"]["schemas"]
    assert "/v1/ask" in requests.get(f"{here.url}/docs", timeout=30).text
