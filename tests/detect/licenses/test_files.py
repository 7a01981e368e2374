"""What one file says: texts, notices, tags, metadata, and input that is broken on purpose."""

import json
import time
from pathlib import Path

import pytest

from drystone.detect.licenses import LicenseAnnotation, detect_file, detect_text, reviewed
from drystone.detect.licenses.matching.references import facts

GPL_NOTICE = b"""This program is free software; you can redistribute it and/or modify
it under the terms of the GNU General Public License as published by
the Free Software Foundation; either version 2 of the License, or
(at your option) any later version.
"""


def expression(text: bytes | str, path: str = "LICENSE") -> str | None:
    return detect_file(text.encode() if isinstance(text, str) else text, path).expression


@pytest.mark.parametrize(
    "identifier",
    ["MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Zlib", "MPL-2.0", "EPL-2.0", "CC0-1.0",
     "CC-BY-SA-4.0",
     "Unlicense", "BSL-1.0", "GPL-2.0-only", "GPL-3.0-only", "LGPL-2.1-only", "AGPL-3.0-only", "Artistic-2.0", "0BSD"],
)  # fmt: skip
def test_a_listed_text_is_itself(identifier: str) -> None:
    found = detect_file(facts()[identifier]["text"].encode(), "COPYING")
    assert found.expression == identifier
    assert found.confidence > 0.9


def test_a_listed_text_is_told_by_its_hash_whatever_its_layout() -> None:
    text = facts()["BSD-3-Clause"]["text"].replace("<year> <owner>", "2020 Ann")
    plain = detect_file(text.encode(), "LICENSE")
    starred = detect_file("".join(f" * {line}\n" for line in text.splitlines()).encode(), "COPYING")
    assert plain.text_sha256 == starred.text_sha256
    assert [e.rule for e in plain.evidence] == ["text-hash"]
    assert plain.expression == starred.expression == "BSD-3-Clause"
    changed = detect_file(text.replace("Redistributions", "Distributions").encode(), "LICENSE")
    assert changed.evidence[0].rule != "text-hash"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (GPL_NOTICE, "GPL-2.0-or-later"),
        (GPL_NOTICE[: GPL_NOTICE.index(b"; either")] + b", version 2.",
         "GPL-2.0-only"),
        ("Licensed under the Apache License, Version 2.0 (the \"License\")", "Apache-2.0"),
        ("This is distributed without any warranty under the terms of the GNU GPL, version 2.", "GPL-2.0-only"),
        ("Dual licensed under the MIT license and the GNU GPL version 3 or later.", "MIT OR GPL-3.0-or-later"),
        ("You may use this under the terms of the Mozilla Public License, v. 2.0.", "MPL-2.0"),
        ("it under the same terms as Perl itself.", "Artistic-1.0-Perl OR GPL-1.0-or-later"),
        ("under the GNU Lesser General Public License (LGPL) version 2.1 or later", "LGPL-2.1-or-later"),
        ("licensed under the Apple Public Source License Version 1.1", "APSL-1.1"),
        ("Licensed under GPLv2+ with the Classpath exception", "GPL-2.0-or-later WITH Classpath-exception-2.0"),
    ],
)  # fmt: skip
def test_a_notice_names_its_licence(text: bytes | str, wanted: str) -> None:
    assert expression(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "This library is not licensed under the GNU General Public License.",
        "Our terms are incompatible with the GPL version 2.",
        "Buy a subscription at our shop.",
        "",
    ],
)
def test_a_name_alone_is_no_grant(text: str) -> None:
    assert expression("Some words about the work that follows here. " * 6 + text, "README.md") is None


def test_reworded_clauses_are_told_by_what_they_ask() -> None:
    text = facts()["BSD-3-Clause"]["text"].replace("THE COPYRIGHT HOLDERS AND CONTRIBUTORS", "JANE DOE OF EXAMPLE CORP")
    text = text.replace("1. ", " - ").replace("2. ", " - ").replace("3. ", " - ")
    assert expression(text) == "BSD-3-Clause"
    without_endorsement = text[: text.index("Neither the name")] + text[text.index("THIS SOFTWARE IS PROVIDED") :]
    assert expression(without_endorsement) == "BSD-2-Clause"


def test_two_texts_hold_together_and_each_has_its_lines() -> None:
    mit, bsd = facts()["MIT"]["text"], facts()["BSD-2-Clause"]["text"]
    found = detect_file(f"{mit}\n\n----\n\n{bsd}".encode(), "LICENSE")
    assert found.ids == ("BSD-2-Clause", "MIT")
    first, second = found.evidence[0], found.evidence[-1]
    assert first.end_line < second.start_line


def test_copyright_lines_are_collected_and_do_not_change_the_hash() -> None:
    text = facts()["MIT"]["text"]
    one = detect_file(text.replace("<year> <copyright holders>", "2020 Ann").encode(), "LICENSE")
    two = detect_file(text.replace("<year> <copyright holders>", "2021 Ben\nCopyright © 2022 Cy").encode(), "LICENSE")
    assert one.copyrights == ("Copyright (c) 2020 Ann",)
    assert two.copyrights == ("Copyright (c) 2021 Ben", "Copyright © 2022 Cy")
    assert one.text_sha256 == two.text_sha256 != ""


def test_a_copyright_line_that_names_a_licence_is_heard() -> None:
    line = b"copyright 2009 by the project - free software under the terms of the LGPL 2.1\n"
    assert expression(line) == "LGPL-2.1-only"


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("package.json", '{"name": "x", "license": "(MIT OR Apache-2.0)"}', "MIT OR Apache-2.0"),
        ("package.json", '{"licenses": [{"type": "MIT"}, {"type": "GPL-2.0+"}]}', "MIT OR GPL-2.0-or-later"),
        ("composer.json", '{"license": ["LGPL-2.1-only", "GPL-3.0-or-later"]}', "LGPL-2.1-only OR GPL-3.0-or-later"),
        ("Cargo.toml", '[package]\nlicense = "MIT/Apache-2.0"', "MIT OR Apache-2.0"),
        ("pyproject.toml", '[project]\nlicense = "BSD-3-Clause"', "BSD-3-Clause"),
        ("pyproject.toml", '[project]\nlicense = {text = "Apache 2.0"}', "Apache-2.0"),
        ("pyproject.toml", '[tool.poetry]\nlicense = "MIT"', "MIT"),
        ("setup.cfg", "[metadata]\nlicense = GPLv3+\n", "GPL-3.0-or-later"),
        ("setup.py", "setup(name='x',\n  license='MIT License')", "MIT"),
        ("PKG-INFO", "Metadata-Version: 2.4\nLicense-Expression: MIT AND (Apache-2.0 OR BSD-2-Clause)\n\nLicense: GPL",
         "MIT AND (Apache-2.0 OR BSD-2-Clause)"),
        ("PKG-INFO", "License: UNKNOWN\nClassifier: License :: OSI Approved :: GNU Affero General Public License v3\n",
         "AGPL-3.0-only"),
        ("DESCRIPTION", "Package: x\nLicense: GPL (>= 2) | file LICENSE\n", "GPL-2.0-or-later"),
        ("DESCRIPTION", "License: MIT + file LICENSE\n", "MIT"),
        ("x.gemspec", 's.licenses = ["MIT", "Ruby"]', "MIT OR Ruby"),
        ("pom.xml", "<licenses><license><name>Apache License, Version 2.0</name></license></licenses>", "Apache-2.0"),
        ("x.cabal", "name: x\nlicense:   BSD3\n", "BSD-3-Clause"),
        ("META.yml", "license: perl\n", "Artistic-1.0-Perl OR GPL-1.0-or-later"),
    ],
)  # fmt: skip
def test_package_metadata(name: str, text: str, wanted: str) -> None:
    found = detect_file(text.encode(), f"pkg/{name}")
    assert (found.expression, found.kind) == (wanted, "metadata")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("package.json", '{"license": '), ("package.json", "[" * 100_000), ("package.json", "[1]"),
        ("Cargo.toml", "[package"), ("pyproject.toml", "\x00"), ("setup.cfg", "[metadata\nlicense"),
        ("pom.xml", "<licenses><license><name>"), ("META.yml", "license: [*a, &a b"), ("DESCRIPTION", ":::"),
        ("x.gemspec", "license = ["), ("REUSE.toml", "annotations = 3"), ("REUSE.toml", "[["),
    ],
)  # fmt: skip
def test_broken_metadata_is_a_note_not_an_exception(name: str, text: str) -> None:
    assert detect_file(text.encode(), name).expression is None


def test_debian_copyright_and_reuse_patterns() -> None:
    debian = (
        b"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nCopyright: 2020 Ann\n"
    )
    debian += b"License: GPL-2+\n\nFiles: lib/*\nCopyright: Ben\nLicense: Expat or BSD-3-clause\n"
    found = detect_file(debian, "debian/copyright")
    assert found.expression == "GPL-2.0-or-later"
    assert found.paths == (("*", "GPL-2.0-or-later"), ("lib/*", "MIT OR BSD-3-Clause"))
    reuse = b'version = 1\n[[annotations]]\npath = ["doc/**"]\nSPDX-License-Identifier = "CC-BY-4.0"\n'
    assert detect_file(reuse, "REUSE.toml").paths == (("doc/**", "CC-BY-4.0"),)


def test_tags_come_first_and_a_contradiction_is_recorded() -> None:
    tag = detect_text(b"// SPDX-License-Identifier: MIT OR Apache-2.0\n", "header", strict=True)
    assert (tag.expression, tag.evidence[0].rule) == ("MIT OR Apache-2.0", "spdx-tag")
    both = detect_text(b"SPDX-License-Identifier: MIT\n\n" + GPL_NOTICE, "header", strict=True)
    assert both.expression == "MIT AND GPL-2.0-or-later"
    assert both.conflict is not None
    unknown = detect_text(b"# SPDX-License-Identifier: Foo-Bar-9\n", "header", strict=True)
    assert unknown.expression == "LicenseRef-unlisted-Foo-Bar-9"
    assert unknown.needs_review


def test_unknown_words_of_licensing_stay_unknown_and_go_to_review() -> None:
    found = detect_file(
        b"You have our permission to look at this on Tuesdays, if you do not tell anyone. " * 3, "LICENSE"
    )
    assert found.expression is None
    assert found.unanswered
    assert found.cause == "unanswered"
    decided = reviewed(found, {found.text_sha256: "LicenseRef-Tuesdays"})
    assert decided.expression == "LicenseRef-Tuesdays"
    assert not decided.needs_review
    assert reviewed(found, {found.text_sha256: "NONE"}).unanswered is False


def test_encodings_and_binary() -> None:
    text = facts()["MIT"]["text"]
    for codec in ("utf-16", "utf-16-le", "utf-32", "utf-8-sig"):
        assert expression(text.encode(codec)) == "MIT", codec
    assert expression(text.replace("\n", "\r").encode()) == "MIT"
    assert expression(b"\x7fELF\0\0MIT License" + bytes(range(256)) * 10) is None


def test_annotation_survives_json() -> None:
    found = detect_file(facts()["Apache-2.0"]["text"].encode() + b"\nCopyright 2020 Zo\xc3\xab", "LICENSE")
    assert LicenseAnnotation.from_json(found.to_json()) == found
    assert json.loads(found.evidence_json())[0]["expression"] == "Apache-2.0"
    for wrong in ("", "[]", "{}", '{"x": 1}', "null"):
        with pytest.raises(ValueError, match="not a licence annotation"):
            LicenseAnnotation.from_json(wrong)


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
