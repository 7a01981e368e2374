"""Bodies that come in another dress: compressed, or as binary tensors of the Open Inference Protocol. Knows no routes.

Both are taken off before the application reads them: it sees plain JSON.
"""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any, Final

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Bytes that are unpacked at a time: a few bytes may stand for gigabytes, which the limit on bodies must stop early.
_PIECE: Final = 1 << 18
#: The header that says how many bytes of a body are JSON; binary tensors follow them.
HEADER_LENGTH: Final = b"inference-header-content-length"
_GZIP_OR_ZLIB: Final = 32 + zlib.MAX_WBITS


class Unpacked:
    """Unpacks bodies whose Content-Encoding is gzip or deflate; others but identity get 415, damaged ones 400."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, its body unpacked."""
        coding = dict(scope.get("headers", ())).get(b"content-encoding", b"identity").strip().lower()
        if scope["type"] != "http" or coding == b"identity":
            await self.app(scope, receive, send)
            return
        if coding not in (b"gzip", b"x-gzip", b"deflate"):
            await _refuse(scope, receive, send, 415, "content-encoding: gzip, deflate and identity are understood")
            return
        inside = {
            **scope,
            "headers": [h for h in scope["headers"] if h[0] not in (b"content-encoding", b"content-length")],
        }
        unpacker, more, refused = zlib.decompressobj(_GZIP_OR_ZLIB), True, False

        async def unpacked() -> Message:
            nonlocal more, refused
            packed = unpacker.unconsumed_tail
            if refused or not (packed or more):
                return await receive()
            if not packed:
                message = await receive()
                if message["type"] != "http.request":
                    return message
                packed, more = message.get("body", b""), message.get("more_body", False)
            try:
                piece = unpacker.decompress(packed, _PIECE)
                if not more and not unpacker.unconsumed_tail and not unpacker.eof:
                    raise zlib.error("it is cut off")
                if unpacker.unused_data:  # zlib would keep all that comes
                    raise zlib.error("something follows it")
            except zlib.error:
                refused = True
                await _refuse(scope, receive, send, 400, "body: is not what its content-encoding says")
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": piece, "more_body": more or bool(unpacker.unconsumed_tail)}

        async def unless_refused(message: Message) -> None:
            if not refused:
                await send(message)

        await self.app(inside, unpacked, unless_refused)


class BinaryTensors:
    """Turns a request with binary tensors into the same request in JSON; one that does not add up gets 422.

    Source: the protocol's binary tensor data extension (Triton, protocol/extension_binary_data.md).
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, its tensors in JSON."""
        stated = dict(scope.get("headers", ())).get(HEADER_LENGTH)
        if scope["type"] != "http" or stated is None:
            await self.app(scope, receive, send)
            return
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return  # the client has gone, or the edge has refused it
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        try:
            plain = json.dumps(_plain(bytes(body), stated)).encode()
        except (ValueError, TypeError, KeyError, AttributeError, struct.error, RecursionError) as error:
            await _refuse(scope, receive, send, 422, f"inputs: binary tensors that do not add up ({error})")
            return
        headers = [h for h in scope["headers"] if h[0] not in (HEADER_LENGTH, b"content-length", b"content-type")]
        headers += [(b"content-type", b"application/json"), (b"content-length", str(len(plain)).encode())]
        given = False

        async def once() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": plain, "more_body": False}

        await self.app({**scope, "headers": headers}, once, send)


def _plain(body: bytes, stated: bytes) -> Any:
    length = int(stated)
    if not 0 <= length <= len(body):
        raise ValueError(f"{len(body)} bytes are there, of which {length} should be JSON")
    request, rest = json.loads(body[:length]), memoryview(body)[length:]
    for tensor in request["inputs"]:
        size = tensor.get("parameters", {}).get("binary_data_size")
        if size is None:
            continue
        if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= len(rest):
            raise ValueError(f"{tensor.get('name')} should have {size} bytes, {len(rest)} are left")
        if tensor.get("datatype") != "BYTES":
            raise ValueError(f"{tensor.get('name')} is not of datatype BYTES")
        tensor["data"], rest = _texts(rest[:size]), rest[size:]
    if len(rest):
        raise ValueError(f"{len(rest)} bytes are left over")
    return request


def _texts(data: memoryview) -> list[str]:
    """Return the texts of a BYTES tensor: each after its length, in four bytes, the lowest first."""
    found, at = [], 0
    while at < len(data):
        (size,) = struct.unpack_from("<I", data, at)
        at += 4
        if size > len(data) - at:
            raise ValueError("a text is longer than its tensor")
        found.append(str(data[at : at + size], "utf-8"))
        at += size
    return found


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, why: str) -> None:
    field, _, message = why.partition(": ")
    detail = [{"field": field, "message": message}]
    await JSONResponse({"error": why, "detail": detail}, status)(scope, receive, send)
