from __future__ import annotations

from pathlib import Path

from drystone.release.exports.tokens.choice import TokenChoice
from drystone.release.exports.tokens.documents import DocumentEncoder, PlacedFile, TextDocument
from drystone.release.exports.tokens.tokenizer import TextTokenizer


def test_a_long_repository_is_cut_between_its_files(tokenizer_file: Path) -> None:
    tokenizer = TextTokenizer(TokenChoice(tokenizer_file))
    texts = ["a = 1\n" * 5, "b = 2\n" * 5, "c = 3\n" * 60, "", "d\n"]
    files = [PlacedFile(f"s{at}", "r", f"/p/{at}.py", [text], None) for at, text in enumerate(texts)]
    skipped: list[PlacedFile] = []
    made = list(DocumentEncoder(tokenizer, 64, skipped.append).documents([TextDocument("own/name", files)]))
    assert [[file.path for file in document.files] for document in made] == [
        ["/p/0.py"], ["/p/1.py"], ["/p/2.py"], ["/p/3.py", "/p/4.py"],
    ]  # fmt: skip
    assert not skipped
    for document in made:
        said = tokenizer.decode(document.ids)
        assert said.startswith("<repo_name>own/name<file_sep>p/")
        assert said.endswith("<|endoftext|>")
        for file in document.files:
            ids = document.ids[file.start : file.start + file.tokens]
            assert tokenizer.decode(ids) == texts[int(file.swhid[1:])]
    assert [len(document.ids) <= 64 for document in made] == [True, True, False, True]
