"""Results as text: our words before the bar, the words of others behind it (`quoting`). Knows no release."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, cast

from drystone._words import many
from drystone.answer.shapes import Citation
from drystone.mcp.quoting import QUOTED, numbered, said
from drystone.mcp.shapes import (
    AnswersFound,
    ExplainedOccurrence,
    FilesFound,
    LicensesFound,
    LinesFound,
    OccurrencesFound,
)
from drystone.search.results.records import FileRecord, LineRecord, OccurrenceRecord


def search_text(page: FilesFound) -> str:
    """Return files, each with its identifier, licence and the lines that match; and how many there are."""
    lines = [QUOTED]
    releases = dict.fromkeys(map(_release, page["results"]))
    lines += [said("release", name) for name in releases if len(releases) == 1]
    for record in page["results"]:
        lines += ["", said("file", _place(record)), said("swhid", record["swhid"] or "not read")]
        lines.append(said("licence", _license(record)))
        lines += [said("release", _release(record))] if len(releases) > 1 else []
        if record["kind"] == "occurrence":
            lines += _decision(record)
        elif record["lost"] is not None:
            lines.append(said("lost later", record["lost"]["text"]))
        lines += _shown(record["lines"])
        if record["more"]:
            lines.append("       more lines of it match")
    summary = page["summary"]
    counted = f"matches: {summary['total']:,}" + (", that is all" if summary["exact"] else " or more")
    unknown = cast("Mapping[str, int]", summary).get("without_text", 0)
    if summary["reason"] == "time":
        counted += "; the search ran out of time"
    elif unknown:
        counted += f"; of {unknown:,} more it is not known, since their text is not in the release"
    lines += ["", counted]
    lines += [said("note", note) for note in summary["notes"]]
    return ended(lines, page)


def ask_text(page: AnswersFound) -> str:
    """Return answers, each with the places where it stands."""
    lines = [QUOTED]
    if not page["found"]:
        lines += ["", "not found: no text of the release is sure enough to answer this"]
    for answer in page["answers"]:
        lines += ["", said("answer", answer.text), f"score {answer.score:.2f} (0 to 1)"]
        for citation in answer.citations:
            lines += [*_cited(citation), *_context(citation)]
    return ended(lines, page)


def read_text(page: LinesFound, *, column: int) -> str:
    """Return lines of a file with their numbers; the first begins at character `column` (from 0) of its line."""
    citation = page["citation"]
    lines = [QUOTED, "", *_cited(citation), f"{_range(citation.lines)} of {page['of_lines']:,}"]
    if column:
        lines.append(f"the first of them from its character {column + 1:,} on")
    quote = citation.quote.split("\n")
    lines += [numbered(number, line.removesuffix("\r")) for number, line in enumerate(quote, citation.lines[0])]
    return ended(lines, page)


def why_text(page: OccurrencesFound) -> str:
    """Return occurrences with what was decided about each, and on what evidence."""
    lines = [QUOTED]
    for each in page["occurrences"]:
        lines += ["", said("file", _place(each)), *_decision(each), said("swhid", each["swhid"] or "not read")]
        lines.append(said("licence", _license(each)))
        lines += [said("licence from", _basis(piece)) for piece in each["license_evidence"]]
        lines += [said("replaced", f"{each['redacted']} secrets or personal data")] if each["redacted"] else []
        lines += [said("revision", each["revision"])] if each["revision"] else []
        lines.append(said("release", _release(each)))
    return ended(lines, page)


def licenses_text(page: LicensesFound) -> str:
    """Return licences with what each asks, and whether the policy covers all."""
    lines = [QUOTED, "", said("release", _release(page))]
    lines.append(f"kept: {many(page['kept'], 'file')}; for {page['without_license']:,} no licence was found")
    lines.append(f"whether policy {page['policy']} covers every kept file: {page['distributable']}")
    for used in page["licenses"]:
        asks = asdict(used.asks)
        words = [f"{name.replace('_', ' ')} {value}" for name, value in asks.items() if isinstance(value, str)]
        limits = [*asks.get("limits", ())]
        lines.append(
            said("licence", f"{used.license}: {many(used.files, 'file')}; asks: {', '.join([*words, *limits])}")
        )
    for name, obstacles in (("refused", page["refused"]), ("unknown", page["unknown"])):
        for obstacle in obstacles:
            what = f"{obstacle.expression}: {many(obstacle.files, 'file')}: {obstacle.reason}"
            what += f"; for example {obstacle.example}"
            lines.append(said(name, what))
    return ended(lines, page)


def _place(record: FileRecord | OccurrenceRecord) -> str:
    return f"{record['repository']}:{record['path']}"


def _license(record: FileRecord | OccurrenceRecord) -> str:
    return f"{record['license'] or 'none found'}; {record['language'] or 'language unknown'}"


def _release(of: Mapping[str, Any]) -> str:
    root = f", root {of['root']}" if of.get("root") else ""
    return f"{of['release']} {of['version']}{root}"


def _range(lines: tuple[int, int]) -> str:
    first, last = lines
    return f"line {first:,}" if first == last else f"lines {first:,} to {last:,}"


def _shown(lines: Iterable[LineRecord]) -> Iterator[str]:
    for line in lines:
        before, behind = ("…" if line["column"] else ""), ("…" if line["cut"] else "")
        yield numbered(line["number"], f"{before}{line['text']}{behind}")


def _cited(citation: Citation) -> list[str]:
    return [
        said("file", f"{citation.repository}:{citation.path} {_range(citation.lines)}"),
        said("swhid", citation.swhid),
        said("licence", citation.license or "none found"),
        said("attribution", citation.attribution),
        said("release", f"{citation.release} {citation.version}, root {citation.root}"),
    ]


def _context(citation: Citation) -> Iterator[str]:
    """Yield the lines around a quote, with their numbers."""
    around = f"{citation.prefix}{citation.quote}{citation.suffix}".split("\n")
    for number, line in enumerate(around, citation.lines[0] - citation.prefix.count("\n")):
        yield numbered(number, line.removesuffix("\r"))


def _decision(record: OccurrenceRecord | ExplainedOccurrence) -> list[str]:
    lines = ["decision: kept"]
    if record["decision"] != "kept":
        lines = [said("decision", f"{record['decision']} at stage {record['stage']}: {record['reason']}")]
    if record["evidence"] is not None:
        lines.append(said("evidence", json.dumps(record["evidence"], ensure_ascii=False)))
    if record["kept_path"] and record["decision"] != "kept":
        like = "" if record["similarity"] is None else f", Jaccard similarity {record['similarity']:.4f}"
        lines.append(said("stands for it", f"{record['kept_path']} {record['kept_swhid']}{like}"))
    return lines


def _basis(piece: Mapping[str, Any]) -> str:
    lines = "" if piece["start_line"] is None else f" lines {piece['start_line']} to {piece['end_line']}"
    return f"{piece['expression']}: {piece['path'] or 'the table of its source'}{lines} ({piece['rule']})"


def ended(lines: list[str], page: Mapping[str, Any]) -> str:
    """Return the lines of a result with its notes, and with how the rest is had."""
    lines += [f"note: {note}" for note in page["notes"]]
    if page["next"] is not None:
        lines.append(f'There is more: call again with the same arguments and cursor "{page["next"]}".')
    return "\n".join(lines)
