"""Passwords where a tool, a statement, a call or an entry takes one."""

from __future__ import annotations

import pytest

from tests.detect.secrets.test_scanner import values

VALUE = "Quartz!4821"


@pytest.mark.parametrize(
    "text",
    [
        f"mysql -uroot -p{VALUE} crm",
        f"docker login -u joan -p {VALUE} registry.corp.internal",
        f"ldapsearch -x -D cn=admin -w {VALUE} -b dc=corp",
        f'subprocess.run(["sshpass", "-p", "{VALUE}", "ssh", "host"])',
        f"echo {VALUE} | sudo -S reboot",
        f"echo 'joan:{VALUE}' | chpasswd",
        f"smbclient //host/share -U joan%{VALUE}",
        f"sqlplus crm/{VALUE}@orcl",
        f"rabbitmqctl add_user joan {VALUE}",
        f"CREATE USER crm IDENTIFIED WITH mysql_native_password BY '{VALUE}';",
        f'$c = ConvertTo-SecureString -AsPlainText "{VALUE}" -Force',
        f'new NetworkCredential("joan", "{VALUE}")',
        f'requests.get(url, auth=("joan", "{VALUE}"))',
        f'db, err := sql.Open("mysql", "crm:{VALUE}@unix(/run/mysqld.sock)/crm")',
        f"db.corp.internal:5432:*:crm:{VALUE}",
        f"machine api.corp.internal\n  login joan\n  password {VALUE}\n",
    ],
)
def test_passwords_where_a_place_names_them(text: str) -> None:
    assert values(text) == [VALUE]


@pytest.mark.parametrize(
    "text",
    [
        "mysql -u root -p crm < crm.sql",
        'sshpass -p "$PASS" ssh host',
        "docker login -p ${{ secrets.TOKEN }} registry",
        "The device is identified by 'serial number' alone.",
        "objects identified by Keys2048 and others",
        "ALTER USER joan PASSWORD EXPIRE;",
        "echo $PASSWORD | sudo -S reboot",
        'login("joan", password)',
        'getConnection("jdbc:h2:mem:test", "sa", "")',
        "machine HOST login NAME password PASSWORD",
        "go get example.org/pkg@(latest)",
    ],
)
def test_no_password_where_the_place_is_empty(text: str) -> None:
    assert values(text) == []


def test_a_bearer_of_letters_alone() -> None:
    drawn = "ntddflYXePcjeGaGqtRVEplVNIiQ"
    assert values(f'header := "Bearer {drawn}"', "a.go") == [drawn]
    assert values("// Bearer authenticationSchemes are listed", "a.go") == []
