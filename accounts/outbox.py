"""What is owed after a change: messages and tasks as rows now, mail later (ARCHITECTURE.md).

Call it inside the transaction that writes the events; the post room is woken after the commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from celery import current_app
from django.db import transaction
from django.db.models import Case, F, QuerySet, Value, When
from django.utils import timezone

from accounts.lifecycle.states import PROVIDER_TASKS, Audience, OrderState, Role, TaskKind
from accounts.lifecycle.transition import Tell
from accounts.models import (
    Account,
    Deputy,
    Event,
    Message,
    Order,
    Person,
    Subject,
    Task,
    WebhookEndpoint,
    WebhookMessage,
    holders,
)
from accounts.models.ids import ordered_ids
from accounts.models.insert import insert_rows
from accounts.models.prepared import Prepared, Slot

DELIVER = "accounts.tasks.deliver_messages"
CALL = "accounts.tasks.deliver_webhooks"
VERIFY = "accounts.tasks.verify_new"
CHECK = "accounts.tasks.check_inactivity"
OPERATE = "accounts.tasks.work_operations"
RECONCILE = "accounts.tasks.reconcile_providers"
RUN_UPLOADS = "accounts.tasks.run_uploads"
_STAFF = {
    Audience.SUPPORT: Role.SUPPORT,
    Audience.SERVICE_RESPONSIBLE: Role.SERVICE_RESPONSIBLE,
    Audience.CEGAL: Role.CEGAL,
    Audience.ADMINISTRATOR: Role.ADMINISTRATOR,
}


class Recipient(NamedTuple):
    """One address, the person behind it if known, and the language to write in."""

    email: str
    name: str
    language: str
    person_id: UUID | None = None

    @classmethod
    def of(cls, person: Person) -> Recipient:
        return cls(person.email, person.name, person.language or "en", person.pk)


def post(
    changes: Iterable[tuple[Subject, Event]],
    tells: Sequence[Tell],
    *,
    now: datetime,
    notices: Mapping[UUID, UUID] | None = None,
) -> int:
    """Write the messages that ``tells`` owe for each change; give their number.

    ``notices`` names, by account id, the notice that a message belongs to. One address gets one mail of a kind
    per event, also when it stands in two audiences.
    """
    if not tells:
        return 0
    staff = _staff_of(tells, timezone.localdate(now))
    ids = ordered_ids(now)
    messages = (
        _message(next(ids), event, tell.kind, recipient, (notices or {}).get(subject.pk))
        for subject, event in changes
        for tell, recipient in _once_each(subject, tells, staff)
    )
    number = insert_rows(Message, messages, created_at=now, due_at=now)
    if number:
        wake(DELIVER)
    return number


def post_to(event: Event, tell: Tell, to: Recipient, *, now: datetime, notice_id: UUID | None = None) -> None:
    """Write the message of ``tell`` to somebody whom the subject does not name: who was replaced, say."""
    message = _message(next(ordered_ids(now)), event, tell.kind, to, notice_id)
    insert_rows(Message, [message], created_at=now, due_at=now)
    wake(DELIVER)


def post_each(
    changes: Iterable[tuple[Subject, Event]],
    tell: Tell,
    to: Mapping[UUID, Sequence[Recipient]],
    *,
    now: datetime,
    notices: Mapping[UUID, UUID],
) -> None:
    """Write the message of ``tell`` to each of those whom ``to`` names for the changed subject, by its id."""
    ids = ordered_ids(now)
    messages = (
        _message(next(ids), event, tell.kind, recipient, notices.get(subject.pk))
        for subject, event in changes
        for recipient in to.get(subject.pk, ())
    )
    if insert_rows(Message, messages, created_at=now, due_at=now):
        wake(DELIVER)


def recipients(subject: Subject, tells: Sequence[Tell], today: date) -> list[tuple[Tell, Recipient]]:
    """Who would get which mail if ``tells`` were owed for ``subject`` on ``today`` (Europe/Oslo); writes nothing."""
    return list(_once_each(subject, tells, _staff_of(tells, today)))


def owe(changes: Iterable[tuple[Account, Event]], kinds: Sequence[TaskKind], *, now: datetime) -> None:
    """Open a task of each kind for each account; one that is open already stays the only one."""
    if not kinds:
        return
    tasks = [Task(kind=kind.value, account=account, event=event, opened_at=now)
             for account, event in changes for kind in kinds]  # fmt: skip
    Task.objects.bulk_create(tasks, ignore_conflicts=True, batch_size=500)
    if not PROVIDER_TASKS.isdisjoint(kinds):
        wake(OPERATE)


def call(changes: Iterable[tuple[Subject, Event]], *, now: datetime) -> None:
    """Write the webhook messages that the events of orders and accounts owe to the endpoints that want them.

    A draft is its requester's alone: nobody is told of it.
    """
    events = [event for subject, event in changes if isinstance(subject, Order | Account) and is_told(event)]
    if not events:
        return
    if not _CALLED.rows():  # most portals call nobody
        return
    endpoints = list(WebhookEndpoint.objects.filter(active=True))
    ids = ordered_ids(now)
    rows = ({"id": next(ids), "endpoint_id": endpoint.pk, "event_id": event.pk}
            for endpoint in endpoints for event in events if wants(endpoint, event))  # fmt: skip
    if insert_rows(WebhookMessage, rows, created_at=now, due_at=now):
        wake(CALL)


_CALLED = Prepared(lambda: WebhookEndpoint.objects.filter(active=True).values_list("pk")[:1])


def is_told(event: Event) -> bool:
    """Is this an event of which programs are told at all?"""
    return event.target != OrderState.DRAFT.value


def wants(endpoint: WebhookEndpoint, event: Event) -> bool:
    """Does ``endpoint`` want to know of this verb?"""
    return not endpoint.verbs or event.verb in endpoint.verbs


def wake(task: str, after: float = 0) -> None:
    """After the commit, tell a worker to look now, or ``after`` seconds. Lost, it costs a minute: beat looks anyway."""
    later = {"countdown": after} if after else {}
    transaction.on_commit(lambda: current_app.send_task(task, ignore_result=True, **later), robust=True)


def _staff_of(tells: Sequence[Tell], today: date) -> dict[Audience, list[Recipient]]:
    wanted = {tell.to for tell in tells} & {*_STAFF, Audience.DEPUTY, Audience.UPCOMING_DEPUTY}
    return {to: [Recipient(*one) for one in _people(to).rows(today=today)] for to in wanted}


@cache
def _people(to: Audience) -> Prepared:
    """The people of an audience of staff, as recipients; those who are service responsible are also their deputies of
    the day ``today``."""
    return Prepared(lambda: _of_staff(to, Slot("today", Deputy._meta.get_field("starts_on"))))


def _of_staff(to: Audience, today: Any) -> QuerySet[Person, Any]:
    language = Case(When(language="", then=Value("en")), default=F("language"))
    found = holders(_STAFF[to], today) if to in _STAFF else _deputies(to, today)
    return found.annotate(speaks=language).values_list("email", "name", "speaks", "pk")


def _deputies(to: Audience, today: Any) -> QuerySet[Person]:
    named = Deputy.objects.standing_in(today) if to is Audience.DEPUTY else Deputy.objects.upcoming(today)
    return Person.objects.filter(pk__in=named.values("deputy"))


def _once_each(
    subject: Subject, tells: Sequence[Tell], staff: Mapping[Audience, list[Recipient]]
) -> Iterable[tuple[Tell, Recipient]]:
    seen: set[tuple[str, str]] = set()
    for tell in tells:
        for recipient in staff.get(tell.to) or _contacts(subject, tell.to):
            key = (tell.kind, recipient.email.lower())
            if key not in seen:
                seen.add(key)
                yield tell, recipient


def _contacts(subject: Subject, to: Audience) -> list[Recipient]:
    if isinstance(subject, Order):
        return _order_contacts(subject, to)
    if isinstance(subject, Account):
        return _account_contacts(subject, to)
    if isinstance(subject, Person) and to is Audience.PERSON:
        return [Recipient.of(subject)]
    return []


def _order_contacts(order: Order, to: Audience) -> list[Recipient]:
    requester = Recipient.of(order.requester)
    if to is Audience.REQUESTER:
        return [requester]
    if to is Audience.ASSIGNEE:
        return [Recipient.of(order.assignee)] if order.assignee else []
    if to is Audience.OWNER and order.owner_email:
        known = Person.objects.filter(email__iexact=order.owner_email).first()
        return [Recipient.of(known) if known else Recipient(order.owner_email, order.owner_name, requester.language)]
    if to is Audience.TECHNICAL_CONTACT and order.technical_email:
        return [Recipient(order.technical_email.lower(), order.technical_name, requester.language)]
    return []


def _account_contacts(account: Account, to: Audience) -> list[Recipient]:
    owner = Recipient.of(account.owner)
    if to is Audience.OWNER:
        return [owner]
    if to is Audience.TECHNICAL_CONTACT and account.technical_email:
        return [Recipient(account.technical_email.lower(), account.technical_name, owner.language)]
    return []


def _message(id: UUID, event: Event, kind: str, to: Recipient, notice_id: UUID | None) -> dict[str, Any]:
    return {
        "id": id, "event_id": event.pk, "kind": kind, "notice_id": notice_id, "person_id": to.person_id,
        "to_email": to.email, "to_name": to.name, "language": to.language,
    }  # fmt: skip
