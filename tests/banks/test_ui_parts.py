"""Page parts: structure that assistive technology needs, links that lead to fields, nothing unescaped."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django import forms
from django.template import Context, Template
from django.test import RequestFactory

HOSTILE = '<img src=x onerror="1">'


def render(source: str, **context: Any) -> str:
    return Template("{% load ui %}" + source).render(Context(context))


class Transfer(forms.Form):
    number = forms.CharField(label="Number", help_text="Digits only")
    mode = forms.ChoiceField(label="Mode", choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    amount = forms.IntegerField(label="Amount", required=False, widget=forms.TextInput(attrs={"data-unit": "CNY"}))
    present = forms.BooleanField(label="Present", required=False)
    note = forms.CharField(label="Note", required=False, initial="")


def test_field_names_help_and_error_for_the_reader() -> None:
    html = str(Transfer({"amount": "x"}))
    assert '<label class="ui-field__label" for="id_number">Number' in html
    number = re.search(r'<input type="text" name="number"[^>]*>', html)
    assert number is not None
    assert 'aria-describedby="id_number_helptext id_number_error"' in number.group()
    assert 'aria-invalid="true"' in number.group()
    assert 'id="id_number_helptext"' in html
    assert 'id="id_number_error"' in html
    assert "<legend" in html
    assert "ui-field--check" in html
    assert "<span>CNY</span>" in html


def test_hostile_labels_and_values_stay_text() -> None:
    form = Transfer({"number": HOSTILE, "amount": HOSTILE})
    form.fields["number"].label = HOSTILE
    form.add_error("number", HOSTILE)
    page = str(form) + render("{% error_summary form %}", form=form)
    page += render(
        "{% page_header t subtitle=t eyebrow=t crumbs=c %}{{ t }}{% endpage_header %}", t=HOSTILE, c=[(HOSTILE, "/")]
    )
    page += render(
        "{% table caption=t %}{% endtable %}{% empty_state t text=t %}{% banner 'info' title=t %}{{ t }}{% endbanner %}",
        t=HOSTILE,
    )
    page += render(
        "{% copy_button t %}{% dialog 'd' t %}{{ t }}{% enddialog %}{% capture as x %}{{ t }}{% endcapture %}{{ x }}",
        t=HOSTILE,
    )
    page += render(
        "{% timeline i %}{% kpis k %}",
        i=[{"at": None, "title": HOSTILE, "text": HOSTILE}],
        k=[{"label": HOSTILE, "value": HOSTILE}],
    )
    assert "<img src=x" not in page
    assert page.count("&lt;img src=x") >= 15


def test_error_summary_leads_to_each_field() -> None:
    form = Transfer({"amount": "x"})
    form.add_error(None, "Neither reported nor filed")
    html = render("{% error_summary form %}", form=form)
    assert re.findall(r'href="#([^"]*)"', html.split("<ul>")[1]) == ["id_number", "id_mode_0", "id_amount"]
    for anchor in ("id_number", "id_mode_0", "id_amount"):
        assert f'id="{anchor}"' in str(form)
    assert "Neither reported nor filed" in html
    assert 'role="alert"' in html


def test_error_summary_is_silent_without_errors() -> None:
    good = Transfer({"number": "1", "mode": "a"})
    assert render("{% error_summary form none new %}", form=good, none=None, new=Transfer()).strip() == ""


def test_error_summary_reads_formsets() -> None:
    lines = forms.formset_factory(Transfer, extra=0)
    data = {
        "form-TOTAL_FORMS": "2",
        "form-INITIAL_FORMS": "0",
        "form-0-number": "1",
        "form-0-mode": "a",
        "form-1-mode": "b",
    }
    html = render("{% error_summary lines %}", lines=lines(data))
    assert 'href="#id_form-1-number"' in html
    assert "form-0" not in html


def test_filter_bar_opens_when_a_folded_field_holds_a_value() -> None:
    request = RequestFactory().get("/cases/")
    closed = render("{% filter_bar form visible=2 %}", form=Transfer({"number": "1"}), request=request)
    opened = render("{% filter_bar form visible=2 %}", form=Transfer({"note": "x", "mode": "a"}), request=request)
    assert "<details>" in closed
    assert "<details open>" in opened
    assert 'href="/cases/"' in closed


def test_table_is_named_and_reachable_by_keyboard() -> None:
    html = render('{% table caption="Orders" id="t" stack=True %}<tbody></tbody>{% endtable %}')
    assert 'role="region" tabindex="0" aria-label="Orders"' in html
    assert '<caption class="visually-hidden">Orders</caption>' in html
    assert "ui-table--stack" in html


def test_tabs_are_links_and_say_which_is_current() -> None:
    items = [{"label": "A", "url": "/a/", "active": True, "count": 0}, {"label": "B", "url": "/b/"}]
    html = render("{% tabs items label='Case' %}", items=items)
    assert re.findall(r'<a href="(/./)"( aria-current="page")?', html) == [("/a/", ' aria-current="page"'), ("/b/", "")]
    assert '<span class="ui-count">0</span>' in html


def test_page_header_without_actions_leaves_no_empty_box() -> None:
    assert "ui-head__actions" not in render('{% page_header "T" %}\n  {% endpage_header %}')
    assert "<b>go</b>" in render('{% page_header "T" %}<b>go</b>{% endpage_header %}')


def test_confirm_dialog_carries_the_token() -> None:
    html = render(
        '{% confirm_dialog "d" "T" action="/x/" label="Go" %}<p>p</p>{% endconfirm_dialog %}', csrf_token="tok"
    )
    assert 'name="csrfmiddlewaretoken" value="tok"' in html
    assert '<form class="ui-dialog__body" method="post" action="/x/">' in html


def test_pager_shows_links_only_where_there_are_pages() -> None:
    assert render("{% pager %}").strip() == ""
    html = render("{% pager next=url shown=50 %}", url="?cursor=a&x=1")
    assert 'href="?cursor=a&amp;x=1"' in html
    assert 'rel="prev"' not in html


def test_initials() -> None:
    shown = [render("{% initials n %}", n=name) for name in ("Lin Xiaoyu", "lin", "林晓雨", "")]
    assert shown == ["LX", "L", "雨", "?"]


def test_minutes_round_up() -> None:
    assert render("{{ t|minutes }}", t=timedelta(seconds=61)) == "2"
