"""Messages for tests of the post room, written as the outbox writes them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.core.mail import EmailMultiAlternatives

from accounts.actions import engine
from accounts.actions.engine import Change
from accounts.delivery.claim import take
from accounts.delivery.letter import load
from accounts.delivery.render import render
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.policy import Policy
from accounts.models import Account, Event, Message, Notice, Order, Person
from tests.story import Story

LINK = re.compile(r"http://localhost:8000(/\S+)")
"""A link to the portal, and its path."""


def event(subject: Order | Account, *, now: datetime, comment: str = "", **data: Any) -> Event:
    """An event of ``subject`` that moves nothing; nobody is told of it."""
    change = Change(comment=comment, data=lambda _subject: data)
    return engine.record([subject], "test", by=SYSTEM, now=now, change=change)[0][1]


def message(
    kind: str,
    about: Order | Account,
    to: Person | str,
    *,
    now: datetime,
    language: str = "en",
    notice: Notice | None = None,
    **event_fields: Any,
) -> Message:
    """A message of ``kind`` about ``about``, due now."""
    person = to if isinstance(to, Person) else None
    return Message.objects.create(
        event=event(about, now=now, **event_fields),
        kind=kind,
        notice=notice,
        person=person,
        to_email=person.email if person else str(to),
        to_name=person.name if person else "",
        language=language,
        created_at=now,
        due_at=now,
    )


def waiting(story: Story, number: int, *, now: datetime | None = None) -> list[Message]:
    """So many messages to as many addresses, the first one due first; ``now``: the machine's, for real processes."""
    order, now = story.order_in("support"), now or story.now
    Message.objects.all().delete()
    return [message("order_to_triage", order, f"p{place:03}@nordsjo.example", now=now) for place in range(number)]


def rendered(
    kind: str, about: Order | Account, to: Person | str, *, now: datetime, language: str = "en", **fields: Any
) -> EmailMultiAlternatives:
    """The mail that the post room would send."""
    Message.objects.all().delete()
    message(kind, about, to, now=now, language=language, **fields)
    claim = take(now, 1)
    assert claim is not None
    return render(load(claim)[0], now=now, policy=Policy())


def html_of(mail: EmailMultiAlternatives) -> str:
    """The HTML part."""
    return str(mail.alternatives[0].content)
