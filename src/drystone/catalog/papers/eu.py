"""The part of the EU's public summary of training content that a release can fill: Markdown in the template's order.

The template is that of the AI Office (24 July 2025; adopted as C(2025) 8311), under Article 53(1)(d) of Regulation (EU)
2024/1689. It is about a model: who trains one on a release fills in the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from drystone._words import many
from drystone.catalog.papers.described import Described
from drystone.catalog.papers.paper import AUTHORS, DATE, URL, Form, Paper
from drystone.release.documents.croissant import responsible
from drystone.release.layout import shown, size_text

_MODEL: Final = "whoever trains a model on the release"
#: Below so many bytes there are fewer than a billion tokens, whatever the tokenizer: none is shorter than a byte.
_BILLION: Final = 10**9
_SHOWN: Final = 100
#: Kinds of source that somebody handed over; all others were read from where they are published.
_PRIVATE: Final = frozenset({"folder", "archive"})


def eu_summary(known: Described) -> Paper:
    """Return the summary; each field that the release does not know says so and by what it would be settled."""
    form = Form()
    lines = [
        "# Public summary of training content: what the dataset knows",
        "",
        "Of the template for Article 53(1)(d) of Regulation (EU) 2024/1689. Made by "
        f"drystone {known.facts.program_version} from the release of root hash `{known.manifest.root}`.",
        "",
        *_general(known, form),
        *_sources(known, form),
        *_processing(known, form),
    ]
    return form.paper("\n".join(lines) + "\n")


class _Section:
    """The lines of a section: its fields in the template's order."""

    def __init__(self, form: Form, title: str, level: int = 3) -> None:
        self._form, self._number = form, title.split(" ", 1)[0]
        self.lines = ["#" * level + f" {title}", ""]

    def field(self, name: str, value: str | None, settled_by: str = _MODEL) -> _Section:
        """Add a field; without a value it says what would settle it."""
        found = self._form.take(f"{self._number} {name}", value, settled_by)
        self.lines += [f"**{name}:** {f'*unknown; settled by: {settled_by}*' if found is None else shown(found)}", ""]
        return self

    def text(self, *lines: str) -> _Section:
        """Add lines as they are."""
        self.lines += [*lines, ""]
        return self


def _general(known: Described, form: Form) -> Iterator[str]:
    facts, counts = known.facts, known.manifest.counts
    yield from _Section(form, "1. General information", 2).lines
    yield from (
        _Section(form, "1.1. Provider identification")
        .field("Provider name and contact details", None)
        .field("Authorised representative name and contact details", None)
        .lines
    )
    yield from (
        _Section(form, "1.2. Model identification")
        .field("Versioned model name(s)", None)
        .field("Model dependencies", None)
        .field("Date of placement of the model on the Union market", None)
        .lines
    )
    few = counts.text_bytes < _BILLION
    latest = known.last_visit or (f"not after the release, {facts.date}" if facts.date else None)
    size = f"{many(counts.text_bytes, 'byte')} of UTF-8 text in {many(counts.kept, 'file')}"
    yield from (
        _Section(form, "1.3. Modalities, overall training data size and other characteristics")
        .field("Modality", "text")
        .field("Training data size", size)
        .field("Training data size in tokens", "less than 1 billion" if few else None, "counting with the tokenizer")
        .field("Types of content", "source code: " + _languages(known))
        .field("Latest date of data acquisition/collection", latest, DATE)
        .field("Linguistic characteristics", None, "measuring the natural languages of comments and documentation")
        .field("Other relevant characteristics", f"version {facts.version}, licence of the collection {facts.license}")
        .lines
    )


def _languages(known: Described) -> str:
    kept = [share for share in known.counted.languages if share.kept]
    named = ", ".join(f"{share.name} ({many(share.kept, 'file')})" for share in kept[:20])
    return named + (f" and {len(kept) - 20} more" if len(kept) > 20 else "")


def _sources(known: Described, form: Form) -> Iterator[str]:
    facts = known.facts
    yield from _Section(form, "2. List of data sources", 2).lines
    yield from (
        _Section(form, "2.1. Publicly available datasets")
        .field("Name", f"{facts.name} {facts.version}")
        .field("Modality", "text")
        .field("Link", facts.url, URL)
        .field("Compiled by", ", ".join(facts.authors), AUTHORS)
        .field("Further datasets", None)
        .lines
    )
    kinds = Counter(origin.kind for origin in known.origins)
    handed = {kind: count for kind, count in kinds.items() if kind in _PRIVATE}
    read = {kind: count for kind, count in kinds.items() if kind not in _PRIVATE}
    yield from (
        _Section(form, "2.2. Private non-publicly available datasets obtained from third parties")
        .field("Repositories from folders and archives", _counted(handed) if handed else "none in this release")
        .field("Whether their rightsholders licensed them commercially", None if handed else "does not apply")
        .lines
    )
    yield from _crawled(known, form, read).lines
    yield from (_Section(form, "2.4. User data").field("User data", None).lines)
    yield from (_Section(form, "2.5. Synthetic data").field("Synthetic data", None).lines)
    yield from _Section(form, "2.6. Other sources of data").field("Other sources", None).lines


def _crawled(known: Described, form: Form, read: dict[str, int]) -> _Section:
    section = _Section(form, "2.3. Data crawled and scraped from online sources")
    if not read:
        return section.field("Crawlers", "none were used for this release")
    hosts = Counter(urlsplit(origin.url).hostname or "unnamed" for origin in known.origins if origin.url)
    hosts.update(origin.kind for origin in known.origins if origin.kind in read and not origin.url)
    visits = [str(origin.visited) for origin in known.origins if origin.visited]
    section.field("Crawler name(s)/identifier(s)", f"drystone {known.facts.program_version}")
    section.field("Purposes", "reading repositories that are named one by one or by a list")
    section.field(
        "General description of crawler behaviour",
        f"{_counted(read)}. Repositories that a request in force names are not read "
        f"({known.manifest.counts.opted_out_repositories:,} here).",
    )
    period = None
    if visits:
        period = f"{min(visits)} to {max(visits)} ({len(visits):,} of {len(known.origins):,} repositories say a day)"
    section.field("Period of data collection", period, "sources that say when they were visited")
    section.field("Type of modality", "text")
    section.text("**Summary of the most relevant domain names**", "")
    section.text(
        "| source | repositories |", "|---|---|", *(f"| {shown(n)} | {c:,} |" for n, c in hosts.most_common(_SHOWN))
    )
    if len(hosts) > _SHOWN:
        section.text(f"And {len(hosts) - _SHOWN:,} more; all stand in repositories.parquet.")
    return section


def _counted(kinds: dict[str, int]) -> str:
    return ", ".join(f"{count:,} of kind {kind}" for kind, count in sorted(kinds.items()))


def _processing(known: Described, form: Form) -> Iterator[str]:
    facts, counts = known.facts, known.manifest.counts
    yield from _Section(form, "3. Data processing aspects", 2).lines
    asked = facts.registry_head is not None
    yield from (
        _Section(form, "3.1. Respect of reservation of rights from text and data mining")
        .field("Signatory to the Code of Practice", None)
        .field(
            "Measures before training",
            f"Left out on request and never read: {many(counts.opted_out_repositories, 'repository')}. The state of "
            f"the registry of requests is {facts.registry_head}. Later versions accept no less."
            if asked
            else None,
            "building with a registry of requests",
        )
        .field("Licences", _licensed(known))
        .lines
    )
    replaced = ", ".join(f"{kind.replace('_', ' ')} {spans:,}" for kind, spans in known.redactions.items())
    yield from (
        _Section(form, "3.2. Removal of illegal content")
        .field("Personal data and secrets replaced", replaced or "no span was replaced")
        .field("Other measures", None)
        .lines
    )
    told = responsible(known.manifest, known.counted)["rai:dataPreprocessingProtocol"]
    steps = [str(one) for one in told] if isinstance(told, list) else []
    yield from (
        _Section(form, "3.3. Other information")
        .text("Files dropped, by stage and reason:", "", *(f"- {shown(step)}" for step in steps))
        .text(f"The files of the release take {size_text(known.bytes)}; `drystone verify` checks them.")
        .lines
    )


def _licensed(known: Described) -> str:
    names = known.licenses
    more = f" and {len(names) - 20:,} more" if len(names) > 20 else ""
    found = f"Kept files are under {len(names):,} licence expressions: {', '.join(names[:20])}{more}. " if names else ""
    return found + f"Kept files without a licence that is known: {known.unlicensed:,}."
