"""The commands that set an installation up: clear about bad input, harmless when repeated, silent about nothing."""

from __future__ import annotations

import getpass
import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from banks.models import BankName, CardPrefix, Institution, User
from tests.banks.refused import nothing_happens
from tests.cast import World

DATA = Path(__file__).parents[3] / "shared" / "data" / "bank-directory"


def _run(*words: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command(*words, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


# -- create_institution ----------------------------------------------------------------------------


def test_an_institution_is_created(world: World) -> None:
    words = ["--kind=bank", "--code=north", "--name=North Bank", "--parent=bank_a", "--bank-code=nb", "--not-connected"]
    out, _err = _run("create_institution", *words)
    made = Institution.objects.get(code="north")
    assert (made.parent, made.bank_code, made.connected) == (world.bank_a, "NB", False)
    assert str(made.id) in out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--kind=bank", "--code=bank_a", "--name=X"], "--code: This code is taken"),
        (["--kind=bank", "--code=x y", "--name=X"], "--code: A code has 2 to 40"),
        (["--kind=bank", "--code=new", "--name=X", "--parent=nobody"], "--parent: no institution has the code nobody"),
        (["--kind=bank", "--code=new", "--name=X", "--parent=unit_a"], "--parent: The body above must be of the same"),
        (["--kind=bank", "--code=new", "--name=X", "--profile=ZZ"], "--profile: no legal profile"),
        (["--kind=bank", "--code=new", "--name=X", "--time-zone=Mars"], "--time-zone: This is not a time zone"),
        (["--kind=castle", "--code=new", "--name=X"], "invalid choice: 'castle'"),
        (["--kind=platform", "--code=new", "--name=X"], "invalid choice: 'platform'"),
        (["--kind=bank", "--name=X"], "--code"),
    ],
)
def test_a_wrong_institution_is_refused_in_clear_words(world: World, words: list[str], says: str) -> None:
    with pytest.raises(CommandError, match=says.replace("(", r"\(")), nothing_happens():
        _run("create_institution", *words)


# -- create_officer --------------------------------------------------------------------------------


def test_a_made_password_is_shown_once_and_works(world: World) -> None:
    words = ["--username=li.lei", "--full-name=李雷", "--role=analyst", "--institution=unit_a"]
    out, _err = _run("create_officer", *words)
    password = out.split("shown once: ")[1].strip()
    user = User.objects.get(username="li.lei")
    assert user.check_password(password)
    assert (user.institution, user.role, user.language) == (world.unit_a, "analyst", "zh-hans")


def test_a_typed_password_is_asked_for_twice_and_not_shown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter(["green paper boat 7", "green paper boat 7"])
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: next(typed))
    words = ["--username=li.lei", "--full-name=Li", "--role=administrator", "--institution=platform", "--ask-password"]
    out, _err = _run("create_officer", *words)
    assert "green" not in out
    assert User.objects.get(username="li.lei").check_password("green paper boat 7")


def test_the_first_administrator_of_an_empty_database(world: World) -> None:
    """The foundation is laid on the way where nobody did it."""
    User.objects.all().delete()
    words = ["--username=root.admin", "--full-name=Li", "--role=administrator", "--institution=platform"]
    _run("create_officer", *words)
    assert set(User.objects.values_list("username", flat=True)) == {"system", "root.admin"}


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (["green paper boat 7", "green paper boat 8"], "differ"),
        (["short", "short"], "--password: This password is too"),
    ],
)
def test_a_bad_typed_password_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch, typed: list[str], says: str
) -> None:
    answers = iter(typed)
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: next(answers))
    words = ["--username=li.lei", "--full-name=Li", "--role=analyst", "--institution=unit_a", "--ask-password"]
    with pytest.raises(CommandError, match=says), nothing_happens():
        _run("create_officer", *words)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--role=analyst", "--institution=nowhere"], "--institution: no institution has the code nowhere"),
        (["--role=analyst", "--institution=bank_a"], "--role: This kind of institution has no such role"),
        (["--role=machine", "--institution=bank_a"], "invalid choice: 'machine'"),
        (["--role=system", "--institution=platform"], "invalid choice: 'system'"),
        (["--role=analyst", "--institution=unit_a", "--home-institution=unit_a"], "--home-institution: The home"),
        (["--role=analyst", "--institution=unit_a", "--language=fr"], "invalid choice: 'fr'"),
    ],
)
def test_a_wrong_officer_is_refused_in_clear_words(world: World, words: list[str], says: str) -> None:
    with pytest.raises(CommandError, match=says), nothing_happens():
        _run("create_officer", "--username=li.lei", "--full-name=Li", *words)


# -- import_card_prefixes --------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Any:
    def write(text: str, name: str = "bin.csv", encoding: str = "utf-8") -> str:
        path = tmp_path / name
        path.write_text(text, encoding=encoding)
        return str(path)

    return write


def test_rows_come_in_once_and_conflicts_stay(world: World, file: Any) -> None:
    CardPrefix.objects.all().delete()
    path = file("bin,bank,type,length\n622202,ICBC,DC,19\n622202,CCB,DC,19\n6228,ABC,DC,19\n")
    out, err = _run("import_card_prefixes", path)
    assert "Read 3 rows, 2 distinct prefixes, 1 rows in conflict (kept as candidates), 0 refused." in out
    assert "New: 3." in out
    assert err == ""
    out, _err = _run("import_card_prefixes", path)
    assert "New: 0. The table now holds 3 rows, 2 distinct prefixes." in out
    assert CardPrefix.objects.count() == 3


def test_bad_lines_are_listed_with_their_numbers_and_the_rest_comes_in(world: World, file: Any) -> None:
    CardPrefix.objects.all().delete()
    path = file("bin,bank,type,length\nabc,ICBC,DC,19\n6228,ABC,DC,19\n6228,ABC,XX,19\n6228,ABC,DC,19\n1\n")
    out, err = _run("import_card_prefixes", path)
    assert [line.split(":")[0].split(" repeats")[0].split(" has")[0] for line in err.splitlines()] == [
        "Line 2", "Line 4", "Line 5", "Line 6",
    ]  # fmt: skip
    assert "Read 1 rows" in out
    assert "4 refused" in out
    assert CardPrefix.objects.count() == 1


def test_names_come_along_in_either_encoding(world: World, file: Any) -> None:
    prefixes = file("bin,bank,type,length\n6228,ABC,DC,19\n")
    names = file("bank,name\nABC,农行\nABC,\n??,x\nABC,农行\nBOC,中国银行\n", "names.csv", "gb18030")
    out, err = _run("import_card_prefixes", prefixes, "--names", names)
    assert "Read 2 bank names, 2 of them new, 3 refused." in out
    assert [line[:6] for line in err.splitlines()] == ["Line 3", "Line 4", "Line 5"]
    assert BankName.objects.filter(bank_code="ABC", name="农行").exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "no usable row"), ("a,b\n1,2\n", "no usable row"), ("bin,bank,type,length\n", "no usable row")],
)
def test_a_file_without_rows_imports_nothing(world: World, file: Any, text: str, says: str) -> None:
    with pytest.raises(CommandError, match=says), nothing_happens():
        _run("import_card_prefixes", file(text))


def test_a_missing_file_and_a_wrong_one_are_named(world: World, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nowhere\.csv cannot be read"), nothing_happens():
        _run("import_card_prefixes", str(tmp_path / "nowhere.csv"))
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\xff\xff\xff")
    with pytest.raises(CommandError, match="neither UTF-8 nor GB18030"), nothing_happens():
        _run("import_card_prefixes", str(tmp_path / "picture.csv"))


@pytest.mark.skipif(not DATA.is_dir(), reason="the real tables are not on this machine")
def test_the_real_tables(world: World) -> None:
    CardPrefix.objects.all().delete()
    out, err = _run("import_card_prefixes", str(DATA / "cn_card_bin.csv"), "--names", str(DATA / "cn_bank_names.csv"))
    assert "Read 1709 rows, 1697 distinct prefixes, 12 rows in conflict" in out, out + err
    assert CardPrefix.objects.count() == 1709
    again, _err = _run("import_card_prefixes", str(DATA / "cn_card_bin.csv"))
    assert "New: 0." in again
