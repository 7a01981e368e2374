"""The law of answers over random histories of real builds, requests, retractions, updates and indexes.

Nothing that was opted out or redacted comes back: in no quote, no text around one, no form of a citation, by no
permalink, whoever kept it. And every quote that is shown stands in the bytes of the release.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from drystone import building as room
from drystone.answer import verbs
from drystone.building.retract import apply
from drystone.building.settings import Settings
from drystone.errors import DrystoneError
from drystone.reader import Reader
from drystone.registry import Registry
from drystone.registry.requests import subjects
from drystone.release.checking.verify import verify
from drystone.release.read import Release, open_release
from drystone.search import index
from drystone.sources import FolderSource
from drystone.work.engine import Engine
from tests.building.conftest import MIT, write
from tests.building.test_optouts import Home

pytestmark = pytest.mark.slow

MAIL, KEY = "{}.dupont@stonework-atelier.fr", "AKIAQ3XN5VZL7K2M{}"


@dataclass
class Doc:
    """A file of the history: a word that only its text has, what is secret in it, and lines that were put before."""

    word: str
    edits: int = 0

    @property
    def secrets(self) -> list[str]:
        return [MAIL.format(self.word), KEY.format(self.word[-4:].upper())]

    @property
    def text(self) -> str:
        before = "".join(f"Edit {n} of this page says little that is new.\n\n" for n in range(self.edits))
        mail, key = self.secrets
        return (
            f"# How walls are built\n\n{before}The keystone {self.word} listens on port 8080 and was cut by a mason "
            f"in 1852.\n\nAsk {mail} about it.\n\n    aws_access_key_id = {key}\n\nIt lies in the arch that "
            f"{self.word} holds up.\n"
        )


class History:
    """A registry, repositories of pages, a release of them, and every citation that was ever given."""

    def __init__(self, path: Path) -> None:
        self.home, self.numbers = Home(path), count()
        self.docs: dict[tuple[str, str], Doc] = {}
        self.asked: list[tuple[str, str | None]] = []  # requests that were accepted: repository, path
        self.out: set[tuple[str, str]] = set()  # places that are out of the release as it is
        self.gone: set[str] = set()  # texts that are out wherever they lie
        self.blocked: set[str] = set()  # texts that will be
        self.given: dict[str, tuple[str, str, str]] = {}  # permalink: repository, path, version
        self.released: dict[tuple[str, str], str] = {}  # the texts of the release
        self.built = False

    @property
    def repositories(self) -> list[str]:
        return sorted({repository for repository, _ in self.docs})

    def push(self, repository: str, page: str, copy_of: tuple[str, str] | None) -> None:
        here = self.docs.get((repository, page))
        if here is not None:
            self.docs[repository, page] = Doc(here.word, here.edits + 1)
        elif copy_of in self.docs:
            self.docs[repository, page] = self.docs[copy_of]
        else:
            self.docs[repository, page] = Doc(
                "zaxel" + "".join("bdfgklmnpr"[int(digit)] for digit in f"{next(self.numbers):04}")
            )

    def opt_out(self, repository: str, page: str | None) -> None:
        subject = subjects.repository(repository) if page is None else subjects.path(repository, page)
        request = self.home.opt_out(subject)
        if page is None:
            texts = [doc.text for place, doc in self.docs.items() if place[0] == repository]
            self.home.block(request, *texts)
            self.blocked.update(texts)
        self.asked.append((repository, page))

    def applied(self) -> None:
        """What is accepted holds from now on for the release."""
        self.gone |= self.blocked
        for repository, page in self.asked:
            self.out |= {place for place in self.docs if place[0] == repository and page in (None, place[1])}
            self.out |= {(r, p) for r, p, _ in self.given.values() if r == repository and page in (None, p)}
        self.out |= {place for place, doc in self.docs.items() if doc.text in self.gone}

    def build(self) -> None:
        self.home.sources = []
        for repository in self.repositories:
            folder = self.home.path / "repositories" / repository.rpartition("/")[2]
            write(folder, {"LICENSE": MIT, **{p: d.text for (r, p), d in self.docs.items() if r == repository}})
            self.home.sources.append(FolderSource(folder, {"origin": repository}))
        chosen = Settings.model_validate({"registry": self.home.registry, "near_duplicates": {"scope": "off"}})
        output = self.home.output
        room.build(
            chosen, self.home.sources, output, Engine(threads=1), replace=True, update=output if self.built else None
        )
        self.built = True
        self.released = {place: doc.text for place, doc in self.docs.items()}
        self.applied()

    def retract(self) -> None:
        with Registry.open(self.home.registry) as registry:
            apply([str(self.home.output)], registry)
        whole = {repository for repository, page in self.asked if page is None}
        self.gone |= {text for place, text in self.released.items() if place[0] in whole}
        self.applied()

    def ask(self, reader: Reader) -> None:
        release = open_release(self.home.output)
        texts = {(row["origin"], row["path"]): row["content"] for row in release.files()}
        here = {doc.word for place, doc in self.docs.items() if place not in self.out}
        away = {doc.word for doc in self.docs.values()} - here
        secrets = [secret for doc in self.docs.values() for secret in doc.secrets]
        assert not [word for text in texts.values() for word in [*away, *secrets] if word in text]
        for word in sorted({*sorted(here)[:2], *sorted(away)[:2]}):
            found = verbs.ask_releases(
                [release], f"Which port does the keystone {word} use?", model=reader, top_k=4, least=0
            )
            cited = [citation for answer in found.answers for citation in answer.citations]
            said = [json.dumps([asdict(answer) for answer in found.answers], ensure_ascii=False)]
            said += [verbs.write_citations(found, form) for form in ("text", "bibtex", "csl")]
            for text in said:
                assert not [one for one in [*away, *secrets] if one in text]
            for one in cited:
                assert (one.origin, one.path.removeprefix("/")) not in self.out
                assert texts[one.origin, one.path].encode()[slice(*one.bytes)].decode() == one.quote
                self.given.setdefault(one.permalink, (one.origin, one.path.removeprefix("/"), one.version))
        self.resolve(release, away, secrets)

    def resolve(self, release: Release, away: set[str], secrets: list[str]) -> None:
        """Every permalink that was ever given says what became of it, and brings nothing back."""
        lineage = [(one.version, one.retracted) for one in release.manifest.facts.lineage]
        for link, (repository, page, given_in) in sorted(self.given.items())[:12]:
            found = verbs.resolve_permalink(link, [release])
            event(f"a permalink's quote {found.state}")
            said = json.dumps(asdict(found), ensure_ascii=False, default=str)
            assert not [one for one in [*away, *secrets] if one in said]
            if found.now is not None:
                assert (found.now.origin, found.now.path.removeprefix("/")) not in self.out
            if (repository, page) not in self.out:
                orphan = found.lost is not None and found.lost.reason == "representative_retracted"
                assert found.state in {"stands", "moved"} or orphan, found
            elif (repository, None) in self.asked:
                taken_back = lineage[:1] == [(given_in, True)]
                assert found.state in {"withdrawn"} if taken_back else {"gone", "moved"}, found
            elif (repository, page) in self.asked:
                assert found.state == "withdrawn", found


@pytest.fixture(scope="module")
def reader(small: Path) -> Reader:
    return Reader.load(str(small))


STEPS = st.sampled_from(["push", "push", "opt out", "opt out", "retract", "update", "index", "ask", "ask"])


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_nothing_that_is_out_comes_back_by_an_answer(
    data: st.DataObject, reader: Reader, tmp_path_factory: pytest.TempPathFactory
) -> None:
    history = History(tmp_path_factory.mktemp("history"))
    places = st.tuples(st.sampled_from(["a/x", "b/y", "c/z"]).map("https://forge.example/{}".format),
                       st.sampled_from(["guide.md", "notes.md"]))  # fmt: skip
    for repository, page in (("a/x", "guide.md"), ("b/y", "guide.md"), ("b/y", "notes.md")):
        history.push(f"https://forge.example/{repository}", page, None)
    history.build()
    history.ask(reader)
    for step in data.draw(st.lists(STEPS, min_size=4, max_size=9)):
        if step == "push":
            repository, page = data.draw(places)
            history.push(repository, page, data.draw(st.none() | places))
        elif step == "opt out":
            repository, page = data.draw(places)
            history.opt_out(repository, data.draw(st.sampled_from([None, page])))
        elif step == "index":
            index.build(open_release(history.home.output))
        else:
            {"retract": history.retract, "update": history.build, "ask": lambda: history.ask(reader)}[step]()
    history.retract()
    history.ask(reader)
    assert verify(history.home.output).holds


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_is_damaged_no_answer_is_given_whose_quote_is_not_in_the_bytes(
    data: st.DataObject, make: Callable[..., Release], release: Release, reader: Reader
) -> None:
    """Any byte of a shard or of the index is another, or files of another release's index lie in its place."""
    whole = {row["path"]: row for row in release.files()}
    other = data.draw(st.sampled_from(["shard", "index", "foreign"]))
    with tempfile.TemporaryDirectory() as home:
        copy = shutil.copytree(release.path, Path(home) / "release")
        files = sorted(path for path in copy.glob("data/*/*" if other == "shard" else "index/*"))
        file = data.draw(st.sampled_from(files))
        if other == "foreign":
            strange = make({"/strange.md": "Who cut the keystone? Nobody did.\n"})
            file.write_bytes(next(strange.path.glob(f"index/*{file.suffix}")).read_bytes())
        else:
            raw = bytearray(file.read_bytes())
            raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
            file.write_bytes(raw)
        try:
            found = verbs.ask_releases([copy], "Who cut the keystone?", model=reader, top_k=5, least=0)
        except DrystoneError as error:
            event(f"{other}: {type(error).__name__}")
            return
        event(f"{other}: answered")
        for answer in found.answers:
            for one in answer.citations:
                row = whole[one.path]
                assert row["content"].encode()[slice(*one.bytes)].decode() == one.quote
                assert (row["origin"], row["repo_name"], row["license_expression"], row["released_sha256"]) == (
                    one.origin, one.repository, one.license, one.released_sha256,
                )  # fmt: skip
                assert one.swhid.startswith(row["swhid"])
