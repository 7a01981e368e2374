"""Names that say that a value is a password, in the languages that programmers write. Knows no value and no engine."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

# Bytes of UTF-8 as Latin-1, for both engines.
_FOREIGN: Final = (
    "passwort|kennwort|senha|contrase(?:n|\xc3\xb1)a|mot_?de_?passe|wachtwoord|l(?:o|\xc3\xb6)senord|heslo|salasana|"
    "adgangskode|passord|\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c|\xe5\xaf\x86\xe7\xa0\x81|\xe5\xaf\x86\xe7\xa2\xbc|"
    "\xe3\x83\x91\xe3\x82\xb9\xe3\x83\xaf\xe3\x83\xbc\xe3\x83\x89|\xeb\xb9\x84\xeb\xb0\x80\xeb\xb2\x88\xed\x98\xb8"
)
_PLAIN: Final = "password|passwd|passphrase|passcode|pwd|secret|psw|passw|masterauth|bindpw|rootpw|rootdnpw|psk"
#: As Hyperscan looks for it; `pass` only where a word ends.
ENGINE_CORE: Final = rf"(?i:{_PLAIN}|{_FOREIGN}|pass\b)"
#: The same for `re`, over small letters (which it is several times as fast on).
CORE: Final = re.compile(f"{_PLAIN}|{_FOREIGN}|pass(?![a-z])".encode("latin-1"))


def core_word(value: bytes) -> bool:
    """Return whether a value is only the word for a password in some language: `contrase\u00f1a`."""
    return CORE.fullmatch(value.lower()) is not None


#: What a name such as `password_` may go on with, and then hold no password.
OTHER: Final = re.compile(
    rb"(?i)[_-]?(?:name|names|field|file|filename|path|hash|hashed|url|uri|id|type|reset|label|key_?name|policy|policies|regex|pattern|manager|ref|arn|"
    rb"hint|text|prompt|message|msg|error|errors|var|env|input|endpoint|class|expir\w*|last\w*|changed\w*|count|limit|header|version|digest|"
    rb"body|placeholder|title|strength|length|len|min\w*|max\w*|visible|visibility|required|toggle|button|btn|control|group|widget|icon|link|page|view|form|"
    rb"dialog|screen|route|service|helper|utils?|validator|validation|encoder|hasher|mode|format|algorithm|scheme|store|storage|provider|source|"
    rb"state|status|enabled|disabled|age|days|rotation|generator|rules?|requirements?|description|desc|info|note|warning|instructions?|question|"
    rb"selector|locator|values|encodings?|encoding_values|xpath|css|column|table|attr\w*|param\w*|property|option|flag|arg|mask|chars?|charset|salt|iv|nonce|algo|bytes|size|bits|"
    rb"identity|with\w*|callback|command|cmd|sha\d*|md5|enc|encrypted|through|thru|ed|ing|less|back|key_?id|cache|manager\w*|engine|backend|prefix|suffix|"
    rb"attempt\w*|auth(?:entication)?|grant|template|tmpl|subject|event|action|request|response|handler|changed|login)(?:_?[vV]?\d{1,2})?$"
)
# `pass` alone is a stage, a ticket or a keyword; with these before it, or as the whole name, it is a password.
_PASS_BEFORE = re.compile(
    rb"(?:^|[^A-Za-z]|[a-z](?=[A-Z]))(?i:db|database|sql|my|pg|postgres|mysql|redis|mongo\w*|mail|smtp|imap|pop3?|ftp|sftp|ssh|user|usr|admin|root|become|sudo|wifi|wlan|ap|"
    rb"auth|login|http|https|proxy|ldap|bind|ad|jdbc|odbc|mqtt|amqp|rabbit\w*|key|store|trust|require|ssl|tls|cert|pem|p12|pfx|vnc|rdp|rpc|rcon|irc|nick\w*|"
    rb"account|acct|api|app|service|svc|master|vault|sa|dba|owner|ansible|jenkins|docker|registry|repo|git|svn|nexus|sonar\w*|"
    rb"kafka|sasl|solr|elastic\w*|es|influx\w*|grafana|zabbix|nagios|wp|joomla|drupal|magento|box|router|modem|cam\w*|sip|voip|pbx|sms|web|site|cpanel|"
    rb"host|server|srv|remote|local|backup|zip|archive|enc\w*|crypt\w*|sec\w*|test|dev|prod|stage)[_.-]?$"
)


@lru_cache(4096)
def names_one(core: bytes, prefix: bytes, suffix: bytes, before: bytes) -> bool:
    """Return whether an identifier names a password rather than another thing.

    `prefix`, `core` and `suffix` are its parts (letters, digits, `_`, `.`, `-`); `before` the two bytes before it.
    """
    if OTHER.search(suffix):
        return False
    if core in (b"pass", b"Pass", b"PASS"):
        if not prefix:
            return before[-1:] not in (b">", b"@") and before != b"::"
        return prefix.endswith((b".", b"-")) or _PASS_BEFORE.search(prefix) is not None
    # The end of another word (`parsec`), or a part of a type's name (`A::Secret`).
    return (
        not (core[:1].islower() and prefix[-1:].isalpha() and core[:3].lower() in (b"sec", b"pwd", b"psk"))
        and before != b"::"
    )


_TRANSLATIONS = re.compile(
    r"(?i)(?:^|/)(?:locales?|i18n|lang(?:uages?)?|translations?|l10n|messages|nls|intl|_locales|strings|values-[a-z]{2}[\w-]*)(?:/|[._-])|"
    r"(?:^|/|[._-])(?:en|de|fr|es|it|pt|nl|pl|ru|uk|cs|sk|sl|hr|sr|bg|ro|hu|el|tr|ar|he|fa|hi|bn|ta|te|th|vi|id|ms|ja|ko|zh|sv|no|nb|nn|da|fi|et|lv|"
    r"lt|ca|eu|gl|ga|cy|is|mk|sq|ka|hy|az|kk|uz|mn|my|km|lo|ne|si|ur|sw|af|tl|eo)(?:[-_][a-z]{2,4})?\.(?:json|ya?ml|ts|js|php|properties|xml)$|"
    r"\.(?:po|pot|arb|xlf|xliff|strings|resx|ftl|lang)$|messages(?:_\w+)?\.properties$"
)


@lru_cache(1024)
def translation_file(path: str | None) -> bool:
    """Return whether a path is one of a program's texts in some language."""
    return path is not None and _TRANSLATIONS.search(path) is not None
