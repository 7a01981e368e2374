"""Headers, cookies, sizes, and half a request."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import requests

from drystone.web.verbs import MAX_BODY
from tests.web.pages import Site, Visitor


def test_headers_and_cookies(here: Site, visitor: Visitor) -> None:
    answer = visitor.get("/")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "server" not in answer.headers
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "<script" not in answer.text
    for path in ("/nothing", "/status/unknown", "/queue/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/passage"):
        answer = visitor.get(path)
        assert answer.status_code == 404, path
        assert "content-security-policy" in answer.headers


def test_ten_megabytes(here: Site, visitor: Visitor) -> None:
    assert visitor.post("/lookup", files={"file": ("a.bin", b"\xff" * (MAX_BODY - 4096))}).status_code == 200
    over = visitor.post("/lookup", files={"file": ("a.bin", b"x" * (MAX_BODY + 1))})
    assert over.status_code == 413
    assert "Look a larger file up by its SWHID" in over.text
    assert visitor.post("/request", {"words": "x" * (MAX_BODY + 1)}).status_code == 413
    long = visitor.send("/request", "/request", kind="repository", subject="a/b", words="x" * 900_000)
    assert long.status_code == 422

    def endless() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(300):
            yield b"x" * 65536

    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    try:
        answer = requests.post(f"{here.url}/lookup", data=endless(), headers=kind, timeout=30)
        assert answer.status_code == 413
    except requests.ConnectionError:
        pass  # closed before all was sent
    assert visitor.get("/").status_code == 200


def test_half_a_request_does_not_hold_the_others(here: Site, visitor: Visitor) -> None:
    host, port = here.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as raw:
        raw.sendall(b"POST /lookup HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nxx")
        assert visitor.get("/").status_code == 200


def test_head_is_get_without_a_body(here: Site, visitor: Visitor) -> None:
    home = f"/releases/{here.releases[0].name}"
    pages = ("/", "/releases", home, f"{home}/repositories", "/request", "/login", "/lookup?q=a")
    for path in (*pages, "/style.css", "/metrics", "/health"):
        head, got = visitor.session.head(here.url + path, timeout=30), visitor.get(path)
        assert (head.status_code, got.status_code) == (200, 200), path
        assert head.content == b""
        assert head.headers["content-type"] == got.headers["content-type"]
        assert "content-security-policy" in head.headers
    assert visitor.session.head(here.url + "/nothing", timeout=30).status_code == 404
    assert visitor.session.head(here.url + "/queue", timeout=30).status_code == 303
