"""Licences in the heads of source files, over whole batches.

A native pass refuses files that do not speak of licensing and takes the comments out of the others, so that a licence
in a string literal or a here-document is not the file's own; the comments then go through the same detection as any
text, once per distinct header.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np
import pyarrow as pa

from drystone.detect._kernel import ComparableWords, head_comments, head_comments_arrow
from drystone.detect.licenses.annotation import Evidence, LicenseAnnotation, LicenseState, families
from drystone.detect.licenses.declarations.statements import find_statements, without_ignored, without_snippets
from drystone.detect.licenses.matching.prose import page, refers_to, tells_the_past
from drystone.detect.licenses.matching.scan import join
from drystone.detect.licenses.texts import detect_text

#: How much of each file is looked at, in bytes.
HEAD_BYTES: Final = 16 * 1024

_BACKTICKS, _BRACES, _PROSE, _NO_HASH, _OPAQUE = 1, 2, 4, 8, 16
_FLAGS: Final = {
    **dict.fromkeys(["js", "jsx", "mjs", "cjs", "ts", "tsx", "vue", "svelte"], _BACKTICKS | _NO_HASH),
    "go": _BACKTICKS | _NO_HASH,
    **dict.fromkeys(["pas", "pp", "dpr", "lpr", "inc", "dfm"], _BRACES),
    **dict.fromkeys(["txt", "md", "markdown", "rst", "adoc", "asciidoc", "texi", "texinfo", "tex"], _PROSE),
    # Its comments are like no other language's; what its heads say is read as it stands.
    "lean": _PROSE,
    **dict.fromkeys(
        [
            "c",
            "cc",
            "cpp",
            "cxx",
            "c++",
            "h",
            "hh",
            "hpp",
            "hxx",
            "h++",
            "m",
            "mm",
            "java",
            "kt",
            "kts",
            "scala",
            "cs",
            "swift",
            "rs",
            "dart",
            "d",
            "css",
            "scss",
            "less",
            "proto",
            "thrift",
            "cu",
            "cl",
            "glsl",
            "vert",
            "frag",
            "groovy",
            "gradle",
            "as",
            "hx",
            "v",
            "sv",
            "svh",
        ],
        _NO_HASH,
    ),
    **dict.fromkeys(["json", "jsonl", "csv", "tsv", "ipynb", "lock", "map", "geojson"], _OPAQUE),
}


def syntax_flags(path: str) -> int:
    """Return what a path's extension says about comments, for the native pass."""
    return _FLAGS.get(path.rpartition("/")[2].rpartition(".")[2].lower(), 0)


def detect_headers(
    texts: Sequence[bytes] | pa.Array | pa.ChunkedArray, paths: Sequence[str] | None = None
) -> list[LicenseAnnotation | None]:
    """Return for each source file what its own head says, or None where it says nothing.

    `texts` are file contents (or heads of at least `HEAD_BYTES`), as a list of bytes or an Arrow (large) binary or
    string array; nulls give None. `paths`, as many, tell comment syntaxes apart; without them the reading is generic.
    Raises `ValueError` where their number differs.
    """
    if paths is not None and len(paths) != len(texts):
        raise ValueError(f"{len(texts)} texts, but {len(paths)} paths")
    flags = [] if paths is None else [syntax_flags(p) for p in paths]
    found: list[LicenseAnnotation | None] = [None] * len(texts)
    for index, comments, beside in _heads(texts, flags):
        path = paths[index] if paths else ""
        header = _read(comments, path) if comments else None
        if beside & (_IN_HEAD | _ANYWHERE):
            text = texts[index]
            text = text if isinstance(text, bytes) else text.as_py()
            text = text.encode() if isinstance(text, str) else text
            if not beside & _ANYWHERE:
                text = text[:HEAD_BYTES]
            valued = beside & (_ANYWHERE | _VALUED) != 0
            header = _with_statements(text, valued, header, flags[index] if flags else 0, path)
        found[index] = header
    return found


#: What the native pass says may stand beside comments: in the head a word of a statement, an ignore block or a banner;
#: a statement that counts anywhere in a file (of kernel modules, snippets); in the head a statement that is no banner.
_IN_HEAD, _ANYWHERE, _VALUED = 1, 2, 4


def _heads(texts: Sequence[bytes] | pa.Array | pa.ChunkedArray, flags: list[int]) -> Iterator[tuple[int, bytes, int]]:
    """Yield (place, comments, what may stand beside them) of the texts that may speak of licences."""
    if not isinstance(texts, (pa.Array, pa.ChunkedArray)):
        yield from head_comments(list(texts), flags, HEAD_BYTES)
        return
    base = 0
    for chunk in texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]:
        for index, comments, beside in _arrow(chunk, flags[base : base + len(chunk)]):
            yield base + index, comments, beside
        base += len(chunk)


def _with_statements(
    text: bytes, valued: bool, header: LicenseAnnotation | None, flags: int, path: str
) -> LicenseAnnotation | None:
    """Return a file's header with what statements in code and snippets add, without what ignore blocks hold.

    Without `valued` only banners can be there.
    """
    plain, snippets = without_snippets(without_ignored(text))
    if plain is not text:  # what was taken out may have been taken for the header
        header = next((_read(read, path) for _, read, _ in head_comments([plain], [flags], HEAD_BYTES) if read), None)
    said = find_statements(plain, path, valued)
    if said is not None:
        header = said if header is None else _together(header, said)
    if not snippets:
        return header
    added = join([e.expression for e in snippets], "AND")
    header = header or LicenseAnnotation(None, "header")
    return replace(header, evidence=(*header.evidence, *snippets), adds=added)


def _together(header: LicenseAnnotation, said: LicenseAnnotation) -> LicenseAnnotation:
    """Return what prose and statements of one file say: both hold, and what denies is stronger."""
    denied = header.denied or said.denied
    grounds = denied or LicenseState.NOT_UNDERSTOOD in {header.state, said.state}
    expression = header.expression or said.expression
    if header.expression and said.expression and not families(said.expression) <= families(header.expression):
        expression = join([header.expression, said.expression], "AND")
    return replace(
        header,
        expression=None if grounds else expression,
        evidence=(*header.evidence, *said.evidence),
        unanswered=grounds,
        denied=denied,
    )


def _arrow(chunk: pa.Array, flags: list[int]) -> list[tuple[int, bytes, int]]:
    """Run the native pass over an Arrow array's buffers without copying the contents."""
    if pa.types.is_string(chunk.type) or pa.types.is_binary(chunk.type):
        width: type[np.int32 | np.int64] = np.int32
    elif pa.types.is_large_string(chunk.type) or pa.types.is_large_binary(chunk.type):
        width = np.int64
    else:
        raise ValueError(f"texts must be binary or string, not {chunk.type}")
    if len(chunk) == 0:
        return []
    _, offsets, data = chunk.buffers()
    ends = np.frombuffer(offsets, dtype=width)[chunk.offset : chunk.offset + len(chunk) + 1].astype(np.int64)
    if data is None or ends[-1] == ends[0]:
        return []
    rows: list[tuple[int, bytes, int]] = head_comments_arrow(
        np.frombuffer(data, dtype=np.uint8), ends, flags, HEAD_BYTES
    )
    return [row for row in rows if chunk[row[0]].is_valid] if chunk.null_count else rows


#: A licence in a file's own words, which holds for it whether a rule knows them or not.
_GRANT: Final = re.compile(
    rb"permission is hereby granted|"
    rb"permission to (?:\w+ ){0,8}?(?:use|copy|modify|(?:re)?distribute)(?: \w+){0,40}? (?:is|are) (?:hereby )?granted|"
    rb"redistribution and use (?:\w+ ){0,20}?(?:is|are) (?:hereby )?permitted"
)


def _grants_itself(comments: bytes) -> Evidence | None:
    """Return where a head grants rights in words that no rule names, which is not understood rather than absent."""
    words = ComparableWords(comments)
    text = words.text
    match = _GRANT.search(text) if b"permission" in text or b"redistribution" in text else None
    if match is None:
        return None
    line = words.line(words.word_at(match.start()))
    return Evidence("", line, line, "unread:grant", 0.5)


def _read(comments: bytes, path: str) -> LicenseAnnotation | None:
    if not syntax_flags(path) & _PROSE:
        # What follows the last comment of a head is empty lines, so that equal headers of many files are equal here.
        return _comments(comments.rstrip(b"\n"))
    if tells_the_past(path) and b"SPDX-" not in comments:
        return None
    comments, licensing = page(comments)
    return _detected(comments, licensing)


#: A field of a block of them ("Description: ...", "Author: ...") that says licence; what stands before it is of others.
_FIELD: Final = re.compile(rb"(?<=\S)[ \t]*\n(?=[ \t*#;/%!'-]{0,16}@?licen[sc]e[ \t]*:[ \t]*\S)", re.IGNORECASE)
_FIELD_BEFORE: Final = re.compile(rb"[ \t*#;/%!'-]{0,16}@?[A-Za-z][\w-]*(?: [\w-]+)?[ \t]*:[ \t]*\S")


def _fields_apart(comments: bytes) -> bytes:
    """Return comments in which a field that says licence begins a sentence, if another field stands before it."""

    def end(match: re.Match[bytes]) -> bytes:
        line = comments.rfind(b"\n", 0, match.start()) + 1
        return b".\n" if _FIELD_BEFORE.match(comments, line, match.start()) else match.group()

    return _FIELD.sub(end, comments)


@lru_cache(maxsize=2048)
def _comments(comments: bytes) -> LicenseAnnotation | None:
    return _detected(_fields_apart(comments), None)


def _detected(comments: bytes, licensing: tuple[tuple[int, int], ...] | None) -> LicenseAnnotation | None:
    annotation = detect_text(comments, "header", strict=True, licensing=licensing)
    if annotation.expression is None and not annotation.evidence:
        if (own := _grants_itself(comments)) is not None:
            return replace(annotation, evidence=(own,), unanswered=True)
        if (elsewhere := refers_to(comments)) is None:
            return None
        # The file says that a text elsewhere holds for it; that no such text is read here does not free it.
        unread = Evidence("", elsewhere[1], elsewhere[1], "unread:points-elsewhere", 0.5)
        return replace(annotation, evidence=(unread,), unanswered=True)
    return annotation
