from __future__ import annotations

import ast
import json
import sysconfig
import warnings
from pathlib import Path

import pytest
import yaml

from drystone.detect.secrets import KINDS, Scanner, Settings, redact
from drystone.detect.secrets.parses import parses
from drystone.detect.secrets.surrogates import surrogate
from tests.detect.secrets.generated import literal, private_key

PLACEHOLDER = Settings()
SURROGATE = Settings(replacement="surrogate")


def redacted(text: str, path: str | None = None, settings: Settings = PLACEHOLDER) -> str:
    data = text.encode()
    return redact(data, Scanner(settings).scan(data, path), settings, path)[0].decode()


def test_placeholders_name_the_kind() -> None:
    assert redacted("by jane@gmx" + ".de") == "by <EMAIL>"
    assert redacted("<a>jane@gmx" + ".de</a>", "page.xml") == "<a>&lt;EMAIL&gt;</a>"


def test_spans_are_offsets_into_the_original() -> None:
    data = b"a.b@gmx" + b".de and c.d@gmx" + b".de"
    found = Scanner().scan(data)
    written, gone = redact(data, found, PLACEHOLDER)
    assert gone == found
    assert [data[s.start : s.end] for s in gone] == [b"a.b@gmx.de", b"c.d@gmx.de"]
    assert written == b"<EMAIL> and <EMAIL>"


def test_kinds_that_are_kept_stay() -> None:
    data = b"a.b@gmx" + b".de"
    assert redact(data, Scanner().scan(data), Settings(keep=("email",))) == (data, [])


def test_surrogates_have_the_same_shape_and_are_stable_within_a_file() -> None:
    text = "a.b@gmx" + ".de, c.d@gmx" + ".de, a.b@gmx" + ".de"
    first, second, third = redacted(text, settings=SURROGATE).split(", ")
    assert first == third != second
    assert len(first) == len("a.b@gmx.de")
    assert first[1] == "." and first[3] == "@"
    assert redacted(text, settings=SURROGATE) == redacted(text, settings=SURROGATE)
    assert redacted("x " + text, settings=SURROGATE)[2:12] != first


def test_surrogates_leave_escapes() -> None:
    key = b"k" * 32
    assert surrogate(b"\\x41\\nabc\\u00e9Z0", key)[:6] == b"\\x41\\n"
    assert surrogate(b"4111", key).isdigit()
    assert not surrogate(b"1", key).startswith(b"0")


@pytest.mark.parametrize("settings", [PLACEHOLDER, SURROGATE], ids=lambda s: s.replacement)
def test_numbers_and_keys_leave_files_that_parse(settings: Settings) -> None:
    high = Settings(**dict.fromkeys(KINDS, "high"), replacement=settings.replacement)
    python = f'card = 4539148803436467\nkey = """{private_key()}"""\nt = "{literal(40)}"  # jane@gmx.de\n'
    out = redacted(python, "a.py", high)
    assert "4539148803436467" not in out
    ast.parse(out)
    folded = "key = (\n" + "".join(f'    "{line}\\n"\n' for line in private_key(2).splitlines()) + ")\n"
    out = redacted(folded, "b.py", high)
    ast.parse(out)
    assert private_key(2).splitlines()[3] not in out
    document = json.dumps({"card": 4539148803436467, "mail": "jane@gmx.de", "key": private_key(4)})
    out = redacted(document, "c.json", high)
    assert "4539148803436467" not in out
    json.loads(out)
    text = "host: 93.184.215.14\nmail: jane@gmx.de\nkey: |\n" + "".join(f"  {x}\n" for x in private_key().splitlines())
    out = redacted(text, "d.yaml", high)
    yaml.safe_load(out)
    assert "jane" not in out and "93.184" not in out


@pytest.mark.parametrize("settings", [PLACEHOLDER, SURROGATE], ids=lambda s: s.replacement)
def test_real_files_still_parse(settings: Settings) -> None:
    """The standard library with all kinds high: every file that parsed, parses after."""
    high = Settings(**dict.fromkeys(KINDS, "high"), replacement=settings.replacement)
    paths = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))
    texts = [path.read_bytes() for path in paths]
    changed = 0
    for path, text, spans in zip(paths, texts, Scanner(high).scan_batch(texts, map(str, paths)), strict=True):
        if spans:
            changed += 1
            assert parses(redact(text, spans, high, path.name)[0], path.name), path
    assert changed > 20


def test_what_does_not_parse_is_said_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parses(b"x = '\\d'", "a.py") is True
        assert parses(b"print 'x'", "a.py") is False
        assert parses(b"(" * 100_000, "a.py") is False
        assert parses(b"[" * 100_000, "a.json") is False
        assert parses(b"a: [", "a.yaml") is False
        assert parses(b"whatever", "a.rs") is None
