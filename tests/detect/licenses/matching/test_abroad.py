"""READMEs in other languages: what grants a licence, and what denies it, tells of the past or of other software."""

from __future__ import annotations

import pytest

from drystone.detect.licenses import detect_file


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("# M\n\n## Lizenz\n\nLizenziert unter der GPLv3 oder später.\n", "GPL-3.0-or-later"),
        ("# M\n\n## Licence\n\nDistribué sous licence GPLv2 ou ultérieure.\n", "GPL-2.0-or-later"),
        ("# M\n\nTämä ohjelma on julkaistu MIT-lisenssillä.\n", "MIT"),
        ("# M\n\n## Licență\n\nAcest proiect este distribuit sub licența MIT.\n", "MIT"),
        ("# M\n\n## Άδεια\n\nΤο έργο διατίθεται υπό την άδεια MIT.\n", "MIT"),
        ("# M\n\nDự án này được phát hành theo giấy phép MIT.\n", "MIT"),
        ("# M\n\nProyek ini dilisensikan di bawah lisensi MIT.\n", "MIT"),
        ("# M\n\n## लाइसेंस\n\nयह परियोजना MIT लाइसेंस के तहत उपलब्ध है।\n", "MIT"),
        ("# M\n\nهذا المشروع مرخص بموجب رخصة MIT.\n", "MIT"),
        ("# M\n\n## مجوز\n\nاین پروژه تحت مجوز MIT منتشر شده است.\n", "MIT"),
        ("# M\n\nהפרויקט מופץ תחת רישיון MIT.\n", "MIT"),
        ("# M\n\n## สัญญาอนุญาต\n\nโครงการนี้เผยแพร่ภายใต้สัญญาอนุญาต MIT\n", "MIT"),
        ("# M\n\n## Llicència\n\nAquest projecte està publicat sota la llicència MIT.\n", "MIT"),
        ("# M\n\nПроектът се разпространява под лиценза MIT.\n", "MIT"),
        ("# M\n\nEste proyecto utiliza la licencia MIT.\n", "MIT"),
    ],
)
def test_what_grants(text: str, expression: str) -> None:
    assert detect_file(text.encode(), "README.md").expression == expression


@pytest.mark.parametrize(
    "text",
    [
        "# Marigold\n\n## Dépendances\n\nUtilise daisy, distribué sous licence LGPL.\n",
        "# Marigold\n\nVerwendet Daisy, das unter der GPL steht.\n",
        "# Marigold\n\n## Geschichte\n\nDas Programm stand unter der GPL.\n",
        "# Marigold\n\nFrüher stand das Programm unter der GPL.\n",
        "# Marigold\n\n## Licencia\n\nPor decidir. No es GPL.\n",
        "# Marigold\n\nDas Programm steht nicht unter der GPL.\n",
    ],
)
def test_what_grants_nothing(text: str) -> None:
    assert detect_file(text.encode(), "README.md").expression is None
