"""Visible texts are found in templates, Python code and message dictionaries, and nothing else is."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from banks.management.source_texts import (
    CatalogueError,
    Message,
    collect,
    defines_dictionary,
    dictionary_messages,
    python_messages,
    template_messages,
)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{% translate 'Orders' %}", Message("Orders")),
        ('{% trans "Orders" as title %}', Message("Orders")),
        ('{% translate "It\'s open" %}', Message("It's open")),
        ('{% translate "May" context "month" %}', Message("May", "month")),
        ("{% blocktranslate %}Case {{ number }}{% endblocktranslate %}", Message("Case %(number)s")),
        ("{% blocktranslate trimmed %}\n  two\n  lines\n{% endblocktranslate %}", Message("two lines")),
        (
            "{% blocktranslate count n=x %}{{ n }} row{% plural %}{{ n }} rows{% endblocktranslate %}",
            Message("%(n)s row", "", "%(n)s rows"),
        ),
        (
            '{% blocktranslate context "bank" count n=x %}hold{% plural %}holds{% endblocktranslate %}',
            Message("hold", "bank", "holds"),
        ),
        ('{% include "ui/field.html" with label=_("Bank") %}', Message("Bank")),
        ('{{ value|default:_("none") }}', Message("none")),
        ('{{ _("Hello") }}', Message("Hello")),
    ],
)
def test_texts_of_a_template_are_found(source: str, expected: Message) -> None:
    assert template_messages(source) == {expected}


def test_plain_template_text_is_no_message() -> None:
    assert template_messages("{# _('no') #}<p>gettext('no') {% comment %}{% translate 'no' %}{% endcomment %}") == set()


IMPORTS = "from django.utils.translation import gettext, gettext_lazy as _, ngettext, pgettext, npgettext_lazy\n"


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("gettext('Orders')", Message("Orders")),
        ("_('one ' 'text')", Message("one text")),
        ("_('Case {number}').format(number=1)", Message("Case {number}")),
        ("ngettext('row', 'rows', n)", Message("row", "", "rows")),
        ("pgettext('month', 'May')", Message("May", "month")),
        ("npgettext_lazy('bank', 'hold', 'holds', 'n')", Message("hold", "bank", "holds")),
        ("Text('Amount {amount}', amount=1)", Message("Amount {amount}")),
        ("translation.gettext('Orders')", Message("Orders")),
    ],
)
def test_texts_of_python_code_are_found(call: str, expected: Message) -> None:
    assert python_messages(f"{IMPORTS}{call}") == {expected}


def test_other_functions_of_the_same_name_are_left_alone() -> None:
    assert python_messages("_('no')\ntable.gettext('no')") == set()
    assert python_messages(f"{IMPORTS}gettext(MESSAGES[code])") == set()


@pytest.mark.parametrize("argument", ["f'{n} rows'", "'a' + b", "'%s rows' % n", "'{} rows'.format(n)"])
def test_a_computed_text_is_refused(argument: str) -> None:
    with pytest.raises(CatalogueError, match=r"x\.py:2"):
        python_messages(f"{IMPORTS}gettext({argument})", "x.py")


def test_texts_of_message_dictionaries_are_found() -> None:
    module = ModuleType("rules")
    module.__dict__.update(
        MESSAGES={"late": "Too late", "deep": {"a": ["One", ("Two",)]}},
        KIND_LABELS={"stop": "Stop-payment"},
        OTHER={"no": "No"},
        LABELS=["not a dictionary"],
    )
    assert {m.text for m in dictionary_messages(module)} == {"Too late", "One", "Two", "Stop-payment"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("MESSAGES = {}", True),
        ("KIND_LABELS: dict[str, str] = {}", True),
        ("def f():\n    MESSAGES = {}", False),
        ("messages = {}", False),
    ],
)
def test_only_module_level_dictionaries_count(source: str, expected: bool) -> None:
    assert defines_dictionary(source) is expected


def test_a_tree_is_collected_without_line_numbers(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "a.html").write_text("\n\n{% translate 'Both' %}{% translate 'One' %}")
    (tmp_path / "banks" / "migrations").mkdir(parents=True)
    (tmp_path / "banks" / "views.py").write_text(f"{IMPORTS}gettext('Both')")
    (tmp_path / "banks" / "migrations" / "0001.py").write_text(f"{IMPORTS}gettext('Old')")
    assert collect(tmp_path) == {
        Message("Both"): ["banks/views.py", "templates/a.html"],
        Message("One"): ["templates/a.html"],
    }


def test_a_broken_template_is_named(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "a.html").write_text("{% blocktranslate %}{% if x %}{% endif %}{% endblocktranslate %}")
    with pytest.raises(CatalogueError, match=r"templates/a\.html"):
        collect(tmp_path)
