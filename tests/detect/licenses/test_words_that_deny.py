"""Words that deny or limit, in READMEs beside a plain licence and in the heads of files, and words that do neither."""

import time

import pytest

from drystone.detect.licenses import (
    LicenseAnnotation,
    LicenseState,
    detect_file,
    detect_headers,
    file_license,
    tree_licenses,
)

MIT = b"SPDX-License-Identifier: MIT\n"
READMES = [
    "This repository is source-available, not open source. You can read the code, but not run it in production.",
    "You are free to use this for evaluation purposes. For any other use please contact sales@walls.fr.",
    "Free for educational use.",
    "This code belongs to the author. Ask before using.",
    "You do not have permission to use this code.",
    "You may use this code as long as you are not a competitor of Walls.",
    "The software may be used by non-profit organisations. For-profit organisations need written consent.",
    "The Hippocratic License 3.0 (HL3-CORE)",
    "BigScience Open RAIL-M License",
    "Functional Source License, Version 1.1, Apache 2.0 Future License",
    "By accessing this repository you agree to the Walls Terms of Service.",
    "This SDK is licensed under the Walls Developer Agreement.",
    "Uso exclusivo para fines académicos.",
    "Uso comercial proibido.",
    "Gebruik alleen toegestaan voor niet-commerciële doeleinden.",
    "Wszelkie prawa zastrzeżone. Kopiowanie zabronione.",
    "Všechna práva vyhrazena. Kopírování je zakázáno.",
    "Tüm hakları saklıdır. İzinsiz kopyalanamaz.",
    "جميع الحقوق محفوظة. يمنع النسخ.",
    "Kaikki oikeudet pidätetään. Kaupallinen käyttö kielletty.",
    "Bản quyền thuộc về Walls. Nghiêm cấm sao chép.",
    "สงวนลิขสิทธิ์ ห้ามคัดลอก",
    "Hak cipta dilindungi. Dilarang menyalin.",
]
LIMITED_READMES = [
    "MIT. One licence is needed per seat.",
    "MIT. Forks must be kept private.",
    "MIT. The images in this repository are not covered by this licence.",
    "MIT. If you sue anyone over patents, this licence ends.",
    "MIT. The author may revoke this licence at any time, and it is valid until 2030 only.",
    "MIT. You may not remove the telemetry.",
    "MIT. Offering this as SaaS is reserved to Walls Inc.",
    'MIT. You must display the "Powered by Walls" badge on every page.',
]
FREE_READMES = [
    "MIT. Please cite our paper if you use this in research.",
    "MIT, free for personal and commercial use.",
    "See [LICENSE](LICENSE). Contributions must be signed off.",
    "Released under the MIT license. Ask a question on the forum before you open an issue.",
    "MIT License. You may not use the name of the project to endorse products.",
    "MIT License. All copyright information must remain. You may not remove this notice.",
    "MIT License. We owe huge gratitude to everyone who helped.",
]
HEADS = [
    "This file is the property of Walls Corp and may not be disclosed.",
    "For internal use only - not for distribution.",
    "Academic use only. Contact the author for commercial licenses.",
    "Licence: see the customer agreement.",
    "This file may only be used with a valid Walls subscription.",
    "Disclosed under NDA.",
    'Licensed under the Walls Enterprise License (the "EE License").',
    "This program is licensed, not sold.",
    "Dieses Programm ist vertraulich und darf nicht weitergegeben werden.",
    "Ce fichier est confidentiel.",
    "内部代码，严禁外传",
    "社外秘",
]
FREE_HEADS = [
    "For internal use only: call walls.build() in its place, and do not rely on it.",
    "Whether the wall stands is a static property of its stones.",
    "Fits a distribution to academic data; disclosure widgets are drawn closed.",
    "This method is for internal use only, and not used by callers.",
    "The subscription of an event may only be used once.",
]


@pytest.mark.parametrize("text", READMES + LIMITED_READMES)
def test_a_readme_that_limits_is_heard_beside_a_plain_licence(text: str) -> None:
    assert _folder(text) in {LicenseState.DENIED, LicenseState.NOT_UNDERSTOOD}


@pytest.mark.parametrize("text", FREE_READMES)
def test_a_readme_that_asks_or_explains_limits_nothing(text: str) -> None:
    assert _folder(text) is LicenseState.GRANTED


def _folder(text: str) -> LicenseState:
    readme = f"# Walls\n\nMeasures walls.\n\n## License\n\n{text}\n\n## Usage\n\nRun it.\n".encode()
    files = [(name, detect_file(data, name), "") for name, data in (("LICENSE", MIT), ("README.md", readme))]
    found = tree_licenses(files)("")
    assert found is not None
    return found.state


@pytest.mark.parametrize("text", HEADS)
def test_a_head_that_denies(text: str) -> None:
    for name, head in (("a.py", f"# {text}\n\n"), ("a.c", f"/*\n * {text}\n */\n"), ("a.js", f"// {text}\n")):
        (found,) = detect_headers([f"{head}walls = 1\n".encode()], [name])
        assert found is not None and found.state in {LicenseState.DENIED, LicenseState.NOT_UNDERSTOOD}


@pytest.mark.parametrize("text", FREE_HEADS)
def test_a_head_that_denies_nothing(text: str) -> None:
    (found,) = detect_headers([f"# {text}\n\nwalls = 1\n".encode()], ["a.py"])
    assert found is None or found.state is LicenseState.ABSENT


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("MIT, MPL-2.0", "MIT AND MPL-2.0"),
        ("MIT/MPL-2.0", "MIT OR MPL-2.0"),
        ("MIT / Apache-2.0", "MIT OR Apache-2.0"),
        ("MIT, OSL-3.0", "MIT AND OSL-3.0"),
    ],
)
def test_what_follows_a_short_name_in_a_list_is_read(text: str, expression: str) -> None:
    assert detect_file(f"# Walls\n\n## License\n\n{text}\n".encode(), "README.md").expression == expression


def test_a_license_of_cran_names_year_and_holder_of_what_the_description_declares() -> None:
    description = b"Package: walls\nVersion: 1.0\nTitle: Walls\nLicense: MIT + file LICENSE\n"
    holder = b"YEAR: 2020\nCOPYRIGHT HOLDER: Jane Mason\n"
    files = [(n, detect_file(data, n), "") for n, data in (("DESCRIPTION", description), ("LICENSE", holder))]
    found = tree_licenses(files)("")
    assert found is not None and (found.expression, found.state) == ("MIT", LicenseState.GRANTED)


@pytest.mark.parametrize(
    "words",
    [
        "If you make money with this, you owe me 5% of revenue.",
        "This licence ends on 31 December 2030.",
        "Users in the European Union are excluded from this licence.",
        "You agree to indemnify Walls Inc.",
        "Hosting providers need a separate agreement.",
        "Three large companies are not licensed.",
        "Anyone except Bob may use this.",
        "Forks must be kept private.",
        "You may not remove the telemetry.",
        "Offering this as SaaS is reserved to Walls Inc.",
    ],
)
def test_words_behind_a_licence_that_take_away_from_it(words: str) -> None:
    tag = "Permission is granted under the MIT license."
    assert detect_file(f"{tag}\n\n{words}\n".encode(), "LICENSE").state is LicenseState.NOT_UNDERSTOOD


@pytest.mark.parametrize(
    ("head", "expression"),
    [
        ("/*! Walls 3.7 | @mason | MIT/GPL2 Licensed */", "MIT OR GPL-2.0-only"),
        ("// MIT or GPL licensed", "MIT OR GPL-1.0-or-later"),
        ("/* Walls v1 | (c) Jane | MIT/BSD/GPL2 licensed */", "MIT OR BSD-3-Clause OR GPL-2.0-only"),
    ],
)
def test_what_is_granted_behind_a_divider_grants_what_stands_before_it(head: str, expression: str) -> None:
    (found,) = detect_headers([f"{head}\nvar walls;\n".encode()], ["a.js"])
    assert found is not None and found.expression == expression


def test_a_head_that_says_bsd_takes_the_bsd_of_its_folder() -> None:
    (head,) = detect_headers([b'"""\n:license: BSD, see LICENSE for details.\n"""\n'], ["a.py"])
    for folder, held in (("BSD-2-Clause", "BSD-2-Clause"), ("MIT", "BSD-3-Clause")):
        found = file_license(LicenseAnnotation(folder, "tree"), head)
        assert found is not None and found.expression == held
        assert (found.conflict is None) == (folder == held)


def _below(name: str, text: str, root: bytes = MIT) -> LicenseState | None:
    files = [("LICENSE", detect_file(root, "LICENSE"), "")] if root else []
    found = tree_licenses([*files, (f"p/{name}", detect_file(text.encode(), name), "")])("p")
    return found.state if found is not None else None


def test_a_license_that_only_points_elsewhere_says_what_stands_there_or_is_not_understood() -> None:
    for text in ("See ../LICENSE", "../LICENSE\n", "See the LICENSE file in the root of the repository."):
        assert _below("LICENSE", text) is LicenseState.GRANTED
        assert _below("LICENSE", text, b"") is LicenseState.NOT_UNDERSTOOD
    assert _below("LICENSE", "See ../../nowhere/LICENSE for details.") is LicenseState.NOT_UNDERSTOOD


@pytest.mark.parametrize("text", [b"./" * (1 << 19), b"see LICENSE" + b" " * (1 << 20) + b"x", b"../" * (1 << 18)])
def test_a_license_that_only_looks_like_a_pointer_costs_no_time(text: bytes) -> None:
    since = time.process_time()
    detect_file(text, "LICENSE")
    assert time.process_time() - since < 2


@pytest.mark.parametrize("value", ["custom", "other", "Custom License: see site", "LicenseRef-Proprietary"])
def test_a_declaration_of_another_licence_inherits_none(value: str) -> None:
    assert _below("package.json", f'{{"license": "{value}"}}') in {LicenseState.DENIED, LicenseState.NOT_UNDERSTOOD}
