"""Makes questions over documentation and code without labels, from what says of itself what it is: headings, parameters
with their defaults, options, environment variables, lists and tables of names, definitions, and errors.

An `AskedFact` is a question with the characters of a text that answer it; `examples` puts each into the piece of the
text in which a reader would meet it, markup blanked. It knows nothing of models.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from drystone.errors import UsageError
from drystone.reader.questions.phrases import AskedFact, about, clause, default_of
from drystone.reader.questions.programs import facts_of_python
from drystone.reader.spans.markup import blank
from drystone.reader.spans.pieces import pieces
from drystone.reader.training.data import Example

_SUFFIXES: Final = {".md", ".markdown", ".rst", ".txt", ".py"}
#: A file larger than this is no page that a person wrote.
_LARGEST: Final = 2 << 20
#: Questions of one kind that a text may give, so that one long table does not become a data set of its own.
_EACH: Final = 12
#: Words of a heading that asks, and of the sentence that answers it.
_ASKS, _ANSWERS = (2, 16), (2, 22)

_HEADING: Final = re.compile(
    r"^(?:\#{1,6}[ ]+(?P<mark>[^\n]+?)[ ]*\#*|(?P<under>\S[^\n]{1,100})\n(?:={3,}|-{3,}|~{3,}|\^{3,}|\"{3,}))[ \t]*$",
    re.MULTILINE,
)
_SENTENCE: Final = re.compile(r"\s*(?P<all>[A-Z`*][^\n]*(?:\n(?![ \t]*\n|[ \t]*[-*+|>#]|\.\.)[^\n]+)*?[.!?])(?=\s|$)")
#: ``name`` or `name` or **name** and what it is, in a list, a definition list or a table's first two cells.
_NAME: Final = r"(?:`{1,2}|\*\*)(?P<name>[^`*\n]{2,60})(?:`{1,2}|\*\*)"
_LISTED: Final = re.compile(
    rf"^[ \t]*(?:[-*+][ ]+|\|[ ]*){_NAME}[ ]*(?:[:|]|[-–—]{{1,2}}|\n)[ ]*(?P<said>[A-Z][^|\n]{{12,200}})",
    re.MULTILINE,
)
_DEFINED: Final = re.compile(
    rf"^(?P<in>[ \t]*){_NAME}[ \t]*\n(?P=in)[ \t]+(?P<said>[A-Z][^\n]{{12,200}})", re.MULTILINE
)
_DIRECTIVE: Final = re.compile(
    r"^(?P<in>[ \t]*)\.\.[ ](?:\w+:)?(?P<kind>option|confval|setting|envvar|data|attribute|function|class|exception)::"
    r"[ ]*(?P<name>[^\s(=,]{2,60})[^\n]*\n(?:[ \t]*\n|(?P=in)[ \t]+:[^\n]*\n)*"
    r"(?P=in)[ \t]+(?P<said>[A-Z][^\n]{12,200})",
    re.MULTILINE,
)
#: A setting's own section: its name as heading, and "Default: X" below it.
_SECTION: Final = re.compile(
    r"^(?:\#+[ ]*)?`*(?P<name>[A-Za-z_][\w.-]{2,50})`*[ \t]*\n(?:[-~^=\"']{3,}[ \t]*\n)?\s*"
    r"(?:\*\*)?Defaults?(?:\*\*)?(?: value)?:(?:\*\*)?[ ]*`*(?P<value>[^`\n]{1,60}?)`*[ .]*$",
    re.MULTILINE,
)
_PARAMETER: Final = re.compile(
    r"^[ \t]*(?:[:@]param (?:[\w\[\]., ]+ )?|[-*][ ]+|)`*(?P<name>\*{0,2}[A-Za-z_]\w+)`*(?:[ ]\([^()\n]*\))?[ ]?:[ ]*"
    r"(?P<said>[^\n]{3,200})",
    re.MULTILINE,
)
_IS: Final = re.compile(
    r"^(?!(?:This|That|It|There|Here|What|Which|He|She|Note) )(?P<name>`{0,2}[A-Z][\w.+-]{2,30}`{0,2}(?: [A-Z]\w+)?) "
    r"is (?P<said>(?:an?|the) [^.\n]{10,90})\.",
    re.MULTILINE,
)
_PYTHON: Final = re.compile(
    r"(?:[Rr]equires?|[Nn]eeds?|[Ss]upports?|works (?:with|on)) (?P<value>Python (?:>=? ?)?[23]\.\d+\+?"
    r"(?: (?:or|and) (?:newer|later|above|higher|up))?)"
)
_RAISES: Final = re.compile(
    r"^[ \t]*(?::raises?[ ]+)?(?P<name>[A-Z]\w*(?:Error|Exception|Warning))[ ]?:\s*"
    r"(?P<said>(?:[Ii]f|[Ww]hen)\b[^\n]{8,120})",
    re.MULTILINE,
)
_KIND: Final = {"envvar": "environment variable", "confval": "setting", "data": "variable", "exception": "error"}


class TextPage(NamedTuple):
    """A text with where it lies and the licence that it is under."""

    path: str
    text: str


def examples(pages: Iterable[TextPage]) -> list[Example]:
    """Return questions over texts, each with the piece that answers it as context and the text's path as title.

    The same texts give the same questions. A heading that asks is blanked in its piece, so that a model learns what
    answers it rather than what follows it.
    """
    found = []
    for page in pages:
        clean, parts = blank(page.text), pieces(page.text)
        asked: set[str] = set()
        for fact in facts(page):
            part = next((p for p in parts if p[0] <= fact.start and fact.end <= p[1]), None)
            if part is None or fact.question in asked:
                continue
            example = _example(page.path, clean, part, fact)
            if example is not None:
                asked.add(fact.question)
                found.append(example)
    return found


def _example(path: str, clean: str, part: tuple[int, int], fact: AskedFact) -> Example | None:
    begin, end = part
    context = clean[begin:end]
    for span in fact.hide:
        low, high = (min(max(at, begin), end) - begin for at in span)
        context = context[:low] + re.sub(r"\S", " ", context[low:high]) + context[high:]
    raw = context[fact.start - begin : fact.end - begin]
    answer = raw.strip()
    start = fact.start - begin + len(raw) - len(raw.lstrip())
    if not any(map(str.isalnum, answer)) or context.strip() == answer:
        return None
    key = hashlib.sha256(f"{path}\0{fact.start}\0{fact.question}".encode()).hexdigest()[:16]
    return Example(fact.question, context, start, start + len(answer), key, path, (answer,))


def facts(page: TextPage) -> list[AskedFact]:
    """Return what a text says of itself, at most `_EACH` of a kind."""
    kinds: list[Iterator[AskedFact]] = [
        _named(page.text),
        _defaults(page.text),
        _definitions(page.text),
        _raised(page.text),
    ]
    if PurePosixPath(page.path).suffix == ".py":
        kinds.append(facts_of_python(page.text))
    else:
        kinds.append(_headings(page.text))
    found: list[AskedFact] = []
    for kind in kinds:
        found += [fact for fact, _ in zip(kind, range(_EACH), strict=False)]
    return found


def _headings(text: str) -> Iterator[AskedFact]:
    for match in _HEADING.finditer(text):
        title = " ".join(blank(match["mark"] or match["under"]).split()).rstrip(".:")
        below = _SENTENCE.match(text, match.end())
        if below is None or not _within(title, _ASKS):
            continue
        start = below.start("all")
        stop = re.search(r"[.!?](?=\s)", text[start : below.end() + 1])
        end = start + stop.end() if stop else below.end()
        if _within(text[start:end], _ANSWERS):
            yield AskedFact(_heading_asks(title), start, end, (match.span(),))


def _heading_asks(title: str) -> str:
    if re.match(r"(?:how|what|why|when|where|which|who|can|do|does|is|are)\b", title, re.IGNORECASE):
        return re.sub(r"^how to\b", "How do I", title, flags=re.IGNORECASE).rstrip("?") + "?"
    return title


def _named(text: str) -> Iterator[AskedFact]:
    for pattern in (_DIRECTIVE, _LISTED, _DEFINED):
        for match in pattern.finditer(text):
            kind = match.groupdict().get("kind") or ""
            yield from about(
                match["name"], _KIND.get(kind, kind), match.span("name"), match["said"], match.span("said")
            )


def _defaults(text: str) -> Iterator[AskedFact]:
    for match in _SECTION.finditer(text):
        yield AskedFact(f"What is the default of {match['name']}?", *match.span("value"))
    for match in _PARAMETER.finditer(text):
        said = match["said"]
        known = default_of(said)
        if known is not None and match["name"][:1].islower():
            low, high = known
            at = match.start("said")
            yield AskedFact(f"What is the default of {match['name'].strip('*')}?", at + low, at + high)
        if said[:1].isupper() and not said.endswith(","):
            yield from about(match["name"], "parameter", match.span("name"), said, match.span("said"))


def _definitions(text: str) -> Iterator[AskedFact]:
    for match in _IS.finditer(text):
        yield AskedFact(f"What is {match['name'].strip('`')}?", *match.span("said"))
    for match in _PYTHON.finditer(text):
        yield AskedFact("Which version of Python is needed?", *match.span("value"))


def _raised(text: str) -> Iterator[AskedFact]:
    for match in _RAISES.finditer(text):
        said = clause(match["said"])
        if said:
            yield AskedFact(f"Which error is raised {said[0].lower()}{said[1:]}?", *match.span("name"))


def generate(folders: Sequence[Path], license: str) -> dict[str, object]:
    """Return SQuAD v1.1 data over the pages and Python files in folders (or files), one article a file.

    `license` is that of the documentation and goes into the file. Raises UsageError where nothing asks and answers.
    """
    if not license.strip():
        raise UsageError("license: name the documentation's licence, as an SPDX expression.")
    articles: dict[str, list[dict[str, object]]] = {}
    read = (TextPage(name, path.read_text("utf-8", errors="replace")) for name, path in _files(folders))
    for example in examples(read):
        answers = [{"text": example.golds[0], "answer_start": example.start}]
        asked = {"id": example.id, "question": example.question, "answers": answers}
        articles.setdefault(example.title, []).append({"context": example.context, "qas": [asked]})
    if not articles:
        raise UsageError(
            f"{', '.join(map(str, folders))}: no heading, option, parameter or definition that asks and answers in any "
            f"{', '.join(sorted(_SUFFIXES))} file."
        )
    data = [{"title": title, "paragraphs": paragraphs} for title, paragraphs in articles.items()]
    return {"version": "1.1", "license": license.strip(), "data": data}


def write(folders: Sequence[Path], license: str, out: Path) -> int:
    """Write `generate`'s data as JSON; return the number of questions."""
    data = generate(folders, license)
    articles = data["data"]
    assert isinstance(articles, list)
    try:
        out.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{out}: cannot be written ({error.strerror}).") from None
    return sum(len(article["paragraphs"]) for article in articles)


def is_page(path: str) -> bool:
    """Whether a file of this name can give questions."""
    return PurePosixPath(path).suffix.lower() in _SUFFIXES


def _files(folders: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    for folder in folders:
        if folder.is_file():
            yield folder.name, folder
        elif folder.is_dir():
            for path in sorted(folder.rglob("*")):
                if is_page(path.name) and path.is_file() and path.stat().st_size <= _LARGEST:
                    yield path.relative_to(folder).as_posix(), path
        else:
            raise UsageError(f"{folder}: no such file or folder.")


def _within(text: str, bounds: tuple[int, int]) -> bool:
    return bounds[0] <= len(text.split()) <= bounds[1] and any(c.isalpha() for c in text)
