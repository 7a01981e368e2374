from __future__ import annotations

import ast
import json
import re
import sysconfig
import warnings
from pathlib import Path
from random import Random

import pytest
import yaml

from drystone.detect.secrets import KINDS, Scanner, ScanSettings, redact
from drystone.detect.secrets.parses import may_break, parses
from drystone.detect.secrets.surrogates import surrogate
from tests.detect.secrets.generated import literal, private_key

PLACEHOLDER = ScanSettings()
SURROGATE = ScanSettings(replacement="surrogate")


def redacted(text: str, path: str | None = None, settings: ScanSettings = PLACEHOLDER) -> str:
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
    assert redact(data, Scanner().scan(data), ScanSettings(keep=("email",))) == (data, [])


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
def test_numbers_and_keys_leave_files_that_parse(settings: ScanSettings) -> None:
    high = ScanSettings(**dict.fromkeys(KINDS, "high"), replacement=settings.replacement)
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
@pytest.mark.slow
def test_real_files_still_parse(settings: ScanSettings) -> None:
    """The standard library with all kinds high: every file that parsed, parses after."""
    high = ScanSettings(**dict.fromkeys(KINDS, "high"), replacement=settings.replacement)
    paths = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))
    texts = [path.read_bytes() for path in paths]
    changed = 0
    for path, text, spans in zip(paths, texts, Scanner(high).scan_batch(texts, map(str, paths)), strict=True):
        if spans:
            changed += 1
            assert parses(redact(text, spans, high, path.name)[0], path.name), path
    assert changed > 20


def test_spans_in_literals_and_comments_cannot_break() -> None:
    text = b"""#!x\n#\n# to a@b.cc\nx = 'a@b.cc'\ny = r'a@b.cc' + f'{x}'\nz = \'\'\'\n"a@b.cc"\n\'\'\'\n"""
    spans = [(m.start(), m.end(), b"<EMAIL>") for m in re.finditer(rb"a@b.cc", text)]
    assert len(spans) == 4
    assert not may_break(text, spans, "a.py")
    assert not may_break(b'{"a": "x a@b.cc"}', [(9, 15, b"<EMAIL>")], "a.json")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (b"x = a@b.cc", "a.py"),
        (b"# a@b.cc", "a.py"),  # here an encoding may be named
        (b"f'{a@b.cc}'", "a.py"),
        (b"f'{x[' + a@b.cc + ']}'", "a.py"),
        (b"'\\x4a@b.cc'", "a.py"),
        (b"'a@b.cc\n'", "a.py"),
        (b"#\n#\n# x\ra@b.cc", "a.py"),
        (b'{"a": 1, a@b.cc}', "a.json"),
        (b"a: a@b.cc", "a.yaml"),
    ],
)
def test_spans_elsewhere_may_break(text: bytes, path: str) -> None:
    at = text.index(b"a@b.cc")
    assert may_break(text, [(at, at + 6, b"<EMAIL>")], path)


@pytest.mark.slow
def test_what_is_said_to_be_unbreakable_is() -> None:
    """Random stretches of the standard library: where all letters may go, a placeholder leaves a text that parses."""
    random = Random(7)
    replaced = 0
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))[::2]:
        text = path.read_bytes()
        spans: list[tuple[int, int, bytes]] = []
        for _ in range(2000):
            start = random.randrange(max(1, len(text)))
            span = (start, min(len(text), start + random.randrange(1, 30)), b"<EMAIL>")
            if not may_break(text, [span], path.name):
                spans.append(span)
            if len(spans) == 8:
                break
        apart = [span for i, span in enumerate(sorted(spans)) if not i or sorted(spans)[i - 1][1] < span[0]]
        if apart and not may_break(text, apart, path.name):
            replaced += len(apart)
            at, pieces = 0, []
            for start, end, new in apart:
                pieces += [text[at:start], new]
                at = end
            assert parses(b"".join([*pieces, text[at:]]), path.name), (path, apart)
    assert replaced > 300


def test_what_does_not_parse_is_said_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parses(b"x = '\\d'", "a.py") is True
        assert parses(b"print 'x'", "a.py") is False
        assert parses(b"(" * 100_000, "a.py") is False
        assert parses(b"[" * 100_000, "a.json") is False
        assert parses(b"a: [", "a.yaml") is False
        assert parses(b"whatever", "a.rs") is None
