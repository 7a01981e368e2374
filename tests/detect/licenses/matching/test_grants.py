"""A licence counts where a sentence grants it, and not where one only names it."""

from __future__ import annotations

import pytest

from drystone.detect.licenses import detect_file, detect_headers
from drystone.detect.licenses.matching.references import facts


def readme(text: str) -> str | None:
    return detect_file(text.encode(), "README.md").expression


def header(text: str) -> str | None:
    (found,) = detect_headers([f"/* {text} */\nint x;\n".encode()], ["x.c"])
    return found.expression if found is not None else None


@pytest.mark.parametrize(
    "text",
    [
        "# Marigold\n\nIt runs on Windows, Linux and BSD.\n## License\nSee the terms.\n",
        "# Marigold\n\nThere are bindings for Python.\n## License\nSee the terms.\n",
        "# Marigold\n\nUnlike Daisy, which is under the AGPL, it is small.\n",
        "# Marigold\n\nThe optional dependency `daisy` is licensed under the GPL.\n",
        "# Marigold\n\n## Dependencies\n\n- daisy, licensed under the GPL-3.0\n",
        "# Marigold\n\n| part | license |\n|---|---|\n| daisy | under the GPL-3.0 |\n",
        "# Marigold\n\n## Changelog\n\n- 2.0: the code is now released under the LGPL-3.0\n",
        "# Marigold\n\nWhy is it not under the GPL?\n",
        "# Marigold\n\nIt warns you if one of your dependencies is licensed under the AGPL-3.0.\n",
        "# Marigold\n\nIt is GPL-compatible.\n",
        "# Marigold\n\nThe method was found at MIT.\n",
        "# Marigold\n\nThe page is served with Apache 2.4.\n",
        "# Marigold\n\nThanks to the authors of Daisy, which is distributed under the GPL, for the idea.\n",
        "# Marigold\n\nMarigold finds files licensed under the GPL in your tree.\n",
    ],
)
def test_a_name_that_grants_nothing(text: str) -> None:
    assert readme(text) is None


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("# Marigold\n\n## License\n\nMIT\n", "MIT"),
        ("# Marigold\n\n## License\n\nMIT © Jane Marigold\n", "MIT"),
        ("Marigold\n========\n\nLicence\n-------\n\nISC\n", "ISC"),
        (
            "# Marigold\n\n## License\n\nUntil 2.0 it was under the GPL; it is now released under the MIT license.\n",
            "MIT",
        ),
        (
            "# Marigold\n\n## Third-party software\n\nDaisy is under the GPL.\n\n## License\n\nApache-2.0\n",
            "Apache-2.0",
        ),
        ("# 金盏花\n\n## 许可证\n\n本项目采用 GPL-3.0 许可证。\n", "GPL-3.0-only"),
        ("# 金盞花\n\n## ライセンス\n\nこのソフトウェアはMITライセンスの下で公開されています。\n", "MIT"),
        ("# 금잔화\n\n## 라이선스\n\n이 프로젝트는 MIT 라이선스를 따릅니다.\n", "MIT"),
        ("# Ноготки\n\n## Лицензия\n\nПроект распространяется на условиях GPL-3.0.\n", "GPL-3.0-only"),
        ("# Ringelblume\n\n## Lizenz\n\nDieses Programm steht unter der MIT-Lizenz.\n", "MIT"),
        ("# Souci\n\n## Licence\n\nCe projet est sous licence LGPL-2.1.\n", "LGPL-2.1-only"),
        ("# Caléndula\n\n## Licencia\n\nEste proyecto está bajo la Licencia MIT.\n", "MIT"),
        ("# Calêndula\n\n## Licença\n\nEste projeto está sob a licença MIT.\n", "MIT"),
        (
            "# M\n\nUp to 1.9 it was released under the GPL-2.0. Since 2.0 it is released under the MIT License.\n",
            "MIT",
        ),
        ("[![License](https://img.shields.io/badge/license-MIT-blue.svg)](LICENSE)\n\n# Marigold\n", "MIT"),
        (
            "[![License](https://img.shields.io/badge/license-MIT%2FApache--2.0-blue.svg)](LICENSE)\n",
            "MIT OR Apache-2.0",
        ),
    ],
)
def test_a_name_that_is_granted(text: str, expression: str) -> None:
    assert readme(text) == expression


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("Dual licensed under the MIT or GPL Version 2 licenses.", "MIT OR GPL-2.0-only"),
        ("Dual licensed under GPLv2 or MIT.", "GPL-2.0-only OR MIT"),
        ("Licensed under the LGPL-2.1 or, at your choice, MIT.", "LGPL-2.1-only OR MIT"),
        ("License: MIT/GPL-2.0", "MIT OR GPL-2.0-only"),
        ("You may use it under either of\n * Apache License, Version 2.0\n * MIT license", "Apache-2.0 OR MIT"),
        ("Released under the GPL v2, the MPL 1.1 or the ISC license.", "GPL-2.0-only OR MPL-1.1 OR ISC"),
        ("Released under the MIT license or the GPLv3, whichever you prefer.", "MIT OR GPL-3.0-only"),
        ("You must comply with both the MIT License and the GNU GPL version 2.", "MIT AND GPL-2.0-only"),
        ("Was GPL until 2015; relicensed under the MIT License.", "MIT"),
    ],
)
def test_choices_in_words(text: str, expression: str) -> None:
    assert header(text) == expression


def test_a_licence_that_explains_itself_grants_no_other() -> None:
    text = (
        facts()["Python-2.0.1"]["text"]
        + """

(1) GPL-compatible doesn't mean that we're distributing Python under
    the GPL.  All Python licenses, unlike the GPL, let you distribute
    a modified version without making your changes open source.  The
    GPL-compatible licenses make it possible to combine Python with
    other software that is released under the GPL; the others don't.
"""
    )
    assert detect_file(text.encode(), "LICENSE").expression == "Python-2.0.1"
    own = text + "\n\nOther parts of this program are released under the GPL version 2.\n"
    assert detect_file(own.encode(), "LICENSE").expression == "Python-2.0.1 AND GPL-2.0-only"


def test_a_head_that_tells_what_the_code_looks_for_grants_nothing() -> None:
    assert header("Tells whether a header says GPL or LGPL; what is licensed under the GPL is refused.") is None
    assert header("matches 'Licensed under the GPL' and 'MIT License'") is None
    assert header("Licensed under the GPL version 2.") == "GPL-2.0-only"


def test_a_path_is_no_name() -> None:
    (found,) = detect_headers([b"/* See doc/COPYING for the licence of this file. */\nint x;\n"], ["x.c"])
    assert found is not None
    assert (found.expression, found.unanswered) == (None, True)
    assert found.evidence[0].rule == "unread:points-elsewhere"
    assert header("See the LICENSE file in the root of this repository.") is None


def test_names_in_paths_are_parts_of_them() -> None:
    text = "The library is under the BSD license. See doc/licenses/GPL.txt for one of its tools.\n"
    assert readme(text) == "BSD-3-Clause"
    assert header("Licensed under the terms at https://opensource.org/licenses/MIT") == "MIT"


def test_what_prose_asks_of_contributors_restricts_nobody() -> None:
    text = "# Marigold\n\n## License\n\nMIT. Contributors must agree that their patches are under it as well.\n"
    assert readme(text) == "MIT"
    donations = (
        "# Marigold\n\nReleased under the MIT license.\n\n## Legal Notice for Donations\n\nWe are no non-profit.\n"
    )
    assert readme(donations) == "MIT"
    status = (
        "# Marigold\n\n## License\n\nApache License 2.0. In applying this licence, ECMWF does not waive the privileges "
        "and immunities granted to it by virtue of its status as an intergovernmental organisation nor does it submit "
        "to any jurisdiction.\n"
    )
    assert readme(status) == "Apache-2.0"
    asked = "# Marigold\n\n## License\n\nMIT. Companies must donate to the project each year.\n"
    assert readme(asked) is None
