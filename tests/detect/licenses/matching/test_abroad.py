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
        ("# M\n\nDieses Projekt ist nicht perfekt und steht unter der MIT-Lizenz.\n", "MIT"),
        ("# M\n\nDieses Projekt steht nicht unter der GPL, sondern unter der MIT-Lizenz.\n", "MIT"),
        ("# M\n\nЭтот проект не под лицензией GPL, а под лицензией MIT.\n", "MIT"),
        ("# M\n\n本项目不是GPL，而是MIT 许可证\n", "MIT"),
        ("# M\n\n本软件不仅采用 MIT 许可证\n", "MIT"),
        ("# M\n\n本ソフトウェアはGPLではなくMITライセンスの下で公開されています。\n", "MIT"),
        ("# M\n\n이 프로젝트는 MIT 라이선스로 배포되며 보증하지 않습니다.\n", "MIT"),
        ("# M\n\nThis comes with no warranty and is under the MIT license.\n", "MIT"),
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
        "# Marigold\n\nDieses Projekt wird nicht mehr unter der GPL vertrieben.\n",
        "# Marigold\n\nCe projet n'est pas distribué sous licence GPL.\n",
        "# Marigold\n\nCe logiciel n’est plus sous licence GPL.\n",
        "# Marigold\n\nEste proyecto no se distribuye bajo la licencia MIT.\n",
        "# Marigold\n\nEste projeto não está licenciado sob a licença MIT.\n",
        "# Marigold\n\nQuesto progetto non è rilasciato sotto licenza MIT.\n",
        "# Marigold\n\nDet här projektet är inte licensierat under MIT-licensen.\n",
        "# Marigold\n\nBu proje MIT lisansı altında değildir.\n",
        "# Marigold\n\nЭтот проект не распространяется под лицензией GPL.\n",
        "# Marigold\n\n本项目不采用 MIT 许可证。\n",
        "# Marigold\n\n本项目不是基于 MIT 许可证发布的。\n",
        "# Marigold\n\n本ソフトウェアはMITライセンスではありません。\n",
        "# Marigold\n\n이 프로젝트는 MIT 라이선스가 아닙니다.\n",
    ],
)
def test_what_grants_nothing(text: str) -> None:
    assert detect_file(text.encode(), "README.md").expression is None
