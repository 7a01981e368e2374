from __future__ import annotations

from drystone.web.sessions import SESSION_SECONDS, Sessions


def test_a_token_and_a_login_are_kept_apart_and_carried_on() -> None:
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    visitor = sessions.new_cookie()
    assert (sessions.admitted(visitor), sessions.moderator(visitor)) == (False, None)
    admitted = sessions.admit(visitor)
    assert (sessions.admitted(admitted), sessions.moderator(admitted)) == (True, None)
    assert not sessions.admitted(visitor), "no cookie that was known before opens anything"
    moderator = sessions.log_in("ada", admitted)
    assert (sessions.admitted(moderator), sessions.moderator(moderator)) == (True, "ada")
    assert (sessions.admitted(admitted), sessions.moderator(admitted)) == (False, None)
    again = sessions.admit(moderator)
    assert sessions.moderator(again) == "ada"
    alone = sessions.log_in("bob")
    assert (sessions.admitted(alone), sessions.moderator(alone)) == (False, "bob")
    now[0] = SESSION_SECONDS + 1
    for cookie in (again, alone):
        assert (sessions.admitted(cookie), sessions.moderator(cookie)) == (False, None)
    assert (sessions.admitted(None), sessions.moderator("")) == (False, None)


def test_a_form_belongs_to_one_cookie() -> None:
    sessions = Sessions()
    one, other = sessions.new_cookie(), sessions.new_cookie()
    assert sessions.form_holds(one, sessions.form_token(one))
    assert not sessions.form_holds(other, sessions.form_token(one))
    assert not sessions.form_holds(None, sessions.form_token(one))
    assert not Sessions().form_holds(one, sessions.form_token(one)), "nor to another process"
