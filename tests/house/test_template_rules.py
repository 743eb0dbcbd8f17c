"""The house rules on templates hold for every page, and each rule catches what it is there for."""

from __future__ import annotations

import pytest
from django.conf import settings

from tests.house import template_rules as rules
from tests.house.tree import findings, templates


def test_there_are_templates_to_look_at() -> None:
    assert templates()


def test_no_template_holds_code_or_style() -> None:
    assert [line for path in templates() for line in findings(path, rules.inline_code(path.read_text()))] == []


@pytest.mark.parametrize(
    "source",
    [
        '<p style="color:red">x</p>',
        "<style>p {}</style>",
        '<a onclick="go()">x</a>',
        '<form hx-on:submit="go()">',
        "<script>go()</script>",
        '<script type="module">go()</script>',
        '<a href="javascript:go()">x</a>',
        "<form hx-vals='js:{a: 1}'>",
    ],
)
def test_code_or_style_in_a_template_is_caught(source: str) -> None:
    assert len(rules.inline_code(source)) == 1


def test_a_script_with_a_source_is_allowed() -> None:
    assert rules.inline_code("""<script src="{% static 'js/app.js' %}" defer></script> {# style= #}""") == []


def test_no_template_reaches_another_host() -> None:
    assert [line for path in templates() for line in findings(path, rules.foreign_resources(path.read_text()))] == []


@pytest.mark.parametrize(
    "source",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="//cdn.example/x.css">',
        '<form action="http://example.org/">',
        '<div hx-get="https://example.org/rows/">',
        "<img src = 'https://example.org/x.png'>",
    ],
)
def test_another_host_in_a_template_is_caught(source: str) -> None:
    assert len(rules.foreign_resources(source)) == 1


def test_a_name_space_is_no_resource() -> None:
    assert rules.foreign_resources('<svg xmlns="http://www.w3.org/2000/svg"><use href="#i"/></svg>') == []


def test_no_template_shows_text_that_nobody_translates() -> None:
    assert [line for path in templates() for line in findings(path, rules.bare_text(path.read_text()))] == []


@pytest.mark.parametrize(
    "source",
    [
        "<h1>Orders</h1>",
        "<p>{{ count }} orders</p>",
        "<p>案件</p>",
        '<button title="Close">x</button>',
        '<input placeholder="Account number">',
        '<nav aria-label="Main">',
        '<div data-confirm="Really send this order?">',
        "{% if a > b %}open{% endif %}",
    ],
)
def test_text_that_nobody_translates_is_caught(source: str) -> None:
    assert len(rules.bare_text(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "<h1>{% translate 'Orders' %}</h1>",
        "<p>{% blocktranslate count n=n %}{{ n }} order{% plural %}{{ n }} orders{% endblocktranslate %}</p>",
        "<button title=\"{% translate 'Close' %}\">&times;</button>",
        "<kbd>Enter</kbd> {# a note #} {% comment %} more {% endcomment %} <!-- and more -->",
        '<span class="badge" data-state="open" aria-hidden="true">·</span>',
        "<a href=\"{% url 'x' %}\" title='{{ title }}'>{{ name }}</a>",
        '<{% if url %}a href="{{ url }}"{% else %}div{% endif %} class="box">{{ name }}</{% if url %}a{% else %}div{% endif %}>',
        "{% block main_class %}narrow{% endblock %}",
        "<dt>SHA-256</dt>",
    ],
)
def test_translated_text_is_allowed(source: str) -> None:
    assert rules.bare_text(source) == []


def test_every_dialog_with_a_form_reopens_after_a_refused_entry() -> None:
    assert [line for path in templates() for line in findings(path, rules.shut_dialogs(path.read_text()))] == []


@pytest.mark.parametrize(
    "source",
    [
        '<dialog class="ui-dialog" id="d"><form>{{ form.why.as_field_group }}</form></dialog>',
        '<dialog id="d">{% if x %}{% error_summary form %}{% endif %}{{ forms.close }}</dialog>',
        '{% confirm_dialog "d" title action=url label=word tone="danger" %}\n{{ revoke }}{% endconfirm_dialog %}',
    ],
)
def test_a_dialog_that_stays_shut_is_caught(source: str) -> None:
    assert rules.shut_dialogs(source) == ["line 1: d stays shut after a refused entry"]
    assert rules.shut_dialogs(source.replace('"d"', '"d" data-open', 1)) == []


def test_a_dialog_that_only_asks_again_is_none() -> None:
    assert (
        rules.shut_dialogs('{% confirm_dialog "d" title action=url label=word %}<p>Sure?</p>{% endconfirm_dialog %}')
        == []
    )


def test_numbers_in_attributes_are_never_grouped_for_people() -> None:
    assert settings.USE_THOUSAND_SEPARATOR is False, "else every number in an attribute is grouped, identifiers too"
    found = [line for path in templates() for line in findings(path, rules.counts_for_programmes(path.read_text()))]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        '<input value="{{ seed.entry|counted }}">',
        '<tr {% if a > b %}data-x{% endif %} id="row-{{ row.node|counted }}">',
        "<a href='?from={% firstof node|counted %}'>{{ n }}</a>",
        '<p aria-label="{% blocktranslate count n=rows|counted %}{{ n }} row{% plural %}{{ n }} rows{% endblocktranslate %}">',
    ],
)
def test_a_grouped_number_in_an_attribute_is_caught(source: str) -> None:
    assert len(rules.counts_for_programmes(source)) == 1


def test_a_grouped_number_between_tags_is_allowed() -> None:
    source = '<td class="num">{{ n|counted }}</td>{% blocktranslate count n=n|counted %}{{ n }} <b>row</b>{% endblocktranslate %}'
    assert rules.counts_for_programmes(source) == []
