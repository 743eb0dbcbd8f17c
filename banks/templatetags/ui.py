"""The tags of `{% load ui %}`: values, page structure and parts (see assets/README.md); no data is fetched here."""

# ruff: noqa: A002  arguments are named as page authors write them in templates: id="…", next=…

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Any, TypeAlias

from django import forms
from django.conf import settings
from django.forms.formsets import BaseFormSet
from django.template import Context, Library
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language_info

from banks.templatetags import ui_values

register = Library()

Item = Mapping[str, Any]
FormLike: TypeAlias = "forms.BaseForm | BaseFormSet[Any] | None"
TONE_ICONS = {"info": "info", "warning": "alert", "danger": "alert", "success": "check"}
TONES = {"info": "info", "warning": "warn", "danger": "bad", "error": "bad", "success": "ok", "debug": "neutral"}
KPI_ICONS = {"ok": "check", "warn": "alert", "bad": "alert"}
STEP_ICONS = {"done": "check", "problem": "alert"}
THEMES = ("auto", "light", "dark")

register.simple_tag(ui_values.icon)
register.simple_tag(ui_values.status_pill)
register.simple_tag(ui_values.duration)
register.simple_tag(ui_values.money)
register.simple_tag(ui_values.when)
register.simple_tag(ui_values.masked)
register.filter(ui_values.counted)


def _now(context: Context) -> datetime:
    """The legal clock when the view gave it (`server_now`), else Django's clock."""
    value = context.get("server_now")
    # replace() makes a real datetime of a lazy one, which arithmetic would refuse
    return value.replace() if isinstance(value, datetime) else timezone.now()


@register.simple_tag(takes_context=True)
def server_now(context: Context) -> str:
    """ISO moment for the meta tag that the browser's countdowns start from."""
    return _now(context).isoformat()


@register.simple_tag(takes_context=True)
def countdown(context: Context, due_at: datetime | None, stopped_at: datetime | None = None) -> SafeString:
    """Remaining time, ticking; see ui_values.countdown."""
    return ui_values.countdown(_now(context), due_at, stopped_at)


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """The theme chosen in the cookie: auto, light or dark; "auto" where there is no request."""
    request = context.get("request")
    chosen = request.COOKIES.get("theme", "auto") if request is not None else "auto"
    return chosen if chosen in THEMES else "auto"


@register.simple_tag
def language_choices() -> list[tuple[str, str]]:
    """(code, own name) of each language of the product, untranslated so that everybody finds theirs."""
    return [(code, get_language_info(code)["name_local"]) for code, _ in settings.LANGUAGES]


@register.simple_tag
def initials(name: object) -> str:
    """Up to two letters for an avatar: first letters of two words, or the last character of a Chinese name."""
    words = str(name).split()
    if not words:
        return "?"
    if not words[0].isascii():
        return words[0][-1]
    return "".join(word[0] for word in (words[0], words[-1])[: len(words)]).upper()


@register.filter
def tone(tags: str) -> str:
    """Tone of a Django message's level tag or of a banner word."""
    return TONES.get(tags, "info")


@register.filter
def tone_icon(name: str) -> str:
    """Icon of a banner or message tone."""
    return TONE_ICONS.get(name, "alert" if name == "error" else "info")


@register.filter
def minutes(value: timedelta) -> int:
    """Whole minutes of a length of time, rounded up."""
    return ceil(value.total_seconds() / 60)


@register.filter
def widget_attr(field: forms.BoundField, name: str) -> str:
    """An attribute of a field's widget whose name the template language cannot write, such as data-width."""
    return str(field.field.widget.attrs.get(name, ""))


def _trimmed(content: str) -> SafeString:
    """Rendered template content without blank edges: nothing but blanks is nothing."""
    return mark_safe(content.strip())  # noqa: S308  a block's content was rendered and escaped by the template engine


@register.simple_block_tag
def capture(content: str) -> SafeString:
    """Hand a piece of template to another tag: {% capture as x %}…{% endcapture %}."""
    return _trimmed(content)


@register.simple_block_tag
def page_header(
    content: str,
    title: str,
    subtitle: str = "",
    crumbs: Iterable[tuple[str, str]] | None = None,
    pill: str = "",
    eyebrow: str = "",
) -> SafeString:
    """Title row of a page; `crumbs` are (label, url), the content holds the actions."""
    given = {"title": title, "subtitle": subtitle, "crumbs": crumbs, "pill": pill, "eyebrow": eyebrow}
    return render_to_string("ui/page_header.html", given | {"actions": _trimmed(content)})


@register.simple_block_tag
def card(content: str, title: str = "", actions: str = "", flush: bool = False, id: str = "") -> SafeString:
    """Section with a heading; `flush` leaves the padding out for tables."""
    return render_to_string(
        "ui/card.html", {"title": title, "actions": actions, "flush": flush, "id": id, "content": content}
    )


@register.simple_block_tag
def table(
    content: str, caption: str, id: str = "", stack: bool = False, density: str = "", show_caption: bool = False
) -> SafeString:
    """Data table in its own scroll region, named by the caption; the content is thead, tbody and tfoot."""
    given = {"caption": caption, "id": id, "stack": stack, "density": density, "show_caption": show_caption}
    return render_to_string("ui/table.html", given | {"content": content})


@register.simple_block_tag
def bulk_bar(content: str) -> SafeString:
    """Bar that appears when rows are ticked; lives inside the form that sends them."""
    return render_to_string("ui/bulk_bar.html", {"content": content})


@register.simple_block_tag
def banner(content: str, tone: str = "info", title: str = "", role: str = "") -> SafeString:
    """Message in the page: info, warning, danger or success; `role="alert"` speaks it at once."""
    return render_to_string("ui/banner.html", {"tone": tone, "title": title, "role": role, "content": content})


@register.simple_block_tag
def menu(content: str, label: str, icon: str = "", align: str = "start", button: str = "btn") -> SafeString:
    """Drop-down of links and buttons; with an icon the label is only spoken."""
    given = {"label": label, "icon": icon, "align": align, "button": button, "content": content}
    return render_to_string("ui/menu.html", given)


@register.simple_block_tag
def dialog(content: str, id: str, title: str, wide: bool = False) -> SafeString:
    """Modal <dialog>, opened by any button with data-dialog=id."""
    return render_to_string("ui/dialog.html", {"id": id, "title": title, "wide": wide, "content": content})


@register.simple_block_tag(takes_context=True)
def confirm_dialog(
    context: Context, content: str, id: str, title: str, action: str, label: str, tone: str = "primary", opened: Any = False
) -> SafeString:  # fmt: skip
    """Dialog with a POST form: text and extra fields from the content, one button that does it, one that does not.

    `opened`: it stands open when the page comes, as after a refused entry (`opened=form.errors`).
    """
    given = {"id": id, "title": title, "action": action, "label": label, "tone": tone, "content": content, "opened": opened}  # fmt: skip
    return render_to_string("ui/confirm_dialog.html", given | {"csrf_token": context.get("csrf_token", "")})


@register.inclusion_tag("ui/tabs.html")
def tabs(items: Sequence[Item], label: str) -> dict[str, Any]:
    """Tabs that are links to pages; items have label, url, active, count."""
    return {"items": items, "label": label}


@register.inclusion_tag("ui/kpis.html")
def kpis(items: Sequence[Item]) -> dict[str, Any]:
    """Strip of figures; items have label, value, unit, url, tone, hint, trend."""
    return {"items": [{**item, "icon": KPI_ICONS.get(item.get("tone", ""), "")} for item in items]}


@register.inclusion_tag("ui/steps.html")
def steps(items: Sequence[Item], label: str) -> dict[str, Any]:
    """Stages of a task; items have label, state (done, current, todo, problem), url, hint."""
    return {"items": [{**item, "icon": STEP_ICONS.get(item["state"], "")} for item in items], "label": label}


@register.inclusion_tag("ui/timeline.html")
def timeline(items: Sequence[Item]) -> dict[str, Any]:
    """List of events; items have at, title, text, actor, icon, tone, url, link."""
    return {"items": [{**item, "actor": ui_values.actor_title(item.get("actor", ""))} for item in items]}


@register.inclusion_tag("ui/definitions.html")
def definitions(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Pairs of term and value in two columns."""
    return {"items": items}


@register.inclusion_tag("ui/pager.html")
def pager(
    previous: str | None = None, next: str | None = None, shown: int | None = None, total: int | None = None
) -> dict[str, Any]:
    """Keyset pages: addresses of the neighbours, rows shown here, rows in all when that is known."""
    return {"previous": previous, "next": next, "shown": shown, "total": total}


@register.inclusion_tag("ui/empty_state.html")
def empty_state(
    title: str, text: str = "", icon: str = "inbox", action_url: str = "", action_label: str = ""
) -> dict[str, Any]:
    """What stands where a list would be, with the next step."""
    return {"title": title, "text": text, "icon": icon, "action_url": action_url, "action_label": action_label}


@register.inclusion_tag("ui/progress.html")
def progress(value: int, maximum: int, label: str = "") -> dict[str, Any]:
    """Progress bar with its figures."""
    return {"value": value, "maximum": maximum, "label": label}


@register.inclusion_tag("ui/copy_button.html")
def copy_button(text: str, label: str = "") -> dict[str, Any]:
    """Small button that puts a text on the clipboard."""
    return {"text": text, "label": label}


@register.inclusion_tag("ui/autosave.html")
def autosave(url: str, form_id: str) -> dict[str, Any]:
    """Saves the draft of a form while the person types; the view answers a short text."""
    return {"url": url, "form_id": form_id}


@register.inclusion_tag("ui/filter_bar.html", takes_context=True)
def filter_bar(
    context: Context, form: forms.Form, visible: int = 3, reset_url: str = "", hx_get: str = "", target: str = ""
) -> dict[str, Any]:
    """Query form: the first `visible` fields in a row, the others folded in unless one of them holds a value."""
    fields = form.visible_fields()
    more = fields[visible:]
    return {
        "form": form,
        "first": fields[:visible],
        "more": more,
        "open": any(form.data.get(field.html_name) or field.errors for field in more),
        "reset_url": reset_url or getattr(context.get("request"), "path", ""),
        "hx_get": hx_get,
        "target": target,
    }


def _problems(form: forms.BaseForm) -> Iterable[dict[str, str]]:
    """Each error of a form as text with the anchor of its field; `spoken_as` tells apart forms that repeat on a page."""
    whose = getattr(form, "spoken_as", "")
    for name, errors in form.errors.items():
        if name == "__all__" or name not in form.fields:
            yield from ({"text": f"{whose} · {error}" if whose else str(error), "href": ""} for error in errors)
            continue
        field = form[name]
        href = field.id_for_label or f"{field.auto_id}_0"
        label = f"{whose} · {field.label}" if whose else str(field.label)
        yield from ({"label": label, "text": str(error), "href": f"#{href}"} for error in errors)


@register.inclusion_tag("ui/error_summary.html")
def error_summary(*sources: FormLike) -> dict[str, Any]:
    """All errors of the given forms and formsets, each linking to its field; nothing when there are none."""
    found: list[dict[str, str]] = []
    for source in sources:
        if isinstance(source, BaseFormSet):
            if source.is_bound:
                found += [{"text": str(error), "href": ""} for error in source.non_form_errors()]
                found += [problem for form in source.forms for problem in _problems(form)]
        elif source is not None:
            found += _problems(source)
    return {"problems": found}
