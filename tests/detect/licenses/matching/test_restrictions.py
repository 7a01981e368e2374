"""Sentences that deny, sentences that restrict a licence, and sentences that do neither."""

from __future__ import annotations

import pytest
from drystone.detect._kernel import ComparableWords

from drystone.detect.licenses.matching.restrictions import Restriction, forbids_something_else, restrictions


def read(sentence: str, beside: bool = False) -> list[Restriction]:
    return list(restrictions(ComparableWords(sentence.encode()).text.decode("latin-1"), beside))


@pytest.mark.parametrize(
    "sentence",
    [
        "Unauthorized copying of this file, via any medium, is strictly prohibited.",
        "Marigold Inc. Proprietary and Confidential.",
        "This source code contains trade secrets of Marigold Instruments.",
        "This program is the exclusive property of Marigold Instruments.",
        "No part of this work may be reproduced in any form.",
        "This file may not be copied or disclosed without the written consent of its owner.",
        "You may not copy, modify or distribute this software.",
        "Copying of this module is forbidden.",
        "Do not redistribute.",
        "No license is granted to use these files.",
        "This project is not licensed for reuse.",
        "Free for non-commercial use only.",
        "Commercial use requires a written agreement.",
        "To use the editor you have to purchase a license.",
        "Integration of this software requires a license.",
        "This library is commercial software.",
        "Die Weitergabe des Programms ist nicht gestattet.",
        "Toute reproduction est interdite.",
        "Queda prohibida la copia de este programa.",
        "É proibida a cópia deste programa.",
        "Копирование запрещено.",
        "未经许可不得复制。",
        "無断転載を禁じます。",
        "무단 복제를 금지합니다.",
    ],
)
def test_what_denies(sentence: str) -> None:
    assert [r.denies for r in read(sentence)][:1] == [True]


@pytest.mark.parametrize(
    "sentence",
    [
        "All rights reserved.",
        "The names of the authors may not be used to endorse products without prior written permission.",
        "You may not use this file except in compliance with the License.",
        "This header must not be used directly.",
        "Copying a pool is prohibited while it runs.",
        "Who may read, copy or change a field, and when permission is denied.",
        "The logos are the property of their respective owners.",
        "Free for commercial and non-commercial use.",
        "The object may not be copied; use clone instead.",
        "Returns the confidential column, or None.",
        "It talks to a proprietary protocol.",
        "Lizenziert unter der MIT-Lizenz.",
        "本项目采用 MIT 许可证。",
    ],
)
def test_what_denies_nothing(sentence: str) -> None:
    assert read(sentence) == []


@pytest.mark.parametrize(
    ("sentence", "else_where"),
    [
        ("Чтобы запретить расцветку фрагмента, используется класс no-highlight", True),
        ("このバージョンでは行頭の句読点を禁止する", True),
        ("未经授权的请求返回 401", True),
        ("Negative Werte sind nicht erlaubt", True),
        ("Les espaces sont interdits dans ce champ", True),
        ("Копирование этого файла запрещено", False),
        ("本程序禁止商用", False),
        ("無断転載を禁じます", False),
        ("무단 복제를 금지합니다", False),
        ("Die Weitergabe ist nicht gestattet", False),
        ("Toute reproduction est interdite", False),
        ("Queda prohibida la copia", False),
    ],
)
def test_what_other_languages_forbid_is_about_the_software_or_not(sentence: str, else_where: bool) -> None:
    words = ComparableWords(sentence.encode()).text.decode("latin-1")
    (hit,) = restrictions(words, beside=False)
    assert forbids_something_else(hit, words) is else_where


@pytest.mark.parametrize(
    ("sentence", "rule"),
    [
        ("The software may not be used to train machine learning models.", "non-ai"),
        ("It shall be used for good, not evil.", "field of use"),
        ("Whoever ships a program that uses it must publish the complete source code.", "duty"),
        ("You may not offer it to others as a hosted or managed service.", "no service"),
        ("The license terminates if you bring a patent claim.", "patents"),
        ("Apache-2.0 with Commons Clause.", "commons clause"),
    ],
)
def test_what_restricts_the_licence_beside_it(sentence: str, rule: str) -> None:
    assert rule in {r.rule for r in read(sentence, beside=True)}


@pytest.mark.parametrize(
    "sentence",
    [
        "The above copyright notice shall be included in all copies.",
        "An acknowledgement would be appreciated but is not required.",
        "In no event shall the authors be liable for lost profits.",
        "Marigold is a library for measuring fields.",
        "Distributed without any warranty, with or without modification, free of charge.",
    ],
)
def test_what_restricts_nothing(sentence: str) -> None:
    assert read(sentence, beside=True) == []
