"""What the administrator's pages show: people and what they own, environments, and the history of any of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.lifecycle.actor import SINGLE_SIGN_ON, ActorKind
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import AccountState, NoticeOutcome, OrderState, Role
from accounts.models import Account, ApiToken, Deputy, Environment, Event, Notice, Order, Person, Subject
from accounts.readers import history, paging
from accounts.readers.finding import contains
from accounts.readers.order_search import OPEN_STATES, late
from accounts.readers.timeline import Entry
from accounts.words import ROLE_WORDS

BY_ADDRESS = paging.Order("email")
SHOWN = 10  # of what somebody owns
HISTORY = 50  # entries
_LOOKS = {
    "create": ("user-plus", ""),
    "invite": ("mail", "accent"),
    "grant_role": ("shield-check", "good"),
    "revoke_role": ("circle-minus", "warn"),
    "change_roles": ("shield-check", "accent"),
    "deactivate": ("user-x", "bad"),
    "reactivate": ("user-check", "good"),
    "reset_second_factor": ("shield-alert", "warn"),
    "add": ("plus", ""),
    "edit": ("pencil-line", "accent"),
    "retire": ("archive", "warn"),
    "restore": ("rotate-ccw", "good"),
    "choose_provider": ("plug-zap", "accent"),
    "try_provider": ("plug-zap", ""),
    "add_documentation": ("plus", ""),
    "show_documentation": ("book-open", "good"),
    "hide_documentation": ("circle-minus", "warn"),
    "change_policy": ("sliders-horizontal", "accent"),
}


@dataclass(frozen=True)
class Row:
    """A person in the list, with the roles they hold, in words."""

    person: Person
    roles: list[str]


@dataclass(frozen=True)
class Owned:
    """What belongs to somebody, or waits for them; the lists are cut after [10]."""

    accounts: list[Account] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    more_accounts: bool = False
    more_orders: bool = False


@dataclass(frozen=True)
class Warnings:
    """What to think of before somebody is let in no more, or loses a role."""

    owns_accounts: bool
    only_service_responsible: bool
    only_support: bool
    stands_in: bool
    tokens: int


def people(tab: str, text: str, asked: Mapping[str, str]) -> tuple[list[Row], paging.Page[Person]]:
    """One page of the people, by email address. Two queries. ``tab``: a role, requesters, inactive or all."""
    found: QuerySet[Person] = Person.objects.prefetch_related("grants")
    if tab == "inactive":
        found = found.filter(is_active=False)
    elif tab == "requesters":
        found = found.filter(is_active=True, grants__isnull=True)
    elif tab in {role.value for role in ROLE_WORDS}:
        found = found.filter(is_active=True, grants__role=tab)
    if text:
        found = found.filter(contains(text, "name", "email"))
    page = paging.page(found, BY_ADDRESS, asked)
    return [Row(person, role_words(grant.role for grant in person.grants.all())) for person in page.rows], page


def role_words(roles: Any) -> list[str]:
    """The words of roles, in the order of the roles."""
    held = set(map(str, roles))
    return [_(word) for role, word in ROLE_WORDS.items() if role.value in held]


def roles_of_groups(person: Person) -> list[str]:
    """The words of the roles that follow from groups at single sign-on. One query."""
    return role_words(person.grants.filter(by_single_sign_on=True).values_list("role", flat=True))


def second_factors(person: Person) -> list[str]:
    """The second factors that ``person`` has set up, in words. One query."""
    words = {Authenticator.Type.TOTP: _("Authenticator app"), Authenticator.Type.WEBAUTHN: _("Passkey")}
    held = Authenticator.objects.filter(user=person).values_list("type", flat=True)
    return [words[kind] for kind in Authenticator.Type if kind in words and kind in held]


def owned_by(person: Person) -> Owned:
    """What ``person`` owns and has asked for. Two queries."""
    accounts = Account.objects.filter(owner=person).exclude(state=AccountState.CLOSED.value)
    mine = list(accounts.select_related("environment", "organisation").order_by("client_id", "pk")[: SHOWN + 1])
    waiting = Order.objects.filter(requester=person, state__in=[state.value for state in OPEN_STATES])
    orders = list(waiting.order_by("-created_at", "pk")[: SHOWN + 1])
    return Owned(mine[:SHOWN], orders[:SHOWN], len(mine) > SHOWN, len(orders) > SHOWN)


def warnings(person: Person, now: datetime) -> Warnings:
    """What depends on ``person`` at ``now``. Five queries at most."""
    today = timezone.localdate(now)
    usable = ApiToken.objects.filter(maker=person, revoked_at__isnull=True).exclude(expires_at__lte=now)
    return Warnings(
        owns_accounts=Account.objects.filter(owner=person).exclude(state=AccountState.CLOSED.value).exists(),
        only_service_responsible=_is_only(person, Role.SERVICE_RESPONSIBLE),
        only_support=_is_only(person, Role.SUPPORT),
        stands_in=Deputy.objects.standing_in(today).filter(deputy=person).exists(),
        tokens=usable.count(),
    )


def deputies(person: Person, today: date) -> list[Deputy]:
    """Who stands in for ``person``, or they for somebody, now or later. One query."""
    found = Deputy.objects.filter(ended_at__isnull=True, ends_on__gte=today)
    both = found.filter(principal=person) | found.filter(deputy=person)
    return list(both.select_related("principal", "deputy").order_by("starts_on", "pk"))


def environments() -> list[Environment]:
    """Every environment with ``used``: does an account stand in it? One query."""
    used = Exists(Account.objects.filter(environment=OuterRef("pk")))
    return list(Environment.objects.annotate(used=used))


def to_be_warned(on: date, days: int) -> int:
    """How many returned orders a check on ``on`` warns, with ``days`` of warning. One query."""
    waiting = Order.objects.filter(state=OrderState.RETURNED.value, expiry_warned_on__isnull=True)
    return waiting.filter(answer_by__lte=on + timedelta(days=days)).count()


def late_orders(policy: Policy, now: datetime) -> int:
    """How many open orders are past their stage's target at ``now``, as the worklist counts them. One query."""
    return Order.objects.filter(late(policy, now)).count()


def running_notices() -> int:
    """How many delivered notices wait for an answer, each with its own last day. One query."""
    return Notice.objects.filter(outcome=NoticeOutcome.OPEN.value, answer_by__isnull=False).count()


def happened(subject: Subject, reader: UUID | None, labels: Mapping[str, Any]) -> list[Entry]:
    """The newest entries about ``subject``, with what changed from what to what. One query.

    ``labels`` names the columns; ``reader`` is who reads: their own deeds are told as "You".
    """
    events = Event.objects.filter(subject_type=subject.subject_type(), subject_id=subject.pk)
    return [_entry(event, reader, labels) for event in events.order_by("-seq")[:HISTORY]]


def _who(event: Event, reader: UUID | None) -> str:
    if event.actor_kind == ActorKind.SYSTEM:
        return _("Single sign-on") if event.actor_name == SINGLE_SIGN_ON.name else _("The portal")
    return _("You") if reader is not None and event.actor_id == reader else event.actor_name


def _entry(event: Event, reader: UUID | None, labels: Mapping[str, Any]) -> Entry:
    icon, tone = _LOOKS.get(event.verb, ("history", ""))
    return Entry(
        who=_who(event, reader),
        sentence=history.sentence(event),
        at=event.at,
        icon=icon,
        tone=tone,
        comment=event.comment,
        comments=[*_changes(event, labels), *_roles(event), *_documentation(event)],
    )


def _changes(event: Event, labels: Mapping[str, Any]) -> list[dict[str, str]]:
    """What an event changed, a line for each column: "30 → 45"."""
    changed: dict[str, Sequence[Any]] = event.data.get("changed", {})
    names = [name for name in labels if name in changed]  # a database may keep them in any order
    names += sorted(set(changed) - set(names))
    return [
        {"field": str(labels.get(name, name)), "text": f"{_plain(changed[name][0])} → {_plain(changed[name][1])}"}
        for name in names
    ]


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value) if value not in ("", None) else _("(empty)")


def _roles(event: Event) -> list[dict[str, str]]:
    said = {"role": [event.data["role"]]} if "role" in event.data else event.data
    titles = {"role": _("Role"), "roles": _("Roles"), "given": _("Given"), "taken": _("Taken away")}
    return [
        {"field": title, "text": ", ".join(role_words(said[name]))} for name, title in titles.items() if said.get(name)
    ]


def _documentation(event: Event) -> list[dict[str, str]]:
    if "documentation_id" not in event.data:
        return []
    return [{"field": _("Version"), "text": "{number}: {title} {api_version} ({file})".format(**event.data)}]


def _is_only(person: Person, role: Role) -> bool:
    return set(Person.objects.holding(role).values_list("pk", flat=True)[:2]) == {person.pk}
