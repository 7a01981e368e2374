"""The server's contracts, each tried with the client that people use."""

from __future__ import annotations

import gzip
import json
import math
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from drystone.reader import Reader
from tests.web.conftest import Server, running

CONTEXT = "A heap is an array. Its first item is 👩‍👩‍👧 the smallest. It was found in 1964 by Williams."
PAIR = {"question": "When was it found?", "context": CONTEXT}


def post(server: Server, path: str, body: Any, **more: Any) -> requests.Response:
    return requests.post(f"{server.url}{path}", json=body, timeout=30, **more)


@pytest.fixture(scope="module")
def local(small: Path) -> Reader:
    return Reader.load(small, threads=1)


def test_the_task_answers_as_the_reader_does(server: Server, local: Reader) -> None:
    # Each number of answers has its own number of candidates, and so its own sums (docs/reader.md).
    best = local.answer(PAIR["question"], CONTEXT)
    expected = local.answer(PAIR["question"], CONTEXT, top_k=3)
    one = post(server, "/", {"inputs": PAIR, "parameters": {}}).json()
    assert one["answer"] == CONTEXT[one["start"] : one["end"]] == best.text
    assert set(one) == {"answer", "score", "start", "end"}
    three = post(server, "/", {"inputs": PAIR, "parameters": {"top_k": 3}}).json()
    assert [a["answer"] for a in three] == [a.text for a in expected]
    many = post(server, "/", {"inputs": [PAIR, PAIR]}).json()
    assert [a["answer"] for a in many] == [best.text] * 2


@pytest.mark.parametrize("by", ["model", "base_url"])
def test_the_hugging_face_client_works(server: Server, by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("huggingface_hub")
    constants = pytest.importorskip("huggingface_hub.constants")
    # Read from HF_HUB_OFFLINE once, at import, which another test may have set; the server is on loopback.
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    client = hub.InferenceClient(**{by: server.url})
    one = client.question_answering(question=PAIR["question"], context=CONTEXT)
    one = one[0] if isinstance(one, list) else one
    assert CONTEXT[one.start : one.end] == one.answer
    several = client.question_answering(
        question=PAIR["question"], context=CONTEXT, top_k=2, handle_impossible_answer=True
    )
    assert len(several) == 2


def test_the_open_inference_client_works(server: Server) -> None:
    triton = pytest.importorskip("tritonclient.http")
    np = pytest.importorskip("numpy")
    client = triton.InferenceServerClient(server.url.removeprefix("http://"))
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("small")
    assert client.get_server_metadata()["name"] == "drystone"
    assert [i["name"] for i in client.get_model_metadata("small")["inputs"]] == ["question", "context"]
    inputs = []
    for name, text in (("question", PAIR["question"]), ("context", CONTEXT)):
        tensor = triton.InferInput(name, [2], "BYTES")
        tensor.set_data_from_numpy(np.array([text, text], object), binary_data=False)
        inputs.append(tensor)
    outputs = [triton.InferRequestedOutput(name, binary_data=False) for name in ("answer", "start", "end")]
    result = client.infer("small", inputs, outputs=outputs, parameters={"top_k": 2})
    answers, starts, ends = (result.as_numpy(name) for name in ("answer", "start", "end"))
    assert answers.shape == (2, 2)
    for text, a, b in zip(answers.reshape(-1), starts.reshape(-1), ends.reshape(-1), strict=True):
        assert CONTEXT[a:b] == (text.decode() if isinstance(text, bytes) else text)


def test_the_open_inference_client_works_in_binary_which_is_its_default(server: Server) -> None:
    triton = pytest.importorskip("tritonclient.http")
    np = pytest.importorskip("numpy")
    client = triton.InferenceServerClient(server.url.removeprefix("http://"))
    assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
    inputs = []
    for name, text in (("question", PAIR["question"]), ("context", CONTEXT)):
        tensor = triton.InferInput(name, [2], "BYTES")
        tensor.set_data_from_numpy(np.array([text.encode()] * 2, object))
        inputs.append(tensor)
    chosen = [triton.InferRequestedOutput("answer"), triton.InferRequestedOutput("start", binary_data=False)]
    for outputs, more in ((None, {}), (chosen, {}), (chosen, {"request_compression_algorithm": "gzip"})):
        result = client.infer("small", inputs, outputs=outputs, parameters={"top_k": 2}, **more)
        answers, starts = result.as_numpy("answer"), result.as_numpy("start")
        assert answers.shape == starts.shape == (2, 2)
        for text, start in zip(answers.reshape(-1), starts.reshape(-1), strict=True):
            assert CONTEXT[start : start + len(text.decode())] == text.decode()
    assert client.infer("small", inputs).as_numpy("score").dtype == np.float64


@pytest.mark.parametrize(
    ("body", "stated", "message"),
    [
        (b"{}", "9", "2 bytes are there, of which 9"),
        (b'{"inputs": [{"name": "question", "datatype": "BYTES", "parameters": {"binary_data_size": 9}}]}', None,
         "question should have 9 bytes, 0 are left"),
        (b"[]", None, "do not add up"),
        (b'{"inputs": []}more', "14", "4 bytes are left over"),
        (b"x", "many", "do not add up"),
    ],
)  # fmt: skip
def test_binary_tensors_that_do_not_add_up_get_422(
    server: Server, body: bytes, stated: str | None, message: str
) -> None:
    headers = {"Inference-Header-Content-Length": stated or str(len(body))}
    found = requests.post(f"{server.url}/v2/models/small/infer", data=body, headers=headers, timeout=10)
    assert found.status_code == 422 and message in found.json()["error"], found.text
    assert found.json()["detail"][0]["field"] == "inputs"


def test_compressed_bodies_are_read_and_bombs_are_not(server: Server) -> None:
    body = json.dumps({"inputs": PAIR}).encode()
    expected = post(server, "/", {"inputs": PAIR}).json()
    for coding, pack in (("gzip", gzip.compress), ("deflate", zlib.compress)):
        headers = {"Content-Encoding": coding, "Content-Type": "application/json"}
        sent = requests.post(f"{server.url}/", data=pack(body), headers=headers, timeout=10)
        assert sent.json() == expected
        bomb = requests.post(f"{server.url}/", data=pack(b" " * 50_000_000), headers=headers, timeout=10)
        assert bomb.status_code == 413
        for damaged in (pack(body)[:-9], b"nothing of the kind", pack(body) + b"more", pack(body) + pack(body)):
            assert requests.post(f"{server.url}/", data=damaged, headers=headers, timeout=10).status_code == 400
    other = requests.post(f"{server.url}/", data=body, headers={"Content-Encoding": "br"}, timeout=10)
    assert other.status_code == 415 and other.json()["detail"][0]["field"] == "content-encoding"


def test_inputs_in_all_the_forms_that_endpoints_took(server: Server) -> None:
    one = post(server, "/", {"inputs": PAIR, "options": {"wait_for_model": True, "use_cache": False}}).json()
    assert post(server, "/", PAIR).json() == one
    assert post(server, "/", {"inputs": [PAIR]}).json() == [one]
    question, context = PAIR["question"], PAIR["context"]
    for inputs in (
        {"question": [question] * 2, "context": context},
        {"question": [question] * 2, "context": [context] * 2},
        {"question": question, "context": [context] * 2},
    ):
        assert post(server, "/", {"inputs": inputs}).json() == [one] * 2
    both = {"question": [question] * 2, "context": [context]}
    assert post(server, "/", {"inputs": both}).json()["error"].startswith("inputs: ")
    wrong = post(server, "/", {"inputs": [PAIR, {"question": "Why?"}]}).json()
    assert wrong["error"] == "inputs.1.context: Field required"
    assert requests.head(f"{server.url}/v2/models/small", timeout=10).status_code == 200


def test_pages_of_other_sites_ask_where_they_may(small: Path) -> None:
    asked = {"Origin": "https://app.example.org", "Access-Control-Request-Method": "POST",
             "Access-Control-Request-Headers": "authorization,content-type"}  # fmt: skip
    with running("--model", f"small={small}", "--cors", "https://app.example.org", DRYSTONE_TOKENS="secret") as site:
        before = requests.options(f"{site.url}/v1/answer", headers=asked, timeout=10)
        assert before.ok and before.headers["access-control-allow-origin"] == "https://app.example.org"
        told = post(site, "/v1/answer", {"inputs": PAIR}, headers={"Origin": "https://app.example.org"})
        assert told.status_code == 401 and "access-control-allow-origin" in told.headers
        stranger = requests.options(f"{site.url}/v1/answer", headers=asked | {"Origin": "https://x.org"}, timeout=10)
        assert "access-control-allow-origin" not in stranger.headers
    done = subprocess.run(
        [sys.executable, "-m", "drystone", "serve", "--model", str(small), "--cors", "example.org"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2 and "is not an origin" in done.stderr


def test_batches_and_models(server: Server) -> None:
    body = {"inputs": [PAIR, {"question": "What?", "context": "Nothing much."}], "parameters": {"top_k": 2}}
    first, second = (
        post(server, "/v1/answer", body).json(),
        post(server, "/v1/answer", body | {"model": "other"}).json(),
    )
    assert (first["model"], second["model"]) == ("small", "other")
    assert [len(a) for a in first["answers"]] == [2, 2]
    assert first["answers"] != second["answers"]
    assert post(server, "/v1/answer", body | {"model": "third"}).status_code == 404


def test_metrics_count_what_was_done(server: Server) -> None:
    post(server, "/", {"inputs": PAIR})
    text = requests.get(f"{server.url}/metrics", timeout=10).text
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(values['drystone_windows_total{model="small"}']) >= 1
    assert float(values['drystone_requests_total{route="/",status="200"}']) >= 1
    assert float(values['drystone_answer_seconds_count{model="small"}']) >= 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"inputs": {"question": "", "context": "x"}}, "inputs"),
        ({"inputs": {"question": "Why?", "context": " \n"}}, "context"),
        ({"inputs": {"question": "why " * 400, "context": "x"}}, "question"),
        ({"inputs": {"question": "Why?"}}, "inputs"),
        ({"inputs": []}, "inputs"),
        ({"inputs": 7}, "inputs"),
        ({}, "inputs"),
        ([], ""),
        ({"inputs": PAIR, "parameters": {"top_k": -1}}, "parameters.top_k"),
        ({"inputs": PAIR, "parameters": {"top_k": math.nan}}, "parameters.top_k"),
        ({"inputs": PAIR, "parameters": {"top_k": 1.5}}, "parameters.top_k"),
        ({"inputs": PAIR, "parameters": {"top_k": True}}, "parameters.top_k"),
        ({"inputs": PAIR, "parameters": {"max_seq_len": 10_000}}, "max_seq_len"),
        ({"inputs": PAIR, "parameters": {"temperature": 1}}, "parameters.temperature"),
        ({"inputs": PAIR, "more": 1}, "more"),
    ],
)  # fmt: skip
def test_wrong_fields_get_422_and_their_name(server: Server, body: Any, field: str) -> None:
    response = requests.post(
        f"{server.url}/", data=json.dumps(body), headers={"Content-Type": "application/json"}, timeout=10
    )
    assert response.status_code == 422, response.text
    assert any(d["field"].startswith(field) for d in response.json()["detail"]), response.text


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 50_000, b'{"inputs": "\\ud8"}'])
def test_bodies_that_are_not_json_get_4xx(server: Server, body: bytes) -> None:
    response = requests.post(f"{server.url}/", data=body, headers={"Content-Type": "application/json"}, timeout=10)
    assert 400 <= response.status_code < 500


def test_large_bodies_get_413(server: Server) -> None:
    body = {"inputs": {"question": "Why?", "context": "x " * 60_000}}
    assert post(server, "/", body).status_code == 413
    chunks = (b"x" * 10_000 for _ in range(20))
    assert requests.post(f"{server.url}/", data=chunks, timeout=10).status_code == 413


def test_a_client_that_sends_all_before_it_reads_hears_that_it_was_too_much(server: Server) -> None:
    half = b"x" * 1_000_000
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=10) as client:
        client.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2000000\r\n\r\n" + half)
        time.sleep(0.5)
        client.sendall(half)
        assert client.recv(1000).startswith(b"HTTP/1.1 413 ")


def test_lone_surrogates_come_back_as_they_came(server: Server) -> None:
    context = "one \ud800 two \udfff three"
    found = post(server, "/", {"inputs": {"question": "What \ud800?", "context": context}, "parameters": {"top_k": 20}})
    assert found.status_code == 200
    for one in found.json():
        assert context[one["start"] : one["end"]] == one["answer"]


def test_tokens_guard_everything_but_health_and_metrics(small: Path, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("secret-one\nsecret-two\n")
    with running("--model", str(small), "--tokens", str(tokens)) as server:
        assert post(server, "/", {"inputs": PAIR}).status_code == 401
        assert (
            post(server, "/v1/answer", {"inputs": PAIR}, headers={"Authorization": "Bearer wrong"}).status_code == 401
        )
        assert post(server, "/", {"inputs": PAIR}, headers={"Authorization": "Bearer secret-two"}).status_code == 200
        assert requests.get(f"{server.url}/metrics", timeout=10).status_code == 200


def test_a_full_queue_gets_429_and_when_to_come_back(small: Path) -> None:
    long = {"question": "Why?", "context": "heaps are arrays " * 3000}
    with running("--model", str(small), "--max-waiting", "10", "--threads", "1") as server:
        codes: list[requests.Response] = []
        threads = [threading.Thread(target=lambda: codes.append(post(server, "/", {"inputs": long}))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seen = {r.status_code for r in codes}
        assert seen == {200, 429}
        assert all(int(r.headers["Retry-After"]) >= 1 for r in codes if r.status_code == 429)
        assert post(server, "/", {"inputs": PAIR}).status_code == 200


def test_a_deadline_drops_the_work(small: Path) -> None:
    long = {"question": "Why?", "context": "heaps are arrays " * 20_000}
    with running("--model", str(small), "--timeout", "0.3", "--threads", "1") as server:
        assert post(server, "/", {"inputs": long}).status_code == 504
        time.sleep(0.5)
        text = requests.get(f"{server.url}/metrics", timeout=10).text
        dropped = next(line for line in text.splitlines() if line.startswith("drystone_dropped_windows_total"))
        assert float(dropped.rsplit(" ", 1)[1]) > 0
        assert "drystone_waiting_windows{" in text


def test_a_stop_loses_no_accepted_request(small: Path) -> None:
    long = {"question": "Why?", "context": "heaps are arrays " * 2000}
    with running("--model", str(small), "--threads", "1") as server:
        codes: list[int] = []
        threads = [
            threading.Thread(target=lambda: codes.append(post(server, "/", {"inputs": long}).status_code))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for _ in range(100):
            text = requests.get(f"{server.url}/metrics", timeout=10).text
            if 'drystone_waiting_windows{model="small"} 0.0' not in text:
                break
            time.sleep(0.02)
        process = psutil.Process(server.process.pid)
        for _ in range(100):  # what waits in the system's queue is not accepted yet
            open_ = [c for c in process.net_connections("tcp") if c.status == psutil.CONN_ESTABLISHED]
            if len(open_) + len(codes) >= 4:
                break
            time.sleep(0.02)
        time.sleep(0.1)
        os.kill(server.process.pid, signal.SIGTERM)
        for thread in threads:
            thread.join()
        assert codes == [200] * 4
        assert server.process.wait(30) in (0, -signal.SIGTERM)


@pytest.mark.slow
def test_the_server_keeps_its_own_openapi(server: Server) -> None:
    schemathesis = pytest.importorskip("schemathesis")
    del schemathesis
    import subprocess
    import sys

    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/openapi.json", "--max-examples", "30",
        "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
        "--seed", "1", "--no-color",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
