"""A sample of every kind of mail, for staff to look at: made of unsaved rows, with people who do not exist.

Nothing is read from or written to the database, and no link in a sample leads anywhere: its address is one that
nobody can own (RFC 2606), and what its token names is nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.delivery.context import ACCOUNT_PAGES, TASK_LISTS
from accounts.delivery.kinds import ASKS_FOR_ANSWER, KINDS
from accounts.delivery.letter import Letter
from accounts.delivery.render import render
from accounts.lifecycle.actor import SYSTEM, ActorKind
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import OrderState, Role
from accounts.models import Account, Environment, Event, Message, Notice, Order, Organisation, Person, Task

NOWHERE = "https://portal.example"
MARTE, HENRIK, SILJE, ADA, INGRID = "Marte Lunde", "Henrik Aasen", "Silje Thorsen", "Ada Berg", "Ingrid Solheim"
OF_A_NOTICE = ASKS_FOR_ANSWER | {
    "notice_not_delivered", "account_kept", "account_used", "account_suspended_inactive",
}  # fmt: skip
OF_A_HANDOVER = frozenset({"handover_asked", "handover_accepted", "handover_declined"})
OF_MANY = frozenset({"secrets_expire_copy"})
ORDER_PAGES = frozenset({"order", "staff_order", "cegal_order", "approval"})
_READERS = {Role.SUPPORT: MARTE, Role.SERVICE_RESPONSIBLE: HENRIK, Role.CEGAL: SILJE, Role.ADMINISTRATOR: ADA}
_ADDRESSES = {
    MARTE: "marte.lunde@support.example",
    HENRIK: "henrik.aasen@loop.example",
    SILJE: "silje.thorsen@cegal.example",
    ADA: "ada.berg@loop.example",
    INGRID: "ingrid.solheim@nordsjo.example",
}


@dataclass(frozen=True)
class Told:
    """What happened in a sample: who did it, what they wrote (translated), what the event kept, and the new state."""

    actor: str = MARTE
    comment: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    target: OrderState = OrderState.SUPPORT


_PURPOSE_ASKED = gettext_noop("Which project or customer is it for? A project number is enough.")
_COMMENTS = [{"field": "purpose", "text": _PURPOSE_ASKED}]
_RANGE = {"to": HENRIK, "starts_on": "2026-12-21", "ends_on": "2027-01-03"}
_HELD = {"until": "2027-03-31", "set_by": MARTE}
_CHANGED = {"purpose": ["", ""], "system": ["", ""]}

_HANDED_OVER = {"to": "Tor Bakke", "handover": str(UUID(int=11)), "accept_by": "2027-01-03"}
_LATE = [
    {
        "text": gettext_noop("No job has begun for %(time)s. Check that beat, the broker and the worker run."),
        "params": {"time": {"text": gettext_noop("%(number)s hours"), "params": {"number": 3}}},
    },
]

_FAILED = {
    "operation": "disable", "environment": "TEST",
    "why": {"text": gettext_noop("%(who)s refused this (HTTP %(status)s)."),
            "params": {"who": "Microsoft Graph", "status": 400}},
}  # fmt: skip

TOLD: dict[str, Told] = {
    "order_received": Told(INGRID),
    "order_to_triage": Told(INGRID),
    "order_to_approve": Told(comment=gettext_noop("The project is confirmed by phone."), target=OrderState.APPROVAL),
    "order_approved": Told(HENRIK, gettext_noop("Fine for TEST and PRODUCTION."), target=OrderState.APPROVED),
    "order_approved_receipt": Told(HENRIK, target=OrderState.APPROVED),
    "order_returned": Told(
        comment=gettext_noop("One thing is missing before we can send it on."), data={"comments": _COMMENTS},
        target=OrderState.RETURNED,
    ),
    "order_resubmitted": Told(
        INGRID, gettext_noop("I have added the project number."), data={"changed": _CHANGED}
    ),
    "order_handed_back": Told(
        SILJE, gettext_noop("The technical contact’s address bounces. Who sets it up?"), target=OrderState.APPROVED
    ),
    "order_handed_over": Told("Jonas Eide", gettext_noop("I am away next week. Can you take it?")),
    "order_to_set_up": Told(target=OrderState.CEGAL_SETUP),
    "setup_completed": Told(SILJE, target=OrderState.CREDENTIAL_ISSUE),
    "credentials_issued": Told(target=OrderState.ISSUED),
    "order_rejected": Told(
        HENRIK, gettext_noop("Only Sellers and Brokers can get access, and the company is neither."),
        target=OrderState.REJECTED,
    ),
    "order_rejected_copy": Told(
        HENRIK, gettext_noop("Only Sellers and Brokers can get access, and the company is neither."),
        target=OrderState.REJECTED,
    ),
    "order_withdrawn": Told(INGRID, target=OrderState.WITHDRAWN),
    "order_expired": Told(SYSTEM.name, target=OrderState.WITHDRAWN),
    "order_expired_copy": Told(SYSTEM.name, target=OrderState.WITHDRAWN),
    "return_expiry_warning": Told(SYSTEM.name, target=OrderState.RETURNED),
    "stage_reminder": Told(SYSTEM.name, target=OrderState.APPROVAL),
    "order_escalated": Told(SYSTEM.name, target=OrderState.APPROVAL),
    "order_escalated_early": Told(SYSTEM.name, target=OrderState.APPROVAL),
    "order_escalated_copy": Told(SYSTEM.name, target=OrderState.APPROVAL),
    "deputy_named": Told(HENRIK, data={"to": HENRIK, "starts_on": "2026-12-21", "ends_on": "2027-01-03"}),
    "deputy_ended": Told(HENRIK, data={"to": HENRIK, "starts_on": "2026-12-21", "ends_on": "2027-01-03"}),
    "order_reassigned": Told(comment=gettext_noop("Your colleague has left the company."), data={"to": INGRID}),
    "order_reassigned_copy": Told(comment=gettext_noop("You asked us by phone to do this."), data={"to": "Tor Hagen"}),
    "owner_named": Told(comment=gettext_noop("Your colleague has left the company."), data={"to": INGRID}),
    "owner_replaced": Told(comment=gettext_noop("You asked us by phone to do this."), data={"to": "Tor Hagen"}),
    "message_to_support": Told(INGRID, gettext_noop("Can we have TEST first? PRODUCTION is not urgent.")),
    "message_to_requester": Told(comment=gettext_noop("Yes: TEST will be ready this week.")),
    "account_not_mine": Told(INGRID, gettext_noop("I left that team last year. Please ask Tor Bakke.")),
    "handover_asked": Told(INGRID, gettext_noop("You run the integration now."), data=_HANDED_OVER),
    "handover_accepted": Told("Tor Bakke", data={"from": INGRID, "to": "Tor Bakke"}),
    "handover_declined": Told("Tor Bakke", gettext_noop("The integration is run by another team."), data=_HANDED_OVER),
    "account_kept": Told(INGRID, gettext_noop("We use it again when the next campaign starts in March.")),
    "account_held": Told(comment=gettext_noop("The customer moves to a new system in spring."), data=_HELD),
    "hold_lifted": Told(comment=gettext_noop("The move is done.")),
    "hold_ends_soon": Told(SYSTEM.name, data=_HELD),
    "hold_ends_soon_copy": Told(SYSTEM.name, data=_HELD),
    "provider_tasks_open": Told(SYSTEM.name, data={"number": 3, "days": 2}),
    "provider_tasks_late": Told(SYSTEM.name, data={"number": 1, "days": 4}),
    "connector_failed": Told("Microsoft Entra ID (TEST)", data=_FAILED),
    "connector_failed_cegal": Told("Microsoft Entra ID (TEST)", data=_FAILED),
    "calls_after_suspension": Told(SYSTEM.name, data={"day": "2026-11-20"}),
    "suspended_in_use": Told(
        SYSTEM.name,
        data={"day": "2026-10-12", "suspended_on": "2026-11-20", "feed": "file", "feed_kind": "file"},
    ),
    "account_suspended": Told(comment=gettext_noop("The client secret was found in a public repository.")),
    "account_closed": Told(INGRID, gettext_noop("The integration has been replaced.")),
    "new_secret_asked": Told(comment=gettext_noop("The owner did not collect the last one in time.")),
    "new_secret_entered": Told(SILJE),
    "collect_permission_given": Told(INGRID, data={"to": "Tor Bakke"}),
    "collect_permission_taken": Told(INGRID, data={"to": "Tor Bakke"}),
    "new_secret_ready": Told(SILJE),
    "rotation_asked": Told(INGRID, data={"order": "LA-2026-0142"}),
    "rotation_not_verified": Told(SYSTEM.name, target=OrderState.CREDENTIAL_ISSUE),
    "rotation_ready": Told(SYSTEM.name, data={"order": "LA-2026-0142"}),
    "rotation_collected": Told(INGRID, data={"until": "2026-12-21"}),
    "rotation_ended": Told(SYSTEM.name, target=OrderState.WITHDRAWN),
    "old_secret_goes_soon": Told(SYSTEM.name, data={"until": "2026-12-21"}),
    "old_secret_removed": Told(SILJE),
    "secret_expires": Told(SYSTEM.name, data={"day": "2027-01-31"}),
    "secret_expired": Told(SYSTEM.name, data={"day": "2026-11-20"}),
    "secrets_expire_copy": Told(SYSTEM.name, data={"day": "2026-11-20", "number": 4}),
    "jobs_not_running": Told(SYSTEM.name, data={"late": _LATE}),
    "webhook_disabled": Told(
        SYSTEM.name, data={"name": "Ticket system", "url": "https://tickets.example/hooks"}
    ),
    "invited": Told(ADA, data={"roles": [Role.SUPPORT.value], "given": [Role.SUPPORT.value]}),
    "second_factor_reset": Told(ADA, gettext_noop("You lost your phone.")),
    "role_changed": Told(
        ADA, gettext_noop("You moved to another team."),
        data={"roles": [], "given": [], "taken": [Role.SUPPORT.value]},
    ),
}  # fmt: skip
"""What the samples tell; a kind that is not here tells of something that Marte Lunde did, without a comment."""


class Sample(NamedTuple):
    """A sample as it would be sent."""

    kind: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class SampleLetter(Letter):
    """A letter whose rows are nowhere: what others look up is given."""

    today: date = date.min

    @property
    def task(self) -> Task | None:
        return Task(id=UUID(int=7), account=self.account)

    @property
    def collect_by(self) -> date | None:
        return self.today + timedelta(days=14)


def sample(kind: str, language: str, *, now: datetime) -> Sample:
    """The mail of ``kind`` in ``language`` as somebody would get it at ``now``. Raises KeyError for no such kind."""
    with translation.override(language):
        letter = _letter(kind, language, now)
        mail = render(letter, now=now, policy=Policy())
    html, _type = mail.alternatives[0]
    parts = (str(mail.subject), str(mail.body), str(html))
    return Sample(kind, *(part.replace(settings.PORTAL_URL, NOWHERE) for part in parts))


def _letter(kind: str, language: str, now: datetime) -> SampleLetter:
    known, told = KINDS[kind], TOLD.get(kind, Told())
    order = _order(now) if known.page in ORDER_PAGES or kind == "order_escalated_early" else None
    account = (
        _account(now)
        if known.page in ACCOUNT_PAGES | {"notice_answer", "cegal_task", "handover", *TASK_LISTS}
        or kind in OF_A_HANDOVER | OF_MANY
        else None
    )
    role = Role.SERVICE_RESPONSIBLE if kind == "stage_reminder" else known.role
    reader = _person(INGRID if role is None else _READERS[role])
    event = _event(order or account or reader, told, now)
    notice = _notice(account, now) if account and kind in OF_A_NOTICE else None
    message = Message(id=UUID(int=1), event=event, kind=kind, notice=notice, person=reader, to_email=reader.email,
                      to_name=reader.name, language=language, created_at=now, due_at=now)  # fmt: skip
    return SampleLetter(message, event, order, account, today=timezone.localdate(now))


def _event(about: Order | Account | Person, told: Told, now: datetime) -> Event:
    by = ActorKind.SYSTEM if told.actor == SYSTEM.name else ActorKind.PERSON
    return Event(
        id=0, subject_type=about.subject_type(), subject_id=about.pk, at=now, verb="sample", target=told.target.value,
        actor_kind=by.value, actor_name=told.actor, comment=_(told.comment) if told.comment else "",
        data=_said(told.data),
    )  # fmt: skip


def _said(data: dict[str, Any]) -> dict[str, Any]:
    """The event's data; comments in the language of the sample."""
    if "comments" not in data:
        return data
    return {**data, "comments": [{**said, "text": _(said["text"])} for said in data["comments"]]}


def _person(name: str) -> Person:
    return Person(id=UUID(int=100 + list(_ADDRESSES).index(name)), email=_ADDRESSES[name], name=name)


def _environments() -> list[Environment]:
    return [Environment(id=UUID(int=number), name=name) for number, name in ((2, "TEST"), (3, "PRODUCTION"))]


def _order(now: datetime) -> Order:
    order = Order(
        id=UUID(int=4), reference=f"LA-{timezone.localdate(now).year}-0000", requester=_person(INGRID),
        state=OrderState.RETURNED.value, state_since=now - timedelta(days=6), created_at=now - timedelta(days=8),
        organisation_name="Nordsjø Surplus AS", organisation_number="923609016", as_seller=True, system="SAP S/4HANA",
        purpose=_("Surplus valves are sent to Loop every night, for project Ekko (P-4471)."),
        owner_name=INGRID, owner_email=_ADDRESSES[INGRID], answer_by=timezone.localdate(now) + timedelta(days=30),
    )  # fmt: skip
    found = Environment.objects.none()
    found._result_cache = _environments()  # as prefetch_related fills it
    order._prefetched_objects_cache = {"environments": found}  # type: ignore[attr-defined]
    return order


def _account(now: datetime) -> Account:
    silent = _silent_since(now)
    return Account(
        id=UUID(int=6), client_id="00000000-5a3d-4f6b-9d1c-sample", environment=_environments()[1],
        organisation=Organisation(id=UUID(int=8), name="Nordsjø Surplus AS", number="923609016"),
        owner=_person(INGRID), technical_name="Tor Bakke", technical_email="tor.bakke@nordsjo.example",
        as_seller=True, last_used_on=silent, activated_on=silent - timedelta(days=200), purpose="-",
        created_at=now, state_since=now,
    )  # fmt: skip


def _silent_since(now: datetime) -> date:
    return timezone.localdate(now) - timedelta(days=366)


def _notice(account: Account, now: datetime) -> Notice:
    today = timezone.localdate(now)
    return Notice(id=UUID(int=10), account=account, opened_on=today, last_activity_on=_silent_since(now),
                  answer_by=today + timedelta(days=30), delivered_on=today)  # fmt: skip
