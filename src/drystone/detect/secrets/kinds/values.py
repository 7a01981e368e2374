"""What a value says of itself: a reference, a stand-in, words for a reader, or something that somebody chose or drew.

Knows no carrier: where the value stood is judged in `assignments` and `commands`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_to_bytes

from drystone.detect._kernel import surprise
from drystone.detect.secrets import checks
from drystone.detect.secrets.kinds.secret_names import core_word

#: Mean surprise (bits a pair) from which letters alone look drawn; one in a thousand names in source code reaches it.
DRAWN: Final = 6.6

# What stands for a value that is elsewhere: variables, templates, calls, paths, addresses, types.
_REFERENCE = re.compile(
    rb"""\$[({\[]|\{\{|\}\}|<%|\#\{|%\(\w+\)|\{[A-Za-z_][\w.:]*\}|\{\d?\}"""
    rb"""|^%[sdrq@]$|^%\w+%$|^%\{|^[@$:&!%]{1,2}[A-Za-z_][\w.:-]*(?:->\w+|::\w+)*[@%]?$|^<[^<>]*>$|^&lt;.*&gt;$|"""
    rb"""\{[A-Za-z_][\w.]*\([^{}]*\)\}|^\[[\w .-]*\]$|^\[[\w.]+\(.*\)\]$|^\(.*\)$"""
    rb"""|\$(?:[a-z_][a-z0-9_]{2,}|[A-Z_][A-Z0-9_]{2,}|[a-z]{2,}(?:[A-Z][a-z]+)+)(?![A-Za-z0-9_])"""
    rb"""|^(?:env|process|os|self|this|config|settings|params|props|args|opts|options|data|request|req|var|local|vault|conf|kwargs|attrs)[.:\[]"""
    rb"""|^ENC(?:RYPTED)?[(\[]|^(?:file|secret|ref|kms|ssm|op|arn|awssm|urn|sha256|md5|pbkdf2|scrypt|argon2\w{0,2}|bcrypt)[:+/]|://|^[A-Za-z_][\w.]{2,40}\((?:.*\)|["']?\w*)$"""
    rb"""|^(?:\.{0,2}|~|[A-Za-z]:)[/\\][\w ./\\-]+$|^[A-Z][A-Z0-9]*_[A-Z0-9_]*$|^[A-Z]+$|^__\w+__$|"""
    rb"""^[A-Z0-9]*(?:SECRET|PASSWORD|TOKEN|ENCODED)[A-Z0-9]*$|^[)\]}][,;)]|\w\($|"""
    rb"""\\u[0-9a-fA-F]{4}|\.{3}|\xe2\x80\xa6|^\*+$|^!\w+ """
    rb"""|^(?:\(\?|\^)|\[\^|\\[dwsb][+*{]|\|\||&&|^[#.][a-z][\w-]*$|^\w+\[[\w"']+\]$|%0?\d*(?:hh?|ll?)[xXdu]|^[\w.-]+\*+$"""
    rb"""|^ ?\+ ?[\w$.()\[\]]+ ?[+:?,;)]{1,3} ?$"""
    rb"""|^(?:true|false|null|undefined)[,}\]]|^!{1,2}[a-z]{2,}/[a-z][a-z0-9.-]*$"""
)
# Words that writers put where a credential belongs. A value that holds one of the first is a stand-in; one that is made
# of the second, but for digits and signs, is one too.
_PICTURE = re.compile(
    rb"(?i)example|sample|dummy|placeholder|change[_-]?(?:me|it|this)|redacted|replace[_-]?(?:me|with)|your[_ -]?|x{4}|"
    rb"(?:^|[:=,;{\"'\s])x{3}(?=$|[,;}\"'\s])|bogus|"
    rb"^(?:scott|tiger|hunter\d{0,4}_?|swordfish|pserver|anon\w*)$|foobar|"
    rb"todo|fixme|deadbeef|cafebabe|lorem|ipsum|insert|undefined|abc-?123|do ?n[o']?t[ _-]?use|"
    rb"not[_-]?(?:set|a[_-]|real|secure|secret)"
)
_LISTED_COMMON = (
    "password passwd passphrase passwort passw0rd pass pwd pw passcode secrets secret token apikey api key credentials "
    "credential cred auth admin administrator root user username test testing tests tester guest demo default login "
    "logon foo bar baz qux quux spam eggs ham bob alice john jane joe me my mine our the a an is this that it new old "
    "first second other another one two some any wrong right correct incorrect invalid valid bad good fake mock stub "
    "temp tmp none null nil true false yes no empty blank hidden change value string text field input output hash "
    "hashed encrypted plain clear prompt enter type label name hint qwerty qwertz asdf asdfgh zxcv letmein welcome "
    "iloveyou sa postgres mysql oracle redis mongo mongodb rabbitmq guest elastic "
    "minio sonar jenkins docker vagrant ansible kafka keycloak wordpress magento django rails laravel spring server "
    "client db database super private public access master system service app application account site web local dev "
    "devel development prod production stage staging ci vault store keystore truststore jks random strong weak secure "
    "simple basic bearer host really very long short some thing something else here for with in of to and or not on "
    "at by from must be has hello world abc abcd abcde abcdef xyz xxx keyboard optional required required_field "
    "sessionid session signing encryption encrypt salt pepper seed nonce aes hmac sha rsa jwt csrf cookie wifi ssid "
    "ssh ftp smtp imap ldap http https "
    "prefix suffix scope digest repo branch org ssword sekret seekret sekrit secrit sooper "
    "mqtt vnc rdp tls ssl refresh kind of word words least chars characters generated regenerated verifier"
)
_COMMON: Final = frozenset(word.encode() for word in _LISTED_COMMON.split())
_CAMEL = re.compile(rb"[A-Za-z][a-z]+(?:[A-Z][a-z]+|[A-Z]{2})+")
_PLAIN = re.compile(rb"[\w.:/-]+")
_PART = re.compile(rb"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
# The word itself, spelt as a rule for passwords asks: `P2$Sword`, `Pa55word`.
_WORD_ITSELF = re.compile(rb"(?i)p[a@42]?[s$5]{1,2}[_-]?w[o0]rd")
_LEET = bytes.maketrans(b"013457@$", b"oieastas")
_TAIL = re.compile(rb"[\d\W_]+$")
_COUNTED = re.compile(rb"(?i)123|321|abc|qwe|asd|zxc|(.)\1{3}|(.{2,4})\2{2}")
# Words of a sentence or of a form; a passphrase has none of them.
_SENTENCE = re.compile(
    rb"(?i)(?<![a-z])(?:the|your|you|is|are|a|an|of|for|to|and|or|not|in|on|at|with|must|should|please|enter|this|that|"
    rb"was|has|have|be|by|from|if|as|it|its|we|our|my|no|can|cannot|will|when|then|use|used|user|users|name|names|pass\w*|"
    rb"pwd|secret\w*|token\w*|key\w*|login|logon|sign|account|email|mail|auth\w*|cred\w*|field|input|form|button|error|"
    rb"invalid|missing|required|reset|forgot\w*|change\w*|confirm\w*|update\w*|new|old|current|type|value|string|text|"
    rb"label|title|message|default|test\w*|example|page|view|panel|dialog|modal|icon|class|com|org|net|io|www|http\w*|"
    rb"data|config\w*|settings?|service|server|client|admin|file|path|url|link|id|de|la|le|el|les|los|las|des|du|un|una|"
    rb"der|die|das|und|von|il|per|het|een|van|voor|prod\w*|dev|stag\w*|db|database|api|app|system|public|private|role\w*)(?![a-z])"
)
_PASSPHRASE = re.compile(rb"[a-z]{3,12}([ _.-])(?:[a-z]{3,12}\1){2,7}[a-z]{3,12}(?:\1?\d{1,4})?[!?.]?")
_JOINED = re.compile(rb"[\w.-]*(?:[/:]|#(?=[A-Za-z]))[\w./#:-]*")
#: Limits ("20/m/ip", "5/minute") and names of things in a program ("tests.settings.OwnPasswordHasher").
_RATE = re.compile(rb"\d{1,6}/\d{0,6}[a-z]{1,12}(?:/[a-z]{1,12}){0,2}")
_DOTTED = re.compile(rb"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*){2,}")
#: OpenSSL's list of ciphers, `HIGH:!aNULL:!MD5`, and a form's body, `grant_type=password&username=joan`.
_CIPHERS = re.compile(rb"[!+-]?[\w@=+-]+(?::[!+-]?[\w@=+-]+)+(?=$|[\"';])")
_FORM = re.compile(rb"\w{2,30}=[^&=\s]*(?:&\w{2,30}=[^&=\s]*)+")
#: What a program's statement goes on with, not a password: `getBytes(value,`, `function(r){`.
_CODE = re.compile(
    rb"(?:(?:new|await|async) )?(?:[A-Za-z_$][\w$.]{1,60})?\((?:[\w$.\"']*[,(.]|[\w$, ]*\)(?:\{|=>|[;,.]))|"
    rb"[\w$.]{1,40}[)\]}]{1,3}[(,;.]|[A-Za-z_$][\w$]*(?:\.[\w$]+)+[,;?)&|+]|"
    rb"(?:null|true|false|undefined|void 0|![01]|None|nil)[,;)}]"
)
_IN_CODE = re.compile(rb"_|[a-z][A-Z]")
_LONG_WORD = re.compile(rb"[A-Za-z][a-z]{3,}|[A-Z]{4,}")
_ESCAPED = re.compile(rb"\\([^A-Za-z0-9\s]|[ ])")
_SPOKEN = re.compile(rb"(?i)pass ?word|secret|example|change ?me|placeholder|dummy|not (?:a|my) real|your[ _-]")
# Names of algorithms and of encodings, which stand beside `password` in settings of hashes.
_ALGORITHM = re.compile(
    rb"(?i)(?:aws4[-_])?(?:(?:pbkdf2|hmac|aes|rsa|ecdsa|ssha|pkcs|ed|chacha|blake|scram|rc|bcrypt|scrypt|argon|base|utf|md|"
    rb"sha|3?des|ccm|gcm|cbc|ctr|oaep|pss|poly|id|plus)[-_/]?\d{0,5}[a-z]?[-_/]?){1,6}"
)
_LINES = re.compile(rb"[A-Z]?[a-z]+(?: [A-Z]?[a-z]+)+|[^\n:{]+(?:\n[^\n:{]+)+\n?")
#: One word or number in JSON: `{"status":"400"}`.
_STATUS = re.compile(rb"""\{"\w{1,20}": ?"?[\w ]{1,12}"?\}""")
_FILE = re.compile(
    rb"\.(?:7z|bin|bz2|cc|cpp|css|csv|cuh?|exe|go|gz|h|hpp|html?|img|ini|iso|jar|java|jpe?g|js|json|lock|log|md|mjs|ova|"
    rb"pdf|png|py|pyi|qcow2|rpm|rs|rst|deb|sql|svg|tar|tgz|toml|ts|tsx|txt|vhd|vmdk|war|whl|xml|xz|ya?ml|zip)$"
)
_WORDS = re.compile(rb"[a-z]+(?:_[a-z]+)+|[A-Z]+(?:_[A-Z]+)+")
_CALLED_PASSWORD = re.compile(rb"([a-z]{1,20})[_.-]?(?:password|passwd|passw|pass|pwd)")
_UUID = re.compile(rb"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def reference(value: bytes) -> bool:
    """Return whether a value stands for one that is elsewhere: a variable, a template, a call, a path."""
    if _REFERENCE.search(value) is not None and not _drawn_with_signs(value):
        return True
    if (b":!" in value and _CIPHERS.match(value)) or _FORM.fullmatch(value):
        return True
    if _RATE.fullmatch(value) or (_DOTTED.fullmatch(value) and _IN_CODE.search(value) and readable(value)):
        return True
    # `s3:GetObject`, `/v1/accounts:reset`, `kit#Response`: words and what joins them.
    return _JOINED.fullmatch(value) is not None and readable(value)


def statement(value: bytes) -> bool:
    """Return whether a value goes on as a statement of a program does: `getBytes(value,`, `function(r){`."""
    return _CODE.match(value) is not None and not _drawn_with_signs(value)


def names_itself(name: bytes, value: bytes) -> bool:
    """Return whether a value says its own name in other letters, as in enumerations: `TOKEN_LOST = "TokenLost"`.

    More words may stand among those of the name: `PASSWORD_REQUIRED = "FlowPasswordRequiredResult"`.
    """
    plain = re.sub(rb"[^A-Za-z0-9]", b"", name).lower()
    if plain.endswith(re.sub(rb"[^A-Za-z0-9]", b"", value).lower()):
        return True
    if not _PLAIN.fullmatch(value):
        return False
    words = {word.lower() for word in _PART.findall(name)}
    return len(words) > 1 and words <= {word.lower() for word in _PART.findall(value)}


def camel_case(value: bytes) -> bool:
    """Return whether letters are words of a program's name, set off by capitals: `linkHoverBg`, not `kXbQwzRtLpMn`."""
    return _CAMEL.fullmatch(value) is not None and 3 * (1 + len(re.findall(rb"[A-Z]", value[1:]))) <= len(value)


def readable(value: bytes) -> bool:
    """Return whether much of a value is made of words, so that it names something."""
    size = sum(len(word) for word in _LONG_WORD.findall(value) if surprise(word) < 5.5)
    return size * 3 > len(value)


def _drawn_with_signs(value: bytes) -> bool:
    """Return whether a value looks drawn from letters, digits and signs, so that its signs mean nothing."""
    signs = sum(byte < 0x80 and not chr(byte).isalnum() for byte in value)
    return (
        8 <= len(value) <= 64
        and 2 <= signs <= len(value) // 2
        and checks.digits(value) > 0
        and re.search(rb"\s|\$[({\[A-Z_]|\{\{|\}\}|<%|%\(|://|[A-Za-z_]{5}|^[\w.]+\(", value) is None
        and re.search(rb"[a-z]", value) is not None
        and re.search(rb"[A-Z]", value) is not None
    )


def file_name(value: bytes) -> bool:
    """Return whether a value ends as a file's name does."""
    return _FILE.search(value) is not None


def uuid(value: bytes) -> bool:
    """Return whether a value is a UUID (RFC 9562's text form)."""
    return _UUID.fullmatch(value) is not None


def stand_in(value: bytes) -> bool:
    """Return whether a value is what writers put where a credential belongs: `changeme`, `test1234`, `Passw0rd!`."""
    if _PICTURE.search(value) is not None or len(set(value)) < 4 or told_in_base64(value):
        return True
    if _ALGORITHM.fullmatch(value) or core_word(value) or says_password(value):
        return True
    for read in (value, _TAIL.sub(b"", value).translate(_LEET)):
        parts = [part.lower() for part in _PART.findall(read)]
        if parts and all(
            len(part) < 3 or part in _COMMON or b"password" in part or _only_common(part) for part in parts
        ):
            # A common word beside a number that somebody drew is a password; `admin123` and `test!` are not.
            number = b"".join(re.findall(rb"\d+", value))
            if any(len(part) > 2 for part in parts) and (
                len(number) < 4
                or _COUNTED.search(number)
                or re.fullmatch(rb"(?:199|20[012])\d", number)
                or not _signed(value)
            ):
                return True
    return re.fullmatch(rb"(?:0?1234567890?|123456?7?8?|987654321|\d)\w{0,2}", value) is not None


def says_password(value: bytes) -> bool:
    """Return whether a value is the word password among other words and at most two digits: `4AdminPa55word!`."""
    rest, times = _WORD_ITSELF.subn(b"", value)
    if not times or checks.digits(rest) > 2:
        return False
    letters = re.sub(rb"[^A-Za-z]", b"", rest)
    return len(letters) < 4 or (not drawn(letters) and 2 * sum(map(len, _LONG_WORD.findall(letters))) > len(letters))


def told_in_base64(value: bytes) -> bool:
    """Return whether a value is base64 of words that say so themselves: `user:not a real password`."""
    if not re.fullmatch(rb"[A-Za-z0-9+/]{8,}={0,2}", value):
        return False
    # One may lack its padding, or be cut off.
    value = value.rstrip(b"=")
    inner = base64.b64decode(value[: len(value) - (len(value) % 4 == 1)] + b"==")
    # SMTP's and IMAP's PLAIN (RFC 4616) parts them by NUL, their XOAUTH2 by SOH.
    inner = inner.strip(b"\0\1").replace(b"\0", b":").replace(b"\1", b":")
    if not _printable(inner):
        return False
    user, _, password = inner.partition(b":")
    if user and password and len(inner) < 80:
        words = not password.isascii() and not checks.digits(password)
        if words or password.lower() == user.lower() or stand_in(password):
            return True
    if len(value) < 12 or not inner.isascii():
        return False
    return (
        _SPOKEN.search(inner) is not None
        or _LINES.fullmatch(inner) is not None
        or (stand_in(inner) or _STATUS.fullmatch(inner) is not None)
    )


def _printable(inner: bytes) -> bool:
    try:
        return inner.decode().replace("\n", "").isprintable()
    except UnicodeDecodeError:
        return False


def example_in_url(value: bytes, others: Iterable[bytes]) -> bool:
    """Return whether a password of a URL is an example's: one of its `others` (user, host, database), or `my-pa%2Fss`.

    So is one that only names what it is (`aws_secret_access_key`).
    """
    plain = unquote_to_bytes(value)
    if any(plain.lower() == part.lower() for part in others if part) or (b"_" in plain and _WORDS.fullmatch(plain)):
        return True
    # `bbuser:bbpasswd`: the same word beside either.
    kind = _CALLED_PASSWORD.fullmatch(plain.lower())
    if kind is not None and any(part and part.lower().startswith(kind[1]) for part in others):
        return True
    letters = re.sub(rb"[^A-Za-z]", b"", plain.translate(_LEET)).lower()
    return plain != value and (stand_in(plain) or _only_common(letters))


def _signed(value: bytes) -> bool:
    return re.search(rb"[^\w\s.-]", value) is not None


def _only_common(part: bytes) -> bool:
    """Return whether a run of small letters is common words one after another (`mysecretpassword`)."""
    if len(part) > 40:
        return False
    reach = {0}
    for end in range(1, len(part) + 1):
        if any(part[start:end] in _COMMON for start in reach if end - start > 1):
            reach.add(end)
    return len(part) in reach


def passphrase(value: bytes) -> bool:
    """Return whether a value is four or more words that make no sentence, joined by one sign."""
    return _PASSPHRASE.fullmatch(value) is not None and _SENTENCE.search(value) is None


def drawn(value: bytes) -> bool:
    """Return whether letters (and digits) look drawn at random rather than made of words."""
    if len(value) < 10:
        return False
    mixed = re.search(rb"[a-z]", value) is not None and re.search(rb"[A-Z]", value) is not None
    least = DRAWN if mixed or checks.digits(value) else DRAWN + 0.9
    if surprise(value) >= least:
        return True
    return len(value) >= 20 and checks.digits(value) >= 4 and re.fullmatch(rb"[0-9a-f-]+|[0-9A-F-]+", value) is not None


@lru_cache(8192)
def strength(value: bytes) -> float:
    """Return how sure a value alone makes it that somebody chose or drew it as a credential, 0 to .95.

    .85 and more for letters with digits and signs, .6 for letters with digits, .4 for a word, 0 for a reference.
    """
    if reference(value):
        return 0.0
    value = _ESCAPED.sub(rb"\1", value)
    letters = re.search(rb"[A-Za-z]", value) is not None
    numbers = checks.digits(value) > 0
    foreign = not value.isascii()
    sure = 0.4
    if numbers and letters:
        sure += 0.2
    if re.search(rb"[!-,/:-@\[-\]^`{|}~]", value):
        sure += 0.1
    if re.search(rb"[a-z]", value) and re.search(rb"[A-Z]", value):
        sure += 0.1
    if len(value) >= 10:
        sure += 0.05
    if not foreign and drawn(value):
        sure = max(sure, 0.7) + 0.1
    if passphrase(value):
        sure = max(sure, 0.65)
    elif b" " in value:
        sure -= 0.3
    if foreign and not numbers:
        sure -= 0.2
    if stand_in(value) or checks.stand_in(value):
        sure -= 0.4 + 0.1 * says_password(value)
    return min(sure, 0.95)
