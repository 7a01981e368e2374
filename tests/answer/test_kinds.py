from __future__ import annotations

import pytest

from drystone.answer.kinds import asked_for, fits

#: A question, a span of the kind that it asks for, and one that is none.
CASES = [
    ("Which environment variable turns on debugging?", "FLASK_DEBUG", "the debugger"),
    ("How many redirects are followed?", "30", "max_redirects"),
    ("For how long is a link valid?", "10 seconds", "the link"),
    ("On which port does the server listen?", "8080", "--port"),
    ("Since which version are comments known?", "2.2", "line comments"),
    ("Which exception is raised for a loop?", "TooManyRedirects", "too many redirects"),
    ("Which option keeps it in the foreground?", "--no-daemon", "in the foreground of the shell"),
    ("Which setting bounds the body?", "MAX_CONTENT_LENGTH", "a request body is too large"),
    ("Which class draws?", "http.CookieJar", "draws a line"),
    ("Which function reads a value?", "dask.config.get", "reads a value"),
    ("Which file holds its process id?", "twistd.pid", "the process id of twistd"),
    ("What happens to the header?", "it is removed", "Authorization"),
]


@pytest.mark.parametrize(("question", "right", "wrong"), CASES)
def test_a_span_of_the_kind_that_is_asked_for_fits_better(question: str, right: str, wrong: str) -> None:
    kind = asked_for(question)
    assert fits(kind, right) > fits(kind, wrong)
    assert fits(kind, f"`{right}`") == fits(kind, right)


def test_what_asks_is_the_noun_beside_which() -> None:
    option = asked_for("Which option is best?")
    assert asked_for("Which sphinx-build option writes all files?") == option
    assert asked_for("Which option names the environment variable?") == option
    assert asked_for("Which argument names the option?") != option


def test_every_question_asks_for_a_kind() -> None:
    for question in ("", "?", "日本語の質問", "Wer schnitt den Schlussstein?", "which " * 200):
        assert 0 <= fits(asked_for(question), "anything at all") <= 1
