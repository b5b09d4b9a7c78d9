"""Secret rotation with overlap, what the clock does: warn of a removal, ask for it, end an order that leads nowhere."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.actions import engine, removal
from accounts.actions.engine import Change, Owed
from accounts.lifecycle import rotation as rule
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import LostRace, NotReady
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import Audience, OrderKind
from accounts.lifecycle.transition import Tell
from accounts.models import Account, Credential, Event, Order, current_policy
from accounts.models.facts import order_facts
from accounts.models.order import OPEN
from accounts.models.rotation import second_secret

_SOON = Owed((Tell("old_secret_goes_soon", Audience.OWNER), Tell("old_secret_goes_soon", Audience.TECHNICAL_CONTACT)))
_LIVING = [state.value for state in rule.IN_USE]


def end_overlaps(*, today: date, now: datetime, by: Actor) -> dict[str, int]:
    """Warn [3] days before an old secret is removed by itself, and ask Cegal to remove those whose time is over.

    One that must stay is left alone: its new secret does not work, or nobody has it. Gives counts.
    """
    policy, counts = current_policy(), {"announced": 0, "asked": 0}
    for new in _of_living().filter(overlap_until__lte=today + rule.warning(policy)).order_by("overlap_until", "pk"):
        if new.overlap_until is None:
            continue
        if new.overlap_announced_on is None:
            counts["announced"] += _announce(new, new.overlap_until, policy, today, now, by)
        elif rule.overlap_over(new.overlap_until, new.overlap_announced_on, policy, today):
            counts["asked"] += _end(new, now, by)
    return counts


def end_stranded(*, now: datetime, by: Actor) -> dict[str, int]:
    """End each secret rotation whose account was suspended or closed meanwhile; its second secret is destroyed."""
    stranded = Order.objects.filter(kind=OrderKind.SECRET_ROTATION.value, state__in=OPEN)
    stranded = stranded.exclude(concerns__state__in=_LIVING).select_related("concerns", "requester")
    return {"ended": sum(_end_order(order, now, by) for order in stranded)}


def _announce(new: Credential, until: date, policy: Policy, today: date, now: datetime, by: Actor) -> bool:
    """A warning that comes late moves the day: nobody has less time than the policy says."""
    if rule.removal_refusal(second_secret(new, today)) is not None:
        return False
    last_day = rule.last_day(until, today, policy)

    def stamp(_changes: list[tuple[Account, Event]]) -> None:
        Credential.objects.in_overlap().filter(pk=new.pk).update(overlap_announced_on=today)

    change = Change(data=lambda _a: {"until": last_day.isoformat()}, also=stamp)
    return bool(engine.record([new.account], "announce_removal", by=by, now=now, change=change, owed=_SOON))


def _end(new: Credential, now: datetime, by: Actor) -> bool:
    try:
        with transaction.atomic():
            removal.ask_to_remove(new, "end_overlap", by=by, now=now, confirmed=False)
    except (NotReady, LostRace):
        return False
    return True


def _end_order(order: Order, now: datetime, by: Actor) -> bool:
    def destroy(_changes: list[tuple[Order, Event]]) -> None:
        stored = Credential.objects.filter(rotation=order, destroyed_at__isnull=True, collect_by__isnull=True)
        stored.update(sealed_secret="", destroyed_at=now)

    try:
        facts, change = order_facts(order, by), Change(also=destroy)
        engine.move(order, "end_rotation", by=by, now=now, facts=facts, change=change)
    except (LostRace, NotReady):
        return False  # somebody was first
    return True


def _of_living() -> QuerySet[Credential, Credential]:
    held = Credential.objects.in_overlap().filter(account__state__in=_LIVING)
    return held.select_related("account__environment", "account__owner").defer("sealed_secret")
