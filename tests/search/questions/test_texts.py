from __future__ import annotations

import drystone
from drystone.identity.swhid import parse
from drystone.release.read import Release
from drystone.search.search import Searcher


def test_a_passage_has_its_lines_and_text(release: Release, searcher: Searcher) -> None:
    texts = {row["path"]: row["content"] for row in release.files(columns=["path", "content"])}
    found = searcher.passages("parse a command line option", limit=5)
    assert len(found) == 5
    for passage in found:
        first, last = passage.lines
        lines = "\n".join(texts[passage.path].split("\n")[first - 1 : last])
        assert passage.text.removesuffix("\n") in lines
        assert parse(passage.swhid).lines == passage.lines


def test_passages_come_from_the_files_that_were_asked_for(searcher: Searcher) -> None:
    assert {p.language for p in searcher.passages("import return", where="lang:python", limit=30)} == {"Python"}
    assert [p.path for p in searcher.passages("get_queryset", where="content:needle or file:defines")] == [
        "/defines.py"
    ]
    assert searcher.passages("import", where="content:zzzzqq") == []


def test_what_defines_a_name_ranks_before_what_uses_it(searcher: Searcher) -> None:
    best = searcher.rank_files("get_queryset", limit=3)
    assert [file.path for file in best] == ["/defines.py", "/two.py", "/vendored/uses.py"]
    assert best[0].parts["definitions"] > 0 == best[1].parts["definitions"]
    assert best[0].passages[0].defines == ("get_queryset",)
    assert (round(best[2].prior, 6), best[2].flags) == (0.6, ("vendor",))


def test_a_file_comes_with_as_many_passages_as_asked_for(release: Release) -> None:
    for passages in (0, 1, 3):
        files = drystone.rank_files([release], "parse a command line option", limit=5, passages=passages)
        assert len(files) == 5
        assert max(len(file.passages) for file in files) == passages
    assert parse(files[0].swhid).lines is None
