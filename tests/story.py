"""People and things for tests. Orders and accounts get to a state by walking the real verbs, never by a shortcut.

``story`` is the fixture: ``story.order_in("approval")``, ``story.account_in("notified")``, ``story.support``.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.utils import timezone

from accounts import people, verbs
from accounts.actions import engine, inactivity, ordering
from accounts.lifecycle.actor import SYSTEM, Actor
from accounts.lifecycle.states import AccountState, NoticeOutcome, OrderState, Role
from accounts.models import Account, Coverage, Environment, Event, Notice, Order, Organisation, Person, RoleGrant

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PURPOSE = "We send surplus valves from our SAP inventory to Loop every night, for project Ekko (P-4471)."
_WAY: list[tuple[str, str]] = [
    ("submit", "ingrid"),
    ("send_for_approval", "support"),
    ("approve", "responsible"),
    ("send_to_cegal", "support"),
    ("complete_setup", "cegal"),
    ("issue_credentials", "support"),
]
_AFTER = {"support": 1, "approval": 2, "approved": 3, "cegal_setup": 4, "credential_issue": 5, "issued": 6}


class Story:
    """The people of every test, and the ways to get an order or an account into a state."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now
        self.number = count(1)
        self.ingrid = self.person("ingrid@nordsjo.example", "Ingrid Solheim")
        self.stranger = self.person("stranger@elsewhere.example", "Stranger")
        self.support = self.person("marte@support.example", "Marte Lunde", Role.SUPPORT)
        self.colleague = self.person("jonas@support.example", "Jonas Eide", Role.SUPPORT)
        self.responsible = self.person("henrik@loop.example", "Henrik Aasen", Role.SERVICE_RESPONSIBLE)
        self.cegal = self.person("silje@cegal.example", "Silje Thorsen", Role.CEGAL)
        self.administrator = self.person("admin@loop.example", "Ada Admin", Role.ADMINISTRATOR)
        self.test = Environment.objects.get(name="TEST")
        self.production = Environment.objects.get(name="PRODUCTION")

    def person(self, email: str, name: str, *roles: Role, language: str = "en") -> Person:
        """Somebody with roles."""
        person = Person.objects.create_user(email, name, language=language)
        for role in roles:
            RoleGrant.objects.create(person=person, role=role.value, granted_by="test", granted_at=self.now)
        return person

    def actor(self, who: str | Person) -> Actor:
        """The actor for a person of the story, by name or as a row."""
        return people.actor_of(getattr(self, who) if isinstance(who, str) else who, today=timezone.localdate(self.now))

    def do(self, subject: Order | Account, verb: str, who: str | Person, **data: Any) -> Event:
        """Carry out a verb through the table that every door uses."""
        return verbs.perform(subject, verb, by=self.actor(who), now=self.now, data=data)

    def draft(
        self, who: str | Person = "ingrid", *, environments: tuple[str, ...] = ("TEST",), **changed: Any
    ) -> Order:
        """A draft with every field filled in."""
        by = self.actor(who)
        order = ordering.start(by=by, now=self.now)
        answers = {
            "organisation_name": "Nordsjø Surplus AS",
            "organisation_number": "923609016",
            "as_seller": True,
            "as_broker": False,
            "system": "SAP",
            "purpose": PURPOSE,
            "technical_name": "Tor Teknisk",
            "technical_email": "tor@nordsjo.example",
            "owner_name": "Ingrid Solheim",
            "owner_email": "ingrid@nordsjo.example",
            "environments": list(Environment.objects.filter(name__in=environments)),
        }
        ordering.save_answers(order, {**answers, **changed}, by=by, now=self.now)
        return order

    def order_in(self, state: str | OrderState, **draft: Any) -> Order:
        """An order that walked the real verbs into ``state``."""
        order = self.draft(**draft)
        match str(state):
            case "draft":
                pass
            case "returned":
                self.do(order, "submit", "ingrid")
                self.do(order, "return", "support", comment="Which project is it for?", comment_purpose="Say more.")
            case "rejected":
                self.do(order, "submit", "ingrid")
                self.do(order, "reject", "support", comment="Not a customer.")
            case "withdrawn":
                self.do(order, "withdraw", "ingrid")
            case name:
                for verb, who in _WAY[: _AFTER[name]]:
                    self.do(order, verb, who, **self.data_for(order, verb))
        return Order.objects.get(pk=order.pk)

    def data_for(self, order: Order, verb: str) -> dict[str, Any]:
        """What the form of a verb asks for."""
        names = [environment.name for environment in order.environments.all()]
        if verb == "complete_setup":
            ids = {f"client_id__{name}": f"client-{name.lower()}-{next(self.number)}" for name in names}
            return ids | {f"client_secret__{name}": f"secret-{name}" for name in names}
        if verb == "issue_credentials":
            given = {f"loop_reference__{name}": f"LOOP-{name}" for name in names}
            return {**given, "override": "on", "comment": "No network in tests."}
        return {}

    def account(self, *, client_id: str = "", environment: Environment | None = None, **columns: Any) -> Account:
        """An active account as an import makes it: active since two years, last used on ``last_used_on``."""
        today = timezone.localdate(self.now)
        number = next(self.number)
        named = {"name": "Nordsjø Surplus AS"}
        organisation = Organisation.objects.get_or_create(number="923609016", defaults=named)[0]
        account = Account(
            client_id=client_id or f"client-{number}",
            environment=environment or self.test,
            state=AccountState.ACTIVE.value,
            state_since=self.now,
            created_at=self.now,
            organisation=organisation,
            owner=columns.pop("owner", self.ingrid),
            as_seller=True,
            purpose=PURPOSE,
            **{"activated_on": today - timedelta(days=730), "stated_through": today, **columns},
        )
        engine.begin([account], "import", by=SYSTEM, now=self.now)
        return Account.objects.get(pk=account.pk)

    def covered(self, first: date, last: date, environment: Environment | None = None) -> Coverage:
        """A feed that says everything about these days."""
        return Coverage.objects.create(
            environment=environment or self.test, source="test", first_day=first, last_day=last, received_at=self.now
        )

    def account_in(self, state: str | AccountState, **columns: Any) -> Account:
        """An account that got into ``state`` by the real verbs; notified means: delivered today."""
        if str(state) == "pending":
            return self.order_in("credential_issue").accounts.get()
        today = timezone.localdate(self.now)
        account = self.account(**{"last_used_on": today - timedelta(days=400), **columns})
        match str(state):
            case "notified":
                self.covered(today - timedelta(days=500), today)
                list(inactivity.check(today=today, now=self.now))
                self.deliver(account)
            case "suspended":
                self.do(account, "suspend", "support", comment="A leaked secret.")
            case "closed":
                self.do(account, "close", "support", comment="Asked for by phone.")
        return Account.objects.get(pk=account.pk)

    def deliver(self, account: Account, on: date | None = None) -> Notice:
        """Stamp the open notice as the post room does when the mail server accepts it."""
        notice = Notice.objects.get(account=account, outcome=NoticeOutcome.OPEN.value)
        notice.delivered_on = on or timezone.localdate(self.now)
        notice.answer_by = notice.delivered_on + timedelta(days=30)
        notice.save(update_fields=["delivered_on", "answer_by"])
        return notice


@pytest.fixture
def story(db: None) -> Story:
    """The people of every test; see Story."""
    return Story()
