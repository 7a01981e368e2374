"""A file's language: names, markers, patterns, likeness; labelled files; hostile input; speed against go-enry."""

import gzip
import json
import random
import subprocess
import sys
import time
from pathlib import Path

import enry
import pytest

from drystone.detect.languages import annotate_language, detect_language, detect_languages, languages

PROLOG = b":- module(x, [p/1]).\n\np(X) :- q(X), \\+ r(X).\nq(a).\nq(b).\n"


@pytest.mark.parametrize(
    ("path", "content", "language"),
    [
        ("src/main.py", b"print(1)\n", "Python"),
        ("src/lib.rs", b"pub fn f() -> i32 { 1 }\nuse std::io;\n", "Rust"),
        ("x.pl", PROLOG, "Prolog"),
        ("x.h", b"#include <vector>\nstd::vector<int> f();\n", "C++"),
        ("x.h", b"int f(void);\n", "C"),
        ("tool", b"#!/usr/bin/env python3\nimport os\n", "Python"),
        ("tool.sh", b"#!/usr/bin/env python3\nimport os\n", "Python"),
        ("tool.ts", b"#!/usr/bin/env node\nconst x: number = 1;\n", "TypeScript"),
        ("tool.tcl", b"#!/bin/sh\n# \\\nexec tclsh $0\n", "Tcl"),
        ("tool.rb", b"#!/bin/sh\nexec ruby -x $0\n#!ruby\n", "Ruby"),
        ("x.inc", b"<?php\nfunction f() { return 1; }\n", "PHP"),
        ("x.unheardof", b"// vim: set ft=cpp :\nint x;\n", "C++"),
        ("x.unheardof", b'<?xml version="1.0"?>\n<a/>\n', "XML"),
        ("Dockerfile", b"FROM scratch\n", "Dockerfile"),
        ("a/b/CMakeLists.txt", b"project(x)\n", "CMake"),
        ("x.unheardof", b"\x01\x02", None),
        ("x.unheardof", b"", None),
        (None, b"", None),
        (None, b"42\n", None),
        ("", b"", None),
    ],
)
def test_detection(path: str | None, content: bytes, language: str | None) -> None:
    assert detect_language(path, content) == language


GO = b"""package main

import (
\t"fmt"
\t"os"
)

func main() {
\tif len(os.Args) > 1 {
\t\tfmt.Println(os.Args[1])
\t}
}
"""
PYTHON = b"""import os
import sys

class Runner(object):
    def __init__(self, name):
        self.name = name

    def run(self):
        for line in sys.stdin:
            print(self.name, line)

if __name__ == '__main__':
    Runner('a').run()
"""
RUST = b"""use std::collections::HashMap;

pub struct Cache { map: HashMap<String, u64> }

impl Cache {
    pub fn new() -> Self {
        let mut map = HashMap::new();
        map.insert("a".to_string(), 1);
        Cache { map }
    }
}
"""
C = b"""#include <stdio.h>
#include <string.h>

static int count(const char *s, size_t n) {
    int c = 0;
    for (size_t i = 0; i < n; i++)
        if (s[i] == '\\n') c++;
    return c;
}

int main(int argc, char **argv) {
    printf("%d\\n", count(argv[0], strlen(argv[0])));
    return 0;
}
"""


@pytest.mark.parametrize(("content", "language"), [(GO, "Go"), (PYTHON, "Python"), (RUST, "Rust"), (C, "C")])
def test_content_alone(content: bytes, language: str) -> None:
    assert detect_language(None, content) == language


def test_prose_without_a_name_is_text() -> None:
    prose = (
        b"The tool reads a list of files and writes what it finds to the terminal. It is not meant to be used with "
        b"large folders, and you should not run it as root. If you want to change the order of the files, see "
        b"the manual that comes with this package, or ask the authors for help with it.\n"
    )
    assert detect_language("NOTES-FOR-USERS", prose) == "Text"
    assert detect_language(None, prose) == "Text"
    assert detect_language("x.c", prose) == "C"


def test_batches_are_the_same_as_single_files() -> None:
    paths = ["a.py", None, "x.pl", "y"]
    contents = [b"x\n", PROLOG, PROLOG, b"#!/bin/sh\n"]
    assert detect_languages(paths, contents) == [detect_language(p, c) for p, c in zip(paths, contents, strict=True)]
    with pytest.raises(ValueError, match="zip"):
        detect_languages(["a"], [])


@pytest.fixture(scope="module")
def labelled(shared_data: Path) -> list[dict[str, str | None]]:
    with gzip.open(shared_data / "languages" / "dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def test_labelled_files(labelled: list[dict[str, str | None]]) -> None:
    named = [row for row in labelled if row["filename"]]
    found = detect_languages([r["filename"] for r in named], [str(r["content"]).encode() for r in named])
    right = sum(f == r["language"] for f, r in zip(found, named, strict=True))
    assert right / len(named) >= 0.94
    assert {f for f in found if f} <= set(languages())


def test_labelled_content_alone(labelled: list[dict[str, str | None]]) -> None:
    short = [row for row in labelled if row["source"] == "hljs-detect"]
    found = [annotate_language(None, str(r["content"]).encode()) for r in short]
    assert sum(f.language == r["language"] for f, r in zip(found, short, strict=True)) / len(short) >= 0.7
    # What is settled is right more often: the others are guesses, and no answers.
    settled = [(f.settled(), r["language"]) for f, r in zip(found, short, strict=True) if f.settled()]
    assert len(settled) >= 0.3 * len(short)
    assert sum(language == wanted for language, wanted in settled) / len(settled) >= 0.8


def test_ten_times_as_fast_as_enry(labelled: list[dict[str, str | None]]) -> None:
    named = [row for row in labelled if row["filename"]]
    paths, contents = [str(r["filename"]) for r in named], [str(r["content"]).encode() for r in named]
    detect_languages(paths, contents)
    start = time.process_time()
    for _ in range(5):
        detect_languages(paths, contents)
    ours = (time.process_time() - start) / 5
    start = time.process_time()
    for path, content in zip(paths, contents, strict=True):
        enry.get_language(path, content)
    assert ours * 5 < time.process_time() - start


@pytest.mark.parametrize("name", ["x.h", "x.pl", "x.m", "x.sql", "x", "x.inc", "x.t", "x.mod"])
@pytest.mark.parametrize("unit", [b"a", b"{", b"(* ", b"\n", b"/* ", b"\xc3\xa9", b"#!", b"=", b"a b\n", b"-*-"])
def test_hostile_content_takes_bounded_time(name: str, unit: bytes) -> None:
    data = unit * (20_000_000 // len(unit))
    detect_language(name, b"x")
    start = time.process_time()
    detect_language(name, data)
    assert time.process_time() - start < 1


def test_noise_and_odd_names() -> None:
    noise = random.Random(3)
    for size in (0, 1, 100, 9000):
        detect_language("x", noise.randbytes(size))
        detect_language("\udcff.h", noise.randbytes(size))
        detect_language("a/" * 2000, noise.randbytes(size))
        detect_language("." * 4000, noise.randbytes(size))
        detect_language("x" + ".orig" * 2000, noise.randbytes(size))


def test_hash_randomisation_changes_nothing(labelled: list[dict[str, str | None]], tmp_path: Path) -> None:
    rows = tmp_path / "rows.json"
    rows.write_text(json.dumps([[r["filename"], r["content"]] for r in labelled]))
    program = (
        "import json, sys; from drystone.detect.languages import detect_languages as d;"
        "rows = json.load(open(sys.argv[1])); names = [n for n, _ in rows]; texts = [t.encode() for _, t in rows];"
        "print(json.dumps([d(names, texts), d([None] * len(texts), texts)]))"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program, str(rows)], env={"PYTHONHASHSEED": seed}, check=True, capture_output=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1


@pytest.mark.parametrize(
    ("path", "content", "language", "evidence"),
    [
        ("a.py", b"", "Python", "name"),
        ("Makefile", b"", "Makefile", "name"),
        ("run", b"#!/usr/bin/env python3\n", "Python", "shebang"),
        ("run.sh", b"#!/usr/bin/env python3\n", "Python", "shebang"),
        ("x", b"# -*- mode: ruby -*-\n", "Ruby", "modeline"),
        ("a.h", b"#import <Foundation/Foundation.h>\n@interface A\n@end\n", "Objective-C", "pattern"),
        ("a", b"<?xml version='1.0'?>\n<a/>\n", "XML", "pattern"),
        ("a", b'{"gate": 1}', "JSON", "pattern"),
        (None, b'package main\n\nimport "fmt"\n\nfunc main() {\n\tx := 1\n\tfmt.Println(x)\n}\n', "Go", "content"),
    ],
)
def test_an_answer_says_what_it_rests_on(path: str | None, content: bytes, language: str, evidence: str) -> None:
    found = annotate_language(path, content)
    assert (found.language, found.evidence) == (language, evidence)
    assert found.confidence is not None
    assert 0.8 <= found.confidence < 1
    assert found.settled() == language
    assert found.settled(1.0) is None


def test_fields_of_a_package_are_in_no_language_whatever_stands_below() -> None:
    readme = Path(__file__).parents[3].joinpath("README.md").read_bytes()
    fields = b"Metadata-Version: 2.1\nName: marigold\nVersion: 1.0\nDescription-Content-Type: text/markdown\n\n"
    assert annotate_language("marigold-1.0/PKG-INFO", readme).language == "Markdown"
    assert annotate_language("marigold-1.0/PKG-INFO", fields + readme) == (None, None, None)
    assert annotate_language("METADATA.rst", fields + readme).language == "reStructuredText"


def test_where_nothing_is_found_all_is_none() -> None:
    assert annotate_language("gate", b"") == (None, None, None)
    assert annotate_language("gate", b"").settled(0.0) is None


@pytest.mark.parametrize(
    ("line", "language"),
    [
        (b"#!/usr/bin/env node", "JavaScript"),
        (b"#!/usr/bin/env -S deno run", "TypeScript"),
        (b"#!/usr/bin/env -S npx tsx", "TypeScript"),
        (b"#!/usr/bin/env -S uv run --script", "Python"),
        (b"#!/usr/bin/env nix-shell\n#!nix-shell -i perl -p perl", "Perl"),
        (b"#!/bin/busybox sh", "Shell"),
        (b"#!/usr/bin/perl", "Perl"),
        (b"#!/usr/bin/expect -f", "Tcl"),
        (b"#!/usr/bin/lua5.3", "Lua"),
    ],
)
def test_interpreters_and_runners(line: bytes, language: str) -> None:
    assert detect_language("run", line + b"\n") == language


@pytest.mark.parametrize(
    ("path", "content", "language"),
    [
        ("a.ml", b"(* gates *)\nlet width g = g\n", "OCaml"),
        ("a.ml", b"fun width g = g;\nval a = width 3;\n", "Standard ML"),
        ("a.g", b"grammar Gates;\n\ngate : NAME ;\n", "ANTLR"),
        ("a.spec", b"Name: gate\nVersion: 1\n%description\nGates\n", "RPM Spec"),
        ("a.spec", b"a = Analysis(['gate.py'])\nexe = EXE(a.pure)\n", "Python"),
        ("a.sls", b"nginx:\n  pkg.installed:\n    - name: nginx\n", "Salt"),
        ("a.mo", b"model Gate\n  Real width;\nend Gate;\n", "Modelica"),
        ("a.fx", b"float4 main() : COLOR { return float4(1, 0, 0, 1); }\n", "HLSL"),
        ("gate.cfg", b"[gate]\nwidth = 3\n", "INI"),
        ("gate.def", b"DEFINITION MODULE Gate;\nEND Gate.\n", "Modula-2"),
    ],
)
def test_extensions_of_several_languages(path: str, content: bytes, language: str) -> None:
    assert detect_language(path, content) == language


def test_an_unknown_extension_speaks_against_a_common_language() -> None:
    content = b'#include <stdio.h>\n\nint main(void)\n{\n    puts("gate");\n    return 0;\n}\n'
    bare, odd = annotate_language("gate", content), annotate_language("gate.spice", content)
    assert (bare.language, odd.language) == ("C", "C")
    assert bare.settled() == "C"
    assert odd.settled() is None
