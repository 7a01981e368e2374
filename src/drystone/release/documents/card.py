"""The texts for people beside a release: the Hugging Face card (README.md) and CHANGELOG.md.

All of it follows from manifest and counts; nothing is claimed that a command named beside it does not show.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import yaml

from drystone._words import many
from drystone.release.columns import TABLES, type_text
from drystone.release.inspection.stats import Stats
from drystone.release.layout import language_folder, shown, size_text
from drystone.release.manifest import ArchiveTerms, FileEntry, Manifest, ReleaseFacts, names_optouts
from drystone.release.read import Release
from drystone.release.schema import STACK_V2

if TYPE_CHECKING:
    from drystone._json import Json

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_SIZES_ABOVE = ((10**7, "1M<n<10M"), (10**8, "10M<n<100M"), (10**9, "100M<n<1B"), (10**10, "1B<n<10B"))
_ROWS_SHOWN = 25
#: The configuration that `datasets` takes where none is named, and its files: all languages.
_ALL: Final = "default"
_SHARDS: Final = "data/*/*.parquet"
#: Heads what a release owes to the archive, where files of it come from there.
ARCHIVE_TITLE: Final = "## Terms of the Software Heritage archive"


def readme(release: Release, found: Stats) -> Iterator[str]:
    """Yield the dataset card: YAML that the Hub and `datasets` read, then the text."""
    yield "---\n" + _yaml(_front(release)) + "---\n"
    yield from _text(release, found)


def changelog(facts: ReleaseFacts, root: str) -> Iterator[str]:
    """Yield CHANGELOG.md: this version, then the lines that `facts.changes` brings."""
    yield f"# Changes of {_inline(facts.name)}\n\n"
    yield from (f"{line}\n" for line in changelog_entry(facts, root))


def changelog_entry(facts: ReleaseFacts, root: str) -> list[str]:
    """Return the lines of one version and, by its `changes`, of those before it."""
    lines = [f"## {_inline(facts.version)}" + (f" ({facts.date})" if facts.date else ""), "", f"Root hash `{root}`."]
    if facts.previous:
        follows = f"Follows {_inline(facts.previous.version)}, root hash `{facts.previous.root}`; "
        lines.append(f"{follows}`drystone diff OLD NEW` lists every changed decision.")
        if facts.previous.retracted:
            lines.append(f"Version {_inline(facts.previous.version)} is retracted: do not use it any more.")
    elif not facts.changes:
        lines.append("The first release under this name.")
    return [*lines, *(("", *map(shown, facts.changes)) if facts.changes else ())]


def _yaml(value: Any) -> str:
    # libyaml's emitter, where it was built in, is ten times as fast; a card has thousands of lines.
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return str(yaml.dump(value, Dumper=dumper, sort_keys=False, allow_unicode=True, width=100))


def _front(release: Release) -> dict[str, Json]:
    manifest = release.manifest
    languages = sorted(manifest.languages)
    kept = manifest.counts.kept
    size = next((name for limit, name in (*_SIZES, *_SIZES_ABOVE) if kept < limit), "n>1T")
    return {
        "pretty_name": manifest.facts.name,
        "license": "other",
        "license_name": "licences-of-the-files",
        "license_link": "NOTICE",
        "language": ["code"],
        "task_categories": ["text-generation"],
        "size_categories": [size],
        "tags": ["code", "provenance", "swhid", "drystone"],
        "configs": [*_configurations(manifest, languages)],
        "dataset_info": [
            *([_info(_ALL, [*manifest.of_kind("data")])] if languages else []),
            *(_info(language_folder(name), manifest.languages[name]) for name in languages),
        ],
    }


def _configurations(manifest: Manifest, languages: Sequence[str]) -> Iterator[dict[str, Json]]:
    if languages:
        yield {"config_name": _ALL, "data_files": [{"split": "train", "path": _SHARDS}]}
    for name in languages:
        paths: list[Json] = [entry.place for entry in manifest.languages[name]]
        yield {"config_name": language_folder(name), "data_files": [{"split": "train", "path": paths}]}


def _info(name: str, entries: Sequence[FileEntry]) -> dict[str, Json]:
    text, stored = sum(e.text_bytes for e in entries), sum(e.bytes for e in entries)
    return {
        "config_name": name,
        "splits": [{"name": "train", "num_bytes": text, "num_examples": sum(e.rows for e in entries)}],
        "download_size": stored,
        "dataset_size": text,
    }


def _text(release: Release, found: Stats) -> Iterator[str]:
    manifest = release.manifest
    facts = manifest.facts
    example = next(iter(sorted(manifest.languages)), None)
    yield from _head(manifest)
    yield from _use(example)
    yield "## From occurrences to files\n\n"
    yield from _sum(manifest)
    yield "### Why files were dropped\n\n"
    reasons = [(_inline(r.stage), _inline(r.reason), f"{r.files:,}", size_text(r.bytes)) for r in found.reasons]
    yield from _table(("stage", "reason", "files", "bytes"), reasons)
    yield from _asked_for(release, found)
    yield "## Languages\n\n"
    languages = [(_inline(s.name), f"{s.kept:,}", size_text(s.kept_bytes)) for s in found.languages if s.kept]
    yield from _table(("language", "files", "bytes"), languages)
    yield "## Licences\n\n"
    yield "Each file keeps the licence of its repository; `license_expression` names it, `license_evidence` says which "
    yield "text shows it, and `NOTICE` holds the texts and copyright lines. "
    yield _choice(facts)
    types = [(_inline(s.name), f"{s.kept:,}", size_text(s.kept_bytes)) for s in found.license_types if s.kept]
    yield from _table(("type", "files", "bytes"), types)
    licences = [(_inline(s.name), f"{s.kept:,}", size_text(s.kept_bytes)) for s in found.licenses if s.kept]
    yield from _table(("SPDX expression", "files", "bytes"), licences)
    yield "What the licences rest on (`drystone licenses FOLDER --files --basis readme` lists the files):\n\n"
    yield from _counted(("basis", "files"), found.bases)
    yield "## Personal data and secrets\n\n"
    yield "Spans that were replaced in `content` are listed in `redactions` by place and kind, never by value. "
    yield "What the detectors missed is still there.\n\n"
    yield from _counted(("replaced", "spans"), found.redactions)
    people = _people(facts)
    if people is not None:
        yield _BESIDE[people] + _REDACTED_BESIDE
    if facts.software_heritage is not None:
        yield from _archive(facts, facts.software_heritage)
    yield from _columns(manifest)
    yield "## Cite\n\n`CITATION.cff`, `CITATION.bib`, `citation.json` (CSL) and `datacite.json` (for a DOI) say how. "
    yield "Whether a copy is the release that a citation names:\n\n"
    yield f"```console\n$ drystone verify FOLDER --root {manifest.root}\n```\n\n"
    yield _HOW_TO_CHECK
    yield _made(facts)


def claims(manifest: Manifest) -> Iterator[str]:
    """Yield what each card says of the manifest alone, piece by piece, however its sentences are worded."""
    facts, counts = manifest.facts, manifest.counts
    yield f"\n# {_inline(facts.name)} {_inline(facts.version)}\n"
    yield f"{shown(facts.description)}\n"
    yield f"\n{counts.kept:,} source files ({size_text(counts.text_bytes)} of text)"
    yield f"Root hash: `{manifest.root}`\n"
    yield f" = {counts.kept:,} kept + {counts.dropped:,} dropped"
    yield from (f"| {_inline(s.stage)} | {s.files:,} | {size_text(s.bytes)} |" for s in facts.funnel)
    yield f"drystone {_inline(facts.program_version)}"
    if facts.registry_head:
        yield f"registry state `{_inline(facts.registry_head)}`"
    if facts.optouts_in_force is not None:
        yield f"with {many(facts.optouts_in_force, 'request')} to opt out in force"


def _head(manifest: Manifest) -> Iterator[str]:
    facts, counts = manifest.facts, manifest.counts
    yield f"\n# {_inline(facts.name)} {_inline(facts.version)}\n\n"
    yield f"{shown(facts.description)}\n\n" if facts.description else ""
    yield f"{counts.kept:,} source files ({size_text(counts.text_bytes)} of text) from "
    yield f"{many(counts.repositories, 'repository')} in {many(len(manifest.languages), 'language')}. "
    yield "Every file that was seen, kept or not, has a row in `ledger/` "
    yield "with the stage, the reason and the evidence.\n\n"
    yield f"Root hash: `{manifest.root}`\n\n"


def _sum(manifest: Manifest) -> Iterator[str]:
    facts, counts = manifest.facts, manifest.counts
    yield f"{many(counts.occurrences, 'occurrence')} = {counts.kept:,} kept + {counts.dropped:,} dropped"
    yield f"; opted out and never read: {many(counts.opted_out_repositories, 'repository')}.\n\n"
    if facts.funnel:
        rows = [(_inline(s.stage), f"{s.files:,}", size_text(s.bytes)) for s in facts.funnel]
        yield from _table(("after", "files", "bytes"), rows)


def _made(facts: ReleaseFacts) -> str:
    state = ""
    if facts.registry_head:
        count = facts.optouts_in_force
        in_force = "" if count is None else f" with {many(count, 'request')} to opt out in force"
        state = f" under registry state `{_inline(facts.registry_head)}`{in_force}"
    return f"\nMade by drystone {_inline(facts.program_version)}{state}; the configuration stands in `manifest.json`.\n"


#: Each runs as it stands, in the folder that holds the release's.
_SNIPPETS: Final = (
    (
        "One language, with `datasets` (without `name`: all of them)",
        """from datasets import load_dataset

files = load_dataset("FOLDER", name={name}, split="train", streaming=True)
print(next(iter(files))["content"])
""",
    ),
    (
        "Any question, with DuckDB",
        """import duckdb

print(duckdb.sql("select language, license_expression, count(*) from 'FOLDER/data/*/*.parquet' group by all"))
""",
    ),
    (
        "Rows and decisions, with Drystone",
        """from drystone import open_release

release = open_release("FOLDER")
for file in release.files({language}, columns=["path", "license_expression", "license_basis"]):
    print(file)
""",
    ),
)


def _use(language: str | None) -> Iterator[str]:
    if language is None:
        return
    yield "## Use\n\nFOLDER is where this release lies. There is one configuration for each language.\n\n"
    for title, code in _SNIPPETS:
        shown_code = code.format(name=repr(language_folder(language)), language=repr(language))
        yield f"{title}:\n\n```python\n{shown_code}```\n\n"
    yield f"The first {len(STACK_V2)} columns are those of The Stack v2; `content` holds the text.\n\n"


def _asked_for(release: Release, found: Stats) -> Iterator[str]:
    """Yield the numbers that readers of a card look for; what nobody counted or compared is said to be unknown."""
    facts, kept = release.manifest.facts, release.manifest.counts.kept
    dropped = {reason.reason: reason.files for reason in found.reasons}
    near = (
        many(dropped.get("near_duplicate", 0), "file") if facts.near_duplicate_threshold is not None else "not sought"
    )
    if names_optouts(facts.registry_head):
        told = release.manifest.counts.opted_out_repositories
        opted = f"{many(told, 'repository')}, never read; {many(dropped.get('opted_out', 0), 'file')} of others"
    else:
        opted = "unknown: no registry of opt-outs was asked, or nothing was ever entered in it"
    unlicensed = sum(share.kept for share in found.license_types if share.name == "no_license")
    unsure = "unknown" if found.bases is None else _share(found.bases.get("unknown", 0), kept)
    yield "### At a glance\n\n"
    rows = (
        ("exact duplicates that were dropped", many(dropped.get("exact_duplicate", 0), "file")),
        ("near duplicates that were dropped", near),
        ("opted out", opted),
        ("kept files without a licence that could be found", _share(unlicensed, kept)),
        ("kept files of whose licence nothing in the release speaks", unsure),
        ("decontamination (files of benchmarks)", "unknown: no benchmark was compared"),
    )
    yield from _table(("", "number"), rows)


def _share(part: int, whole: int) -> str:
    return f"{part:,} ({part / whole:.1%})" if whole else f"{part:,}"


def _counted(head: tuple[str, str], counted: dict[str, int] | None) -> Iterator[str]:
    if counted is None:
        yield "Unknown: an older program wrote this release and did not count.\n\n"
        return
    yield from _table(head, [(_inline(name), f"{count:,}") for name, count in counted.items()])


def _columns(manifest: Manifest) -> Iterator[str]:
    """Yield the columns of data that the release has, with type and meaning."""
    known = {column.name: column for column in TABLES["data"]}
    names = manifest.columns.get("data") or tuple(known)
    yield "## Columns\n\nThose of `data/`:\n\n"
    yield "| column | type | meaning |\n|---|---|---|\n"
    for column in (known[name] for name in names if name in known):
        yield f"| `{column.name}` | {type_text(column.type)} | {column.meaning.replace('|', '&#124;')} |\n"
    yield "\n"


_BESIDE: Final = {
    "hash": "Authors and committers stand in `repositories.parquet` as the SHA-256 of their e-mail address (in small "
    "letters) and of `Name <address>`, so that rows of one person still join and nobody is named. ",
    "drop": "Authors and committers do not stand in `repositories.parquet`. ",
    "keep": "Authors and committers stand in `repositories.parquet` **with names and addresses**, as settings ask. ",
}
_REDACTED_BESIDE: Final = (
    "Commit messages, branches, paths, evidence and `NOTICE` are redacted like `content`; in paths the placeholder "
    "has eight digits of a hash (`<EMAIL-1f2e3d4c>`). `NOTICE` keeps names in copyright lines.\n\n"
)


def _people(facts: ReleaseFacts) -> str | None:
    """Return what the settings say of authors and committers; None where an older version had no such setting."""
    chosen = facts.configuration.get("secrets")
    told = chosen.get("people") if isinstance(chosen, dict) else None
    return told if isinstance(told, str) and told in _BESIDE else None


def _choice(facts: ReleaseFacts) -> str:
    """Return what was decided on files for which no licence was found."""
    licenses = facts.configuration.get("licenses")
    chosen = licenses if isinstance(licenses, dict) else {}
    refused = "Files whose licence was denied or not understood were left out.\n\n"
    if not chosen.get("no_license"):
        return f"Files without a licence were left out. {refused}"
    return (
        "**Files for which no licence was found were taken** (type `no_license`), as The Stack v2 did: "
        f"nobody granted a right to use them. {refused}"
    )


def _archive(facts: ReleaseFacts, terms: ArchiveTerms) -> Iterator[str]:
    """Yield what the Software Heritage archive asks for, and how this release meets it."""
    yield f"{ARCHIVE_TITLE}\n\n"
    yield f"Files were read from the archive under its terms (wording `{terms.sha256[:16]}`).\n\n"
    if names_optouts(facts.registry_head):
        opted = f"the registry at state `{_inline(facts.registry_head or '')}` was applied; "
        opted += f"opted out and never read: {many(facts.opted_out_repositories, 'repository')}"
    else:
        opted = "**no request was applied**: no registry was named, or nothing was ever entered in it"
    rows = (
        ("agreement for bulk access", _inline(terms.agreement) if terms.agreement else "**none was stated**"),
        ("precise identification", "every file has its SWHID, its origin, snapshot, revision and path in `ledger/` and "
         "`repositories.parquet`; the root hash covers them"),
        ("opt-out before training", opted),
        ("openness", f"the compilation is under {_inline(facts.license)}; settings and program version stand in "
         "`manifest.json`; whoever trains a model on it owes the same for the model"),
        ("licences and authors", "`license_expression` and `license_evidence` of each file; texts and names in "
         "`NOTICE`"),
    )  # fmt: skip
    yield from _table(("what is asked for", "how it is met"), rows)


_HOW_TO_CHECK = """## How each number can be checked

| number | command |
|---|---|
| all of them, every checksum and the root hash | `drystone verify FOLDER` |
| files and bytes by language, licence and reason | `drystone stats FOLDER` |
| why one file is in or out | `drystone why FOLDER PATH` |
| bytes of every file of the release | `sha256sum -c SHA256SUMS` |
| files kept | `duckdb -c "select count(*) from 'data/*/*.parquet'"` |
| occurrences by reason | `duckdb -c "from 'ledger/*.parquet' select stage, reason, count(*) group by all"` |
"""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if not rows:
        yield "None.\n\n"
        return
    numbers = {"files", "bytes", "spans"}
    yield f"| {' | '.join(head)} |\n|{'|'.join('---:' if h in numbers else '---' for h in head)}|\n"
    for row in rows[:_ROWS_SHOWN]:
        yield f"| {' | '.join(row)} |\n"
    if len(rows) > _ROWS_SHOWN:
        yield f"\nand {len(rows) - _ROWS_SHOWN:,} more; `drystone stats` lists all.\n"
    yield "\n"


def _inline(text: str) -> str:
    """Make a name from outside harmless inside Markdown."""
    safe = " ".join(shown(text).split())
    return "".join("\\" + c if c in "\\`*_[]<>|#" else c for c in safe)
