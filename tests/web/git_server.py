"""Git over HTTP on loopback, by git's own http-backend; and servers that a stranger could name instead."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit


class Git(BaseHTTPRequestHandler):
    """Serves the repositories below `root` read-only."""

    root: Path

    def answer(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        environment = {
            **os.environ,
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("git-protocol", ""),
            "REQUEST_METHOD": self.command,
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
            "CONTENT_TYPE": self.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("content-encoding", ""),
        }
        done = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True, check=False)
        head, _, data = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        self.send_response(int(fields.pop("Status", "200").split()[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = answer

    def log_message(self, *_: object) -> None:
        pass


class Elsewhere(Git):
    """Sends whoever asks to another place."""

    target: str
    seen: list[str]

    def answer(self) -> None:
        self.send_response(302)
        self.send_header("location", self.target + self.path)
        self.end_headers()

    do_GET = do_POST = answer


class Endless(Git):
    """Sends references for ever, or nothing at all."""

    silent: bool

    def answer(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/x-git-upload-pack-advertisement")
        self.end_headers()
        try:
            self.wfile.write(b"001e# service=git-upload-pack\n0000")
            number = 0
            while True:
                if self.silent:
                    time.sleep(0.2)
                    self.wfile.flush()
                    continue
                number += 1
                line = b"%040x refs/heads/branch-%09d" % (number, number)
                if number == 1:
                    line += b"\0agent=git/2"
                self.wfile.write(b"%04x%s\n" % (len(line) + 5, line))
        except OSError:
            pass

    do_GET = do_POST = answer


@contextmanager
def serve(kind: type[Git], **values: object) -> Iterator[str]:
    """Give the URL of a running server of this kind."""
    handler = type(kind.__name__, (kind,), values)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
