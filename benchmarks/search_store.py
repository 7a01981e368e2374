"""Search over segments in an object store: a local S3 server (moto) behind 30 ms of latency. Wall time.

Cold: a searcher that has read nothing, opened for each pattern. Warm: the same pattern again, by the same searcher.
Uploads go around the latency. The server is Python and takes some ms of the same cores for each request.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.harness import Figure
from drystone.search.remote.objects import open_remote
from drystone.search.search import Searcher

_LATENCY = 0.03
_SERVER = f"""
import asyncio, logging
from moto.server import ThreadedMotoServer
logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()

async def pass_on(reader, writer, seconds):
    while data := await reader.read(1 << 20):
        await asyncio.sleep(seconds)
        writer.write(data)
        await writer.drain()
    writer.close()

async def served(reader, writer):
    far_reader, far_writer = await asyncio.open_connection(host, port)
    await asyncio.gather(pass_on(reader, far_writer, {_LATENCY}), pass_on(far_reader, writer, 0))

async def main():
    slow = await asyncio.start_server(served, "127.0.0.1", 0)
    print(f"http://{{host}}:{{port}} http://127.0.0.1:{{slow.sockets[0].getsockname()[1]}}", flush=True)
    await slow.serve_forever()

asyncio.run(main())
"""


@contextmanager
def _store() -> Iterator[tuple[str, str]]:
    """Yield the addresses of the server and of the slow way to it."""
    server = subprocess.Popen([sys.executable, "-c", _SERVER], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        quick, slow = server.stdout.readline().split()
        yield quick, slow
    finally:
        server.terminate()
        server.wait()


def _upload(release: Path, address: str) -> None:
    import boto3

    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    client = boto3.client("s3", endpoint_url=address, region_name="us-east-1", **keys)
    client.create_bucket(Bucket="walls")
    for path in [release / "manifest.json", *(release / "index").iterdir(), *(release / "data").rglob("*.parquet")]:
        client.upload_file(str(path), "walls", f"release/{path.relative_to(release).as_posix()}")


def figures(release: Path, patterns: Sequence[str]) -> list[Figure]:
    """Return cold and warm times of the first 50 files over a release in the store."""
    cold, warm, opened_new = [], [], []
    with _store() as (quick, slow):
        _upload(release, quick)
        os.environ |= {
            "AWS_ENDPOINT_URL": slow, "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
        }  # fmt: skip
        open_remote("s3://walls/release")  # the client's own start
        opened = Searcher([open_remote("s3://walls/release")])
        for pattern in patterns:
            query = "case:yes content:/" + pattern.replace("/", "\\/") + "/"
            start = time.monotonic()
            searcher = Searcher([open_remote("s3://walls/release")])
            searcher.table(query, limit=50)
            cold.append(1000 * (time.monotonic() - start))
            start = time.monotonic()
            searcher.table(query, limit=50)
            warm.append(1000 * (time.monotonic() - start))
            start = time.monotonic()
            opened.table(query, limit=50)
            opened_new.append(1000 * (time.monotonic() - start))
    name = "p95 over segments on a local S3 server with 30 ms latency"
    note = (
        f"p50 {statistics.median(cold):.0f}; by a searcher that has answered others {statistics.median(opened_new):.0f}"
    )

    def p95(values: list[float]) -> float:
        return sorted(values)[int(0.95 * len(values))]

    return [
        Figure(f"{name}, cold", p95(cold), "ms", 400, 200, True, note),
        Figure(f"{name}, warm", p95(warm), "ms", 80, 50, True, f"p50 {statistics.median(warm):.0f}; the same again"),
    ]
