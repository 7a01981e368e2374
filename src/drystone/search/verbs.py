"""What can be done to find files of releases: the verbs of this room, light to load and each with its defaults."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from drystone.search.limits import BESIDE, FILES, LINES, PASSAGES, PLACES, RANKED, By, Symbols

if TYPE_CHECKING:
    from drystone.release.read import Release
    from drystone.release.verbs import AnyRelease
    from drystone.search.counting import StringCount
    from drystone.search.index import Indexed
    from drystone.search.occurrences.shapes import Copies, LedgerResult
    from drystone.search.questions.scores import WordWeight
    from drystone.search.remote.objects import RemoteRelease
    from drystone.search.results.found import Passage, RankedFile, SearchResult
    from drystone.search.search import Searcher


def index_release(
    release: AnyRelease | str,
    *,
    symbols: Symbols | None = None,
    dry_run: bool = False,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> Indexed:
    """Index a release, so that it can be searched, or bring its index up to date; return what the index holds.

    `release` may be the URL of one in an object store. The index lies in the folder `index` of the release, and its
    manifest lists it; the root hash stays. Parts over shards that have not changed are kept, and a run that was stopped
    goes on. `symbols`: what finds the names that
    files define, "keywords" or "trees" (parsers of the extra `symbols`; None: as in the index that is there, else
    keywords). `dry_run`: say what would be done; write nothing. `progress` is called with bytes of text done and all
    bytes. Raises `ReleaseError`, and `MissingExtraError` for trees without the extra.
    """
    from drystone.release.verbs import opened
    from drystone.search.index import build
    from drystone.search.remote.indexing import build_in_store
    from drystone.search.remote.objects import is_url

    if is_url(release):
        return build_in_store(release, symbols=symbols, dry_run=dry_run, done=progress)
    return build(opened(release), symbols=symbols, dry_run=dry_run, done=progress)


def search_releases(
    releases: Iterable[AnyRelease],
    query: str,
    *,
    limit: int | None = FILES,
    lines: int = LINES,
    context: int = 0,
    places: int = PLACES,
    seconds: float | None = None,
) -> SearchResult:
    """Find files of releases by words, patterns, language, licence, repository; results come as they are found.

    `query`: in the language of docs/search.md. `limit`: files at most (None: all). `lines`: of each file, with
    `context` lines around them. `places`: others of the same bytes to tell of each. `seconds`: stop after so long,
    and say so (default: never). Raises `QueryError`, and `ReleaseError` where an index is missing, out of date or
    damaged.
    """
    return _searcher(releases).search(query, limit=limit, lines=lines, context=context, places=places, seconds=seconds)


def find_passages(
    releases: Iterable[AnyRelease], words: str, *, limit: int = PASSAGES, where: str = ""
) -> list[Passage]:
    """Find the passages of releases that fit words best (BM25), best first, each with its lines and identifier.

    `where` is a query that their files match. Raises as `search_releases` does.
    """
    return _searcher(releases).passages(words, limit=limit, where=where)


def rank_files(
    releases: Iterable[AnyRelease], words: str, *, limit: int = RANKED, passages: int = BESIDE, where: str = ""
) -> list[RankedFile]:
    """Find the files of releases that fit words or a question best, best first, each with its best passages.

    Every file says what its score is made of (`parts`, `prior`). `where` is a query that files match. Raises as
    `search_releases` does.
    """
    return _searcher(releases).rank_files(words, limit=limit, passages=passages, where=where)


def explain_words(releases: Iterable[AnyRelease], words: str) -> list[WordWeight]:
    """Say what each word of a question counts for in these releases, and why some count for nothing."""
    return _searcher(releases).explain_words(words)


def count_files(
    releases: Iterable[AnyRelease], query: str, *, by: By | None = None, seconds: float | None = None
) -> tuple[SearchResult, dict[str, int]]:
    """Count the files that match a query, and with `by` those of each value, the most frequent first.

    The count is exact unless `seconds` have passed before. Raises as `search_releases` does.
    """
    return _searcher(releases).count(query, by=by, seconds=seconds)


def count_times(
    releases: Iterable[AnyRelease],
    text: str,
    *,
    where: str = "",
    fold: bool = False,
    by: By | None = None,
    seconds: float | None = None,
) -> StringCount:
    """Count how often a string stands in the texts of releases, at every place, and in how many files.

    `where` is a query that their files match; with `fold` case makes no difference; with `by` also the times for each
    value. The count is exact unless `seconds` have passed before. Raises `UsageError` for a string that cannot be
    counted, else as `search_releases` does.
    """
    return _searcher(releases).times(text, where=where, fold=fold, by=by, seconds=seconds)


def asks_ledger(query: str) -> bool:
    """Return whether a query asks the ledger (`kept:`, `reason:`), and so goes to `search_ledger`.

    Raises `QueryError`.
    """
    from drystone.search.plan import asks_ledger as asks

    return asks(query)


def search_ledger(
    releases: Iterable[AnyRelease],
    query: str,
    *,
    limit: int | None = FILES,
    lines: int = LINES,
    seconds: float | None = None,
) -> LedgerResult:
    """Find occurrences, above all those that are out: where they lie, what was decided, why and on what evidence.

    `query` may ask for `kept:` and `reason:`. What of it asks for texts is decided where the very bytes are in the
    release; elsewhere the answer counts what hangs on it (`without_text`). `limit`: occurrences at most (None: all).
    `lines`: of each that match, where its text is in the release. `seconds`: stop after so long, and say so (default:
    never). Raises `QueryError`, and while results come `ReleaseError` where a ledger is damaged, or where texts are
    asked for and there is no index.
    """
    from drystone.search.occurrences.ledger import search

    return search([_wherever(release) for release in releases], query, limit=limit, lines=lines, seconds=seconds)


def find_copies(release: AnyRelease, swhid: str, *, limit: int | None = FILES) -> Copies:
    """Find all occurrences of the content that a SWHID names in a release, the kept one first.

    `limit`: occurrences to list (None: all); all are counted. Raises `UsageError` for what is no SWHID, `ReleaseError`
    where no occurrence has these bytes.
    """
    from drystone.search.occurrences.places import copies

    return copies(_wherever(release), swhid, limit=limit)


def complete_query(query: str) -> list[str]:
    """Return words that could stand for the last word of a query: fields, and values of those that have a few.

    Sorted; each is the whole word (`lang:python`). Nothing for a word that begins no field or value.
    """
    from drystone.search.results.offered import complete

    return complete(query)


def explain_query(query: str) -> list[str]:
    """Say in lines what a query asks of the index and what ranks first. Raises `QueryError`."""
    from drystone.search.plan import plan

    return list(plan(query).explain())


def _searcher(releases: Iterable[AnyRelease]) -> Searcher:
    from drystone.search.search import Searcher

    return Searcher([_wherever(one) for one in releases])


def _wherever(release: AnyRelease) -> Release | RemoteRelease:
    """Open a release in a folder, or at the URL of an object store."""
    from drystone.release.verbs import opened
    from drystone.search.remote.objects import is_url, open_remote

    return open_remote(release) if is_url(release) else opened(release)
