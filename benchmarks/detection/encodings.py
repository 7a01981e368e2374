"""Encodings: source files of forty comments in the legacy encodings of four languages, each made to be read back.

The comments are sentences of our own, in Python, C, Java, HTML and SQL, dense and sparse; six encodings, five forms,
five seeds. A file is right if its text comes back to the last character.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator

from benchmarks.detection.table import bounded
from benchmarks.harness import Figure
from drystone.detect.encoding import decode

_JAPANESE = (
    "ユーザー一覧を取得する", "接続が切れたら再試行する", "ここで配列の長さを調べる", "設定がなければ既定値を使う",
    "画面の幅に合わせて縮小", "日付は西暦で保存される", "戻り値が空なら何もしない", "ログをファイルに書き出す",
    "キャッシュを消してから読み直す", "次の行へ進む前に空白を飛ばす", "権限がない場合は断る", "合計金額を税込みで計算",
)  # fmt: skip
_CHINESE = (
    "获取用户列表", "连接断开后重试", "在这里检查数组的长度", "没有配置时使用默认值", "按照屏幕宽度缩小图片",
    "日期以公历保存", "返回值为空时什么也不做", "把日志写入文件", "清空缓存后重新读取", "跳过空格再处理下一行",
    "没有权限则拒绝请求", "计算含税的总金额",
)  # fmt: skip
_TRADITIONAL = (
    "取得使用者清單", "連線中斷後重新嘗試", "在這裡檢查陣列的長度", "沒有設定時使用預設值", "依照螢幕寬度縮小圖片",
    "日期以西元儲存", "傳回值為空時不做任何事", "將紀錄寫入檔案", "清除快取後重新讀取", "略過空白再處理下一行",
    "沒有權限則拒絕要求", "計算含稅的總金額",
)  # fmt: skip
_KOREAN = (
    "사용자 목록을 가져온다", "연결이 끊기면 다시 시도한다", "여기서 배열의 길이를 확인", "설정이 없으면 기본값을 쓴다",
    "화면 너비에 맞게 줄인다", "날짜는 서기로 저장된다", "반환값이 비면 아무 일도 하지 않음", "기록을 파일에 남긴다",
    "캐시를 지우고 다시 읽는다", "공백을 건너뛰고 다음 줄로", "권한이 없으면 거절한다", "세금을 더한 합계를 계산",
)  # fmt: skip
_RUSSIAN = (
    "получить список пользователей", "повторить попытку после обрыва", "здесь проверяется длина массива",
    "если настройки нет, берём обычное значение", "уменьшить картинку по ширине экрана", "дата хранится по календарю",
    "при пустом ответе ничего не делать", "записать журнал в файл", "очистить кеш и прочитать снова",
    "пропустить пробелы и перейти дальше", "без прав доступа отказать", "посчитать сумму с налогом",
)  # fmt: skip

#: Codec, sentences. The last row is a single-byte neighbour that must not become one of the others.
_KINDS = (
    ("shift_jis", _JAPANESE), ("euc_jp", _JAPANESE), ("gb18030", _CHINESE), ("big5", _TRADITIONAL),
    ("euc_kr", _KOREAN), ("koi8_r", _RUSSIAN),
)  # fmt: skip


def _python(say: Callable[[], str], number: int) -> str:
    return f"def step{number}(a, b):\n    # {say()}\n    return a * {number} + b  # {say()}\n"


def _c(say: Callable[[], str], number: int) -> str:
    return f"/* {say()} */\nstatic int step{number}(int a, int b)\n{{\n\treturn a * {number} + b; // {say()}\n}}\n"


def _sparse(say: Callable[[], str], number: int) -> str:
    code = "".join(f"    total += values[{number}][{i}] * weights[{i}];\n" for i in range(6))
    return f"    // {say()}\n{code}    // {say()}\n{code}"


def _html(say: Callable[[], str], number: int) -> str:
    return f'<li id="i{number}">{say()}</li>\n<!-- {say()} -->\n'


def _prints(say: Callable[[], str], number: int) -> str:
    return f'puts("{say()}");\nputs("{say()}: {number}");\n'


_FORMS = (_python, _c, _sparse, _html, _prints)


def files() -> Iterator[tuple[str, str, bytes]]:
    """Yield codec, text and bytes of each file: forty sentences each."""
    for codec, sentences in _KINDS:
        for form in _FORMS:
            for seed in range(5):
                chance = random.Random(f"{codec} {form.__name__} {seed}")
                text = "".join(form(lambda c=chance, s=sentences: c.choice(s), number) for number in range(20))
                yield codec, text, text.encode(codec)


def figures(quick: bool) -> list[Figure]:
    """Count files that come back as their own text, and time."""
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    number = 0
    start = time.process_time()
    for codec, text, data in files():
        found = decode(data)
        right[codec] += found.text == text.encode()
        wrong[codec] += found.text is not None and found.text != text.encode()
        number += 1
    seconds = time.process_time() - start
    note = ", ".join(f"{codec} {right[codec]}" for codec, _ in _KINDS)
    return [
        bounded("encodings: legacy files of 40 comments, right", right.total(), f"of {number}", note),
        Figure("encodings: of these read as another text", wrong.total(), f"of {number}", 0, 0, lower_is_better=True),
        Figure("encodings: time of such a file", seconds / number * 1000, "ms"),
    ]
