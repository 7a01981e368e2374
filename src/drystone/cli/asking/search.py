"""`drystone search`: files of releases by words, patterns, language, licence."""

from __future__ import annotations

from typing import Any, get_args

import click

from drystone.cli._options import json_lines, option_of
from drystone.cli._out import echo, print_json
from drystone.cli.asking._completion import complete
from drystone.search import verbs
from drystone.search.limits import By


@click.command()
@click.argument("arguments", nargs=-1, required=True, metavar="RELEASE... QUERY", shell_complete=complete)
@option_of(verbs.search_releases, "--limit", type=click.IntRange(0), help="Files to show; 0 for all.")
@option_of(verbs.search_releases, "--lines", type=click.IntRange(0), help="Lines of each file to show.")
@option_of(verbs.search_releases, "-C", "--context", type=click.IntRange(0, 100), help="Lines around each to show.")
@option_of(verbs.search_releases, "--places", type=click.IntRange(0, 100), help="Other places of the same bytes.")
@click.option("-l", "--files", is_flag=True, help="Print the names of the files alone.")
@click.option("--count", is_flag=True, help="Print how many files match, exactly.")
@click.option("--times", is_flag=True, help="Print how often QUERY stands in the texts: a string, at every place.")
@click.option("--fold", is_flag=True, help="With --times: in any case.")
@click.option("--by", type=click.Choice(get_args(By)), help="With --count and --times: for each of these.")
@click.option(
    "--passages", type=click.IntRange(1), metavar="N", help="Print the N passages that fit QUERY's words best."
)
@click.option(
    "--best", type=click.IntRange(1), metavar="N", help="Print the N files that fit QUERY's words best, by passages."
)
@click.option("--where", default="", help="With --passages, --best, --times: of files that this query matches.")
@click.option("--seconds", type=click.FloatRange(0, min_open=True), help="Stop after so long, and say so.")
@click.option("--explain", is_flag=True, help="Print what ranks and why, and what is asked of the index.")
@click.option("--sarif", is_flag=True, help="Print SARIF 2.1.0, for editors.")
@click.option("--pager/--no-pager", default=True, help="Page long output on a terminal, by PAGER or less.")
@json_lines
def command(arguments: tuple[str, ...], **given: Any) -> None:
    """Find files of one or more releases by words, patterns, language, licence, repository.

    The query language is Zoekt's, with license:, swhid:, is:, year: and count: (docs/search.md); kept: and reason: ask
    the ledger, for files that are out too. Definitions of a word come first. The last line says how many files there
    are and whether that is exact.

    \b
    Examples:
      drystone search releases/mine get_queryset
      drystone search releases/mine 'lang:python /def \\w+_index\\(/ -is:test license:MIT'
      drystone search releases/mine 'kept:no reason:license file:README'
      drystone search releases/mine --count --by license 'sym:parse'
      drystone search releases/mine --times 'import os'
      drystone search releases/mine --best 10 "where is the session cookie signed?" --explain
      drystone search releases/mine --passages 5 "how are opt-outs applied" --where lang:markdown
      drystone search releases/1.0 releases/1.1 -l 'file:setup\\.py$'
    """
    *releases, query = arguments
    _check(releases, given)
    if given["best"]:
        _best(releases, query, given)
    elif given["explain"]:
        _explain(releases, query, given)
    elif given["passages"] or given["times"] or given["count"]:
        _numbers(releases, query, given)
    elif verbs.asks_ledger(query):
        _ledger(releases, query, given)
    else:
        _files(releases, query, given)


def _check(releases: list[str], given: dict[str, Any]) -> None:
    """Raise `UsageError` for options that do not go together."""
    if not releases:
        raise click.UsageError("give one or more releases, then the query")
    forms = [name for name in ("count", "times", "passages", "best", "explain", "sarif", "files") if given[name]]
    if given["best"] and given["explain"]:
        forms.remove("explain")
    if len(forms) > 1:
        raise click.UsageError(f"--{forms[0]} and --{forms[1]} do not go together")
    if given["sarif"] and given["as_json"]:
        raise click.UsageError("--sarif and --json do not go together")
    for name, among in {"where": ("passages", "best", "times"), "by": ("count", "times"), "fold": ("times",)}.items():
        if given[name] and not any(given[each] for each in among):
            raise click.UsageError(f"--{name} goes with --{' or --'.join(among)}")


def _files(releases: list[str], query: str, given: dict[str, Any]) -> None:
    from drystone.cli._progress import spinner
    from drystone.cli.asking import _results

    names = given["files"]
    with spinner("opening the index", True):
        answer = verbs.search_releases(
            releases, query, limit=given["limit"] or None, lines=0 if names else given["lines"],
            context=given["context"], places=0 if names else given["places"], seconds=given["seconds"],
        )  # fmt: skip
    if given["as_json"]:
        _results.print_records(answer)
    elif given["sarif"]:
        print_json(answer.sarif())
    elif names:
        _results.print_names(answer, len(releases) > 1)
    else:
        _results.print_files(answer, len(releases) > 1, given["pager"])


def _best(releases: list[str], words: str, given: dict[str, Any]) -> None:
    from drystone.cli._progress import spinner
    from drystone.cli.asking import _results

    explain = given["explain"]
    with spinner("searching", True):
        weights = verbs.explain_words(releases, words) if explain else []
        files = verbs.rank_files(releases, words, limit=given["best"], where=given["where"])
    _results.print_best(files, weights, given)


def _explain(releases: list[str], query: str, given: dict[str, Any]) -> None:
    from drystone.cli.asking import _results

    answer = verbs.search_releases(releases, query, limit=given["limit"] or None, lines=0, seconds=given["seconds"])
    for line in verbs.explain_query(query):
        echo(line)
    _results.print_ranks(answer, len(releases) > 1)


def _ledger(releases: list[str], query: str, given: dict[str, Any]) -> None:
    from drystone.cli.asking import _results

    if given["sarif"]:
        raise click.UsageError("--sarif tells of texts; kept: and reason: ask the ledger")
    lines = 0 if given["files"] else given["lines"]
    answer = verbs.search_ledger(releases, query, limit=given["limit"] or None, lines=lines, seconds=given["seconds"])
    _results.print_ledger(answer, len(releases) > 1, given)


def _numbers(releases: list[str], query: str, given: dict[str, Any]) -> None:
    from drystone.cli._progress import spinner
    from drystone.cli.asking import _results

    by, seconds, as_json = given["by"], given["seconds"], given["as_json"]
    with spinner("searching", True):
        if given["passages"]:
            passages = verbs.find_passages(releases, query, limit=given["passages"], where=given["where"])
        elif given["times"]:
            counted = verbs.count_times(
                releases, query, where=given["where"], fold=given["fold"], by=by, seconds=seconds
            )
        else:
            answer, counts = verbs.count_files(releases, query, by=by, seconds=seconds)
    if given["passages"]:
        _results.print_passages(passages, as_json)
    elif given["times"]:
        _results.print_times(counted, by, as_json)
    else:
        _results.print_counts(answer, counts, by, as_json)
