"""Tags and filters of the portal's templates: ``{% load portal_tags %}``; docs/components.md lists them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.conf import settings
from django.forms import BaseForm, BoundField
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString

from accounts import watchdog
from accounts.lifecycle.actor import named
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.states import Role
from accounts.models import Event
from accounts.templatetags import moments, nav, states
from accounts.words import say

register = template.Library()

THEMES = ("auto", "light", "dark")


def _request(context: Mapping[str, Any]) -> HttpRequest | None:
    return context.get("request")


# --- the page


@register.simple_tag(takes_context=True)
def names_deputies(context: Mapping[str, Any]) -> str | None:
    """The address of the page of deputies, for whoever is service responsible (or stands in for one); else None."""
    held = nav.roles_of(_request(context))
    return nav.url_or_none("deputies") if Role.SERVICE_RESPONSIBLE in held else None


@register.filter
def who(event: Event) -> str:
    """Who did what an event tells, in the page's language: "Ola Hansen, as deputy for Kari Nordmann"."""
    return say(event.who)


@register.filter(name="named")
def named_filter(kept: str) -> str:
    """A name as a row keeps it, in the page's language: "ola@nordsjo.example (link in the email)"."""
    return say(named(kept))


@register.filter
def said(kept: Mapping[str, Any] | str) -> str:
    """A sentence as a row keeps it (``Sentence.plain``), in the page's language; an old row's words as they are."""
    return kept if isinstance(kept, str) else say(Sentence.of(dict(kept)))


@register.simple_tag(takes_context=True)
def color_scheme(context: Mapping[str, Any]) -> str:
    """The theme this browser chose (cookie "theme"), else "auto", which follows the system."""
    request = _request(context)
    chosen = request.COOKIES.get("theme", "") if request else ""
    return chosen if chosen in THEMES else "auto"


@register.simple_tag
def standing_still() -> list[str]:
    """What stands still, in sentences: what the watchdog of this process saw within the last minutes. No query."""
    return [say(one.sentence) for one in watchdog.seen.still(timezone.now())]


@register.simple_tag
def support_address() -> str:
    """The address of Support that stands on every page and in every mail (setting SUPPORT_EMAIL)."""
    return str(settings.SUPPORT_EMAIL)


@register.simple_tag
def issuer() -> dict[str, Any] | None:
    """The issuer of single sign-on (``name``, ``provider_id``), None where there is none."""
    found: list[dict[str, Any]] = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    return found[0] if found else None


@register.simple_tag
def url_or_none(name: str, *args: Any, **kwargs: Any) -> str | None:
    """The address of a page or None: ``{% url_or_none "style" as address %}{% if address %}...``."""
    return nav.url_or_none(name, *args, **kwargs)


@register.simple_tag(takes_context=True)
def nav_items(context: Mapping[str, Any]) -> list[nav.Group]:
    """The navigation of this person; a context variable ``counts`` puts numbers behind its pages."""
    return nav.groups_for(_request(context), context.get("counts"))


@register.simple_tag(takes_context=True)
def wears_staff_layout(context: Mapping[str, Any]) -> bool:
    """Has this person work to do here (a role), so that the page takes the staff layout?"""
    return nav.is_staff(_request(context))


@register.simple_tag(takes_context=True)
def came_from(context: Mapping[str, Any]) -> str:
    """The page of ours that led here (the Referer header), else "/": where a form that failed can be found again."""
    request = _request(context)
    address = request.headers.get("referer", "") if request else ""
    if request and url_has_allowed_host_and_scheme(address, {request.get_host()}, request.is_secure()):
        return address
    return "/"


# --- states


@register.simple_tag
def state_look(state: str) -> states.Look:
    """Colour, icon and word of an order's or an account's state."""
    return states.look(state)


@register.filter
def state_word(state: str) -> str:
    """The word of a state in the language of the page: ``{{ order.state|state_word }}``."""
    return str(states.look(state).word)


@register.simple_tag
def all_states() -> dict[str, list[str]]:
    """Every state that has a look, by kind: for the style page and for filters."""
    return {
        "order": [str(key) for key in states.ORDER_LOOKS],
        "account": [str(key) for key in states.ACCOUNT_LOOKS],
    }


# --- dates


@register.filter
def moment(at: dt.datetime | dt.date | None) -> SafeString | str:
    """Up to seven days from now in relative words, else "23 Nov 2026, 14:05"; nothing for None."""
    return moments.moment(at) if at else ""


@register.filter
def exact(at: dt.datetime | None) -> SafeString | str:
    """Always "23 Nov 2026, 14:05"; nothing for None."""
    return moments.exact(at) if at else ""


@register.filter
def precise(at: dt.datetime | None) -> SafeString | str:
    """Always with its second, "23 Nov 2026, 14:05:09"; nothing for None."""
    return moments.precise(at) if at else ""


@register.filter
def day(on: dt.date | dt.datetime | None) -> SafeString | str:
    """The day alone, "23 Nov 2026"; nothing for None."""
    return moments.day(on) if on else ""


@register.filter
def long_day(on: dt.date | dt.datetime | None) -> str:
    """The day in plain text, "23 November 2026", for mails and sentences; "" for None."""
    return moments.write(on, "long") if on else ""


@register.filter
def clock(at: dt.datetime | None) -> str:
    """The hour in plain text, "14:05"; "" for None."""
    return moments.write(at, "clock") if at else ""


@register.filter
def plain_moment(at: dt.datetime | None) -> str:
    """The exact time in plain text, "23 Nov 2026, 14:05", for mails; "" for None."""
    return moments.write(at, "moment") if at else ""


# --- people and forms


@register.filter
def initials(name: object) -> str:
    """One or two letters for an avatar: "Ingrid Solheim" is IS, "post@x.no" is P."""
    words = [word for word in str(name or "").split("@")[0].split() if word[:1].isalnum()]
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [word[0] for word in words]
    return "".join(letters).upper()


@register.simple_tag
def field_widget(field: BoundField, **attrs: Any) -> SafeString:
    """A field's widget, tied to its hint, its reviewer's note and its message by ``aria-describedby``.

    More attributes may be given, as ``class="lp-otp"``; False takes one away.
    """
    ids = "" if field.use_fieldset else described_by(field)
    return field.as_widget(attrs={**attrs, "aria-describedby": ids} if ids else attrs)


@register.filter
def described_by(field: BoundField) -> str:
    """The ids of everything that explains ``field``, in reading order; "" where there is nothing."""
    if field.field.widget.attrs.get("aria-describedby") or not field.auto_id:
        return ""
    parts = {"helptext": field.help_text, "note": getattr(field.field, "note", None), "error": field.errors}
    return " ".join(f"{field.auto_id}_{part}" for part, there in parts.items() if there)


@register.simple_tag
def form_errors(
    form: BaseForm | None = None, forms: Iterable[BaseForm] | None = None, errors: Iterable[Any] | None = None
) -> list[Any]:
    """Every problem of ``form``, ``forms`` and ``errors`` with the address of its field: {url, text}."""
    lines = list(errors or [])
    for one in [form, *(forms or [])]:
        if one and one.is_bound:
            lines += [{"url": "", "text": text} for text in one.non_field_errors()]
            lines += [{"url": f"#{_first_id(field)}", "text": text} for field in one for text in field.errors]
    return lines


def _first_id(field: BoundField) -> str:
    """Where the reader goes to correct ``field``: of a group of choices, the first one."""
    return field.id_for_label or f"{field.auto_id}_0"


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon out of icons.css, hidden from screen readers: put a word next to it."""
    return format_html('<span class="icon i-{}" aria-hidden="true"></span>', name)


# --- signing in


@register.simple_tag
def code_minutes() -> int:
    """How long a sign-in code works, in whole minutes (setting ACCOUNT_LOGIN_BY_CODE_TIMEOUT, seconds)."""
    return int(settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT) // 60


@register.simple_tag
def kept_mails() -> str | None:
    """Where the mails can be read that this installation keeps instead of sending them; else None."""
    return nav.url_or_none("mailbox") if settings.MAIL_IS_KEPT else None
