"""Stores of contents, asked over real sockets: what is right, what is hurt, and what refuses."""

from __future__ import annotations

import gzip
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from drystone.errors import BuildError, UsageError
from drystone.sources.base import Limits
from drystone.sources.software_heritage.cache import ContentCache
from drystone.sources.software_heritage.contents import ContentId, ContentStore, Failure
from drystone.sources.software_heritage.source import SoftwareHeritage
from drystone.work.tasks import run_here
from tests.sources.software_heritage.world import World

#: (status, headers, body) of an answer; a body shorter than its Content-Length breaks off.
Answer = tuple[int, dict[str, str], bytes]
Behaviour = Callable[[str, int], Answer | None]


class Server:
    """Serves objects by path; `behave(path, times)` may answer in its place, `times` counting from 1."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects
        self.behave: Behaviour = lambda path, times: None
        self.asked: Counter[str] = Counter()
        self.headers: list[dict[str, str]] = []
        self.moments: list[float] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                with outer._lock:
                    outer.asked[self.path] += 1
                    times = outer.asked[self.path]
                    outer.headers.append(dict(self.headers))
                    outer.moments.append(time.monotonic())
                answer = outer.behave(self.path, times)
                if answer is None:
                    body = outer.objects.get(self.path)
                    answer = (200, {}, body) if body is not None else (404, {}, b"not here")
                status, headers, body = answer
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
                if int(headers.get("Content-Length", len(body))) != len(body):
                    self.close_connection = True

            def log_message(self, *_: Any) -> None:
                pass

        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def world() -> World:
    made = World()
    for number in range(40):
        made.blob(b"content %d\n" % number * number)
    return made


@pytest.fixture
def server(world: World) -> Iterator[Server]:
    objects = {}
    for id_ in world.ids():
        assert id_.sha1 is not None
        assert id_.sha1_git is not None
        data = world.contents[id_.sha1_git]
        objects[f"/content/{id_.sha1.hex()}"] = gzip.compress(data, mtime=0)
        objects[f"/api/1/content/sha1_git:{id_.sha1_git.hex()}/raw/"] = data
    running = Server(objects)
    try:
        yield running
    finally:
        running.close()


def fetch(location: str, ids: list[ContentId], **more: Any) -> list[bytes | Failure]:
    with ContentStore.open(location, **{"backoff": 0.001, "concurrency": 8, **more}) as store:
        found = list(store.fetch(iter(ids)))
    assert [id_ for id_, _ in found] == ids
    return [data for _, data in found]


def path_of(id_: ContentId) -> str:
    assert id_.sha1 is not None
    return f"/content/{id_.sha1.hex()}"


def test_folder_http_and_api_give_the_same(world: World, server: Server, tmp_path: Path) -> None:
    wanted = list(world.contents.values())
    assert fetch(str(world.bucket(tmp_path / "bucket")), world.ids()) == wanted
    assert fetch(server.url, world.ids()) == wanted
    assert fetch(f"{server.url}/api/1/", world.ids(), token="abc") == wanted
    assert server.headers[-1]["Authorization"] == "Bearer abc"
    assert "Authorization" not in server.headers[0]


def test_s3_signed_and_anonymous(world: World, s3: str) -> None:
    import boto3

    client = boto3.client("s3", endpoint_url=s3, region_name="us-east-1")
    client.create_bucket(Bucket="archive")
    for id_, data in zip(world.ids(), world.contents.values(), strict=True):
        client.put_object(
            Bucket="archive", Key=f"mirror{path_of(id_)}", Body=gzip.compress(data, mtime=0), ACL="public-read"
        )
    location = f"s3://archive/mirror?endpoint={s3}"
    assert fetch(location, world.ids()) == list(world.contents.values())
    assert fetch(f"{location}&anonymous=true", world.ids()) == list(world.contents.values())
    (missing,) = fetch(location, [ContentId(sha1=b"\0" * 20)])
    assert isinstance(missing, Failure)
    assert missing.kind == "missing"


def test_requests_are_signed(server: Server, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    server.objects = {f"/bucket{path}": body for path, body in server.objects.items()}
    assert fetch(f"s3://bucket?endpoint={server.url}", world.ids()) == list(world.contents.values())
    assert "Credential=AKIDEXAMPLE/" in server.headers[0]["Authorization"]
    assert "secret" not in repr(server.headers)


@pytest.mark.parametrize(
    ("status", "kind"), [(404, "missing"), (410, "missing"), (403, "refused"), (401, "refused"), (451, "refused")]
)
def test_an_object_that_is_not_given(server: Server, world: World, status: int, kind: str) -> None:
    ids = world.ids()
    server.behave = lambda path, times: (status, {}, b"no") if path == path_of(ids[3]) else None
    found = fetch(server.url, ids)
    failed = found.pop(3)
    assert isinstance(failed, Failure)
    assert failed.kind == kind
    assert str(status) in failed.reason
    assert server.asked[path_of(ids[3])] == 1
    assert found == [data for number, data in enumerate(world.contents.values()) if number != 3]


def test_a_store_that_refuses_everything_stops_the_build(server: Server, world: World) -> None:
    server.behave = lambda path, times: (403, {}, b"no")
    with pytest.raises(BuildError, match=r"refuses every request \(the answer is 403.*agreement"):
        fetch(server.url, world.ids())


@pytest.mark.parametrize("status", [404, 200])
def test_a_store_that_gives_nothing_is_named_after_its_first_answers(server: Server, world: World, status: int) -> None:
    server.behave = lambda path, times: (status, {}, b"nothing of the kind")
    place = server.url.replace("://", "://ann:secret@")
    with pytest.raises(BuildError, match="gives none of the contents asked for") as error:
        fetch(place, world.ids())
    assert str(error.value).startswith(server.url)
    assert sum(server.asked.values()) < 40


def test_one_object_that_fails_for_ever_is_a_failure_of_its_own(server: Server, world: World, tmp_path: Path) -> None:
    ids = world.ids()
    server.behave = lambda path, times: (500, {}, b"broken") if path == path_of(ids[3]) else None
    for cache in (None, tmp_path, tmp_path):  # the last time all the others come from the cache
        found = fetch(server.url, ids, attempts=2, cache=cache)
        failed = found.pop(3)
        assert isinstance(failed, Failure)
        assert (failed.kind, "500" in failed.reason) == ("failed", True)
        assert all(isinstance(data, bytes) for data in found)


def test_who_waits_is_told_for_what_how_long_and_how_many(
    server: Server, world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drystone.sources.software_heritage.http._TOLD_EVERY", 0.5)
    server.behave = lambda path, times: (429, {"Retry-After": "1"}, b"") if times == 1 else None
    place = server.url.replace("://", "://ann:secret@")
    assert len(fetch(place, world.ids()[:8])) == 8
    said = caplog.records[0].getMessage()
    assert re.match(
        rf"{server.url}/content: the answer is 429 Too Many Requests; trying again in 1 s "
        r"\(waited 0 s so far, at most 7200; \d requests wait\)",
        said,
    )
    assert "secret" not in caplog.text


def test_patience_bounds_what_a_server_may_ask(server: Server, world: World) -> None:
    server.behave = lambda path, times: (429, {"Retry-After": "5"}, b"")
    with pytest.raises(BuildError, match=r"asks to wait 5 seconds, and limits\.patience allows 2"):
        fetch(server.url, world.ids(), patience=2)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_failures_that_pass_are_tried_again(server: Server, world: World, status: int) -> None:
    server.behave = lambda path, times: (status, {}, b"busy") if times <= 2 else None
    assert fetch(server.url, world.ids()) == list(world.contents.values())
    assert set(server.asked.values()) == {3}


def test_a_server_that_stays_busy_stops_the_build(server: Server, world: World) -> None:
    server.behave = lambda path, times: (500, {}, b"broken")
    with pytest.raises(BuildError, match=r"the answer is 500.*3 times; build again later"):
        fetch(server.url, world.ids(), attempts=3)


def test_retry_after_puts_off_all_requests(server: Server, world: World) -> None:
    ids = world.ids()
    server.behave = lambda path, times: (
        (429, {"Retry-After": "1"}, b"") if path == path_of(ids[0]) and times == 1 else None
    )
    start = time.monotonic()
    assert fetch(server.url, ids, concurrency=1) == list(world.contents.values())
    assert time.monotonic() - start >= 1
    assert server.moments[1] - server.moments[0] >= 0.95


def test_retry_after_as_a_date(server: Server, world: World) -> None:
    past = {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}
    server.behave = lambda path, times: (503, past, b"") if times == 1 else None
    assert fetch(server.url, world.ids()) == list(world.contents.values())
    server.asked.clear()
    never = {"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}
    server.behave = lambda path, times: (503, never, b"")
    with pytest.raises(BuildError, match="asks to wait"):
        fetch(server.url, world.ids())


def test_a_used_up_rate_limit_is_waited_for(server: Server, world: World) -> None:
    ids = world.ids()[:3]
    reset = int(time.time()) + 2
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)}
    first = f"/api/1/content/sha1_git:{(ids[0].sha1_git or b'').hex()}/raw/"
    server.behave = lambda path, times: (200, headers, server.objects[path]) if path == first else None
    assert fetch(f"{server.url}/api/1", ids, concurrency=1) == list(world.contents.values())[:3]
    assert server.moments[1] - server.moments[0] >= 0.9
    server.asked.clear()
    headers["X-RateLimit-Reset"] = str(int(time.time()) + 3600)
    with pytest.raises(BuildError, match="asks to wait"):
        fetch(f"{server.url}/api/1", ids, concurrency=1, patience=1)


def test_half_a_body(server: Server, world: World) -> None:
    ids = world.ids()
    path = path_of(ids[20])
    whole = server.objects[path]
    half = (200, {"Content-Length": str(len(whole))}, whole[: len(whole) // 2])
    server.behave = lambda asked, times: half if asked == path and times <= 2 else None
    assert fetch(server.url, ids) == list(world.contents.values())
    assert server.asked[path] == 3
    server.behave = lambda asked, times: half if asked == path else None
    found = fetch(server.url, ids, attempts=3)
    assert found[20] == Failure("corrupt", "the answer breaks off")
    assert sum(isinstance(data, bytes) for data in found) == 39


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (gzip.compress(b"other bytes", mtime=0), "bytes in place of"),
        (gzip.compress(b"content 19\n" * 20, mtime=0), "do not hash to its sha1_git"),
        (b"not gzip at all", "not a gzip file"),
        (b"", "not a gzip file"),
        (gzip.compress(b"content 20\n" * 20, mtime=0)[:-12], "too early"),
        (b"\x1f\x8b" + bytes(40), "damaged"),
        (gzip.compress(bytes(50_000_000), mtime=0), "more than"),
    ],
)
def test_wrong_bytes(server: Server, world: World, body: bytes, said: str) -> None:
    ids = world.ids()
    server.objects[path_of(ids[20])] = body
    found = fetch(server.url, ids)
    failed = found[20]
    assert isinstance(failed, Failure)
    assert failed.kind == "corrupt"
    assert said in failed.reason
    # Asked once more, in case that they were hurt on the way.
    assert server.asked[path_of(ids[20])] == 2
    assert sum(isinstance(data, bytes) for data in found) == 39


def test_bytes_that_were_hurt_on_the_way(server: Server, world: World) -> None:
    wrong = gzip.compress(b"something else", mtime=0)
    server.behave = lambda path, times: (200, {}, wrong) if times == 1 else None
    assert fetch(server.url, world.ids()) == list(world.contents.values())


def test_objects_that_were_unpacked_on_the_way(server: Server, world: World) -> None:
    server.objects = {
        path: gzip.decompress(body) for path, body in server.objects.items() if path.startswith("/content")
    }
    assert fetch(server.url, world.ids()) == list(world.contents.values())


def test_a_hash_that_does_not_fit(server: Server, world: World) -> None:
    (id_,) = [world.ids()[5]]
    for field in ("sha256", "blake2s256"):
        values = {name: getattr(id_, name) for name in ("sha1_git", "sha1", "sha256", "blake2s256", "length")}
        (found,) = fetch(server.url, [ContentId(**{**values, field: b"\0" * 32})])
        assert found == Failure("corrupt", f"its bytes do not hash to its {field}")


def test_large_contents_are_not_asked_for(server: Server, world: World) -> None:
    ids = world.ids()
    found = fetch(server.url, ids, max_bytes=200)
    kinds = {number: data.kind for number, data in enumerate(found) if isinstance(data, Failure)}
    assert kinds == {number: "too_large" for number, id_ in enumerate(ids) if (id_.length or 0) > 200}
    assert len(server.asked) == len(ids) - len(kinds)
    # Of unknown length it is asked for, and left in the middle.
    server.objects["/content/" + "00" * 20] = gzip.compress(bytes(50_000_000), mtime=0)
    (huge,) = fetch(server.url, [ContentId(sha1=bytes(20))], max_bytes=1 << 20)
    assert isinstance(huge, Failure)
    assert huge.kind == "too_large"


def test_contents_without_a_sha1(server: Server, world: World) -> None:
    id_ = ContentId(sha1_git=world.ids()[4].sha1_git)
    (found,) = fetch(server.url, [id_])
    assert isinstance(found, Failure)
    assert found.kind == "unnamed"
    assert fetch(f"{server.url}/api/1", [id_]) == [list(world.contents.values())[4]]


def test_no_server_at_all(world: World) -> None:
    with pytest.raises(BuildError, match=r"no answer .*2 times"):
        fetch("http://127.0.0.1:9", world.ids()[:2], attempts=2)


def test_a_redirect_is_not_followed(server: Server, world: World) -> None:
    server.behave = lambda path, times: (301, {"Location": "http://elsewhere.example/"}, b"")
    with pytest.raises(BuildError, match=r"301 .*leads to http://elsewhere.example/; is this the address"):
        fetch(f"{server.url}/api/1", world.ids(), token="secret")


@pytest.mark.parametrize(
    "location", ["ftp://x/y", "/nowhere", "s3://", "s3://b?nonsense=1", "s3://user:pass@bucket", "export"]
)
def test_what_is_no_store(location: str) -> None:
    with pytest.raises(UsageError) as error:
        ContentStore.open(location)
    assert "user:pass" not in str(error.value)


def test_the_cache_answers_a_second_time(server: Server, world: World, tmp_path: Path) -> None:
    for _ in range(2):
        assert fetch(server.url, world.ids(), cache=tmp_path) == list(world.contents.values())
    assert set(server.asked.values()) == {1}


def test_what_was_fetched_before_a_stop_is_kept(server: Server, world: World, tmp_path: Path) -> None:
    ids = world.ids()
    with ContentStore.open(server.url, cache=tmp_path, concurrency=1) as store:
        fetched = store.fetch(iter(ids))
        for _ in range(10):
            next(fetched)
        fetched.close()  # type: ignore[attr-defined]
    before = len(server.asked)
    assert before < 40
    assert fetch(server.url, ids, cache=tmp_path) == list(world.contents.values())
    assert sum(server.asked.values()) <= 40 + 4


def test_damage_in_the_cache_is_fetched_again(server: Server, world: World, tmp_path: Path) -> None:
    ids = world.ids()
    kept = ContentCache(tmp_path, 1 << 20)
    kept.put(ids[7].sha1_git or b"", b"damaged")
    kept.close()
    assert fetch(server.url, ids, cache=tmp_path) == list(world.contents.values())


def test_the_cache_is_bounded(tmp_path: Path) -> None:
    kept = ContentCache(tmp_path, 100_000)
    for number in range(500):
        kept.put(number.to_bytes(20, "big"), bytes([number % 256]) * 1000)
    kept.put(b"x" * 20, bytes(50_000))
    kept.flush()
    held = [number for number in range(500) if kept.get(number.to_bytes(20, "big")) is not None]
    assert 80 <= len(held) <= 100
    assert held == list(range(500 - len(held), 500))
    assert kept.get(b"x" * 20) is None
    kept.close()
    size = sum(file.stat().st_size for file in tmp_path.iterdir())
    assert size < 1_000_000


def test_memory_is_bounded(server: Server) -> None:
    """However many are asked for, few are in flight: the next ids are drawn only as answers are taken."""
    drawn = 0
    data = b"y" * 1000
    world = World()
    world.blob(data)
    (id_,) = world.ids()
    server.objects[path_of(id_)] = gzip.compress(data, mtime=0)

    def ids() -> Iterator[ContentId]:
        nonlocal drawn
        for _ in range(10_000):
            drawn += 1
            yield id_

    with ContentStore.open(server.url, concurrency=4) as store:
        fetched = store.fetch(ids())
        for _ in range(5):
            next(fetched)
        assert drawn <= 5 + 4 * 4 + 1
        fetched.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("form", ["orc", "parquet"])
def test_contents_in_the_export_itself(world: World, tmp_path: Path, form: str) -> None:
    world.repository("https://x.org/a", {"f": "x\n", "g": "y\n"})
    export = world.write(tmp_path / "export", form)
    source = SoftwareHeritage(str(export), "export")
    (part,) = source.parts(tmp_path / "cache", Limits(), run_here)
    rows = part.listing(tmp_path / "cache", Limits()).occurrences.to_pylist()
    found = list(part.read([row["id"] for row in rows], tmp_path / "cache", Limits()))
    assert sorted(data for data in found if isinstance(data, bytes)) == [b"x\n", b"y\n"]
    with ContentStore.open("export", export=str(export), cache=tmp_path / "cache") as store:
        assert [data for _, data in store.fetch(world.ids())] == list(world.contents.values())


def test_a_missing_object_is_an_error_for_its_blob_alone(tmp_path: Path) -> None:
    world = World()
    world.repository("https://x.org/a", {"f": "x\n", "g": "y\n", "h": "z\n"})
    bucket = world.bucket(tmp_path / "bucket")
    gone = world.ids()[1]
    (bucket / path_of(gone)[1:]).unlink()
    (part,) = SoftwareHeritage(str(world.write(tmp_path / "export")), str(bucket)).parts(
        tmp_path / "cache", Limits(), run_here
    )
    found = list(part.read(list(world.contents), tmp_path / "cache", Limits()))
    assert [data for data in found if isinstance(data, bytes)] == [b"x\n", b"z\n"]
    assert "cannot be had: there is no object" in str(found[1])
