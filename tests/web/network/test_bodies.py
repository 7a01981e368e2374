"""Bodies in another dress: what they cost whoever takes it off."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import Iterator

from starlette.types import Message, Receive, Scope, Send

from drystone.web.network.bodies import HEADER_LENGTH, BinaryTensors, Unpacked


def test_what_follows_a_compressed_body_is_not_kept() -> None:
    pieces = iter([gzip.compress(b"{}"), *[b"x" * 65536] * 100])
    status = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass

    async def send(message: Message) -> None:
        status.append(message.get("status"))

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-encoding", b"gzip")]}
    asyncio.run(Unpacked(app)(scope, _receive(pieces), send))
    assert status == [400, None]
    assert len(list(pieces)) == 99, "refused as soon as it is seen"


def test_many_small_tensors_are_read_in_one_pass() -> None:
    small = {"name": "question", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": 4}}
    large = {**small, "parameters": {"binary_data_size": 2_000_004}}
    head = json.dumps({"inputs": [*[small] * 20_000, large]}).encode()
    data = bytes(80_000) + (2_000_000).to_bytes(4, "little") + b"x" * 2_000_000
    read = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        read.append(json.loads((await receive())["body"]))

    async def send(message: Message) -> None:
        raise AssertionError(message)

    headers = [(HEADER_LENGTH, str(len(head)).encode())]
    begun = time.process_time()
    scope = {"type": "http", "headers": headers}
    asyncio.run(BinaryTensors(app)(scope, _receive(iter([head + data, b""])), send))
    assert [each["data"] for each in read[0]["inputs"]] == [*[[""]] * 20_000, ["x" * 2_000_000]]
    took = time.process_time() - begun
    assert took < 2, "copying what is left for each takes 3 seconds"


def _receive(pieces: Iterator[bytes]) -> Receive:
    async def receive() -> Message:
        piece = next(pieces, b"")
        return {"type": "http.request", "body": piece, "more_body": bool(piece)}

    return receive
