"""What programs read: orders, accounts and their history as JSON. Times are RFC 3339, days those of Europe/Oslo."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from ninja import Schema

from accounts.api.why import Why
from accounts.lifecycle.states import AccountState, OrderKind, OrderState, TaskKind


class Contact(Schema):
    """Somebody who is named: either may be empty."""

    name: str
    email: str


class OrderLine(Schema):
    """An order as a list shows it. ``version`` is the number of its events: send it along with a verb."""

    reference: str
    version: int
    kind: OrderKind
    state: OrderState
    state_since: datetime
    organisation: str
    as_seller: bool
    as_broker: bool
    environments: list[str]
    answer_by: date | None
    late: bool


class OrderPage(Schema):
    """Some orders; ``next`` is the ``cursor`` of those that follow, null at the end."""

    items: list[OrderLine]
    next: str | None


class AccountOfOrder(Schema):
    """An account that an order made."""

    id: UUID
    client_id: str
    environment: str
    state: AccountState


class OrderDetail(OrderLine):
    """An order. ``verbs`` are those that this program may start now; what is null, its role does not see."""

    organisation_number: str
    purpose: str
    technical_contact: Contact
    system: str | None
    requester: Contact | None
    owner: Contact | None
    assignee: Contact | None
    created_at: datetime
    submitted_at: datetime | None
    sent_to_cegal_at: datetime | None
    concerns: UUID | None
    accounts: list[AccountOfOrder]
    verbs: list[str]


class AccountLine(Schema):
    """An API account as a list shows it. ``last_use_is_unknown``: nobody said yet whether it was used."""

    id: UUID
    version: int
    client_id: str
    environment: str
    state: AccountState
    state_since: datetime
    organisation: str
    organisation_number: str
    last_activity_on: date | None
    last_used_on: date | None
    last_use_is_unknown: bool


class AccountPage(Schema):
    """Some accounts; ``next`` is the ``cursor`` of those that follow, null at the end."""

    items: list[AccountLine]
    next: str | None


class AccountDetail(AccountLine):
    """An account. ``verbs`` are those that this program may start now; what is null, its role does not see.

    ``why``: what the next daily check of inactivity does with it now, and every figure of that decision.
    """

    as_seller: bool
    as_broker: bool
    technical_contact: Contact
    loop_reference: str
    order: str | None
    owner: Contact | None
    system: str | None
    purpose: str | None
    activated_on: date | None
    kept_on: date | None
    reactivated_on: date | None
    verbs: list[str]
    why: Why


class TaskLine(Schema):
    """Open work about an account. ``told``: what it is; ``advice``: what to do about it; ``key_id``: its secret's."""

    id: UUID
    kind: TaskKind
    opened_at: datetime
    told: str
    advice: str
    account: AccountOfOrder
    organisation: str
    key_id: str | None


class TaskPage(Schema):
    """Some tasks; ``next`` is the ``cursor`` of those that follow, null at the end."""

    items: list[TaskLine]
    next: str | None


class Happened(Schema):
    """One event of a history; ``sentence`` completes the name of who did it. Comments are those meant for the role."""

    seq: int
    at: datetime
    verb: str
    actor: str
    sentence: str
    from_state: str
    to_state: str
    comment: str


class HistoryPage(Schema):
    """Some events, the first one first; ``next`` is the ``after`` of those that follow, null at the end."""

    items: list[Happened]
    next: int | None


class Done(Schema):
    """What a verb did. ``version`` and ``state`` are the subject's after it; ``said`` is a sentence for people."""

    subject: str
    version: int
    state: str
    event: Happened
    said: str
