"""Tags of lists of orders: ``{% load order_tags %}``. The badges that many rows share are drawn once."""

from __future__ import annotations

from functools import lru_cache

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from accounts.lifecycle.states import OrderState
from accounts.models import Order
from accounts.readers.waiting import Waiting
from accounts.templatetags.moments import day

register = template.Library()


@register.simple_tag
def state_badge(state: str) -> SafeString:
    """``components/_state.html`` for an order's state."""
    return _state(state, get_language() or "")


@register.simple_tag
def environment_tags(names: tuple[str, ...]) -> SafeString:
    """``components/_envs.html`` for the names of environments; they are never translated."""
    return _environments(names)


@register.simple_tag
def waiting_note(waiting: Waiting, order: Order) -> str:
    """Why it is late or not how long ``order`` waits: "Due 24 Nov 2026"; "" where nothing can be said."""
    if waiting.tone == "bad":
        text = ngettext(
            "Past the target of %(days)s working day", "Past the target of %(days)s working days", waiting.target
        )
        return text % {"days": waiting.target}
    if waiting.tone == "warn":
        return _("Due today")
    if waiting.due:
        return _filled(_("Due %(due)s"), due=day(waiting.due))
    if order.state == OrderState.RETURNED.value and order.answer_by:
        return _filled(_("The requester has until %(until)s"), until=day(order.answer_by))
    return ""


def _filled(text: str, **value: SafeString) -> SafeString:
    """A translated sentence with its one place filled by what is HTML already."""
    name, said = next(iter(value.items()))
    return format_html(text.replace(f"%({name})s", "{}"), said)


@lru_cache(maxsize=64)
def _state(state: str, language: str) -> SafeString:
    return render_to_string("components/_state.html", {"state": state})


@lru_cache(maxsize=256)
def _environments(names: tuple[str, ...]) -> SafeString:
    return render_to_string("components/_envs.html", {"environments": names})
