"""The settings: each mistake names its field, the rule and the next step; the environment is stronger than the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from antifraud_connector import config
from antifraud_connector.cli import main
from antifraud_connector.errors import ConnectorError

GOOD = """
[platform]
url = "https://platform.example"
[institution]
code = "bank_a"
[client]
id = "abc"
secret_file = "secret"
[plugin]
kind = "folder"
folder = "orders"
"""


def load(tmp_path: Path, text: str, **environment: str) -> config.Config:
    path = tmp_path / "c.toml"
    path.write_text(text)
    return config.load(path, environment)


def test_a_good_file_and_its_defaults(tmp_path: Path) -> None:
    found = load(tmp_path, GOOD)
    assert found.api("queue/receive/") == "https://platform.example/api/v1/queue/receive/"
    assert found.file("client.secret_file") == tmp_path / "secret"
    assert (found.number("door.wait"), found.text("door.kind"), found.flag("platform.require_signatures")) == (
        20,
        "pull",
        True,
    )


@pytest.mark.parametrize("days", [0, 30, 90, 3650])
def test_rows_are_kept_for_ever_or_a_month_at_least(tmp_path: Path, days: int) -> None:
    assert load(tmp_path, f"{GOOD}[journal]\nkeep_rows_days = {days}\n").number("journal.keep_rows_days") == days
    assert load(tmp_path, GOOD).number("journal.keep_rows_days") == 400


def test_the_environment_is_stronger(tmp_path: Path) -> None:
    found = load(
        tmp_path, GOOD, ANTIFRAUD_CONNECTOR_PLATFORM_URL="https://other.example", ANTIFRAUD_CONNECTOR_DOOR_WAIT="5",
        ANTIFRAUD_CONNECTOR_PLATFORM_REQUIRE_SIGNATURES="false", ANTIFRAUD_CONNECTOR_PLUGIN_COMMAND="/bin/a b",
    )  # fmt: skip
    assert (found.text("platform.url"), found.number("door.wait")) == ("https://other.example", 5)
    assert (found.flag("platform.require_signatures"), found.words("plugin.command")) == (False, ["/bin/a", "b"])


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('code = "bank_a"', "", "institution.code"),
        ('code = "bank_a"', 'code = "bank a"', "institution.code"),
        ("[plugin]", "[journal]\nkeep_rows_days = 29\n[plugin]", "journal.keep_rows_days"),
        ("[plugin]", "[journal]\nkeep_rows_days = 3651\n[plugin]", "journal.keep_rows_days"),
        ('code = "bank_a"', "code = 5", "institution.code"),
        ("https://platform.example", "http://platform.example", "platform.url"),
        ("https://platform.example", "https://user@platform.example", "platform.url"),
        ("https://platform.example", "ftp://127.0.0.1", "platform.url"),
        ('kind = "folder"', 'kind = "fax"', "plugin.kind"),
        ('kind = "folder"', 'kind = "command"', "plugin.command"),
        ('kind = "folder"', 'kind = "folder"\ntimeout = 0', "plugin.timeout"),
        ('kind = "folder"', 'kind = "folder"\ntimeout = true', "plugin.timeout"),
        ('kind = "folder"', 'kind = "folder"\ncommand = [1]', "plugin.command"),
        ("[plugin]", "[door]\nwait = 21\n[plugin]", "door.wait"),
        ("[plugin]", '[door]\nkind = "webhook"\n[plugin]', "door.url"),
        ("[plugin]", '[door]\nkind = "webhook"\nurl = "https://b.example/h"\nlisten = "8443"\n[plugin]', "door.listen"),
        ("[plugin]", "[door]\ncolour = 1\n[plugin]", "door.colour"),
        ("[plugin]", "[colours]\n[plugin]", "colours"),
        ("[plugin]", '[signing]\nkey_id = "k"\n[plugin]', "signing"),
        ("[plugin]", "[plugin", "c.toml"),
    ],
)
def test_each_mistake_names_its_field(tmp_path: Path, old: str, new: str, field: str) -> None:
    with pytest.raises(ConnectorError) as wrong:
        load(tmp_path, GOOD.replace(old, new))
    assert wrong.value.field.endswith(field)
    assert wrong.value.rule
    assert wrong.value.next_step.endswith(".")


@pytest.mark.parametrize("content", [None, "", "two\nlines\n"])
def test_a_secret_is_one_line_in_a_file(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "secret").write_text(content)
    with pytest.raises(ConnectorError, match=r"client\.secret_file"):
        load(tmp_path, GOOD).secret()
    (tmp_path / "secret").write_text("s3cret\n")
    assert load(tmp_path, GOOD).secret() == "s3cret"


def test_the_command_line_tells_a_person_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "c.toml").write_text(GOOD.replace('code = "bank_a"', ""))
    assert main(["check-config", "--config", str(tmp_path / "c.toml")]) == 2
    assert capsys.readouterr().err == "institution.code: is missing.\n  -> Add it to the file.\n"
    assert main(["check-config", "--config", str(tmp_path / "none.toml")]) == 2


def test_check_config_offline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "c.toml").write_text(GOOD)
    (tmp_path / "secret").write_text("s3cret")
    assert main(["keygen", str(tmp_path / "k.pem"), "--institution", "bank_a"]) == 0
    printed = capsys.readouterr().out
    (tmp_path / "c.toml").write_text(f'{GOOD}[signing]\nkey_id = "k"\nkey_file = "k.pem"\n')
    assert main(["check-config", "--offline", "--config", str(tmp_path / "c.toml")]) == 0
    shown = capsys.readouterr().out
    assert "settings, files and plug-in: ok" in shown
    assert shown.split("public key ")[1].strip() in printed
    assert (tmp_path / "orders" / "answers").is_dir()
