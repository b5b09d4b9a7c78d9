"""Subjects as the guards of the lifecycle see them: rows in, plain facts out."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from accounts.lifecycle.accounts import ACCOUNT
from accounts.lifecycle.actor import Actor, ActorKind
from accounts.lifecycle.facts import AccountFacts, OrderFacts
from accounts.lifecycle.orders import INTERNAL, ORDER
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import AccountState, OrderKind, Role
from accounts.models.account import Account
from accounts.models.among import among
from accounts.models.environment import ProviderKind
from accounts.models.event import SET_UP_BY, Event
from accounts.models.hold import Hold
from accounts.models.notice import Notice
from accounts.models.order import FORM_FIELDS, Order
from accounts.models.policy import current_policy
from accounts.models.prepared import Prepared, Slot
from accounts.models.subject import Subject

_LABELS = {name: name.replace("_", " ") for name in FORM_FIELDS}


def order_facts(order: Order, by: Actor, *, comment: str = "", **said: Any) -> OrderFacts:
    """The facts of ``order`` for ``by``; ``said`` are the particulars that only one verb knows (see OrderFacts)."""
    owner = order.concerns.owner_id if order.concerns else None
    parts = parts_of([order.pk]).get(order.pk, Parts())
    providers = {provider for (provider,) in _PROVIDERS.rows(order=order.pk)}
    return OrderFacts(
        roles=by.plays(subject_id=order.pk, requester_id=order.requester_id, owner_id=owner),
        actor_id=by.id,
        set_up_by=by.set_up_by,
        comment=comment,
        kind=OrderKind(order.kind),
        requester_id=order.requester_id,
        stands_in_for=by.stands_in_for,
        senders=parts.senders,
        former_requesters=parts.former_requesters,
        missing=_missing(order, environments=bool(providers)),
        purpose=order.purpose,
        organisation=order.organisation_name,
        by_connectors=bool(providers) and ProviderKind.PEOPLE.value not in providers,
        **_about_its_account(order),
        **said,
    )


def account_facts(account: Account, by: Actor, *, comment: str = "") -> AccountFacts:
    """The facts of ``account`` for ``by``."""
    return AccountFacts(
        roles=by.plays(subject_id=account.pk, requester_id=None, owner_id=account.owner_id),
        actor_id=by.id,
        comment=comment,
        by_link=by.kind is ActorKind.LINK,
        reactivation=_reactivation_of(account),
        notice_open=Notice.objects.filter(account=account, closed_at__isnull=True).exists(),
        held=Hold.objects.filter(account=account, ended_at__isnull=True).exists(),
    )


def _about_its_account(order: Order) -> dict[str, Any]:
    if order.concerns_id is None:
        return {}
    state, since = Account.objects.values_list("state", "state_since").get(pk=order.concerns_id)
    others = Order.objects.asking_for(order.concerns_id, OrderKind(order.kind)).exclude(pk=order.pk)
    sent = order.submitted_at
    return {
        "account_state": state,
        "other_order": others.values_list("reference", flat=True).first() or "",
        "suspended_days": (timezone.localdate(sent) - timezone.localdate(since)).days if sent else None,
        "short_days": current_policy().reactivation_short_days,
        "by_hand": order.concerns_id not in suspended_by_the_rules([order.concerns_id]),
    }


def suspended_by_the_rules(accounts: Iterable[UUID]) -> set[UUID]:
    """Those of ``accounts`` that the rules suspended last, for inactivity, and not a person at once. One query."""
    suspensions = Event.objects.filter(
        among("subject_id", accounts), subject_type=Account.subject_type(), target=AccountState.SUSPENDED.value
    ).exclude(source=AccountState.SUSPENDED.value)
    last = dict(suspensions.order_by("seq").values_list("subject_id", "verb"))
    return {account for account, verb in last.items() if verb == "suspend_for_inactivity"}


def _reactivation_of(account: Account) -> str:
    if account.state != AccountState.SUSPENDED.value:
        return ""
    asking = Order.objects.asking_for(account.pk, OrderKind.REACTIVATION)
    return asking.values_list("reference", flat=True).first() or ""


def missing_fields(order: Order) -> tuple[str, ...]:
    """The fields of the order form that are empty, in words, in the form's order."""
    return _missing(order, environments=order.environments.exists())


def _missing(order: Order, *, environments: bool) -> tuple[str, ...]:
    missing = [_LABELS[name] for name in FORM_FIELDS if not str(getattr(order, name)).strip()]
    if not (order.as_seller or order.as_broker):
        missing.append("role")
    if not environments:
        missing.append("environments")
    return tuple(missing)


_PROVIDERS = Prepared(
    lambda: Order.environments.through.objects.filter(order=Slot("order", Order._meta.pk)).values_list(
        "environment__provider"
    )
)
"""Who makes the clients of each environment of an order."""


def changed_since(subject: Subject, seen: int, by: Actor) -> bool:
    """Did anything happen to ``subject`` after version ``seen`` that ``by`` can know of? One query at most.

    A version that the subject never had counts as out of date. What is internal is no news to the requester.
    """
    if seen == subject.version:
        return False
    if not 0 < seen < subject.version or by.holds(Role.SUPPORT, Role.SERVICE_RESPONSIBLE, Role.ADMINISTRATOR):
        return True
    later = Event.objects.filter(subject_type=subject.subject_type(), subject_id=subject.pk, seq__gt=seen)
    return later.exclude(verb__in=INTERNAL).exists()


def who_was_first(subject: Subject) -> Sentence:
    """Who did what to ``subject`` last, for somebody who came too late; the time is the portal's."""
    last = Event.objects.filter(subject_type=subject.subject_type(), subject_id=subject.pk).order_by("-seq").first()
    if last is None:
        return _("This was changed by somebody else. Look at it again before you decide.")
    when = timezone.localtime(last.at)
    return _(
        "%(name)s %(did)s on %(day)s at %(time)s. Look at it again before you decide.",
        name=last.who,
        did=next((row.done for row in (*ORDER, *ACCOUNT) if row.verb == last.verb), _("changed this")),
        day=when.date().isoformat(),
        time=when.strftime("%H:%M"),
    )


@dataclass(frozen=True)
class Parts:
    """Who had a part in an order that keeps them from approving it: senders for approval, and former requesters."""

    senders: frozenset[UUID] = frozenset()
    former_requesters: frozenset[UUID] = frozenset()


def _parts(**of: Any) -> QuerySet[Event, Any]:
    told = Event.objects.filter(subject_type="order", verb__in=["send_for_approval", "reassign"], **of)
    return told.values_list("subject_id", "verb", "actor_id", "data")


_PARTS = Prepared(lambda: _parts(subject_id=Slot("order", Order._meta.pk)))


def _told(order_ids: Collection[UUID]) -> Iterable[Any]:
    if len(order_ids) == 1:
        return _PARTS.rows(order=next(iter(order_ids)))
    return _parts(subject_id__in=order_ids)


def parts_of(order_ids: Collection[UUID]) -> dict[UUID, Parts]:
    """Everyone who ever sent each order for approval or was its requester before another was named. One query.

    An order in which nobody had such a part is missing.
    """
    senders: dict[UUID, set[UUID]] = {}
    former: dict[UUID, set[UUID]] = {}
    for order_id, verb, actor_id, data in _told(order_ids):
        if verb == "reassign":
            former.setdefault(order_id, set()).add(UUID(data["from_id"]))
        else:
            maker = UUID(data[SET_UP_BY]) if SET_UP_BY in data else None
            senders[order_id] = senders.get(order_id, set()) | {one for one in (actor_id, maker) if one is not None}
    return {
        order_id: Parts(frozenset(senders.get(order_id, ())), frozenset(former.get(order_id, ())))
        for order_id in {*senders, *former}
    }
