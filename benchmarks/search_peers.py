"""BM25 of another hand, in a process of its own: `python search_peers.py PEER JOB FOLDER`. Imports nothing of Drystone.

JOB holds passages and words. Prints JSON: bytes of the index, MB/s of building it, milliseconds of CPU of each query.
With `files` for PEER, JOB holds files and questions, and for each question the paths of files are printed, best first.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def tantivy(passages: list[str], folder: Path) -> Callable[[str], Any]:
    import tantivy as library

    builder = library.SchemaBuilder()
    builder.add_text_field("text", stored=False, tokenizer_name="en_stem", index_option="freq")
    index = library.Index(builder.build(), path=str(folder))
    writer = index.writer(num_threads=1)
    for passage in passages:
        writer.add_document(library.Document(text=passage))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()

    def ask(words: str) -> Any:
        query = index.parse_query(" ".join(w for w in words.split()), ["text"])
        return searcher.search(query, 10).hits

    return ask


def bm25s(passages: list[str], folder: Path) -> Callable[[str], Any]:
    import bm25s as library

    retriever = library.BM25()
    retriever.index(library.tokenize(passages, show_progress=False), show_progress=False)
    retriever.save(str(folder))

    def ask(words: str) -> Any:
        return retriever.retrieve(
            library.tokenize([words], show_progress=False), k=10, show_progress=False, n_threads=1
        )

    return ask


def _split(text: str) -> str:
    """Return the text with each identifier followed by its parts by case and underscore."""

    def parts(match: re.Match[str]) -> str:
        found = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", match[0])
        return f"{match[0]} {' '.join(found)}" if len(found) > 1 else match[0]

    return re.sub(r"\w+", parts, text)


def files(given: dict[str, Any], folder: Path) -> dict[str, list[str]]:
    """Rank files by their best passage of 1,200 bytes: tantivy's BM25, identifiers split, stemmed, path a field."""
    import tantivy as library

    builder = library.SchemaBuilder()
    builder.add_text_field("text", stored=False, tokenizer_name="en_stem", index_option="freq")
    builder.add_text_field("path", stored=False, tokenizer_name="en_stem", index_option="freq")
    builder.add_text_field("origin", stored=False, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("file", stored=True, tokenizer_name="raw", index_option="basic")
    index = library.Index(builder.build(), path=str(folder))
    writer = index.writer(num_threads=1)
    for number, file in enumerate(given["files"]):
        for passage in _cut(file["text"]):
            writer.add_document(
                library.Document(
                    text=_split(passage), path=_split(file["path"]), origin=file["origin"], file=str(number)
                )
            )
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()
    schema, found = index.schema, {}
    for one in given["questions"]:
        words = index.parse_query(" ".join(re.findall(r"[a-z0-9]+", _split(one["question"]).lower())), ["text", "path"])
        of = library.Query.term_query(schema, "origin", one["source"])
        both = library.Query.boolean_query([(library.Occur.Must, words), (library.Occur.Must, of)])
        hits = searcher.search(both, 1000).hits
        paths = [given["files"][int(searcher.doc(address)["file"][0])]["path"] for _, address in hits]
        found[one["id"]] = list(dict.fromkeys(paths))[:20]
    return found


def _cut(text: str) -> list[str]:
    """Return pieces of whole lines, each of 1,200 characters or a little more."""
    pieces, piece = [], ""
    for line in text.splitlines(keepends=True):
        piece += line
        if len(piece) >= 1200:
            pieces.append(piece)
            piece = ""
    return [*pieces, piece] if piece else pieces


def main() -> None:
    name, job, place = sys.argv[1:]
    given = json.loads(Path(job).read_text())
    folder = Path(place)
    folder.mkdir()
    if name == "files":
        print(json.dumps(files(given, folder)))
        return
    start = time.process_time()
    ask = {"tantivy": tantivy, "bm25s": bm25s}[name](given["passages"], folder)
    seconds = time.process_time() - start
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    times = []
    for words in given["words"]:
        ask(words)
        start = time.process_time()
        ask(words)
        times.append(1000 * (time.process_time() - start))
    text = sum(len(passage.encode()) for passage in given["passages"])
    print(json.dumps({"bytes": size, "megabytes_a_second": text / 1e6 / seconds, "milliseconds": times}))


if __name__ == "__main__":
    main()
