"""What can be done with a catalog: the verbs of this room, light to load and each with its defaults.

`catalog` is a database's path or SQLAlchemy URL; None: only what comes with the program. An artifact is named by its
name, title or alias in the catalog, or by the path of a release, a reader, a card or a passport.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from drystone.catalog.matching import HITS

if TYPE_CHECKING:
    from drystone.catalog.comparing.shapes import Comparison
    from drystone.catalog.duplicates.finding import DuplicatePair
    from drystone.catalog.importing.imported import Imported
    from drystone.catalog.matching.shapes import FoundArtifacts, Outcome
    from drystone.catalog.measuring.dataset import MeasuredFacts
    from drystone.catalog.papers import PaperForm
    from drystone.catalog.papers.paper import Paper
    from drystone.catalog.passports.passport import Identity, Passport
    from drystone.catalog.passports.texts import FoundQuote
    from drystone.catalog.ranking.book import Dispute, PastRank
    from drystone.catalog.ranking.explaining import RankExplanation, Turn
    from drystone.catalog.ranking.ranking import RankedCatalog
    from drystone.catalog.resolving.shapes import Resolved
    from drystone.reader.exports.export import CheckedFormat
    from drystone.reader.verbs import AnyModel
    from drystone.registry.verbs import AnyRegistry

    AnyPath = str | os.PathLike[str]


def compare(artifacts: Sequence[AnyPath], *, catalog: AnyPath | None = None) -> Comparison:
    """Compare two or more artifacts: jobs that they share, facts side by side, who is ahead by which, or no shared job.

    Raises `UsageError` for an artifact that is nowhere, is named twice, or for fewer than two.
    """
    from drystone.catalog.comparing.compare import compare_passports
    from drystone.catalog.finding import passport_of
    from drystone.catalog.shelf.shelf import Shelf

    with Shelf(_place(catalog)) as shelf:
        return compare_passports([passport_of(os.fspath(one), shelf).passport for one in artifacts])


def show_artifact(artifact: AnyPath, *, catalog: AnyPath | None = None) -> Passport:
    """Return the passport of an artifact. Raises `UsageError` where it is nowhere."""
    from drystone.catalog.finding import passport_of
    from drystone.catalog.shelf.shelf import Shelf

    with Shelf(_place(catalog)) as shelf:
        return passport_of(os.fspath(artifact), shelf).passport


def check_artifact(artifact: AnyPath, *, catalog: AnyPath | None = None) -> list[FoundQuote]:
    """Look for every quote of an artifact's passport in the texts that were kept. Raises `UsageError`."""
    from drystone.catalog.finding import passport_of
    from drystone.catalog.passports.texts import find_quotes
    from drystone.catalog.shelf.shelf import Shelf

    with Shelf(_place(catalog)) as shelf:
        found = passport_of(os.fspath(artifact), shelf)
        return find_quotes(found.passport, found.texts)


def list_artifacts(*, catalog: AnyPath | None = None) -> list[Identity]:
    """Return all artifacts by name."""
    from drystone.catalog.shelf.shelf import Shelf

    with Shelf(_place(catalog)) as shelf:
        return [passport.artifact for passport in shelf.passports()]


def add_artifact(
    source: AnyPath, catalog: AnyPath, *, name: str | None = None, replace: bool = False, dry_run: bool = False
) -> Imported:
    """Make a passport of a release, a reader, a card or a passport's file, and keep it in a catalog.

    The catalog is made where there is none. `replace` one of the same name. `dry_run`: check, and keep nothing. The
    result's `notes` say what of the source is in no fact. Raises `UsageError`, `ReleaseError`.
    """
    from drystone.catalog.finding import import_from
    from drystone.catalog.shelf.shelf import Shelf

    imported, place = import_from(os.fspath(source), name), os.fspath(catalog)
    missing = dry_run and "://" not in place and not Path(place).exists()
    with Shelf(None if missing else place, make=not dry_run) as shelf:
        shelf.add(imported, replace=replace, dry_run=dry_run)
    return imported


def remove_artifact(name: str, catalog: AnyPath) -> None:
    """Forget an artifact of a catalog. Raises `UsageError` where it does not hold it."""
    from drystone.catalog.shelf.shelf import Shelf

    with Shelf(os.fspath(catalog)) as shelf:
        shelf.remove(name)


def rank_artifacts(
    *, catalog: AnyPath | None = None, scoring: AnyPath | None = None, keep: bool = False
) -> RankedCatalog:
    """Rank all artifacts of a catalog by kind, 0 to 100, as intervals: what is unknown widens them and is never 0.

    `scoring`: a version of the scoring, or a file like scoring.toml (default: the version in use). `keep` the ranks
    of today in the catalog, for `rank_history`. Raises `UsageError`.
    """
    from drystone.catalog.ranking.book import RankBook
    from drystone.catalog.ranking.ranking import rank_shelf
    from drystone.catalog.shelf.shelf import Shelf

    with Shelf(_place(catalog)) as shelf:
        found = rank_shelf(shelf, _place(scoring))
        if keep:
            RankBook(shelf.engine).keep(found.kinds, found.scoring, found.day)
    return found


def explain_rank(
    artifact: AnyPath, *, catalog: AnyPath | None = None, scoring: AnyPath | None = None
) -> RankExplanation:
    """Say how the rank of an artifact follows, measure by measure, down to the facts and their evidence.

    An artifact that is not in the catalog (a release, a reader, a card) is ranked among those that are. Raises
    `UsageError` where it is nowhere.
    """
    from drystone.catalog.finding import passport_of
    from drystone.catalog.ranking.ranking import rank_shelf
    from drystone.catalog.shelf.shelf import Shelf

    with Shelf(_place(catalog)) as shelf:
        passport = passport_of(os.fspath(artifact), shelf).passport
        return rank_shelf(shelf, _place(scoring), [passport]).explain(passport)


def what_would_turn(
    artifact: AnyPath, other: AnyPath, *, catalog: AnyPath | None = None, scoring: AnyPath | None = None
) -> Turn:
    """Say which of two artifacts of one kind is ahead, and the fewest facts or votes that would turn or settle that.

    Raises `UsageError` where they are of two kinds, are one, or one is nowhere.
    """
    from drystone.catalog.finding import passport_of
    from drystone.catalog.ranking.ranking import rank_shelf
    from drystone.catalog.shelf.shelf import Shelf

    with Shelf(_place(catalog)) as shelf:
        both = [passport_of(os.fspath(one), shelf).passport for one in (artifact, other)]
        return rank_shelf(shelf, _place(scoring), both).turn(*both)


def rank_history(artifact: AnyPath, *, catalog: AnyPath) -> list[PastRank]:
    """Return how an artifact stood on the days whose ranks were kept, the latest first. Raises `UsageError`."""
    from drystone.catalog.ranking.book import RankBook
    from drystone.catalog.shelf.shelf import Shelf

    with Shelf(_place(catalog)) as shelf:
        return RankBook(shelf.engine).history(shelf.get(os.fspath(artifact)).artifact)


def dispute_fact(artifact: str, fact: str, words: str, link: str, *, catalog: AnyPath) -> Dispute:
    """Keep what somebody says against a fact of an artifact, with an https link to what shows it.

    It is shown beside the fact; it moves a rank only when it is upheld. The catalog is made where there is none. Raises
    `UsageError` for an artifact or a fact that is not there, and for words or links that cannot be kept.
    """
    from drystone.catalog.ranking.ranking import dispute
    from drystone.catalog.shelf.shelf import Shelf

    with Shelf(_place(catalog), make=True) as shelf:
        return dispute(shelf, artifact, fact, words, link)


def list_disputes(artifact: str | None = None, *, catalog: AnyPath) -> list[Dispute]:
    """Return the disputes of a catalog, the latest first: about one artifact, or all. Raises `UsageError`."""
    from drystone.catalog.ranking.book import RankBook
    from drystone.catalog.shelf.shelf import Shelf

    with Shelf(_place(catalog)) as shelf:
        return RankBook(shelf.engine).disputes(None if artifact is None else shelf.get(artifact).artifact)


def answer_dispute(number: int, words: str, by: str, *, uphold: bool, catalog: AnyPath) -> Dispute:
    """Decide on a dispute: `uphold` it, so that the fact counts as unknown, or refuse it; `words` say why.

    Raises `UsageError` where there is none of this number, or no reason.
    """
    from datetime import UTC, datetime

    from drystone.catalog.ranking.book import RankBook
    from drystone.catalog.shelf.shelf import Shelf

    with Shelf(_place(catalog)) as shelf:
        return RankBook(shelf.engine).answer(number, words, by, datetime.now(UTC).date(), uphold=uphold)


def measure_dataset(
    source: AnyPath,
    *,
    files: int = 20_000,
    size: int = 256 * 1024**2,
    seed: int = 1,
    text: str | None = None,
    benchmarks: Sequence[AnyPath] = (),
    registry: AnyRegistry = None,
    into: str | None = None,
    catalog: AnyPath | None = None,
) -> MeasuredFacts:
    """Measure a sample of a Parquet dataset, a release or a repository with our detectors, as facts with intervals.

    At most about `files` files of `size` bytes together are drawn, by `seed`. `text`: the column of the contents.
    `benchmarks`: JSON Lines, each with a `text` to look for. `registry`: of requests, to look the files up in, and
    of a release to tell how long they waited.
    `into`: the artifact of `catalog` whose passport takes the facts. Raises `UsageError`, `SourceError`.
    """
    from drystone.catalog.measuring.dataset import measure_dataset as measure
    from drystone.catalog.measuring.lag import optout_lags
    from drystone.registry.verbs import using
    from drystone.release.layout import MANIFEST
    from drystone.release.manifest import read_manifest

    _check_into(into, catalog)
    optouts, lags = None, list[int]()
    if registry is not None:
        with using(registry) as opened:
            optouts = opened.optouts.snapshot()
            if (Path(source) / MANIFEST).is_file():
                manifest = read_manifest(Path(source))
                roots = {manifest.root, *(one.root for one in manifest.facts.lineage)}
                lags = optout_lags(opened.events.all(), roots)
    given = [Path(one) for one in benchmarks]
    found = measure(os.fspath(source), files, size, seed, text=text, benchmarks=given, optouts=optouts, lags=lags)
    _keep_facts(found, into, catalog)
    return found


def measure_reader(
    model: AnyModel,
    questions: AnyPath,
    *,
    most: int | None = None,
    seed: int = 1,
    into: str | None = None,
    catalog: AnyPath | None = None,
) -> MeasuredFacts:
    """Measure a reader on a file of questions in SQuAD's form, as facts with intervals: F1, exact match, speed, memory.

    `most`: questions, drawn by `seed` (default: all). `into`: the artifact of `catalog` whose passport takes the facts.
    Raises `UsageError`, `ModelError`.
    """
    from drystone.catalog.measuring.readers import measure_reader as measure
    from drystone.reader.verbs import load_reader

    _check_into(into, catalog)
    found = measure(load_reader(model), Path(questions), most, seed)
    _keep_facts(found, into, catalog)
    return found


def find_duplicates(*, catalog: AnyPath | None = None) -> list[DuplicatePair]:
    """Return the artifacts that are listed twice, then those that may be and that a person should look at."""
    from drystone.catalog.duplicates.finding import find_pairs

    return find_pairs(list_artifacts(catalog=catalog))


def merge_artifacts(kept: str, other: str, *, catalog: AnyPath, dry_run: bool = False) -> Passport:
    """Make one of two artifacts: the names of `other` become aliases of `kept`, and what both say is kept.

    Raises `UsageError` where one is nowhere, they are of two kinds, or `other` comes with the program.
    """
    from drystone.catalog.duplicates.merging import merged
    from drystone.catalog.importing.imported import Imported
    from drystone.catalog.shelf.builtin import builtin_passports
    from drystone.catalog.shelf.shelf import Shelf
    from drystone.errors import UsageError

    with Shelf(_place(catalog)) as shelf:
        one, two = shelf.get(kept), shelf.get(other)
        found, gone = merged(one, two), two.artifact.name
        if gone in builtin_passports():
            raise UsageError(f"{gone} comes with the program and stays: merge the other one into it.")
        texts = {**shelf.texts(one), **shelf.texts(two)}
        shelf.add(Imported(found, texts), replace=True, instead_of=gone, dry_run=dry_run)
        return found


def validate_passport(file: AnyPath) -> list[str]:
    """Return what is wrong with a passport's file, each fault with its field; none where it is right.

    Quotes are looked for in the texts that are in the file or come with the program.
    """
    from drystone.catalog.passports.reading import file_problems
    from drystone.catalog.shelf.builtin import builtin_texts

    return file_problems(Path(file), builtin_texts())


def passport_schema() -> str:
    """Return the JSON Schema (draft 2020-12) of a passport's file."""
    from drystone.catalog.passports.reading import schema

    return schema()


def draw_badge(found: Comparison) -> str:
    """Return a comparison in one line, as an SVG badge."""
    from drystone.catalog.comparing.badge import badge

    return badge(found)


def make_paper(artifact: AnyPath, form: PaperForm) -> Paper:
    """Make a paper of a release or of a reader; its `left_open` names the fields that these do not know.

    `artifact`: the folder of a release or a reader, or an installed reader's name. Raises `UsageError` for another
    form, or where it is neither, `ReleaseError` where a release is damaged.
    """
    from datetime import UTC, datetime

    from drystone.catalog.importing.readers import import_reader
    from drystone.catalog.papers.making import make_paper as made
    from drystone.catalog.papers.making import make_reader_paper
    from drystone.reader.model.installed import installed
    from drystone.release.layout import MANIFEST
    from drystone.release.read import open_release

    what, today = os.fspath(artifact), datetime.now(UTC).date().isoformat()
    folder = Path(what) if Path(what).exists() else Path(installed().get(what, what))
    if (folder / "config.json").is_file() and not (folder / MANIFEST).is_file():
        passport = import_reader(folder, Path(what).resolve().name, today).passport
        return make_reader_paper(folder, passport, form, today)
    return made(open_release(folder), form, today)


def find_artifacts(
    query: str,
    *,
    kind: str | None = None,
    license: str | None = None,
    free: bool = False,
    offline: bool = False,
    language: str | None = None,
    limit: int = HITS,
    keep_query: bool = False,
    session: str | None = None,
    catalog: AnyPath | None = None,
) -> FoundArtifacts:
    """Find the artifacts that do what somebody wants, best first, with the reasons for each.

    Filters let through what is known to be so: `kind` of artifact, `license` (an SPDX identifier, or "permissive"),
    `free` of charge, `offline`, a natural or programming `language`. The search is recorded in the catalog, if one is
    named; its words only with `keep_query`. `session` tells one who asks from another (default: the login name); only a
    hash of it is kept. Raises `UsageError` for an empty or overlong query, or a licence that is none.
    """
    from drystone.catalog.matching.finder import ArtifactFinder
    from drystone.catalog.matching.records import Seeker
    from drystone.catalog.matching.shapes import MatchFilters
    from drystone.catalog.shelf.shelf import Shelf

    seeker = Seeker(session if session is not None else _login(), keep_query=keep_query)
    with Shelf(_place(catalog)) as shelf:
        return ArtifactFinder(shelf).find(
            query, MatchFilters(kind, license, free, offline, language), limit=limit, seeker=seeker
        )


def resolve_need(
    asked: str,
    *,
    among: Sequence[AnyPath] = (),
    keep_query: bool = False,
    session: str | None = None,
    catalog: AnyPath | None = None,
) -> Resolved:
    """Return the one artifact that does a need, or `capability://ID`, now: how to call it, why it, why no other.

    `among`: folders of releases and readers to choose from besides the catalog and the installed readers. A need is
    searched for and recorded as `find_artifacts` does. Raises `UsageError` where nothing does it.
    """
    from drystone.catalog.matching.finder import ArtifactFinder
    from drystone.catalog.matching.records import Seeker
    from drystone.catalog.resolving.resolve import resolve
    from drystone.catalog.shelf.shelf import Shelf

    seeker = Seeker(session if session is not None else _login(), keep_query=keep_query)
    with Shelf(_place(catalog)) as shelf:
        return resolve(asked, shelf, ArtifactFinder(shelf), [os.fspath(one) for one in among], seeker)


def publish_passport(
    artifact: AnyPath, out: AnyPath | None = None, *, key: AnyPath | None = None, catalog: AnyPath | None = None
) -> Path:
    """Write the passport of an artifact into a file, with the texts that it quotes; return it.

    With a private `key` it is signed. `out` (default: `passport.json` in the artifact's own folder, beside its card;
    `passport.signed.json` where it is signed). Raises `UsageError` where the artifact is nowhere, has no folder and no
    `out` is named, its release has a passport already that is to be written unsigned, or the key is none.
    """
    from drystone.catalog.finding import passport_of
    from drystone.catalog.passports.reading import json_of
    from drystone.catalog.resolving.signing import signed_now
    from drystone.catalog.shelf.shelf import Shelf
    from drystone.errors import UsageError
    from drystone.release.files import write_whole
    from drystone.release.layout import MANIFEST, PASSPORT, SIGNED_PASSPORT
    from drystone.release.manifest import read_manifest
    from drystone.release.versions.receipts import load_private

    what = os.fspath(artifact)
    if out is None and not Path(what).is_dir():
        raise UsageError(f"{what}: is no folder; name the file to write (--out)")
    place = Path(what) / (PASSPORT if key is None else SIGNED_PASSPORT) if out is None else Path(out)
    listed = read_manifest(place.parent).documents if (place.parent / MANIFEST).is_file() else ()
    if place.name in {document.path for document in listed}:
        raise UsageError(f"{place}: is there already, and the release's checksums cover it; --key signs a copy")
    with Shelf(_place(catalog)) as shelf:
        found = passport_of(what, shelf)
    signed = None if key is None else signed_now(found.passport, load_private(Path(key)))
    write_whole(place, json_of(found.passport, found.texts.values()) if signed is None else signed)
    return place


def export_model(
    model: AnyPath, formats: Sequence[str], out: AnyPath, *, revision: str | None = None
) -> list[CheckedFormat]:
    """Write a model in other formats into one folder laid out like a Hub repository, and check each by its consumer.

    The reader's passport lies beside its card. `formats`: safetensors, pytorch, onnx, onnx-int8, onnx-packed, openvino,
    openvino-int8, tensorflow, tf-h5, rust. Returns what `verify_model` returns. Raises `UsageError`,
    `MissingExtraError`, `ModelError`.
    """
    from drystone.reader.exports.export import export
    from drystone.release.layout import PASSPORT

    name = Path(model).resolve().name
    (Path(out) / PASSPORT).unlink(missing_ok=True)  # of an earlier export, whose checksums would be another's
    written = export(os.fspath(model), formats, Path(out), revision)
    _write_reader_passport(Path(out), name)
    return written


def pack_model(model: AnyPath, package: AnyPath) -> Path:
    """Put a model, in float16 with its card, into an installable package (models/mini); return the folder written.

    Beside its card lies its passport; without a card of a hub there is none to make it of.
    Raises `UsageError` where `package` is none, `ModelError` where a weight does not fit float16.
    """
    from drystone.reader.exports.package import pack

    written = pack(os.fspath(model), Path(package))
    _write_reader_passport(written, Path(package).resolve().name)
    return written


def write_model_card(
    model: AnyPath, reports: Mapping[str, AnyPath], license: str, *, speed: bool = False, threads: int = 1
) -> Path:
    """Write the model card of a folder, with measured numbers only, and its passport beside it; return the card's path.

    `reports`: by name of the data the report.json that `evaluate` wrote. `license`: the weights', in the Hub's
    spelling. `speed`: measure every installed runtime with `threads` threads. Raises `UsageError`.
    """
    from drystone.reader.exports.card import measure_speeds, read_report, write_card

    found = {name: read_report(Path(file)) for name, file in reports.items()}
    speeds = measure_speeds(Path(model), threads) if speed else []
    written = write_card(Path(model), found, speeds, license=license)
    _write_reader_passport(written.parent, written.parent.resolve().name)
    return written


def verify_passport(file: AnyPath, key: AnyPath) -> tuple[Passport, str]:
    """Return what a signed passport says and when it was signed, checked by the publisher's public key alone.

    Raises `ReleaseError` where it was altered or signed by another key.
    """
    from drystone.catalog.resolving.signing import verify_signed
    from drystone.release.versions.receipts import load_public

    return verify_signed(Path(file), load_public(Path(key)))


def report_outcome(token: str, outcome: Outcome, catalog: AnyPath) -> str:
    """Say what came of something that `find_artifacts` found, by its hit's token; return the artifact.

    The last report counts. Raises `UsageError` for a token that the catalog did not give, or gave a month ago.
    """
    from drystone.catalog.matching.records import MatchRecords
    from drystone.catalog.shelf.shelf import Shelf

    with Shelf(_place(catalog)) as shelf:
        assert shelf.engine is not None
        return MatchRecords(shelf.engine).report(token, success=outcome == "success")


def _write_reader_passport(folder: Path, name: str) -> None:
    """Write the passport of a reader's folder beside its card; where there is no card of a hub, none."""
    from datetime import UTC, datetime

    from drystone.catalog.importing.readers import import_reader
    from drystone.catalog.passports.reading import json_of
    from drystone.errors import UsageError
    from drystone.release.files import write_whole
    from drystone.release.layout import PASSPORT

    try:
        found = import_reader(folder, name, datetime.now(UTC).date().isoformat())
    except UsageError:
        (folder / PASSPORT).unlink(missing_ok=True)
        return
    write_whole(folder / PASSPORT, json_of(found.passport, found.texts.values()))


def _check_into(into: str | None, catalog: AnyPath | None) -> None:
    """Raise `UsageError` where no passport could take facts, before the hours in which they are measured."""
    from drystone.catalog.shelf.shelf import Shelf
    from drystone.errors import UsageError

    if into is None:
        return
    if catalog is None:
        raise UsageError("no catalog is named to keep the facts in: name one with --catalog.")
    with Shelf(_place(catalog), make=True) as shelf:
        shelf.get(into)


def _keep_facts(found: MeasuredFacts, into: str | None, catalog: AnyPath | None) -> None:
    from drystone.catalog.importing.imported import Imported
    from drystone.catalog.measuring.merging import with_facts
    from drystone.catalog.shelf.shelf import Shelf

    if into is None:
        return
    with Shelf(_place(catalog), make=True) as shelf:
        passport = shelf.get(into)
        texts = {**shelf.texts(passport), **found.texts}
        shelf.add(Imported(with_facts(passport, found.facts), texts), replace=True)


def _login() -> str:
    """Return the login name; where the system has none for its user, as in a container, that user's number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # the second from Python 3.13 on
        return str(os.getuid())


def _place(catalog: AnyPath | None) -> str | None:
    return None if catalog is None else os.fspath(catalog)
