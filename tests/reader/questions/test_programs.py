"""Questions over Python source."""

from __future__ import annotations

from tests.reader.questions.asked import asked_of

_SOURCE = '''"""Weighs stones — é."""
import os

CACHE = os.environ.get("STONES_CACHE", "/var/stones")


def weigh(stone, scale="kitchen", tries=3):
    """Return the weight of a stone.

    :param tries: Number of times to weigh it, default 3
    """
    if not stone:
        raise ValueError("there is no stone to weigh")


parser.add_argument("-u", "--unit", default="gram", help="Prints the weight in this unit")
'''


def test_code_asks_for_functions_options_defaults_and_errors() -> None:
    assert asked_of("weigh.py", _SOURCE) == {
        "Which function returns the weight of a stone?": "weigh",
        "Which parameter is number of times to weigh it?": "tries",
        "What is tries?": "Number of times to weigh it",
        "What is the default of tries?": "3",
        "What is the default of scale in weigh?": "kitchen",
        "What is the default of tries in weigh?": "3",
        'Which error says "there is no stone to weigh"?': "ValueError",
        "Which option prints the weight in this unit?": "--unit",
        "What is the default of --unit?": "gram",
        "What is used where the environment variable STONES_CACHE is not set?": "/var/stones",
    }
    assert asked_of("broken.py", "def f(:\n") == {}
    assert asked_of("odd.py", _SOURCE.replace("\n", "\r\n")).keys() <= asked_of("odd.py", _SOURCE).keys()
