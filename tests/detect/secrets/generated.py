"""Values that look like secrets, made when a test runs, so that none lies in the repository."""

from __future__ import annotations

import base64
import json
import random
import re
import string
from collections.abc import Iterable
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from drystone.detect.secrets import checks
from drystone.detect.secrets.catalog import Rule

_CHARACTERS = string.ascii_letters + string.digits


def example(pattern: str, draw: random.Random) -> str:
    """Return a random text that `pattern` matches, at the shortest of its repetitions and a little more."""
    return "".join(_write(node, draw) for node in _parser.parse(pattern))


def _write(node: tuple[object, object], draw: random.Random) -> str:
    kind, value = node
    match kind:
        case op.LITERAL:
            return chr(value)
        case op.NOT_LITERAL | op.ANY:
            return draw.choice(_CHARACTERS)
        case op.IN:
            return draw.choice(_choices(value))
        case op.MAX_REPEAT:
            least, most, inner = value
            times = least if most > 300 else draw.randint(least, most)
            return "".join(_write(n, draw) for _ in range(times) for n in inner)
        case op.SUBPATTERN:
            return "".join(_write(n, draw) for n in value[3])
        case op.BRANCH:
            return "".join(_write(n, draw) for n in draw.choice(value[1]))
        case op.AT:
            return ""
    raise NotImplementedError(kind)


def _choices(items: list[tuple[object, object]]) -> str:
    if items[0][0] is op.NEGATE:
        return "".join(c for c in _CHARACTERS if all(kind is not op.LITERAL or ord(c) != v for kind, v in items[1:]))
    out = ""
    for kind, value in items:
        if kind is op.LITERAL:
            out += chr(value)
        elif kind is op.RANGE:
            out += "".join(map(chr, range(value[0], value[1] + 1)))
        elif kind is op.CATEGORY:
            out += string.digits if value is op.CATEGORY_DIGIT else _CHARACTERS
    return out


def beginnings(pattern: str) -> list[str]:
    """Return the shortest text of each alternative and each optional part of `pattern`, the others at their first."""
    return _sequences(_parser.parse(pattern))


def _sequences(nodes: Iterable[tuple[object, object]]) -> list[str]:
    parts = [_forms(node) for node in nodes]
    first = [part[0] for part in parts]
    more = ["".join([*first[:i], form, *first[i + 1 :]]) for i, part in enumerate(parts) for form in part[1:]]
    return ["".join(first), *more]


def _forms(node: tuple[Any, Any]) -> list[str]:
    kind, value = node
    match kind:
        case op.LITERAL:
            return [chr(value)]
        case op.NOT_LITERAL | op.ANY:
            return ["a"]
        case op.IN:
            return [_choices(value)[:1] or " "]
        case op.MAX_REPEAT | op.MIN_REPEAT:
            least, _, inner = value
            forms = _sequences(inner)
            return [forms[0] * least, *(form * max(least, 1) for form in (forms[1:] if least else forms))]
        case op.SUBPATTERN:
            return _sequences(value[3])
        case op.BRANCH:
            return [form for branch in value[1] for form in _sequences(branch)]
    return [""]  # where something stands, not what


def token(rule: Rule, seed: int) -> str:
    """Return an example of the rule's format that its own limits accept (entropy, digits, no picture)."""
    draw = random.Random(f"{rule.id}/{seed}")
    if rule.check in ("jwt", "jwt_base64"):
        header = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "typ": "JWT"}).encode()).rstrip(b"=").decode()
        body = base64.urlsafe_b64encode(json.dumps({"sub": draw.randint(0, 10**9)}).encode()).rstrip(b"=").decode()
        made = f"{header}.{body}.{example('[A-Za-z0-9_-]{43}', draw)}"
        return base64.b64encode(made.encode()).decode() if rule.check == "jwt_base64" else made
    if rule.check == "basic_auth":
        return '"auth": "' + base64.b64encode(b"someone:" + example("[a-z0-9]{12}", draw).encode()).decode() + '"'
    for _ in range(200):
        made = example(rule.pattern, draw)
        match = re.search(rule.pattern, made)
        assert match is not None, (rule.id, made)
        value = (match[1] if match.re.groups and match[1] else match[0]).encode()
        plain = not checks.masked(value) and not (rule.near and checks.counting(value))
        if checks.entropy(value) >= rule.entropy and checks.digits(value) >= rule.digits and plain:
            return made
    raise AssertionError(f"no example of {rule.id} in 200 tries")


def literal(length: int, seed: int = 0) -> str:
    """Return letters and digits drawn at random, with a digit among them."""
    draw = random.Random(f"literal/{length}/{seed}")
    return "".join(draw.choice(_CHARACTERS) for _ in range(length - 1)) + "7"


def private_key(seed: int = 0, kind: str = "RSA ") -> str:
    """Return the look of a PEM private key."""
    draw = random.Random(f"key/{seed}")
    lines = ["".join(draw.choice(_CHARACTERS + "+/") for _ in range(64)) for _ in range(12)]
    name = kind + "PRIVATE" + " KEY"
    return "\n".join([f"-----BEGIN {name}-----", *lines, f"-----END {name}-----"])
