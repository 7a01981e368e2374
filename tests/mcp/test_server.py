"""The protocol, by the SDK's own client and by hostile hands: each call gets an answer; stdout is the protocol's."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
import requests
import uvicorn
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from pydantic import BaseModel

import drystone
from drystone.mcp.limits import AT_ONCE, MAX_BODY, RESULT_BYTES, WAITING
from drystone.mcp.pages import ToolResult
from drystone.mcp.server import HttpAddress, http_app
from drystone.mcp.shelf import ReleaseShelf
from drystone.mcp.stopping import Calls, Stop
from drystone.mcp.tools import TOOLS
from mcp import Client

Run = Callable[[Callable[[], Any]], Any]
NAMES = ["search", "ask", "read", "why", "licenses", "find", "compare", "passport"]
START = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}
READY = {"jsonrpc": "2.0", "method": "notifications/initialized"}


def tool_call(number: object, name: object, arguments: object) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {"name": name, "arguments": arguments}}


class Talk:
    """A process that speaks the protocol, and what is written into it and read from it by hand."""

    def __init__(self, command: Sequence[str]) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def send(self, *messages: object) -> None:
        """Write messages, or bytes as they are, each in a line."""
        assert self.process.stdin is not None
        for message in messages:
            self.process.stdin.write((message if isinstance(message, bytes) else json.dumps(message).encode()) + b"\n")
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        message: dict[str, Any] = json.loads(self.process.stdout.readline())
        assert message["jsonrpc"] == "2.0"
        return message

    def end(self) -> tuple[bytes, bytes]:
        """Hang up; return what came on standard output and standard error since."""
        rest = self.process.communicate(timeout=60)
        assert self.process.returncode == 0
        return rest


@contextmanager
def talking_to(command: Sequence[str]) -> Iterator[Talk]:
    speaking = Talk(command)
    speaking.send(START)
    assert speaking.receive()["result"]["serverInfo"]["name"] == "drystone"
    speaking.send(READY)
    yield speaking
    speaking.process.kill()
    speaking.process.communicate()


@pytest.fixture(scope="module")
def talk(command: list[str]) -> Iterator[Talk]:
    """A client and its server for all tests that leave it alive."""
    with talking_to(command) as speaking:
        yield speaking


@pytest.fixture
def short_talk(command: list[str]) -> Iterator[Talk]:
    with talking_to(command) as speaking:
        yield speaking


@pytest.mark.slow
def test_the_client_of_the_sdk_starts_what_the_settings_say(release: Path, run: Run) -> None:
    told: Any = drystone.mcp_settings("claude", [release])[1]
    server = told["mcpServers"]["drystone"]
    parameters = StdioServerParameters(command=server["command"], args=server["args"])

    async def talking() -> None:
        async with Client(parameters) as client:
            tools = (await client.list_tools()).tools
            assert [tool.name for tool in tools] == NAMES
            for tool in tools:
                assert tool.annotations is not None
                assert tool.annotations.read_only_hint == (tool.name != "find"), "only find is counted"
                assert tool.input_schema["additionalProperties"] is False
                assert tool.output_schema is not None
                assert tool.output_schema["type"] == "object"
            found = await client.call_tool("search", {"query": "keystone file:guide"})
            assert not found.is_error
            assert len(found.model_dump_json(by_alias=True).encode()) <= RESULT_BYTES
            assert found.structured_content["results"][0]["lines"][0]["number"] == 9
            lines = await client.call_tool("read", {"file": "guide.rst", "first": 9})
            assert "     9 | The keystone was cut by Ada Mason in 1852." in lines.content[0].text
            wrong = await client.call_tool("read", {"file": "nothing.py"})
            assert wrong.is_error
            with pytest.raises(MCPError, match="there is no tool 'write'; tools are search, ask, read, why"):
                await client.call_tool("write", {})

    run(talking)


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("search", {}, "query: Field required"),
        ("search", None, "query: Field required"),
        ("search", {"query": 5}, "query: Input should be a valid string"),
        ("search", {"query": ["a"]}, "query: Input should be a valid string"),
        ("search", {"query": "a", "limit": 10**30}, "limit: "),
        ("search", {"query": "a", "limit": 0}, "limit: Input should be greater than or equal to 1"),
        ("search", {"query": "a" * 10_001}, "query: String should have at most 10000 characters"),
        (
            "search",
            {"query": "a", "quer\u202ey": 1},
            "quer\\u202ey: there is no such argument; known are release, cursor",
        ),
        ("search", {"query": "a\x1b[31m("}, "a\\x1b[31m("),
        ("ask", {"question": "?" * 10_240}, "question: String should have at most 1000 characters"),
        ("ask", {"question": "   "}, "the question is empty"),
        ("read", {"file": "../../../../etc/passwd"}, "no occurrence matches"),
        ("read", {"file": "guide.rst", "cursor": "../x"}, "cursor: this is no cursor of this server"),
        ("read", {"file": {"path": "/etc"}}, "file: Input should be a valid string"),
        ("why", {"file": "a\0b"}, "no occurrence matches 'a\\x00b'"),
        ("licenses", {"policy": "all"}, "policy: Input should be 'permissive' or 'stack-v2'"),
        ("licenses", {str(number): 1 for number in range(5_000)}, "there is no such argument"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(talk: Talk, name: str, arguments: Any, said: str) -> None:
    talk.send(tool_call(7, name, arguments))
    answer = talk.receive()
    assert answer["id"] == 7
    result = answer["result"]
    assert result["isError"]
    assert said in result["content"][0]["text"]
    assert len(result["content"][0]["text"]) < 2_000


def test_rubbish_gets_an_answer_and_the_next_call_is_served(talk: Talk) -> None:
    rubbish: list[tuple[object, int]] = [
        (b"{", -32700), (b"\xff\xfe\x00", -32700), (b"[" * 10_000, -32700), (b'"text"', -32600), (b"{}", -32600),
        (b"[]", -32600), ({"jsonrpc": "1.0", "id": 1, "method": "ping"}, -32600),
        ({"jsonrpc": "2.0", "id": 3, "method": "no/method"}, -32601),
        ({"jsonrpc": "2.0", "id": 4, "method": "tools/call", "params": {"arguments": {}}}, -32602),
        (tool_call(5, {"name": 1}, {}), -32602), (tool_call(6, "search", "text"), -32602),
        (tool_call(7, "\x1b[2Jwrite", {}), -32602),
    ]  # fmt: skip
    for message, code in rubbish:
        talk.send(message)
        answer = talk.receive()
        assert answer["error"]["code"] == code, (message, answer)
        assert "\x1b" not in answer["error"]["message"]
    talk.send(b"", {"jsonrpc": "2.0", "method": "notifications/of/nobody"}, tool_call(8, "licenses", {}))
    answers = [talk.receive()]
    while answers[-1].get("id") != 8:
        answers.append(talk.receive())
    assert not answers[-1]["result"]["isError"]
    talk.send(tool_call(9, "search", {"query": "keystone" * 20_000}))
    assert "at most 10000" in talk.receive()["result"]["content"][0]["text"]
    talk.send(tool_call(10, "search", {"query": "keystone" * 1_000_000}))
    assert f"longer than {MAX_BODY:,} bytes" in talk.receive()["error"]["message"]


@pytest.mark.slow
def test_a_cancelled_call_gets_no_answer_and_the_next_one_does(short_talk: Talk) -> None:
    talk = short_talk
    for number in range(10, 20):
        cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": number}}
        talk.send(tool_call(number, "search", {"query": "/[a-z]+_[0-9]+/", "limit": 50}), cancel)
    talk.send(tool_call(99, "licenses", {}))
    assert talk.receive()["id"] == 99
    out, _ = talk.end()
    assert out == b""


@pytest.mark.slow
@pytest.mark.parametrize("given", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_server_while_it_waits_for_its_client(short_talk: Talk, given: signal.Signals) -> None:
    short_talk.process.send_signal(given)
    assert short_talk.process.wait(30) in {130, -given}
    assert short_talk.process.stderr is not None
    assert b"Traceback" not in short_talk.process.stderr.read()


@pytest.mark.slow
def test_a_flood_is_answered_call_by_call(talk: Talk) -> None:
    count = 5 * (AT_ONCE + WAITING)
    talk.send(*(tool_call(number, "search", {"query": "keystone"}) for number in range(100, 100 + count)))
    answers = [talk.receive() for _ in range(count)]
    assert {answer["id"] for answer in answers} == set(range(100, 100 + count))
    refused = [a["result"]["content"][0]["text"] for a in answers if a["result"]["isError"]]
    assert all("too many calls at once" in text for text in refused)
    assert count - len(refused) >= AT_ONCE
    talk.send(tool_call(1_000, "search", {"query": "keystone"}))
    assert not talk.receive()["result"]["isError"]


@pytest.mark.slow
def test_a_client_that_is_gone_ends_the_server_without_a_word(short_talk: Talk) -> None:
    talk = short_talk
    talk.send(*(tool_call(number, "search", {"query": "keystone"}) for number in range(20)))
    assert talk.process.stdout is not None
    talk.process.stdout.readline()
    _, told = talk.end()
    assert told.decode().splitlines() == [
        "drystone: serving stones on standard input and output; a program speaks there, see --settings"
    ]


class Site:
    """A server over HTTP in a process of its own."""

    def __init__(self, url: str) -> None:
        self.url = url

    def post(self, message: object, **headers: str) -> requests.Response:
        data = message if isinstance(message, bytes) else json.dumps(message).encode()
        accepted = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
        return requests.post(self.url, data=data, headers={**accepted, **headers}, timeout=30)


@contextmanager
def serving(release: Path, *arguments: str, **environment: str) -> Iterator[Site]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "drystone", "mcp", str(release), "--http", "--port", str(port), *arguments]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, env={**os.environ, **environment})
    try:
        for _ in range(600):
            assert process.poll() is None, process.stderr and process.stderr.read()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield Site(f"http://127.0.0.1:{port}/mcp")
    finally:
        process.terminate()
        process.communicate(timeout=30)


@pytest.fixture(scope="module")
def site(release: Path) -> Iterator[Site]:
    with serving(release) as found:
        yield found


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_client_of_the_sdk_over_http(site: Site, run: Run, mode: str) -> None:
    async def talking() -> None:
        async with Client(site.url, mode=mode) as client:
            assert [tool.name for tool in (await client.list_tools()).tools] == NAMES
            found = await client.call_tool("search", {"query": "keystone", "limit": 2})
            rest = {"query": "keystone", "limit": 2, "cursor": found.structured_content["next"]}
            second = await client.call_tool("search", rest)
            files = [r["swhid"] for each in (found, second) for r in each.structured_content["results"]]
            assert len(set(files)) == len(files) >= 3
            with anyio.move_on_after(0.01):
                await client.call_tool("search", {"query": "/[a-z]+[0-9]+/", "limit": 50})
            assert not (await client.call_tool("licenses", {})).is_error

    run(talking)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421), ({"host": "evil.example:80"}, 421), ({"host": ""}, 421),
        ({"origin": "http://evil.example"}, 403), ({"origin": "null"}, 403), ({"origin": "http://localhost:9"}, 200),
        ({"content-type": "text/plain"}, 400), ({"accept": "text/html"}, 406), ({"mcp-session-id": "x"}, 404),
    ],
)  # fmt: skip
def test_pages_of_others_and_strange_headers_are_refused(site: Site, headers: dict[str, str], status: int) -> None:
    assert site.post(START, **headers).status_code == status


@pytest.mark.parametrize(
    ("message", "status"),
    [(b"{", 400), (b"", 400), (b"[]", 400), (b"\xff", 400), (b"[" * 5_000, 400), (b" " * (MAX_BODY + 1), 413)],
)
def test_rubbish_over_http_is_refused(site: Site, message: bytes, status: int) -> None:
    found = site.post(message)
    assert found.status_code == status
    assert "Traceback" not in found.text


def test_a_client_that_hangs_up_leaves_the_server_serving(site: Site, run: Run) -> None:
    host, _, port = site.url.removeprefix("http://").removesuffix("/mcp").partition(":")
    body = json.dumps(tool_call(1, "search", {"query": "/[a-z]+[0-9]+/"})).encode()
    head = f"POST /mcp HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\nAccept: application/json, "
    head += f"text/event-stream\r\nMCP-Protocol-Version: 2025-06-18\r\nContent-Length: {len(body)}\r\n\r\n"
    for sent in (head.encode(), head.encode() + body[:20], head.encode() + body):
        with socket.create_connection((host, int(port))) as gone:
            gone.sendall(sent)

    async def talking() -> None:
        async with Client(site.url) as client:
            assert not (await client.call_tool("licenses", {})).is_error

    run(talking)


@pytest.mark.slow
def test_a_model_that_is_missing_says_so_to_who_asks(command: list[str]) -> None:
    with talking_to([*command, "--model", "./nowhere"]) as talk:
        talk.send(tool_call(2, "ask", {"question": "Who cut the keystone?"}), tool_call(3, "licenses", {}))
        answers = {answer["id"]: answer["result"] for answer in (talk.receive(), talk.receive())}
        assert answers[2]["isError"]
        assert "nowhere" in answers[2]["content"][0]["text"]
        assert not answers[3]["isError"]


@pytest.mark.slow
def test_tokens_are_asked_for(release: Path, tmp_path: Path, run: Run) -> None:
    (tmp_path / "tokens").write_text("secret-one\n")
    with serving(release, "--tokens", str(tmp_path / "tokens"), DRYSTONE_TOKENS="secret-two") as guarded:
        for given in ("", "Bearer wrong", "Basic secret-one"):
            refused = guarded.post(START, authorization=given)
            assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
            assert "a bearer token is needed" in refused.json()["error"]
        assert requests.get(guarded.url, timeout=30).status_code == 401

        async def talking() -> None:
            headers = {"authorization": "Bearer secret-two"}
            async with (
                httpx2.AsyncClient(headers=headers) as http,
                Client(streamable_http_client(guarded.url, http_client=http)) as client,
            ):
                assert len((await client.list_tools()).tools) == len(NAMES)

        run(talking)


@pytest.mark.slow
def test_another_name_is_let_in_where_it_is_given(release: Path) -> None:
    with serving(release, "--name", "mcp.example.org") as named:
        assert named.post(START, host="mcp.example.org", origin="https://mcp.example.org").status_code == 200
        assert named.post(START, host="other.example.org").status_code == 421


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """A tool of the server that takes steps until it is told to end: events of its beginning and of its end."""
    begun, ended = threading.Event(), threading.Event()

    def work(shelf: ReleaseShelf, asked: BaseModel, stop: Stop) -> ToolResult:
        begun.set()
        try:
            while True:
                stop.check()
                time.sleep(0.005)
        finally:
            ended.set()

    monkeypatch.setitem(TOOLS, "endless", replace(TOOLS["licenses"], name="endless", run=work))
    return begun, ended


@contextmanager
def in_this_process(release: Path) -> Iterator[str]:
    """Serve over HTTP from a thread."""
    shelf, calls = ReleaseShelf([release], lambda: pytest.fail("not asked")), Calls(2, 2, 60)
    app = http_app(shelf, calls, HttpAddress("127.0.0.1", 0), frozenset())
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        server.should_exit = True
        thread.join()
        calls.close()


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_work_stops_where_its_client_cancels(
    release: Path, endless: tuple[threading.Event, threading.Event], run: Run, mode: str
) -> None:
    begun, ended = endless
    with in_this_process(release) as url:

        async def talking() -> None:
            async with Client(url, mode=mode) as client, anyio.create_task_group() as tasks:
                tasks.start_soon(client.call_tool, "endless", {})
                assert await anyio.to_thread.run_sync(begun.wait, 20)
                tasks.cancel_scope.cancel()
            assert await anyio.to_thread.run_sync(ended.wait, 20)

        run(talking)
