"""Linguist's patterns for ambiguous extensions."""

import threading
import time

import pytest

from drystone.detect.languages.heuristics import by_heuristics
from drystone.detect.languages.tables import by_extension, facts


@pytest.mark.parametrize(
    ("extension", "text", "languages"),
    [
        (".h", b"#import <Foundation/Foundation.h>\n@interface A : NSObject\n@end\n", ("Objective-C",)),
        (".h", b"#pragma once\nnamespace a { class B {}; }\nnamespace c {\n", ("C++",)),
        (".m", b"%% cell\nfunction y = f(x)\n% comment\ny = x;\nend\n", ("MATLAB",)),
        (".m", b"#import \"a.h\"\n@implementation A\n@end\n", ("Objective-C",)),
        (".pl", b"use strict;\nmy $x = 1;\n", ("Perl",)),
        (".pl", b"parent(X, Y) :- father(X, Y).\n", ("Prolog",)),
        (".ts", b"export const x: number = 1;\n", ("TypeScript",)),
        (".ts", b'<?xml version="1.0"?>\n<!DOCTYPE TS>\n<TS version="2.1">\n', ("XML",)),
        (".r", b"x <- function(a) a + 1\n", ("R",)),
        (".unheardof", b"x", ()),
    ],
)  # fmt: skip
def test_rules(extension: str, text: bytes, languages: tuple[str, ...]) -> None:
    assert by_heuristics(extension, text) == languages


def test_every_rule_compiles_and_names_known_languages() -> None:
    for group in facts()["heuristics"]:
        for extension in group["extensions"]:
            by_heuristics(extension, b"")
            for rule in group["rules"]:
                assert set(rule["languages"]) <= set(facts()["languages"])
            # Two are whole names, which Linguist lists here too.
            assert extension in by_extension() or extension in (".eslintrc", ".releaserc")


@pytest.mark.parametrize(
    "filler", [b" ", b"\t", b"a", b"(", b"<", b"/*", b"begin\n", b"#", b"a ", b"-", b'"', b"%", b"\n"]
)
def test_no_rule_is_superlinear(filler: bytes) -> None:
    data = filler * (10_000_000 // len(filler))
    start = time.process_time()
    for group in facts()["heuristics"]:
        by_heuristics(group["extensions"][0], data)
    assert time.process_time() - start < 5


def test_threads_share_patterns() -> None:
    wrong = []

    def work() -> None:
        for _ in range(300):
            if by_heuristics(".h", b"#pragma once\nnamespace a {\n" + b"// x\n" * 500) != ("C++",):
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
