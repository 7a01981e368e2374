"""Passwords beside their names: each syntax that carries one, and names and values that are none."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from benchmarks.detection.carriers import CARRIERS, SHAPES, covered, planted

from drystone.detect.secrets import Scanner, redact
from drystone.detect.secrets.settings import ScanSettings
from tests.detect.secrets.test_scanner import values


def test_passwords_are_found_in_every_carrier_and_every_shape() -> None:
    rows = list(planted(4, seed=7))
    found = Counter()
    for row, right in zip(rows, covered(Scanner(), rows), strict=True):
        found[row.carrier] += right
        found[row.shape] += right
    assert len(CARRIERS) >= 39
    assert all(found[carrier.name] >= 0.85 * 4 * len(SHAPES) for carrier in CARRIERS), found
    assert all(found[shape] >= 0.95 * 4 * len(CARRIERS) for shape in SHAPES), found


def secret(seed: int) -> str:
    rng = random.Random(seed)
    return SHAPES["word and number"](rng)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.ts", "const adminPassword: Readonly<string> = '@@';"),
        ("A.java", 'props.setProperty("db.password", "@@");'),
        ("a.yml", "password: |\n  @@\n"),
        ("a.xml", "<entry key='mail.password'>@@</entry>"),
        ("a.plist", "<key>password</key>\n<string>@@</string>"),
        ("a.conf", "smtp_pass = @@"),
        ("a.py", "passwort = '@@'"),
        ("a.py", "пароль = '@@'"),
        ("a.tf", 'variable "db_password" {\n  default = "@@"\n}'),
        ("a.cs", 'new SqlConnection("Data Source=db;User ID=sa;Password=@@")'),
        ("a.py", "url = 'https://api.corp.internal/login?user=joan&password=@@'"),
    ],
)
def test_further_carriers(path: str, text: str) -> None:
    value = secret(3).replace("#", "!").replace("@", "!").replace("%", "!")
    assert values(text.replace("@@", value), path) == [value]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.kt", 'val bypass = "Xk29!dkWq0p"'),
        ("a.shader", 'Pass = "ForwardAdditive"'),
        ("a.cpp", 'render_pass = "Shadow!2048"'),
        ("de.json", '{"password": "Passwort-Eingabe", "passwordConfirm": "Bitte wiederholen"}'),
        ("a.py", "password = config['db']['password']"),
        ("a.js", "const passwordField = 'Field!2048';"),
        ("a.ts", "interface Login { password: string; secret?: string }"),
        ("a.py", "fields = ['username', 'password', 'Street!1234']"),
        ("a.yaml", "password: !vault |\n"),
        ("a.sh", 'PASSWORD="$(pass show db)"'),
        ("a.rs", "use a::Secret;\nlet x = B::Secret(1);"),
        ("a.py", "RESET_PASSWORD = '/v1/accounts:resetPassword'"),
        ("a.c", 'printf("password = %s\\n", value);'),
        ("a.xml", "<password>@password@</password><password>*****</password>"),
        ("a.po", 'msgid "password"\nmsgstr "mot de passe"\n'),
    ],
)
def test_no_password_is_seen_where_none_is(path: str, text: str) -> None:
    assert values(text, path) == []


def test_a_value_goes_with_its_escaped_quotes_and_the_quotes_around_it_stay() -> None:
    text = b"password = 'Ab3!\\'x9Qz\"7'\nother = 1\n"
    spans = Scanner().scan(text, "a.py")
    assert redact(text, spans, ScanSettings(), "a.py")[0] == b"password = '<PASSWORD>'\nother = 1\n"
