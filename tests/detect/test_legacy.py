"""How likely each encoding makes some bytes: clear, unclear, or no text at all."""

from drystone.detect.legacy import is_written, judge


def test_a_sentence_is_clear_and_its_lead_grows_with_it() -> None:
    short, long = "接続が切れたら再試行する", "接続が切れたら再試行する。表の幅を調べて、値を返す。"
    one, two = judge(short.encode("euc_jp")), judge(long.encode("euc_jp"))
    assert one is not None
    assert two is not None
    assert (one.codec, two.codec, two.clear) == ("euc_jp", "euc_jp", True)
    assert two.lead > one.lead


def test_one_sign_that_two_encodings_have_is_not_clear() -> None:
    found = judge(b"caf\xe9 \xb9")
    assert found is None or not found.clear


def test_noise_is_no_text() -> None:
    assert judge(bytes(range(0x80, 0x100)) * 4) is None


def test_the_last_character_may_be_cut() -> None:
    cut = "获取用户列表，连接断开后重试".encode("gb18030")[:-1]
    found = judge(cut)
    assert found is not None
    assert (found.codec, found.clear) == ("gb18030", True)


def test_what_people_write() -> None:
    assert is_written("一覧を取得する", "ja")
    assert not is_written("plain ASCII", "ja")
    assert not is_written("\ue000\ue001", "ja")
