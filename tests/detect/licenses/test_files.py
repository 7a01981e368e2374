"""What one file says: texts, notices, tags, metadata, and input that is broken on purpose."""

import time
from pathlib import Path

import pytest

from drystone.detect.licenses import detect_file
from drystone.detect.licenses.matching.references import facts


def expression(text: bytes | str, path: str = "LICENSE") -> str | None:
    return detect_file(text.encode() if isinstance(text, str) else text, path).expression


def test_debian_copyright_and_reuse_patterns() -> None:
    debian = (
        b"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nCopyright: 2020 Ann\n"
    )
    debian += b"License: GPL-2+\n\nFiles: lib/*\nCopyright: Ben\nLicense: Expat or BSD-3-clause\n"
    found = detect_file(debian, "debian/copyright")
    assert found.expression == "GPL-2.0-or-later"
    assert [(r.pattern, r.expression) for r in found.paths] == [
        ("*", "GPL-2.0-or-later"),
        ("lib/*", "MIT OR BSD-3-Clause"),
    ]
    assert {r.precedence for r in detect_file(debian, ".reuse/dep5").paths} == {"aggregate"}
    reuse = b'version = 1\n[[annotations]]\npath = ["doc/**"]\nSPDX-License-Identifier = "CC-BY-4.0"\n'
    assert [(r.pattern, r.expression) for r in detect_file(reuse, "REUSE.toml").paths] == [("doc/**", "CC-BY-4.0")]


def test_encodings_and_binary() -> None:
    text = facts()["MIT"]["text"]
    for codec in ("utf-16", "utf-16-le", "utf-32", "utf-8-sig"):
        assert expression(text.encode(codec)) == "MIT", codec
    assert expression(text.replace("\n", "\r").encode()) == "MIT"
    assert expression(b"\x7fELF\0\0MIT License" + bytes(range(256)) * 10) is None


_HOSTILE = {
    "start of a BSD licence": b"redistribution and use in source and binary forms ",
    "start of an MIT licence": b"permission is hereby granted free of charge to any person obtaining a copy deal with ",
    "GNU names": b"under the gnu general public license ",
    "versions": b"gpl version 2 or ",
    "copyright": b"copyright (c) ",
    "copyright lines": b"Copyright 2020 A\n",
    "tags": b"SPDX-License-Identifier: (((( MIT ",
    "tag lines": b"SPDX-License-Identifier: MIT OR x\n",
    "words": b"a ",
    "open tags": b"<a ",
    "public domain": b"is in the the the ",
    "debian": b"debian copy usr share common licenses gpl ",
    "or": b"mit license or alternatively ",
    "notice": b"above copyright notice ",
    "no words": b"((((((((",
    "non-ascii": "Ж".encode(),
    "headings": b"## License\nMIT license\n",
    "short names": b"mit or mit license, ",
    "denials": b"## License\n\nmay not be copied\n\n",
}


@pytest.mark.parametrize("kind", sorted(_HOSTILE))
@pytest.mark.parametrize("path", ["LICENSE", "README.md"])
def test_hostile_text_takes_time_in_proportion(kind: str, path: str) -> None:
    unit = _HOSTILE[kind]

    def seconds(size: int) -> float:
        start = time.process_time()
        detect_file((unit * (size // len(unit) + 1))[:size], path)
        return time.process_time() - start

    detect_file(b"warm", path)
    small, large = seconds(25_000), seconds(10_000_000)
    assert large < max(6.0, 40 * small * 3)


def test_a_huge_licence_file_is_read_in_part() -> None:
    text = (facts()["MIT"]["text"] + "\n" + "x y z\n" * 100).encode()
    found = detect_file(text + b"filler words\n" * 4_000_000, "LICENSE")
    assert found.expression == "MIT"
    assert "truncated" in found.notes


def test_scores_on_labelled_texts(shared_data: Path) -> None:
    """The published floor holds on the independent sources: family right at least .88, wrong at most .03."""
    from benchmarks.detection.licenses import independent, score

    result = score(independent(shared_data / "licenses" / "dev.jsonl.gz"))
    assert result.right >= 0.88
    assert result.wrong <= 0.03
