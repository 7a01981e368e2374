"""Passwords on command lines, in statements of SQL and PowerShell, in the arguments of a login, and in files of logins.

Here a place names the password, not a word beside it: `sshpass -p`, `IDENTIFIED BY`, `login("joan", "...")`, `.pgpass`.
Knows no engine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from drystone.detect.secrets import checks
from drystone.detect.secrets.kinds.links import QUOTED
from drystone.detect.secrets.kinds.values import passphrase, readable, reference, stand_in, strength
from drystone.detect.secrets.spans import Span, line_start

#: A command is read at most so far behind its tool's name.
LINE: Final = 600

_WORD = rb"((?:\\[^\n]|[^\s\"'`;|<>()\\,]){4,200})"
_VALUE = rb"(?:\$?\"((?:[^\"\\`\n]|\\[^\n]|`[^\n])*)\"|\$?'((?:'\\''|''(?=[^\s,;)])|[^'\n])*)'|" + _WORD + rb")"
_GAP = rb"(?:[ \t]+|[ \t]*\\\r?\n[ \t]*|[\"'][ \t]{0,4},\s{0,8}(?=[\"']))"
_REST = rb"(?:[^\n|;&]|\\\r?\n|&(?!&)){0,200}?"


@dataclass(frozen=True)
class Argument:
    """Where a tool's command line or a statement has a password: `pattern` begins behind the tool, ends in a value."""

    tool: str
    pattern: re.Pattern[bytes]


def _place(tool: str, pattern: bytes) -> Argument:
    return Argument(tool, re.compile(pattern + _VALUE))


def _option(tool: str, option: bytes) -> Argument:
    """Return the argument behind an option, with or without an equals sign between."""
    return _place(tool, rb"[\w.-]*[ \t\"',]" + _REST + rb"(?<![\w-])" + option + rb"(?:" + _GAP + rb"|=)")


def _attached(tool: str, option: bytes) -> Argument:
    """Return the argument at an option that takes its value without a blank (`mysql -pX`)."""
    return _place(tool, rb"[\w.-]*[ \t\"',]" + _REST + rb"(?<![\w-])" + option)


def _within(option: bytes, before: bytes) -> re.Pattern[bytes]:
    """Return the pattern of an option whose value stands behind `before`, both within quotes or both without."""
    return re.compile(
        rb"[ \t]" + _REST + rb"(?<![\w-])" + option
        + rb"(?:\"" + before + rb"((?:[^\"\\\n]|\\[^\n])+)\"|'" + before + rb"((?:'\\''|[^'\n])+)'|"
        rb"" + before + _WORD + rb")"
    )  # fmt: skip


ARGUMENTS: Final = (
    _option("sshpass", rb"-p"),
    _attached("sshpass", rb"-p"),
    _attached("mysql", rb"-[a-oq-zA-Z]{0,3}p"),
    _place("mysql", rb"admin[ \t]" + _REST + rb"password[ \t]+"),
    _attached("mariadb", rb"-[a-oq-zA-Z]{0,3}p"),
    _option("redis-cli", rb"(?:-a|--pass)"),
    _option("docker login", rb"-p"),
    _option("podman login", rb"-p"),
    _option("skopeo login", rb"-p"),
    _option("buildah login", rb"-p"),
    _option("nerdctl login", rb"-p"),
    _option("registry login", rb"-p"),
    _option("az login", rb"-p"),
    _option("oc login", rb"-p"),
    _option("cf login", rb"-p"),
    _option("argocd login", rb"--password"),
    _option("mongo", rb"-p"),
    _option("sqlcmd", rb"-P"),
    _attached("sqlcmd", rb"-P"),
    _option("mosquitto_", rb"-P"),
    _option("ldapsearch", rb"-w"),
    _option("ldapmodify", rb"-w"),
    _option("ldapadd", rb"-w"),
    _option("ldapdelete", rb"-w"),
    _option("ldappasswd", rb"-[ws]"),
    _option("ldapwhoami", rb"-w"),
    _option("ipmitool", rb"-P"),
    _option("rsync", rb"--password"),
    _option("cqlsh", rb"-p"),
    _option("snmpwalk", rb"-[AX]"),
    _option("snmpget", rb"-[AX]"),
    _option("unzip", rb"-P"),
    _option("zip", rb"-P"),
    _attached("7z", rb"-p"),
    _option("az sql", rb"-p"),
    _place("net use", rb"[ \t]" + _REST + rb"/user:\S{1,60}[ \t]+"),
    _place("nmcli", rb"[ \t]" + _REST + rb"password[ \t]+"),
    _place("rootpw", rb"[ \t]+(?:--plaintext[ \t]+)?"),
    _place("d-i", rb"[ \t]+passwd/[\w-]{1,40}[ \t]+(?:password|string)[ \t]+"),
    _place(
        "username ",
        rb"[ \t]*[^\s\"'`,]{1,40}(?<!and)[ \t]+(?:privilege[ \t]+\d+[ \t]+)?(?:password|secret)[ \t]+"
        rb"(?:\d[ \t]+)?(?=\S*\d)",
    ),
    _place("enable secret", rb"[ \t]+(?:\d[ \t]+)?"),
    _place("snmp-server community", rb"[ \t]+"),
    _option("openssl", rb"-(?:k|K)"),
    Argument("openssl", _within(rb"-(?:passin|passout|pass|password|passcert)[ \t=]+", rb"pass:")),
    Argument("curl", _within(rb"(?:-[a-zA-Z]{0,4}u|--user|--proxy-user)[ =]?", rb"[^\"':\s]{0,60}:")),
    Argument("smbclient", re.compile(rb"[ \t]" + _REST + rb"-U[ =]?[\"']?[\w.\\/-]{1,60}%()()([^\s\"']{4,100})")),
    Argument("lftp", re.compile(rb"[ \t]" + _REST + rb"-u[ =]?[\"']?[\w.@-]{1,60},()()([^\s\"']{4,100})")),
    Argument(
        "sqlplus", re.compile(rb"[ \t]+(?:-\w+[ \t]+){0,3}[\"']?[\w.]{1,40}/()()([^\s\"'@]{4,100})(?=@|[\s\"']|$)")
    ),
    Argument("impdp", re.compile(rb"[ \t]+(?:-\w+[ \t]+){0,3}[\"']?[\w.]{1,40}/()()([^\s\"'@]{4,100})(?=@|[\s\"']|$)")),
    Argument("expdp", re.compile(rb"[ \t]+(?:-\w+[ \t]+){0,3}[\"']?[\w.]{1,40}/()()([^\s\"'@]{4,100})(?=@|[\s\"']|$)")),
    _place("rabbitmqctl", rb"[ \t]" + _REST + rb"(?:add_user|change_password)[ \t]+[\w.\"'-]{1,60}[ \t]+"),
    _place("htpasswd", rb"[ \t]+-[a-zA-Z]*b[a-zA-Z]*[ \t]+(?:-\w+[ \t]+){0,3}\S{1,100}[ \t]+\S{1,60}[ \t]+"),
    _place("net user", rb"[ \t]+[\w.%\"'-]{1,60}[ \t]+"),
    _place("xfreerdp", rb"[ \t]" + _REST + rb"/p:"),
    _place("cmdkey", rb"[ \t]" + _REST + rb"/pass:"),
    _place("ConvertTo-SecureString", rb"[ \t]+(?:-(?:String|AsPlainText|Force)[ \t]+){0,3}"),
    _place(
        "IDENTIFIED",
        rb"\s{1,8}(?:WITH\s{1,8}[\w'\"`]{1,60}\s{1,8})?(?:BY|AS)\s{1,8}(?:VALUES\s{1,8}|PASSWORD\s{1,8})?(?=[\"']|\w*\d\w*\W)",
    ),
    _place(
        "identified", rb"\s{1,8}(?:with\s{1,8}[\w'\"`]{1,60}\s{1,8})?by\s{1,8}(?:values\s{1,8}|password\s{1,8})?(?=')"
    ),
)
#: `echo X | sudo -S`, `echo user:X | chpasswd`: the value stands before the tool.
_PIPED = re.compile(
    rb"(?:echo|printf|printenv)[ \t]+(?:-[ne]+[ \t]+)?(?:\"(?:[\w.-]{1,40}:)?((?:[^\"\\\n]|\\.)+)\"|"
    rb"'(?:[\w.-]{1,40}:)?([^'\n]+)'|(?:[\w.-]{1,40}:)?([^\s\"'|;]+))[ \t]*\|[ \t]*$"
)
_PIPED_TO: Final = (b"sudo -S", b"chpasswd", b"passwd --stdin", b"--password-stdin")
_PATTERNS: Final = {
    place.tool.encode(): [other.pattern for other in ARGUMENTS if other.tool == place.tool] for place in ARGUMENTS
}
# What stands before `identified by` in a statement; in a sentence something is identified by something.
_IDENTIFIES: Final = re.compile(
    rb"(?i)\b(?:user|role|to|exists|link)\s{1,8}(?!(?:is|are|was|be|being)\s)[^\s;]{1,80}(?:\s?@\s?\S{1,60})?\s{1,8}$"
)
_TOOL = re.compile(rb"(?<![A-Za-z0-9])(?:" + b"|".join(sorted(_PATTERNS, reverse=True)) + rb")")


class CommandPassword:
    """A password where a tool or a statement takes one: `mysql -pX`, `sshpass -p X`, `IDENTIFIED BY 'X'`."""

    kind = "password"
    most = 1.0
    expression = (
        r"(?:^|[^A-Za-z0-9])(?:"
        + b"|".join(sorted(_PATTERNS)).decode()
        + r")[\w.-]{0,12}[\s\"',]|"
        + "|".join(tool.decode() for tool in _PIPED_TO)
    )

    def spans(self, text: bytes, hit: int, since: int, path: str | None) -> Iterator[Span]:
        """Yield the spans of `text` around the byte before `hit` that begin at `since` or later."""
        head = text[max(0, hit - 40) : hit]
        if head.endswith(_PIPED_TO):
            begin = line_start(text, hit, 300)
            piped = _PIPED.search(text[begin : text.rfind(b"|", begin, hit) + 1])
            if piped is not None and piped.lastindex:
                start, end = piped.span(piped.lastindex)
                yield from _told(text, begin + start, begin + end, 0.1, "command-password")
            return
        found = None
        for match in _TOOL.finditer(head):
            found = match
        if found is None:
            return
        behind = hit - len(head) + found.end()
        tool = behind - len(found[0])
        if found[0] == b"identified" and _IDENTIFIES.search(text[max(0, tool - 160) : tool]) is None:
            return
        for pattern in _PATTERNS[found[0]]:
            place = pattern.match(text, behind, min(len(text), behind + LINE))
            group = next((i for i in (3, 2, 1) if place[i]), 0) if place is not None else 0
            if place is not None and group and place.end(group) > since:
                yield from _told(text, *place.span(group), 0.2, "command-password")
                return


#: The name of another of PowerShell's commands, as lists of them have it.
_CMDLET = re.compile(rb"[A-Z][a-z]+-[A-Z][A-Za-z]+")


def _told(text: bytes, start: int, end: int, sure: float, rule: str) -> Iterator[Span]:
    value = text[start:end]
    if 4 <= len(value) <= 200 and not value.startswith((b"-", b"<")) and not _CMDLET.fullmatch(value):
        sure += strength(value) if value[:1] != b"$" else 0.0
        if sure >= 0.4:
            yield Span("password", rule, start, end, min(sure, 0.95))


# One begins with no white space, so that white space before it can be read in one way only.
_ARGUMENT = rb"(?:[^\"'(),\s][^\"'(),\n]{0,79}|[LNRUbfru@]?\"[^\"\n]{0,200}\"|'[^'\n]{0,200}')"
#: A literal behind none (where the call takes nothing else), one, two, three or four arguments of a call.
_LOGIN: Final = tuple(
    re.compile(
        rb"[ \t]{0,4}(?:\(|=[ \t]{0,4}\()\s{0,100}(?:"
        + _ARGUMENT
        + rb",\s{0,100}){%d}" % before
        + rb"(?:(?:Some|String::from)\()?"
        + QUOTED
        + rb"\)?[ \t]{0,4}(?:\.\w+\([^()\n]{0,30}\))?\s{0,20}[,)]"
    )
    for before in range(5)
)


#: Calls whose first argument is a password.
_ALONE: Final = (b"PBEKeySpec", b"PasswordProtection")


class LoginPassword:
    """The last literal of a call that logs in with a name and a password: `login("joan", "...")`."""

    kind = "password"
    most = 1.0
    expression = (
        r"(?:[Ll]ogin|LogIn|[Aa]uthenticate|PasswordAuthentication|NetworkCredential|[Bb]asic_?[Aa]uth|HTTP(?:Basic|Digest)Auth|getConnection|"
        r"PasswordCredentials?|PasswordAuthenticationToken|mysqli?_connect|mysqli|PDO|[Ss]ign_?[Ii]n|SetBasicAuth|setCredentials|"
        r"createUser|create_user|addUser|add_user|PlainAuth|\bauth[ \t]{0,4}=|createConnection|login_user|"
        r"oci_connect|odbc_connect|ldap_bind|WiFi\.begin|UserPassword|DBI->connect|UsernamePassword\w{1,20}|PBEKeySpec|"
        r"PasswordProtection|[Kk]ey_?[Ss]tore\.load|[Tt]rust_?[Ss]tore\.load)"
        r"""[ \t]{0,4}\(\s{0,20}[^\s()=]"""
    )

    def spans(self, text: bytes, hit: int, since: int, path: str | None) -> Iterator[Span]:
        """Yield the spans of `text` around the byte before `hit` that begin at `since` or later."""
        opening = text.rfind(b"(", max(0, hit - 30), hit)
        if opening < 0:
            return
        for pattern in _LOGIN[not text.endswith(_ALONE, 0, opening) :]:
            match = pattern.match(text, opening, min(len(text), opening + 600))
            if match is None:
                continue
            start, end = match.span(next(i for i in (1, 2, 3) if match[i] is not None))
            value = text[start:end]
            plain = b" " not in value or passphrase(value)
            if len(value) >= 6 and plain and not _PLACE.search(value) and not _NUMBERED.fullmatch(value):
                yield Span("password", "login-password", start, end, max(0.0, strength(value) - 0.05))


#: The name of one of several users, as tests make them: `add-operation-2`.
_NUMBERED = re.compile(rb"[^\d\s]+-\d{1,2}(?:-[^\w\s]+)?")
#: A path, a URL or a name of a host in the arguments of a call.
_PLACE = re.compile(rb"[/@]\w+[./]\w|^[\w.-]+\.[a-z]{2,5}$|^\w+:\w+=")
_DSN = re.compile(rb"(?:^|[\s\"'`=])[\w.%-]{1,60}:((?:[^`\n:/]|[:/](?!/)){3,120})@(?:tcp|tcp6|udp|unix|cloudsql)?\($")
_PGPASS = re.compile(
    rb"[\w.*/-]{1,100}:(\d{2,5}|\*):[\w*.$-]{1,80}:[\w*.$-]{1,80}:((?:\\.|[^:\n\r\\]){4,200})(?=[\r\n]|$)"
)
_NETRC = re.compile(
    rb"(?:machine[ \t]+\S{1,200}|(?<![A-Za-z] )default)\s{1,20}(?:login|"
    rb"user)\s{1,20}(?!(?:and|or|name)\s)\S{1,100}\s{1,20}(?:account\s{1,20}\S{1,100}\s{1,20})?password\s{1,20}(\S{4,200})"
)


class EntryPassword:
    """A password in an entry whose form names it: Go's `user:X@tcp(host)`, a line of .pgpass, an entry of .netrc."""

    kind = "password"
    most = 1.0
    expression = (
        r"""@(?:tcp6?|udp|unix|cloudsql)?\(|:(?:5432|5433|6432|\*):[\w*.$-]{1,60}:[\w*.$-]{1,60}:[^:\s]|"""
        r"""(?:login|user)\s{1,8}\S{1,60}\s{1,20}password\s{1,8}\S{4}"""
    )

    def spans(self, text: bytes, hit: int, since: int, path: str | None) -> Iterator[Span]:
        """Yield the spans of `text` around the byte before `hit` that begin at `since` or later."""
        if text[hit - 1 : hit] == b"(":
            start = line_start(text, hit, 200)
            dsn = _DSN.search(text[start:hit])
            if dsn is not None:
                value = dsn[1]
                found = (start + dsn.start(1), start + dsn.end(1))
                if not re.match(rb"[\"'\s]", value):
                    yield from _told(text, *found, 0.15, "dsn-password")
            return
        start = line_start(text, hit, 300)
        line = _PGPASS.match(text, start, min(len(text), hit + 220))
        if line is not None and (
            line[1] in (b"5432", b"5433", b"6432", b"*") or (path is not None and "pgpass" in path)
        ):
            yield from _told(text, *line.span(2), 0.15, "pgpass")
            return
        first, stop = max(0, hit - 500), min(len(text), hit + 220)
        if text.find(b"password", first, stop) < 0:
            return
        for entry in _NETRC.finditer(text, first, stop):
            if entry.end(1) >= hit:
                yield from _told(text, *entry.span(1), 0.1, "netrc")


_BEARER = re.compile(rb"[Bb]earer[ +]{1,2}([A-Za-z0-9_~+/.=-]{16,2000})(?![\w(])")


class BearerToken:
    """A token behind the word Bearer in a literal, letters alone too (RFC 6750)."""

    kind = "password"
    most = 0.8
    expression = r"[Bb]earer[ +]{1,2}[A-Za-z0-9_~+/.=-]{16}"

    def spans(self, text: bytes, hit: int, since: int, path: str | None) -> Iterator[Span]:
        """Yield the spans of `text` around the byte before `hit` that begin at `since` or later."""
        at = max(text.rfind(b"earer ", max(0, hit - 40), hit), text.rfind(b"earer+", max(0, hit - 40), hit)) - 1
        match = _BEARER.match(text, at, min(len(text), hit + 2048)) if at >= 0 else None
        if match is None or reference(match[1]) or checks.masked(match[1]):
            return
        value = match[1]
        numbers = checks.digits(value) >= 4 and len(value) >= 20 and not readable(value)
        if numbers or (strength(value) > 0.75 and not stand_in(value)):
            yield Span("password", "bearer-token", *match.span(1), 0.75)
