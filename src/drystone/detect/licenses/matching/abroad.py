"""How other languages speak of licences: their words for "licence", "not", "formerly", "uses" and "thanks".

As patterns over comparable words, whose bytes are read as Latin-1 (some are white space to `re` then), and over
headings as they stand. Knows no licences.
"""

from __future__ import annotations

import re
from typing import Final


def as_words(*words: str) -> str:
    """Return an alternation of words as they stand in comparable words, whose bytes are read as Latin-1."""
    return "|".join(re.escape(w.encode().decode("latin-1")) for w in words)


#: What the words for "licence" begin with, or hold, in scripts of their own.
_SCRIPTS: Final = (
    "许可", "許可", "授权", "授權", "协议", "協議", "ライセンス", "라이선스", "라이센스", "лиценз", "Лиценз",
    "ліценз", "Ліценз", "ліцэнз", "άδεια", "Άδεια", "αδεια", "लाइसेंस", "लाइसेन्स",
    "লাইসেন্স", "உரிம", "رخصة", "رخصه", "ترخيص", "مرخص", "مجوز", "پروانه", "لائسنس",
    "רישיון", "רשיון", "สัญญาอนุญาต", "ใบอนุญาต", "ไลเซนส์", "giấy phép", "Giấy phép",
    "ლიცენზი", "լիցենզ", "Լիցենզ",
)  # fmt: skip
#: The word for "licence" in languages other than English, and "licensed under" where one word says it.
LICENCE: Final = (
    r"(?:\b(?:licen[czt][^ ]*|licens(?:en|er|ier[^ ]*|ia[^ ]*|i)?(?= |$)|lisen[^ ]*|lizen[^ ]*|lisans[^ ]*|"
    r"litsents[^ ]*)|" + as_words("licenç", "licênci", "licènci", "licenț", "licenţ", *_SCRIPTS) + ")"
)
#: Other words with which a sentence grants: "under", "adopts", "is distributed".
UNDER: Final = r"\b(?:unter der|sous licen\w+|bajo|sob a?|con licen\w*)\b|" + as_words(
    "采用", "採用", "遵循", "基于", "の下で", "に基づ", "на условиях", "распростран"
)
#: A heading that says licence.
HEADING: Final = r"l[iî]?[csz][eéèê]n[csztçțţ]|lisans|litsents|" + "|".join(_SCRIPTS)
#: Headings of other software, of thanks, and of the past.
OTHERS: Final = (
    "d[eé]pendanc|abhängigkeit|dependênci|dependènci|dipendenz|afhankelijkhe|beroenden|zależności|зависимост|залежност|依赖|"
    "依賴|依存|의존|danksagung|remerciement|agradec|ringraziament|podziękowan|благодарност|подяк|致谢|致謝|鸣谢|鳴謝|"
    "感谢|謝辞|감사|historique|geschichte|historial|storico|história|история|історія|历史|歷史|更新日志|更新記録|変更履歴"
)
#: Words that end what a "not" denies.
_BUT: Final = (
    r"(?:und|aber|sondern|jedoch|et|mais|y|e|pero|sino|mas|ma|i|ale|lecz|men|och|og|utan|maar|en|"
    + as_words("но", "а", "и", "але", "та")
    + ") |"
    + as_words("而", "但", "改", "그러나", "대신")
)
#: Before a name: that it is not this licence.
NEGATED: Final = (
    r"(?:(?:^| )(?:nicht|keine?[rnms]?|ni(?:et|e)|pas|nest plus|(?:no|non) (?:es|ha|se|est[^ ]{1,2}|sono|viene)|"
    r"inte|ikke|tidak|bukan|nem|"
    + as_words("não", "non è", "není", "не", "không", "δεν", "нет", "לא", "אינו", "ليس", "ليست")
    + r")(?= )|(?:"
    + as_words("不是", "并非", "並非")
    + r")[^ ]{0,40}|(?:"
    + as_words("不", "未", "不再", "没有", "沒有")
    + ")(?:"
    + as_words("在", "采用", "採用", "使用", "基于", "基於", "遵循", "以", "按", "依")
    + rf")[^ ]*)(?: (?!{_BUT})[^ ]+){{0,5}} $"
)
#: Behind a name: that it is not this licence; "not only" is none of it.
NEGATED_AFTER: Final = (
    r"^ [^ ]{0,60}?(?:(?<!"
    + as_words("だけ")
    + ")(?:"
    + as_words("ではな", "ではあり", "じゃな")
    + ")|"
    + as_words("ていません", "ていない", "ておりません")
    + r")|^(?: [^ ]+){0,2}? (?:de[^ ]{1,3}il\w*(?= |$)|"
    + as_words("नहीं", "نیست")
    + "|(?<!"
    + as_words("뿐만 ")
    + ")(?<!"
    + as_words("뿐 ")
    + ")(?:"
    + as_words("아닙", "아니", "아님")
    + r"))|^(?: [^ ]+)? [^ ]{0,60}"
    + as_words("지 않")
)
#: What was, in a sentence that does not say what is.
PAST: Final = (
    r"\b(?:ehemals|vormals|zuvor|bis version|auparavant|anciennement|autrefois|anteriormente|antiguamente|antigamente|"
    r"in precedenza|in passato|voorheen|tidigare|tidligere|dawniej|poprzednio|hasta la versi|eerder)|"
    + as_words("früher", "Früher", "ursprünglich", "à lorigine", "jusquà la version", "até a vers", "dříve")
    + "|"
    + as_words(
        "ранее",
        "Ранее",
        "раньше",
        "Раньше",
        "прежде",
        "до версии",
        "раніше",
        "之前",
        "以前",
        "曾经",
        "かつて",
        "이전에",
    )
)
PRESENT: Final = r"\b(?:jetzt|heute|maintenant|ahora|agora|adesso|nu|teraz)\b|" + as_words(
    "seit version", "désormais", "теперь", "сейчас", "现在", "目前", "現在", "지금"
)
#: Software that is used, or thanked for; "uses the MIT licence" is none of it.
OTHER_SOFTWARE: Final = (
    r"(?:\b(?:verwendet|benutzt|nutzt|utilise|utiliza|utilizza|usa|gebruikt|używa|dipende|depende de|"
    r"h[aä]ngt von|basiert auf|danke? an|merci|gracias|grazie|obrigado)\b|"
    + as_words("dépend", "hängt von", "использует", "зависит", "спасибо", "依赖", "依賴", "感谢", "感謝")
    + r")(?! (?:[^ ]+ ){0,2}?"
    + LICENCE
    + ")"
)
#: A sentence whose subject is the software itself.
SELF: Final = (
    r"\b(?:diese[rs]? (?:projekt|programm|software|bibliothek|paket|modul)|(?:ce|cette|le) "
    r"(?:projet|programme|logiciel|module)|(?:este|el|esta) (?:proyecto|programa|paquete|software)|"
    r"(?:este|o) (?:projeto|programa|software)|(?:questo|il) (?:progetto|programma|software)|dit project)\b|"
    + as_words(
        "本项目",
        "本專案",
        "本程序",
        "本软件",
        "本プロジェクト",
        "本ソフトウェア",
        "이 프로젝트",
        "проект",
        "Проект",
        "проєкт",
    )
)
#: "or later", behind a version.
OR_LATER: Final = (
    r"(?:oder|ou|o|eller|of|lub) (?:[^ ]+ ){0,3}?(?:h[^ ]{1,3}her|neuer|sp[^ ]{1,3}ter|ult[^ ]{1,3}rieure?s?|"
    r"sup[^ ]{1,3}rieure?s?|post[^ ]{1,3}rieure?s?|plus r[^ ]{1,3}centes?|posterior(?:es)?|superior(?:es)?|"
    r"successiv[ae]|senare|nyere|nowsz\w+)|"
    + as_words("или более поздн", "или выше", "或更高", "或更新", "或之后", "或以後", "以降", "またはそれ以降", "이상")
)
