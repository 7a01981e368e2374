"""BM25 of another hand, in a process of its own: `python search_peers.py PEER JOB FOLDER`. Imports nothing of Drystone.

JOB holds passages and words. Prints JSON: bytes of the index, MB/s of building it, milliseconds of CPU of each query.
"""

from __future__ import annotations

import json
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


def main() -> None:
    name, job, place = sys.argv[1:]
    given = json.loads(Path(job).read_text())
    folder = Path(place)
    folder.mkdir()
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
