"""The mails of a decision before it is taken: the very letters that would go out, out of rows that nobody writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from accounts import outbox
from accounts.delivery.kinds import kind_of
from accounts.delivery.letter import Letter
from accounts.delivery.render import render
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.transition import Tell, Transition
from accounts.models import Event, Message, Order
from accounts.models.facts import order_facts
from accounts.outbox import Recipient


@dataclass(frozen=True)
class Preview:
    """One mail as it would be sent: to whom, in which language ("nb" or "en"), and what it says."""

    kind: str
    name: str
    email: str
    language: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Previews:
    """The mails to the people outside, each as it is; of those to staff only how many, by kind."""

    mails: list[Preview]
    to_staff: dict[str, int]


def previews(
    order: Order,
    row: Transition,
    *,
    by: Actor,
    now: datetime,
    policy: Policy,
    comment: str = "",
    data: Mapping[str, Any] | None = None,
) -> Previews:
    """What ``row`` would send if ``by`` started it now with this ``comment`` and these particulars (``Event.data``).

    Nothing is written. Raises whatever a template raises.
    """
    event = Event(
        subject_type=Order.subject_type(), subject_id=order.pk, seq=order.version + 1, at=now, verb=row.verb,
        source=order.state, target=str(row.target), actor_kind=by.kind.value, actor_id=by.id, actor_name=by.name,
        comment=comment.strip(), data=dict(data or {}),
    )  # fmt: skip
    mails: list[Preview] = []
    to_staff: dict[str, int] = {}
    for tell, to in outbox.recipients(order, row.told(order_facts(order, by)), timezone.localdate(now)):
        if kind_of(tell.kind, event).role is None:
            mails.append(_preview(order, event, tell, to, now, policy))
        else:
            to_staff[tell.kind] = to_staff.get(tell.kind, 0) + 1
    return Previews(mails, to_staff)


def _preview(order: Order, event: Event, tell: Tell, to: Recipient, now: datetime, policy: Policy) -> Preview:
    message = Message(
        event=event, kind=tell.kind, person_id=to.person_id, to_email=to.email, to_name=to.name, language=to.language,
        created_at=now, due_at=now,
    )  # fmt: skip
    mail = render(Letter(message, event, order=order), now=now, policy=policy)
    return Preview(tell.kind, to.name, to.email, to.language, str(mail.subject), str(mail.body), _html(mail))


def _html(mail: EmailMultiAlternatives) -> str:
    content, _mimetype = mail.alternatives[0]
    return str(content)
