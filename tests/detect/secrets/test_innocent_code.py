"""What real packages hold that looks like a credential and is none, by kinds; beside each, one that is found."""

from __future__ import annotations

import base64

import pytest

from drystone.detect.secrets import Scanner
from drystone.detect.secrets.settings import SECRET_KINDS


def _found(text: str, path: str) -> list[str]:
    data = text.encode()
    return [data[s.start : s.end].decode() for s in Scanner().scan(data, path) if s.kind in SECRET_KINDS]


def _basic(pair: str) -> str:
    return base64.b64encode(pair.encode()).decode()


INNOCENT = {
    "a sentence: identified by": ("get the value from the file identified by 'entry47'\n", "a.py"),
    "a sentence: user and password": ("runs with default user and password configured, the\n", "README.md"),
    "minified: a call": (";const password=getBytes(_password,'password');const salt=1;", "a.min.js"),
    "minified: a function": (";o.keyPair.fromSecretKey=function(r){if(J(r),32!==r.length)throw Error();", "a.js"),
    "minified: a member": ("this._authToken=e.accessToken,this._authToken", "a.js"),
    "user anonymous": ('url = "ftp://anonymous:mail%40astropy.org@gdc.cddis.nasa.gov/pub"\n', "a.py"),
    "user and password of one word": ("--db='mysql://bbuser:bbpasswd@dbhost/bbdb'\n", "a.py"),
    "a stand-in behind Bearer": ('"Authorization: Bearer token123"\n', "a.py"),
    "Basic, a stand-in inside": (f'{{"authorization": "Basic {_basic("joan:example")}"}}\n', "a.json"),
    "Basic, its own name inside": (f'{{"Authorization": "Basic {_basic("foo:bar")}"}}\n', "a.json"),
    "Basic, another script": (f'assert headers["Proxy-Authorization"] == b"Basic {_basic("üser:pass")}"\n', "a.py"),
    "base64 of words": (f'client.sAdd("users:1:tokens", "{_basic("Node Redis")}");\n', "a.js"),
    "what a server of mail asks for": ('StatusCode(334, b"UGFzc3dvcmQA", "AUTH PASSWORD AHRlc3QAdGVzdA==")\n', "a.py"),
    "the name of one of several users": ("add_user(self.connection, testcase_id, 'add-operation-2')\n", "a.py"),
    "a table of bytes": (
        "key = `lloeffw-sks?aq=fqj`nl;1ov`h`fmw3338wjmzdlmfkwnopfoogqvdEQFFmlgfmj`h<jg>olp`;\n",
        "a.js",
    ),
    "Basic, words of another script": (f'header("Basic {_basic("русскии:пароли")}")\n', "a.py"),
    "a copy of a picture": (".. image:: https://m.corp.fr/p1473.76.jpg?key=mD9_qMaKBAuGPi95KzXYqg\n", "a.rst"),
    "what a test expects": ("expectedKey = '<13DDE7585D9BE366C976DDD56AF541D1>'\n", "a.py"),
    "what a call must come to": (
        'assert scrypt.derive(password) == b"\\xf4\\x92\\x86\\xb2\\x06\\x0c\\x848W"\n',
        "a.py",
    ),
    "ASCII85": (
        "key%[S#h.KfRb8<fV^M("
        + '"4CB]PWdM&]6)&uB,.U6I<i`7FD!8>PW`@O,^Lrk_3B,bXUb6k(-(O[t`:a[jq5Q5PN=m1LWUpWJb_aHsLp\n',
        "a.eps",
    ),
    "minified: an end": (";a.fn.editabletypes.password=b}(window.jQuery),function(a){x;a=1", "a.min.js"),
    "names of commands": ("ConvertTo-Html ConvertTo-SecureString Copy-Item Copy-ItemProperty\n", "a.js"),
    "an example of a hash": (
        "An example hash (of ``password``) is ``*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19``.\n",
        "a.rst",
    ),
    "the beginning of another word": ("// prepended with 0xaa21a9ed, so check for 0x6a24aa21a9ed\n", "a.js"),
    "a picture of a notebook": (
        '"image/png": "iVBORw0KGgAAAAlwSFlzAAALEgAACxIB0t1AAADY5JREFUeJzt3W2MpWdZB'
        + r"RgtCLIjQ5cVtzQqCtUFYZSHlJVoasdWSntkpwdDwgaQlAYUEkZfEFE\ntkRiaMDwgaQlAYUEkZfEFEyIkigvH4wWedWChYi2jRCBAAFU"
        + '=="\n',
        "a.ipynb",
    ),
    "minified: members": (
        ";if(t.attributes.icePwd=n.icePwd,t.attributes.prints=i.prints,t.setup=s){x}",
        "a.js",
    ),
    "a name beside a password": ('icePwd:i.icePwd},rtp:n.rtp,cname:"o/i14u9pJrxRKAsu"}})),x', "a.js"),
    "a name in a sentence": ("# Azure Entra SP credentials for the azure-sp-m2m path. The\n", "a.py"),
    "a commit in a sentence": ("- Support Private accessors a86255cb357e8ad8ccbf1f6a4a901c921e39a178\n", "CHANGES.md"),
    "a reference to a file": (
        "Authorization.h in Headers */ = {isa = File; fileRef = CCCBEAE654102DBB1C8C22CD };\n",
        "a.h",
    ),
    "a translation": ('"pass": "ドキュメントには少なくとも1つのmainランドマークがあります",\n', "locales/ja.json"),
    "a variable between texts": ('debug("Linting code (pass "+passNumber+")");x=1;\n', "a.min.js"),
    "to pass on an option": ("* Supports SPIR (pass '-spir-std=1.2' in the options to override)\n", "a.h"),
    "a provider's stand-in": ('x = "xoxb-1234567890123-09876543210987-AbCdEfGhIjKlMnOpQrStUvWx"\n', "a.py"),
    "encrypted for a service": ("TWINE_PASSWORD: ENCRYPTED[!56b7088276b3c2a2b559aa7f3a18b903286219a5!]\n", "a.yml"),
    "a pattern in a map of sources": (
        r"{\n  indent: 1,\n  children: true\n};\nvar atRegExp = /@([\\w-]+)/;" + "\n",
        "a.map",
    ),
    "an argument of its own name": ("leaf = _inject(monkeypatch, DeepseekV2MoE=DeepseekV2MoE)\n", "a.py"),
    "a class of a module": ("throw new s.Eip1559NotSupportedError;let f;", "a.min.js"),
    "minified: nothing": (";this.passwordEdit=null,this.signature=null,this.textEdit=null}[vl](){if(void 0)", "a.mjs"),
    "the name that a call asks for": ('if urls := get_secret("pip-extra-index-urls2"):\n', "a.py"),
    "parts of an address": ("'models://scope:prefix@databricks/model-name/stage'\n", "a.py"),
    "a list of ciphers": ("  AES:DES-CBC3-SHA:!aNULL:!MD5:!PSK:!aECDH:!EDH-DSS-DES-CBC3-SHA';\n", "a.conf"),
    "an accession": ('alignment.annotations["accession"], "A0A0R4IZF8.1"\n', "a.py"),
    "a digest of a password": (
        'assertEqual(_password_digest("mike", "pw"), "cd7e45b3b2767dc2fa9b6b548457ed00")\n',
        "a.py",
    ),
    "what a signature comes to": (
        "* - computeHMACSignature('', 'test_secret') => "
        "'f7f9bd47fb987337b5796fdc1fdb9ba221d0d5396814bfcaf9521f43fd8927fd'\n",
        "a.js",
    ),
    "a checksum of a table": ("whenCHECKSUM= '9nhRHkZO9kfOGkZO'   / HDU checksum updated\n", "a.txt"),
    "a key's number": ("The id of the key. For example, ae4aa6d4-a4d8-9df9-a475-4ff6d7898456.\n", "a.md"),
    "its hexadecimal": ("getBags({localKeyIdHex: '7b59377ff142d0be4565e9ac3d396c01401cd879'});\n", "a.js"),
    "a form's body": ("password_body = 'grant_type=password&username=joan&password=changeme'\n", "a.py"),
    "an enumeration": ('const FLOW_PASSWORD_REQUIRED_V2 = "FlowSignUpPasswordRequiredResultV2";\n', "a.ts"),
    "with signs": ('temporary_password = "P2$Sword"\nnew_password = "4AdminConnectPa55word!"\n', "a.py"),
    "a text with a call": ('bad_password = f"bad{mock_random.get_random_hex(128)}"\n', "a.py"),
    "a user and a stand-in of curl": ('curl "https://api.test.com/" -u "some_username:some_password"\n', "a.sh"),
    "a design's tokens": ('{"source": "Menu", "token": "darkSubMenuItemBg", "type": "string"}\n', "a.json"),
    "another word's letters": ("var internalPropsKey = '__reactProps$' + randomKey;\n", "a.js"),
    "a key of a table": ('"SECURITY_PASSWORD_HASH_OPTIONS": {"argon2__rounds": 1},\n', "a.py"),
    "a public key of DNS": ("key01 3600 IN CDNSKEY 256 3 8 AwEAAbmiLgh411Pz3v3XCSBrvYf52A/G v55ItN1\n", "a.zone"),
    "minified: a text that ends with the name": (
        '"/envelope/?sentry_key="+r[1]+(r[2]?"&sentry_secret="+r[2]:"")}function ve(t){}',
        "a.js",
    ),
    "a table of a parser": (
        r"""repeatNodeCount:10,tokenData:"!2q~R!ZOX$tX^%l^p$tpq%lqr)Ors-xst/ltu6Zuv$tvw8^wx:Uxy;syz<Uz{<Z{|<t"}"""
        + "\n",
        "a.js",
    ),
    "a tag of YAML": ("          password: !encrypted/pkcs1-oaep\n            - AEaotOQXyXy\n", "a.yaml"),
    "a name that says fake": ('FAKE_AUTH_KEY = "95bc670c0068821d"\n', "a.py"),
    "a key of a table, then its value": ('codes_set_string(gid, key, "DEfdBEef10203040b00b1e50001100FF")\n', "a.py"),
    "words behind a prefix": ("  token: 'gph_DocsGitHubToken',\n", "a.js"),
    "secret in other letters": ("admin_password='seekr3t',\n", "a.py"),
    "a token that signs a text": (
        'token = "eyJhbGciOiJIUzI1NiJ9.aW52YWxpZCBjbGFpbQ.iOJ5SiNfaNO_pa2J4Umtb3b3zmk5C18-mhTCVNsjnck"\n',
        "a.py",
    ),
    "a token without its header": (
        'token = "dGVzdA.eyJhIjoiYiJ9.jiMyrsmD8AoHWeQgmxZ5yq8z0lXS67_QGs52AzC8Ru8"\n',
        "a.py",
    ),
    "a field of JSON in a text": (
        r'"value": "{\"token_count\":3,\"sha\":\"07cb4950a3a0250e0808516108a04e432a3dcec7\"}"' + "\n",
        "a.json",
    ),
    "values with names of their own": (
        '["auth:private_api_key","deployment:cf-5cc9eaf39286b62c1384","id:caa45922-1164-4388-b4fa-888c9ecbbb19"]\n',
        "a.json",
    ),
    "what a cookie says": ("fastify.parseCookie('sessionId=aYb4uTIhdBXC')\n", "a.ts"),
    "a field that says whether": (
        """body: '{"is_secret":true,"name":"TESTCREATEACUSTOMVARIABLE1652349031","value":"CUSTOM_VALUE"}'\n""",
        "a.yaml",
    ),
    "a call for mail": ("AUTH XOAUTH2 dXNlcj11c2VyQGV4YW1wbGUuY29tAWF1dGg9QmVhcmVyIHRva2VuAQE=\n", "a.py"),
    "a status in base64": ('response = (SMTPStatus.auth_continue, "eyJzdGF0dXMiOiI0MDAifQ==")\n', "a.py"),
    "the characters of a pattern": (
        're.compile(r"""AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}""")\n',
        "a.py",
    ),
    "a name of a style sheet": ("--md-sys-color-primary: var(--md-ref-palette-primary100);\n", "a.css"),
    "what an authenticator says": (
        '"authenticatorData": "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MBAAAABQ==",\n',
        "a.py",
    ),
}

REAL = {
    "a statement: identified by": ("create user joan identified by 'River!4821';\n", "a.sql", "River!4821"),
    "default of .netrc": ("default login joan password River!4821\n", ".netrc", "River!4821"),
    "a connection's password": ("const c = 'Server=db;Password=k(9xQ!z7Lm;Uid=sa';\n", "a.js", "k(9xQ!z7Lm"),
    "a token of npm": ("//registry.corp/:_authToken=8f14e45f-ceea-467a-9b1c\n", ".npmrc", "8f14e45f-ceea-467a-9b1c"),
    "another user": ('url = "ftp://joan:tR8!kq2Zx@files.corp.fr/pub"\n', "a.py", "tR8!kq2Zx"),
    "Bearer": ('"Authorization: Bearer 3fee13ce6d2845da9bd5f2c2"\n', "a.py", "3fee13ce6d2845da9bd5f2c2"),
    "Basic": (f'{{"Authorization": "Basic {_basic("joan:tR8!kq2Zx")}"}}\n', "a.json", _basic("joan:tR8!kq2Zx")),
    "drawn beside the word": ('password = "xK9!passwordQ72v"\n', "a.py", "xK9!passwordQ72v"),
    "an enumeration's name, another value": ('DB_PASSWORD = "RiverDb4821x"\n', "a.py", "RiverDb4821x"),
    "a call that sets one": ('client.set_secret("River!4821")\n', "a.py", "River!4821"),
    "a call that hashes one": ('h = hashPassword("River!4821")\n', "a.js", "River!4821"),
    "beside signs": ('password = "+r2Q:x7Lm9"\n', "a.py", "+r2Q:x7Lm9"),
    "a key that a call sets": (
        'set(gid, api_key, "DEfdBEefd0203b40b07b1e5c00a1f0FF")\n',
        "a.py",
        "DEfdBEefd0203b40b07b1e5c00a1f0FF",
    ),
    "a name, an exclamation mark": ("password: !River/4821\n", "a.yaml", "!River/4821"),
    "a field of JSON in a text": (
        r'"value": "{\"count\":3,\"token\":\"07cb4950a3a0250e0808516108a04e432a3dcec7\"}"' + "\n",
        "a.json",
        "07cb4950a3a0250e0808516108a04e432a3dcec7",
    ),
    "a key of HMAC": (
        'hmac_secret_key = "f7f9bd47fb987337b5796fdc1fdb9ba2"\n',
        "a.py",
        "f7f9bd47fb987337b5796fdc1fdb9ba2",
    ),
}


@pytest.mark.parametrize("kind", INNOCENT)
def test_what_looks_like_a_credential_and_is_none(kind: str) -> None:
    text, path = INNOCENT[kind]
    assert _found(text, path) == []


@pytest.mark.parametrize("kind", REAL)
def test_what_stands_in_the_same_places_and_is_one(kind: str) -> None:
    text, path, value = REAL[kind]
    assert _found(text, path) == [value]
