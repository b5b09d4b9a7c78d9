"""Support's triage and the Service Responsible's decision."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.actions import engine
from accounts.actions.engine import Change
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.models import Event, Order, current_policy
from accounts.models.facts import order_facts


def send_for_approval(order: Order, *, by: Actor, now: datetime, comment: str = "") -> Event:
    """support -> approval, with an optional note to the approver."""
    return _move(order, "send_for_approval", by, now, comment)


def approve(order: Order, *, by: Actor, now: datetime, comment: str = "") -> Event:
    """approval -> approved. Nobody approves what they requested or sent for approval (DOMAIN.md)."""
    return _move(order, "approve", by, now, comment)


def reject(order: Order, *, by: Actor, now: datetime, comment: str) -> Event:
    """support, approval -> rejected, with a reason; final."""
    return _move(order, "reject", by, now, comment)


def return_order(
    order: Order,
    *,
    by: Actor,
    now: datetime,
    comment: str = "",
    comments: Sequence[tuple[str, str]] = (),
    answer_by: date | None = None,
) -> Event:
    """support, approval -> returned, with at least one comment.

    ``comments`` are (field of the order form, what is missing); ``comment`` is about the whole order.
    ``answer_by`` is the day on which an unanswered return expires, by default [30] days from today (Europe/Oslo).
    """
    today = timezone.localdate(now)
    until = answer_by or today + timedelta(days=current_policy().return_days)
    if until <= today:
        raise NotReady(_("The day to answer by must be later than today."))
    said = return_particulars(comments, until)
    columns = {"answer_by": until, "expiry_warned_on": None}
    change = Change(comment=comment, columns=columns, data=lambda _order: said)
    facts = order_facts(order, by, comment=comment, field_comments=len(said["comments"]))
    return engine.move(order, "return", by=by, now=now, facts=facts, change=change)


def return_particulars(comments: Sequence[tuple[str, str]], until: date) -> dict[str, Any]:
    """What the event of a return keeps: the comments on fields that say something, and the day to answer by."""
    said = [{"field": field, "text": text.strip()} for field, text in comments if text.strip()]
    return {"comments": said, "answer_by": until.isoformat()}


def _move(order: Order, verb: str, by: Actor, now: datetime, comment: str) -> Event:
    facts = order_facts(order, by, comment=comment)
    return engine.move(order, verb, by=by, now=now, facts=facts, change=Change(comment=comment))
