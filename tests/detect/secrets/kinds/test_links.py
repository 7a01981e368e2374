"""A password and its name with no assignment between them: calls, options, values to fall back on, columns."""

import pytest

from drystone.detect.secrets import Scanner

VALUES = ("River!4821", "kD93mZq2vX", "gr4nite%Wall7")
CARRIERS = [
    ("A.java", '@Value("${db.password:@@}")'),
    ("A.java", 'new PBEKeySpec("@@".toCharArray(), salt)'),
    ("build.gradle", 'credentials { username "joan"; password "@@" }'),
    ("deploy.rb", 'set :password, "@@"'),
    ("deploy.rb", 'ENV["DB_PASSWORD"] ||= "@@"'),
    ("walls_spec.rb", 'fill_in "Password", with: "@@"'),
    ("a.py", 'parser.set("database", "password", "@@")'),
    ("a.py", 'parser.add_argument("--password", type=str, help="of the wall", default="@@")'),
    ("a.py", 'password: Optional[str] = Field(default="@@")'),
    ("a.py", 'setattr(settings, "password", "@@")'),
    ("a.py", 'driver.find_element(By.ID, "password").send_keys("@@")'),
    ("a.js", 'const password = process.env["PW"] ?? "@@";'),
    ("a.js", 'await page.fill("#password", "@@")'),
    ("a.go", 'pflag.StringVar(&password, "password", "@@", "of the wall")'),
    ("a.go", 'const password string = "@@"'),
    ("a.rs", 'env::var("DB_PASSWORD").unwrap_or("@@".to_string())'),
    ("a.rs", '.basic_auth("joan", Some("@@"))'),
    ("a.php", "putenv('DB_PASSWORD=@@');"),
    ("a.yml", 'password: !unsafe "@@"'),
    ("a.yml", "args:\n  - --password\n  - @@"),
    ("a.json", '{"args": ["--password=@@"]}'),
    ("a.sh", 'DB_PASSWORD="${DB_PASSWORD:-@@}"'),
    ("a.sh", 'read -r password <<< "@@"'),
    ("a.sh", "keytool -genkey -storepass @@ -keyalg RSA"),
    ("redis.conf", "requirepass @@"),
    ("slapd.conf", "rootpw @@"),
    ("preseed.cfg", "d-i passwd/root-password password @@"),
    ("router.cfg", "username joan password 0 @@"),
    ("a.sql", "INSERT INTO users (name, password, age) VALUES ('joan', '@@', 4);"),
    ("a.erl", '{password, "@@"}'),
    ("a.el", '(setq smtp-password "@@")'),
    ("a.proto", 'optional string password = 1 [default = "@@"];'),
    ("a.html", '<input type="password" name="p" value="@@">'),
    ("a.md", "The password is `@@`."),
    ("a.http", "password=@@&user=joan"),
]
NONE = [
    ("a.md", "Pass `verbosity=0` to get a table; pass to `Walls3Parser.parse` what is left."),
    ("a.py", "# is used for the username and password quoting2 of the wall"),
    ("a.py", 'columns = ["user", "password", "walls2course"]'),
    ("a.py", 'password = config.get("password", section="walls2course")'),
    ("a.sh", 'run --password "$DB_PASSWORD" --password-file /etc/walls2'),
    ("a.sh", "tool --password PASSWORD --verbose2"),
    ("a.js", 'const password = options.password || "";'),
    ("a.js", 'label.set("password", "Your password2")'),
    ("a.sql", "INSERT INTO users (name, password) VALUES ('walls2course', ?);"),
    ("a.html", '<input type="password" name="p" placeholder="walls2course">'),
    ("a.conf", "PasswordAuthentication walls2"),
    ("tls1.h", '#define TLS1_TXT_PSK_WITH_AES_128_CCM "PSK-AES128-CCM8"'),
    ("a.sql", "CREATE USER crm IDENTIFIED BY 12345 DEFAULT TABLESPACE USERS;"),
    ("a.yml", 'url: "postgresql+asyncpg://postgres:walls7@postgres/walls7"'),
    ("a.py", 'uri = "my-conn-type://my-login:my-pa%2Fssword@my-host:5432/my-schema"'),
    ("a.py", 'fin = open("s3://aws_access_key_id:aws_secret_access_key@bucket/key")'),
    ("a.py", 'TOKEN_HTTP_NOT_FOUND = "TokenHttpNotFound"'),
    ("a.py", 'CREDENTIAL_EMPTY_VALUE = "__n8n_EMPTY_VALUE_7b1af746-3729-4c60-9b9b-e08eb29e58da"'),
    ("a.py", '    >>> webhook = get_webhook("654bbbc16f2ec14d77f109cc")'),
    ("a.json", '"license_key": "gpl-2.0-plus-ekiga",'),
    ("RECORD", "data/pdist-correlation-ml.txt,sha256=S4GY3z-rf_BGuHmsnColMvR8KwYDyE9lqEbYT_a3Qag,3041"),
    ("a.js", 'e("label",null,"Password:"),X?He.createElement("code",null," ****** ")'),
    ("a.md", '"access_token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdW"'),
    ("a.md", '"access_token": "AQXNnd2hIT6z9bHFzZz2Kp1ghiMz_RtyuvwXYZ123abc"'),
]


@pytest.mark.parametrize(("path", "carrier"), CARRIERS)
def test_the_value_is_found_and_no_more(path: str, carrier: str) -> None:
    for value in VALUES:
        text = f"a = 1\n{carrier.replace('@@', value)}\nb = 2\n".encode()
        (spans,) = Scanner().scan_batch([text], [path])
        assert [text[span.start : span.end].decode() for span in spans] == [value]


@pytest.mark.parametrize(("path", "text"), NONE)
def test_what_is_no_password(path: str, text: str) -> None:
    (spans,) = Scanner().scan_batch([f"a = 1\n{text}\nb = 2\n".encode()], [path])
    assert spans == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.yml", "password_file: /run/walls\nrootpw: @@"),
        ("a.json", '{"user_password_url": "", "psk": "@@"}'),
        ("a.env", "PASSWORD=\nSENHA=@@"),
        ("ldap.conf", "secret_id: none\nbindpw @@"),
    ],
)
def test_a_name_that_stands_near_another_has_its_own_value(path: str, text: str) -> None:
    for value in VALUES:
        data = text.replace("@@", value).encode()
        (spans,) = Scanner().scan_batch([data], [path])
        assert [data[span.start : span.end].decode() for span in spans] == [value]
