"""Secret rotation with overlap, what people do: ask for a second secret, say that it is in use, keep both longer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.actions import connection, engine, ordering, removal, searching, secrets, setup
from accounts.actions.engine import Change, Owed
from accounts.gateways import loop
from accounts.lifecycle import rotation as rule
from accounts.lifecycle.actor import SYSTEM, Actor
from accounts.lifecycle.errors import NotAllowed, NotReady
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import Audience, OrderKind, OrderState, Role, TaskKind
from accounts.lifecycle.transition import Tell
from accounts.models import Account, Credential, Event, Operation, OperationState, Order, Person, Task, current_policy
from accounts.models.rotation import removals

_ASKED = Owed((Tell("rotation_asked", Audience.OWNER), Tell("rotation_asked", Audience.TECHNICAL_CONTACT)))


class Which(StrEnum):
    """Which of an account's two secrets was typed in, as far as its last characters tell."""

    NEW = "new"
    OLD = "old"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Tested:
    """What came of a test of the new secret; ``event`` is there when it showed that the old one may go."""

    check: loop.TokenCheck
    which: Which
    event: Event | None = None


def may_ask(account: Account, by: Actor) -> bool:
    """May ``by`` ask for a new secret? The owner and the technical contact may, and Support on their behalf."""
    return connection.may_test(account, by) or by.holds(Role.SUPPORT)


def ask(account: Account, *, by: Actor, now: datetime, comment: str = "") -> Order:
    """An order that replaces the secret of ``account``. It needs no approval, and goes to Cegal at once.

    Raises NotAllowed for a stranger, NotReady when Support gives no reason, the account is not in use, or a secret is
    under way already.
    """
    if not may_ask(account, by):
        raise NotAllowed(_("Only the account’s owner, its technical contact and Support can replace its secret."))
    theirs = connection.may_test(account, by)
    if not theirs and not comment.strip():
        raise NotReady(_("Write a reason."))
    with transaction.atomic():
        account = Account.objects.select_for_update(no_key=True).get(pk=account.pk)  # two presses make one order
        check_may_begin(account)
        order = _begin(account, by.id if theirs and by.id else account.owner_id, by, now, comment)
        setup.send_to_cegal(order, by=SYSTEM, now=now)
        change = Change(comment=comment, data=lambda _a: {"order": order.reference})
        engine.note(account, "ask_for_rotation", by=by, now=now, change=change, owed=_ASKED)
    return order


def check_may_begin(account: Account) -> None:
    """Raise NotReady when the secret of ``account`` cannot be replaced now, whoever asks; the sentence says why."""
    if account.state not in rule.IN_USE:
        raise NotReady(_("Only an account that is in use can get a new secret."))
    under_way = Order.objects.asking_for(account.pk, OrderKind.SECRET_ROTATION).first()
    if under_way is not None:
        raise NotReady(_("Order %(reference)s already asks for this.", reference=under_way.reference))
    if account.tasks.filter(kind=TaskKind.NEW_SECRET.value, done_at__isnull=True).exists():
        raise NotReady(_("Cegal was asked for a new secret already."))
    if account.credentials.filter(destroyed_at__isnull=True).exists():
        raise NotReady(_("The last secret still waits for its owner to collect it."))


def confirm_in_use(account: Account, *, by: Actor, now: datetime) -> Event:
    """The owner or the technical contact says that the new secret is in use: Cegal is asked to remove the old one.

    Raises NotAllowed for anybody else, NotReady when there is no new secret or it was never seen to work, LostRace
    when somebody said so first.
    """
    if not connection.may_test(account, by):
        raise NotAllowed(_("Only the account’s owner and its technical contact can say which secret is in use."))
    with transaction.atomic():
        return removal.ask_to_remove(in_overlap(account), "confirm_in_use", by=by, now=now, confirmed=True)


@sensitive_variables()
def test_new_secret(account: Account, secret: str, *, by: Actor, now: datetime) -> Tested:
    """Ask for a token with ``secret``, typed in by the owner. If it is the new one and works, the old one may go.

    The secret is used for this one request and kept nowhere. Raises NotAllowed, NotReady or LostRace as
    ``confirm_in_use`` does; whatever the token URL answers is an outcome.
    """
    if not connection.may_test(account, by):
        raise NotAllowed(_("Only the account’s owner and its technical contact can test its connection."))
    new, where = in_overlap(account), account.environment
    check = loop.check_token(
        where.token_url, account.client_id, secret,
        allow_private=where.private_addresses_allowed, by_basic=where.token_by_basic, now=now,
    )  # fmt: skip
    which = _which(new, secrets.ending_of(secret))
    kept = {"token": check.outcome.value, "elapsed_ms": check.elapsed_ms, "which": which.value}
    engine.note(account, connection.VERB, by=by, now=now, change=Change(data=lambda _account: kept))
    if not check.ok or which is not Which.NEW:
        return Tested(check, which)
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)  # first, as all who change both
        Credential.objects.filter(pk=new.pk, verified_at__isnull=True).update(verified_at=now)
        return Tested(check, which, removal.ask_to_remove(new, "confirm_in_use", by=by, now=now, confirmed=True))


def keep_both(account: Account, *, until: date, comment: str, by: Actor, now: datetime) -> Event:
    """The old secret stays through ``until``, for a reason; also when its removal was asked for and is not done yet.

    Raises NotAllowed for anybody but the owner and the technical contact, NotReady for no reason, a day that cannot
    be, or an old secret that is removed already, or that a connector was told to remove.
    """
    if not connection.may_test(account, by):
        raise NotAllowed(_("Only the account’s owner and its technical contact can keep the old secret."))
    if not comment.strip():
        raise NotReady(_("Write a reason."))
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        new = newest_second(account)
        if new is None or new.revealed_at is None:
            raise NotReady(_("There is no new secret whose old one waits to be removed."))
        waiting = removals(account).filter(done_at__isnull=True)
        if _is_being_removed(waiting, now):
            raise NotReady(
                _("The old secret is being removed already, so it cannot be kept. Change to the new one now.")
            )
        taken_back = waiting.update(done_at=now, done_by=by.name, superseded=True)
        if new.overlap_ended_at is not None and not taken_back:
            raise NotReady(_("The old secret is removed already."))
        collected_on, today = timezone.localdate(new.revealed_at), timezone.localdate(now)
        if (problem := rule.keep_problem(until, collected_on, current_policy(), today)) is not None:
            raise NotReady(problem)
        again = {"overlap_announced_on": None, "overlap_ended_at": None, "in_use_at": None}
        Credential.objects.filter(pk=new.pk).update(overlap_until=until, **again)
        change = Change(comment=comment, data=lambda _a: {"until": until.isoformat()})
        return engine.note(account, "keep_both_secrets", by=by, now=now, change=change)


def latest_to_keep(account: Account) -> Sentence | None:
    """Says the last day through which the old secret can be kept; None while there is no new one beside it."""
    new = newest_second(account)
    if new is None or new.revealed_at is None:
        return None
    latest = rule.longest(timezone.localdate(new.revealed_at), current_policy())
    return _("%(day)s is the latest day.", day=latest.isoformat())


def newest_second(account: Account) -> Credential | None:
    """The newest second secret that was collected: both worked since; None when there never was one."""
    second = account.credentials.filter(overlap_until__isnull=False, removed_at__isnull=True)
    return second.order_by("-entered_at", "-pk").first()


def in_overlap(account: Account) -> Credential:
    """The new secret of ``account`` while the old one is still left in place. Raises NotReady when there is none."""
    new = newest_second(account)
    if new is None or new.overlap_ended_at is not None:
        raise NotReady(_("There is no new secret whose old one waits to be removed."))
    return new


def _is_being_removed(tasks: QuerySet[Task], now: datetime) -> bool:
    """Was the provider's system told to remove one, or is it told at this moment? Nobody can take that back."""
    told = ~Q(state=OperationState.WAITING.value) | Q(attempts__gt=0) | Q(claimed_until__gt=now)
    return Operation.objects.open().filter(told, task__in=tasks).exists()


def _begin(account: Account, requester: UUID, by: Actor, now: datetime, comment: str) -> Order:
    """The order, sent as it is begun: there is no form to fill in."""
    order = Order(
        pk=uuid4(), reference=ordering.new_reference(now), kind=OrderKind.SECRET_ROTATION.value,
        state=OrderState.SUPPORT.value, requester=Person.objects.get(pk=requester), created_at=now, state_since=now,
        submitted_at=now, concerns=account, organisation=account.organisation,
    )  # fmt: skip
    ordering.copy_answers(order, account)
    engine.begin([order], "submit", by=by, now=now, change=Change(comment=comment))
    order.environments.set([account.environment])
    searching.index([order.pk])
    return order


def _which(new: Credential, ending: str) -> Which:
    """Told by the last characters alone: where two secrets end alike, or nothing is known of them, nobody can tell."""
    others = set(Credential.objects.older_than(new).values_list("ending", flat=True))
    if not ending or not new.ending or new.ending in others:
        return Which.UNKNOWN
    return Which.NEW if ending == new.ending else Which.OLD
