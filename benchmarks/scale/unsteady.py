"""A way to an object store on which some requests fail: half of these are refused, the others get no answer.

`python -m benchmarks.scale.unsteady http://127.0.0.1:9000 0.01` prints the address at which it listens, then passes on
requests. Which ones fail follows from a seed and their number. `GET /.counts` tells how many came and how many failed.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import aiohttp
from aiohttp import web

#: Headers of one connection, which the next does not get.
_OWN = {"connection", "keep-alive", "transfer-encoding", "expect", "content-length"}
_BUSY = "<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"


async def _serve(target: str, share: float, host: str) -> None:
    chance = random.Random(1)
    counts = {"requests": 0, "failed": 0}
    async with aiohttp.ClientSession(auto_decompress=False) as session:

        async def pass_on(request: web.Request) -> web.StreamResponse:
            if request.path == "/.counts":
                return web.json_response(counts)
            counts["requests"] += 1
            data = await request.read()
            fails = chance.random() < share
            counts["failed"] += fails
            refused = fails and counts["failed"] % 2 == 0
            if refused:
                return web.Response(status=503, text=_BUSY, content_type="application/xml")
            headers = {k: v for k, v in request.headers.items() if k.lower() not in _OWN}
            url = aiohttp.client.URL(f"{target}{request.raw_path}", encoded=True)
            async with session.request(request.method, url, headers=headers, data=data or None) as answer:
                body = await answer.read()
                if fails:  # it was done, and nobody is told
                    assert request.transport is not None
                    request.transport.close()
                    return web.Response(status=500)
                told = {k: v for k, v in answer.headers.items() if k.lower() not in _OWN}
                if request.method == "HEAD":
                    told["Content-Length"] = answer.headers.get("Content-Length", "0")
                    return web.Response(status=answer.status, headers=told)
                return web.Response(status=answer.status, headers=told, body=body)

        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{path:.*}", pass_on)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, host, 0)
        await site.start()
        assert site._server is not None
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        print(f"http://{host}:{port}", flush=True)
        await asyncio.Event().wait()


@contextmanager
def unsteady(target: str, share: float = 0.01, host: str = "127.0.0.1", within: Sequence[str] = ()) -> Iterator[str]:
    """Run it, and give its address; `within` is what its command begins with."""
    command = [*within, sys.executable, "-m", "benchmarks.scale.unsteady", target, str(share), host]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], float(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "127.0.0.1"))
