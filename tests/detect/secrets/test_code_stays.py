"""No harm to code: what parsed before redaction parses after, by each grammar that is installed, and names stay."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import Any

import pytest
from benchmarks.detection.carriers import planted

from drystone.detect.secrets import KINDS, Scanner, ScanSettings, redact
from drystone.detect.secrets.parses import parses

#: Ends of files, the grammar's module and the function of it that gives the language.
_GRAMMARS = {
    "py": ("python", ""), "js": ("javascript", ""), "ts": ("typescript", "_typescript"), "java": ("java", ""),
    "go": ("go", ""), "rs": ("rust", ""), "c": ("c", ""), "h": ("cpp", ""), "ino": ("cpp", ""), "cs": ("c_sharp", ""),
    "php": ("php", "_php"), "rb": ("ruby", ""), "kt": ("kotlin", ""), "scala": ("scala", ""), "sh": ("bash", ""),
    "json": ("json", ""), "yml": ("yaml", ""), "yaml": ("yaml", ""), "toml": ("toml", ""), "xml": ("xml", "_xml"),
    "config": ("xml", "_xml"), "tf": ("hcl", ""), "swift": ("swift", ""), "sql": ("sql", ""), "lua": ("lua", ""),
    "exs": ("elixir", ""), "hs": ("haskell", ""),
}  # fmt: skip
INSTALLED = sorted(end for end, (module, _) in _GRAMMARS.items() if find_spec(f"tree_sitter_{module}"))
#: What stands in programs outside of literals or looks like a credential there.
_CODE = {
    "kt": "class User { fun a() = this@User.id + listOf(1).map label@{ return@label 2 } }\n",
    "py": "c = a@b.at[0]\nr = m@n.me\nd = x@w.to(dev)\ncard_number = 4012888888881881\n# mail jane@stonework.fr\n",
    "c": "PK11SlotInfo *PK11_GetInternalKeySlot(void);\nint card_number = 4012888888881881;\n",
    "hs": "f xs@(_:_) = xs\n",
    "sh": "export DB_PASSWORD=River!4821\nmail -s hi jane@stonework.fr < a\nmysql -uroot -pAb3x9Qz7kk crm\n",
    "js": 'const card = 4012888888881881;\nconst mail = "jane@stonework.fr";\n',
    "xml": "<a><m>jane@stonework.fr</m><password>River!4821</password></a>\n",
    "go": 'db, err := sql.Open("mysql", "crm:River!4821@tcp(db:3306)/crm")\n',
}


def _errors(end: str, data: bytes) -> int:
    from tree_sitter import Language, Parser

    module, function = _GRAMMARS[end]
    language = getattr(importlib.import_module(f"tree_sitter_{module}"), f"language{function}")
    pending: list[Any] = [Parser(Language(language())).parse(data).root_node]
    found = 0
    while pending:
        node = pending.pop()
        found += node.is_error or node.is_missing
        pending += node.children if node.has_error else []
    return found


@pytest.mark.parametrize("end", INSTALLED or ["py"])
@pytest.mark.parametrize("level", ["balanced", "high"])
def test_what_parsed_parses_after_redaction(end: str, level: str) -> None:
    settings = ScanSettings(**dict.fromkeys(KINDS, level))
    texts = [(row.path, row.text) for row in planted(3, seed=11) if row.path.endswith("." + end)]
    texts.append((f"a.{end}", _CODE.get(end, "").encode()))
    spans = Scanner(settings).scan_batch([text for _, text in texts], [path for path, _ in texts])
    for (path, text), found in zip(texts, spans, strict=True):
        written, _ = redact(text, found, settings, path)
        if end in INSTALLED:
            assert _errors(end, written) <= _errors(end, text), (text, written)
        else:
            assert parses(written, path) or not parses(text, path)


def test_names_labels_and_products_stay_as_they_are() -> None:
    for end, text in (
        ("kt", "fun a() = this@User.id + super@Base.name\n"),
        ("py", "c = a@b.at[0]\nr = m@n.me\nd = x@w.to(dev)\nz = A@B.dot(c)\n"),
        ("hs", "h n@Data.It = n\n"),
        (
            "h",
            "extern PK11SlotInfo *PK11_GetInternalKeySlot(void);\nint C_Login2Token(PK11SlotInfo *s);\n",
        ),
        ("h", "#define OBJ_secretBag OBJ_pkcs12_BagIds,5L\n"),
        ("rs", "pub struct Secret<T>(T); impl Secret<PasswordHash2x> {}\n"),
        ("cc", "for (auto x = a::b; x; ) y[::2];\n"),
    ):
        assert Scanner().scan(text.encode(), f"a.{end}") == [], text
