"""Passwords in their carriers: a value of each shape, written as each language or tool writes it. Generated, seeded.

A carrier escapes what its own syntax asks for, as a person must who writes it. What lies between `start` and `end` of a
`Planted` is the value as it stands in the file. Nothing here is a real credential.
"""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote
from xml.sax.saxutils import escape as xml

from drystone.detect.secrets import Scanner

SECRET_KINDS: Final = {"token", "password", "private_key", "high_entropy"}

_ALPHABET = string.ascii_letters + string.digits
_LISTED_WORDS = (
    "walnut harbour violet canyon meadow lantern pepper glacier saddle orchard ribbon thunder copper "
    "velvet pebble falcon tundra marble willow anchor ginger hollow bramble comet"
)
_WORDS = tuple(_LISTED_WORDS.split())


def _symbols(rng: random.Random) -> str:
    drawn = [*rng.sample("!*%#^+~?=;&@$", 2), rng.choice(string.digits), rng.choice(string.ascii_uppercase)]
    drawn += rng.choices(_ALPHABET, k=9)
    rng.shuffle(drawn)
    return rng.choice(string.ascii_letters) + "".join(drawn)


def _word_and_number(rng: random.Random) -> str:
    word = rng.choice((*_WORDS, "river", "tiger", "sunny", "maple")).capitalize()
    return f"{word}{rng.choice('!%@#')}{rng.randrange(1000, 10000)}"


def _letters(rng: random.Random) -> str:
    return "".join(rng.choices(string.ascii_letters, k=rng.randrange(12, 25)))


def _quotes(rng: random.Random) -> str:
    a, b, c = ("".join(rng.choices(_ALPHABET, k=rng.randrange(4, 7))) for _ in range(3))
    return f"{a}{rng.choice(chr(34) + chr(39))}{b}!{c}{rng.randrange(10)}"


def _base64(rng: random.Random) -> str:
    return base64.b64encode(rng.randbytes(rng.choice((16, 20, 24)))).decode()


#: The shapes that a value has.
SHAPES: Final[dict[str, Callable[[random.Random], str]]] = {
    "symbols": _symbols,
    "word and number": _word_and_number,
    "long random": lambda rng: "".join(rng.choices(_ALPHABET, k=rng.randrange(28, 44))),
    "letters only": _letters,
    "with quotes": _quotes,
    "passphrase": lambda rng: rng.choice("- _.").join(rng.sample(_WORDS, 4)),
    "base64-like": _base64,
}


def _double(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def _single(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")


def _dollar(value: str) -> str:
    """Escape for double quotes in which `$` begins a name."""
    return _double(value).replace("$", "\\$")


def _shell(value: str) -> str:
    """Escape a word without quotes for a shell."""
    return "".join(c if c.isalnum() or c in "-_.+%@^=/~:" else "\\" + c for c in value)


def _shell_single(value: str) -> str:
    return value.replace("'", "'\\''")


def _sql(value: str) -> str:
    return value.replace("'", "''")


def _powershell(value: str) -> str:
    return value.replace("`", "``").replace('"', '`"').replace("$", "`$")


def _url(value: str) -> str:
    return quote(value, safe="!*~._-")


def _attribute(value: str) -> str:
    return xml(value, {'"': "&quot;"})


def _plain(value: str) -> str:
    return value


def _properties(value: str) -> str:
    return value.replace("\\", "\\\\")


@dataclass(frozen=True)
class Carrier:
    """A file's name, its text with `@@` where the value stands, and how the value is escaped there."""

    name: str
    path: str
    text: str
    escape: Callable[[str], str] = _double
    #: Characters that the value cannot have there.
    without: str = ""


CARRIERS: Final = (
    Carrier("Python assignment", "conf.py", 'DB_USER = "crm"\nDB_PASSWORD = "@@"\nDB_NAME = "crm"\n'),
    Carrier("Python dict", "conf.py", "DB = {'user': 'crm', 'password': '@@', 'port': 5432}\n", _single),
    Carrier("Python call argument", "run.py", 'connect(host, user="crm", password="@@", port=5432)\n'),
    Carrier("Python, value on the next line", "conf.py", 'password = (\n    "@@"\n)\n'),
    Carrier("Python pair of a login", "mail.py", 'server.login("joan", "@@")\n'),
    Carrier("PHP define", "config.php", "<?php\ndefine( 'DB_PASSWORD', '@@' );\n", _single),
    Carrier(
        "PHP array", "database.php", "<?php\nreturn ['user' => 'crm', 'password' => '@@', 'port' => 1];\n", _single
    ),
    Carrier("PHP variable", "db.php", "<?php\n$dbpass = '@@';\n", _single),
    Carrier(
        "ADO.NET Password=",
        "a.config",
        '<add name="m" connectionString="Server=db;User Id=sa;Password=@@;Encrypt=true"/>\n',
        _attribute,
        ";",
    ),
    Carrier("ADO.NET Pwd=", "Db.cs", 'var c = "Server=db;Database=crm;Uid=sa;Pwd=@@;";\n', _double, ";"),
    Carrier(
        "JDBC query", "Db.java", 'String u = "jdbc:mysql://db.corp.internal/crm?user=crm&password=@@&ssl=true";\n', _url
    ),
    Carrier("URL of a service", "app.py", 'URL = "amqp://crm:@@@mq.corp.internal:5672/crm"\n', _url),
    Carrier(
        "libpq words",
        "db.py",
        'psycopg2.connect("host=db dbname=crm user=crm password=@@ sslmode=require")\n',
        _double,
        " '",
    ),
    Carrier(
        "Go DSN",
        "db.go",
        'db, err := sql.Open("mysql", "crm:@@@tcp(db.corp.internal:3306)/crm?parseTime=true")\n',
        _double,
    ),
    Carrier(
        "XML element",
        "settings.xml",
        "<server>\n  <username>joan</username>\n  <password>@@</password>\n</server>\n",
        xml,
    ),
    Carrier(
        "XML element over lines", "tomcat.xml", "<resource>\n  <password>\n    @@\n  </password>\n</resource>\n", xml
    ),
    Carrier(
        "XML attribute",
        "context.xml",
        '<Resource name="jdbc/crm" username="crm" password="@@" maxActive="20"/>\n',
        _attribute,
    ),
    Carrier("XML pair", "beans.xml", '<property name="password" value="@@"/>\n', _attribute),
    Carrier("TypeScript typed", "conf.ts", "export const dbPassword: string = '@@';\n", _single),
    Carrier("JavaScript object", "conf.js", 'module.exports = { user: "crm", password: "@@", port: 1 };\n'),
    Carrier("Objective-C", "Login.m", 'static NSString *const kPassword = @"@@";\n'),
    Carrier("C define", "mqtt.h", '#define MQTT_USER "crm"\n#define MQTT_PASSWORD "@@"\n'),
    Carrier("C++ array", "wifi.ino", 'const char* ssid = "crm";\nconst char password[] = "@@";\n'),
    Carrier("Java setter", "Db.java", 'dataSource.setPassword("@@");\n'),
    Carrier("Java pair of a call", "Mail.java", 'return new PasswordAuthentication("joan", "@@".toCharArray());\n'),
    Carrier("C# property", "Conf.cs", 'public string Password { get; set; } = "@@";\n'),
    Carrier("Ruby symbol", "database.rb", "config = { username: 'crm', password: '@@' }\n", _single),
    Carrier("Go struct", "conf.go", 'return Config{User: "crm", Password: "@@", Port: 1}\n'),
    Carrier("Docker ENV with a blank", "Dockerfile", "FROM debian\nENV DB_PASSWORD @@\nRUN true\n", _shell),
    Carrier("Docker ENV", "Dockerfile", 'FROM debian\nENV DB_USER=crm DB_PASSWORD="@@" DB_PORT=1\n', _dollar),
    Carrier("Docker ARG", "Dockerfile", "FROM debian\nARG DB_PASSWORD=@@\nRUN true\n", _shell),
    Carrier("shell export", "env.sh", "export DB_USER=crm\nexport DB_PASSWORD='@@'\n", _shell_single),
    Carrier("shell prefix", "psql.sh", "PGPASSWORD='@@' psql -h db.corp.internal -U crm crm\n", _shell_single),
    Carrier("mysql -p", "dump.sh", "mysqldump -h db -u root -p'@@' crm > crm.sql\n", _shell_single),
    Carrier("sshpass", "deploy.sh", "sshpass -p '@@' ssh joan@host uptime\n", _shell_single),
    Carrier("redis-cli", "flush.sh", "redis-cli -h cache -a '@@' flushall\n", _shell_single),
    Carrier("curl -u", "check.sh", "curl -s -u 'joan:@@' https://api.corp.internal/v1\n", _shell_single),
    Carrier(
        "long option", "pull.sh", "wget --user=joan --password='@@' https://files.corp.internal/a\n", _shell_single
    ),
    Carrier("keytool", "sign.sh", "keytool -importcert -keystore a.jks -storepass '@@' -noprompt\n", _shell_single),
    Carrier("openssl", "cert.sh", "openssl rsa -in a.pem -out b.pem -passin 'pass:@@'\n", _shell_single),
    Carrier("PowerShell SecureString", "vm.ps1", '$s = ConvertTo-SecureString "@@" -AsPlainText -Force\n', _powershell),
    Carrier("PowerShell variable", "set.ps1", '$AdminPassword = "@@"\n', _powershell),
    Carrier("SQL IDENTIFIED BY", "grant.sql", "CREATE USER 'crm'@'%' IDENTIFIED BY '@@';\n", _sql),
    Carrier("SQL PASSWORD", "roles.sql", "ALTER ROLE joan WITH LOGIN PASSWORD '@@';\n", _sql),
    Carrier("SQL Server login", "login.sql", "CREATE LOGIN crm WITH PASSWORD = N'@@', CHECK_POLICY = OFF;\n", _sql),
    Carrier(
        "k8s name and value",
        "deploy.yaml",
        'env:\n  - name: DB_PASSWORD\n    value: "@@"\n  - name: PORT\n    value: "1"\n',
    ),
    Carrier("compose list", "docker-compose.yml", "environment:\n  - DB_USER=crm\n  - DB_PASSWORD=@@\n", _plain, " "),
    Carrier("compose mapping", "docker-compose.yml", "environment:\n  DB_USER: crm\n  DB_PASSWORD: '@@'\n", _sql),
    Carrier("JSON", "conf.json", '{"user": "crm", "password": "@@", "port": 1}\n'),
    Carrier("JSON name and value", "task.json", '{"environment": [{"name": "DB_PASSWORD", "value": "@@"}]}\n'),
    Carrier("YAML plain", "app.yml", "db:\n  user: crm\n  password: @@\n  port: 1\n", _plain, "#"),
    Carrier("TOML", "db.toml", '[db]\nuser = "crm"\npass = "@@"\n'),
    Carrier("INI", "db.ini", "[db]\nuser = crm\npassword = @@\nport = 1\n", _plain, ";#"),
    Carrier(
        "properties", "app.properties", "spring.datasource.username=crm\nspring.datasource.password=@@\n", _properties
    ),
    Carrier("HCL", "main.tf", 'resource "aws_db_instance" "crm" {\n  username = "crm"\n  password = "@@"\n}\n'),
    Carrier("HOCON", "application.conf", 'db {\n  user = crm\n  password = "@@"\n}\n'),
    Carrier("env file", ".env", "DB_USER=crm\nDB_PASSWORD=@@\nDB_PORT=1\n", _plain, " #"),
    Carrier(".netrc", ".netrc", "machine api.corp.internal login joan password @@\n", _plain, " "),
    Carrier(".pgpass", ".pgpass", "db.corp.internal:5432:crm:crm:@@\n", _plain, ":"),
    Carrier("Kotlin", "Conf.kt", 'private const val DB_PASSWORD = "@@"\n', _dollar),
    Carrier("Swift", "Conf.swift", 'let password: String = "@@"\n'),
    Carrier("Rust", "conf.rs", 'const DB_PASSWORD: &str = "@@";\n'),
    Carrier("Perl", "db.pl", "my $password = '@@';\n", _single),
    Carrier("Lua", "db.lua", 'config["password"] = "@@"\n'),
    Carrier("Elixir", "dev.exs", 'config :crm, Crm.Repo,\n  username: "crm",\n  password: "@@"\n'),
    Carrier("Clojure", "db.clj", '(def db {:user "crm" :password "@@"})\n'),
    Carrier("R", "db.R", 'con <- dbConnect(drv, user = "crm", password = "@@")\npwd <- "crm"\n'),
    Carrier("R arrow", "db.R", 'db_password <- "@@"\n'),
    Carrier("Visual Basic", "Db.vb", 'Dim password As String = "@@"\n', lambda v: v.replace('"', '""')),
    Carrier("Groovy", "build.gradle", "credentials {\n  username 'joan'\n  password '@@'\n}\n", _single),
    Carrier("CMake", "CMakeLists.txt", 'set(DB_PASSWORD "@@")\n', _dollar),
    Carrier("batch", "run.bat", "set DB_USER=crm\r\nset DB_PASSWORD=@@\r\n", _plain, "%"),
)


@dataclass(frozen=True)
class Planted:
    """A text with one value in it, at [start, end) in bytes."""

    carrier: str
    shape: str
    path: str
    text: bytes
    start: int
    end: int


def planted(times: int, seed: int = 0) -> Iterator[Planted]:
    """Yield each carrier with each shape `times` times; the same for the same seed."""
    for carrier in CARRIERS:
        for shape, make in SHAPES.items():
            rng = random.Random(f"{seed} {carrier.name} {shape}")
            made = 0
            while made < times:
                value = make(rng)
                for character in carrier.without:
                    # A passphrase has its other separators, and any other value one character less.
                    value = value.replace(character, "-" if character == " " else "")
                written = carrier.escape(value)
                head, tail = carrier.text.split("@@", 1)
                start = len(head.encode())
                yield Planted(
                    carrier.name,
                    shape,
                    carrier.path,
                    (head + written + tail).encode(),
                    start,
                    start + len(written.encode()),
                )
                made += 1


def covered(scanner: Scanner, rows: list[Planted]) -> list[bool]:
    """Return for each text whether spans of secrets cover every byte of its value."""
    found = scanner.scan_batch([row.text for row in rows], [row.path for row in rows])
    out = []
    for row, spans in zip(rows, found, strict=True):
        at = row.start
        for span in spans:
            if span.kind in SECRET_KINDS and span.start <= at < span.end:
                at = span.end
        out.append(at >= row.end)
    return out
