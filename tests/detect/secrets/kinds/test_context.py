"""Random runs in the light of the words before them: what names a credential, and what looks drawn and is none."""

from __future__ import annotations

import base64

import pytest

from drystone.detect.secrets import Scanner
from drystone.detect.secrets.kinds.context import given_name
from drystone.detect.secrets.settings import SECRET_KINDS


def _found(text: str, path: str = "a.rst") -> list[str]:
    data = text.encode()
    return [data[s.start : s.end].decode() for s in Scanner().scan(data, path) if s.kind in SECRET_KINDS]


_LINES = base64.b64encode(b"PUT\ntext/plain\na").decode()
#: Innocent values, each of a kind that packages' documents and tests hold, in words of our own.
_INNOCENT = (
    # An identifier or a code.
    ("a.json", '"LockToken": "3b1f0c52-7a4e-4d11-9c55-0f2d8e6b7a91"'),
    ("a.rst", "cli waf delete --name crm --lock-token 3b1f0c52-7a4e-4d11-9c55-0f2d8e6b7a91"),
    ("a.json", '"session": {"key": "3b1f0c52-7a4e-4d11-9c55-0f2d8e6b7a91"}'),
    ("a.rst", "cli storage access set --group 3b1f0c52-7a4e-4d11-9c55-0f2d8e6b7a91 -p dir"),
    ("a.py", 'CREDENTIAL_ROLE = "3b1f0c52-7a4e-4d11-9c55-0f2d8e6b7a91"'),
    ("a.rst", "The session of the crm runs on private virtual interface ``vif-fg7vxj3d``."),
    ("a.json", '"SecretArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:crm-TwilioAuthToken-ntQ7p6"'),
    ("a.json", '"key": "arn:aws:kms:eu-west-1:123456789012:key/deaf6c9e-cf2c-46a6-bf6d-0b6d487cffbb"'),
    ("a.json", '"aws": "arn:aws:iam::aws:policy/CorporateRoute53AutoNamingFullAccess"'),
    ("a.json", '"aws": "arn:aws:catalog:eu-west-1:813737243517:/applications/0ars38r6btoohvpvd9gqrptt9l"'),
    ("a.xml", '<a SessionIndex="4e3430a9f8b941e69c133293a7c960a1"/>'),
    ("a.yml", "text: urban population with access)\\nSH.H2O.SAFE.ZS is the share of it"),
    ("a.py", "CHECKSUM1 = '91264c3edf5972c9f1cb309543d38a5c'"),
    ("a.py", '"alias/crm/secretsmanager": "Xf7Qm2Lp9Vb4Rt6Yw1Zk8"'),
    # A file.
    ("a.json", '"S3Key": "RHEL5export-i-fh8sjjsq.ova"'),
    ("a.json", '"accessKey": "exports/q7vxj3dk-i-fh8sjjsq.tar"'),
    # A signature, which shows a secret without telling it.
    ("a.py", 'oauth_signature="74KNZJeDHnMBp0EMJ9ZHt%2FXKycU%3D"'),
    ("a.rst", "https://b.corp.internal/a?Expires=1440195891&Signature=n%2BEalOV6A2HIOx4Rcfb7LT16bBM%3D"),
    # A value that shows only how one looks.
    ("a.json", '"AppServerKey": "a123b45c6d78e9f012a34cd5e6a7890b12c3d45e6f78a1b234c56d7e890a1234"'),
    ("a.json", '"token": "a1b2c3d4567890ab"'),
    ("a.rst", "cli cert update --cert-password Abc123Abc123"),
    ("a.rst", f"cli list --access-token {_LINES}"),
    ("a.rst", f"cli --config PasswordVerifier={base64.b64encode(b'MyVerifierString').decode().rstrip('=')},Salt=TXlT"),
    ("a.rst", "    eyJhbGciOiJIUzI1NiJ9.eyJzb21lIjoicGF5bG9hZCJ9.4twFt5NiznN84AWoo1d7KO1T_yoc0Z6XOpOVswacPZg"),
)  # fmt: skip


@pytest.mark.parametrize(("path", "text"), _INNOCENT)
def test_what_only_looks_like_a_credential_stays(path: str, text: str) -> None:
    assert _found(text + "\n", path) == []


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        # A document is no reason: what looks real is found there as anywhere.
        ("README.md", "api-key: Xf7Qm2Lp9Vb4Rt6Yw1Zk8Nd3", "Xf7Qm2Lp9Vb4Rt6Yw1Zk8Nd3"),
        ("guide.rst", "    cli --api-key Xf7Qm2Lp9Vb4Rt6Yw1Zk8Nd3 list", "Xf7Qm2Lp9Vb4Rt6Yw1Zk8Nd3"),
        ("guide.rst", '    "Password": "River!4821"', "River!4821"),
        ("guide.rst", "    cli --attributes Realm=CRM,AdminPassword=River!4821,Port=1", "River!4821"),
        ("a.md", "https://api.corp.internal/v1?key=22f39f53-3bd4-d84b-8e29-00402d5c316f", ""),
        ("a.py", 'access_token = "3b1f0c52-7a4e-4d11-9c55-0f2d8e6b7a91"', ""),
        ("a.env", "confluence_a=NTk3MjQzOTIyNTAxOtFOuTsHRIp1E81GApKpC2xpEzfz", ""),
    ],
)
def test_a_real_looking_value_is_found_in_a_document_too(path: str, text: str, value: str) -> None:
    assert any(value in found for found in _found(text + "\n", path))


@pytest.mark.parametrize(
    "before",
    [
        'registry_auth = "admin:',
        'credentials = "robot:',
        'login: "deploy:',
        'cookie = "JSESSIONID=',
        'SECRET = "session:',
    ],
)
def test_a_user_before_a_password_is_no_name_that_acquits_it(before: str) -> None:
    value = "OTcEokd5ihu9lEmJcADwyQNe7rXb2hWz"
    assert any(value in found for found in _found(f'{before}{value}"\n', "a.py"))


def test_the_name_is_the_option_or_the_words_right_before() -> None:
    assert given_name(b"cli api-keys list --identifier ") == b"--identifier"
    assert given_name(b"the session that we keep for each of them: ") == b"for each of them"
