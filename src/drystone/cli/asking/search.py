"""`drystone search`: files of releases by words, patterns, language, licence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, get_args

import click

from drystone.cli._options import json_lines, option_of
from drystone.cli._out import console as new_console
from drystone.cli._out import echo, inline, print_json, text
from drystone.search import verbs
from drystone.search.limits import By

if TYPE_CHECKING:
    from rich.text import Text

    from drystone.search.results.found import Found, Passage, SearchResult


@click.command()
@click.argument("arguments", nargs=-1, required=True, metavar="RELEASE... QUERY")
@option_of(verbs.search_releases, "--limit", type=click.IntRange(0), help="Files to show; 0 for all.")
@option_of(verbs.search_releases, "--lines", type=click.IntRange(0), help="Lines of each file to show.")
@option_of(verbs.search_releases, "-C", "--context", type=click.IntRange(0, 100), help="Lines around each to show.")
@click.option("-l", "--files", is_flag=True, help="Print the names of the files alone.")
@click.option("--count", is_flag=True, help="Print how many files match, exactly.")
@click.option("--by", type=click.Choice(get_args(By)), help="With --count: for each of these.")
@click.option(
    "--passages", type=click.IntRange(1), metavar="N", help="Print the N passages that fit QUERY's words best."
)
@click.option("--where", default="", help="With --passages: of files that this query matches.")
@click.option("--seconds", type=click.FloatRange(0, min_open=True), help="Stop after so long, and say so.")
@click.option("--explain", is_flag=True, help="Print what is asked of the index and what ranks first.")
@json_lines
def command(
    arguments: tuple[str, ...],
    limit: int,
    lines: int,
    context: int,
    files: bool,
    count: bool,
    by: By | None,
    passages: int | None,
    where: str,
    seconds: float | None,
    explain: bool,
    as_json: bool,
) -> None:
    """Find files of one or more releases by words, patterns, language, licence, repository.

    The query language is Zoekt's, with license:, swhid:, is:, year: and count: (docs/search.md). Definitions of a word
    come first. The last line says how many files there are and whether that is exact.

    \b
    Examples:
      drystone search releases/mine get_queryset
      drystone search releases/mine 'lang:python /def \\w+_index\\(/ -is:test license:MIT'
      drystone search releases/mine --count --by license 'sym:parse'
      drystone search releases/mine --passages 5 "how are opt-outs applied" --where lang:markdown
      drystone search releases/1.0 releases/1.1 -l 'file:setup\\.py$'
    """
    *releases, query = arguments
    if not releases:
        raise click.UsageError("give one or more releases, then the query")
    if where and not passages:
        raise click.UsageError("--where goes with --passages")
    if by and not count:
        raise click.UsageError("--by goes with --count")
    if explain:
        for line in verbs.explain_query(query):
            echo(line)
        return
    if passages:
        _print_passages(verbs.find_passages(releases, query, limit=passages, where=where), as_json)
        return
    if count:
        _count(*verbs.count_files(releases, query, by=by, seconds=seconds), by, as_json)
        return
    shown = 0 if files else lines
    answer = verbs.search_releases(releases, query, limit=limit or None, lines=shown, context=context, seconds=seconds)
    if as_json:
        _print_json(answer)
    else:
        _print(answer, files, len(releases) > 1)


def _print_passages(passages: list[Passage], as_json: bool) -> None:
    for passage in passages:
        if as_json:
            print_json(passage, indent=False)
            continue
        first, last = passage.lines
        echo(f"{inline(passage.repository)}:{inline(passage.path)}:{first}-{last}  score {passage.score:.2f}")
        echo(f"    {inline(passage.swhid)}")
        echo(passage.text)


def _count(answer: SearchResult, counts: dict[str, int], by: str | None, as_json: bool) -> None:
    if as_json:
        print_json(_summary(answer) | ({"by": by, "counts": counts} if by else {}), indent=False)
        return
    for name, number in counts.items():
        echo(f"{number:>12,}  {inline(name)}")
    echo(_sentence(answer))


def _summary(answer: SearchResult) -> dict[str, object]:
    return {
        "query": answer.query, "files": answer.files, "exact": answer.exact, "at_most_more": answer.at_most,
        "reason": answer.reason, "seconds": round(answer.seconds, 4), "notes": answer.notes,
    }  # fmt: skip


def _sentence(answer: SearchResult) -> str:
    files = f"{answer.files:,} {'file' if answer.files == 1 else 'files'}"
    if answer.exact:
        return f"{files}, that is all ({answer.seconds:.3f} s)"
    why = {"limit": "--limit 0 shows all", "time": "there was no time to look further"}[answer.reason or "limit"]
    return f"{files}, and at most {answer.at_most:,} more: {why} ({answer.seconds:.3f} s)"


def _print_json(answer: SearchResult) -> None:
    for found in answer:
        print_json(found, indent=False)
    print_json(_summary(answer), indent=False)


def _print(answer: SearchResult, names_only: bool, several: bool) -> None:
    console = new_console(soft_wrap=True)
    for found in answer:
        name = f"{found.repository}:{found.path}"
        if several:
            name = f"{found.release} {found.version} {name}"
        if names_only:
            echo(inline(name))
            continue
        for line in _file(found, name):
            console.print(line)
    for note in answer.notes:
        echo(f"note: {note}", err=True)
    echo(_sentence(answer), err=names_only)


def _file(found: Found, name: str) -> Iterator[Text]:
    facts = [found.language, found.license or "no licence", *found.flags]
    facts += [found.why] if found.why != "text" else []
    yield text(name, "bold magenta") + text("  " + ", ".join(facts), "dim")
    with_context = any(not line.spans for line in found.lines)
    before = 0
    for line in found.lines:
        if with_context and before and line.number > before + 1:
            yield text("  ...", "dim")
        before = line.number
        row, at = text(f"{line.number:>7}{':' if line.spans else '-'} ", "green"), 0
        for begin, end in line.spans:
            row += _piece(line.text[at:begin]) + _piece(line.text[max(at, begin) : end], "bold red")
            at = max(at, end)
        yield row + _piece(line.text[at:] + (" ..." if line.cut else ""))
    if found.more:
        yield text("         more lines match", "dim")
    yield text(f"         {found.swhid}", "dim")


def _piece(of_line: str, style: str = "") -> Text:
    return text(of_line.expandtabs(4), style)
