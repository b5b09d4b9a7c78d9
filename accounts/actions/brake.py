"""The mass-suspension brake: too many at once in one environment, and a person is asked (DOMAIN.md, "Held")."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F

from accounts.lifecycle import brake as limit
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import LostRace, NotAllowed
from accounts.lifecycle.inactivity import Action, Decision, HoldReason
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import AccountState, NoticeOutcome, Role
from accounts.models import Account, Environment, SuspensionList

if TYPE_CHECKING:
    from accounts.actions.inactivity import Finding

Confirmed = Mapping[UUID, date]
"""By account: the day of the newest run whose list, with this account on it, a person confirmed."""

_LIVING = (AccountState.ACTIVE.value, AccountState.NOTIFIED.value)


@dataclass(frozen=True)
class Brake:
    """One environment's brake in one run: how many were due, how many one run may suspend, and which."""

    due: int
    allowed: int
    confirmed: Confirmed
    suspensions: Callable[[], Iterator[Finding]]


def brakes(
    due: Mapping[UUID, int],
    policy: Policy,
    confirmed: Confirmed,
    suspensions: Callable[[], Iterator[Finding]],
) -> dict[UUID, Brake]:
    """The environments in which more are due than max([10], [5] % of its active and notified accounts)."""
    living = Account.objects.filter(state__in=_LIVING, environment__in=list(due)).order_by()
    sizes = dict(living.values_list("environment").annotate(Count("pk")))
    found = {}
    for environment, number in due.items():
        size = sizes.get(environment, 0)
        if limit.is_on(number, size, policy):
            found[environment] = Brake(number, limit.allowed(size, policy), confirmed, suspensions)
    return found


def confirmed_accounts() -> dict[UUID, date]:
    """The accounts that a confirmed list of this round still lets go, each with the day of the newest such list's run.

    Lists of rounds that are over do not count, however many there ever were: only notified accounts are read.
    """
    rows = SuspensionList.accounts.through.objects.filter(
        suspensionlist__confirmed_at__isnull=False,
        account__state=AccountState.NOTIFIED.value,
        account__notices__outcome=NoticeOutcome.OPEN.value,
        account__notices__answer_by__lt=F("suspensionlist__run_on"),
    )
    return dict(rows.order_by("suspensionlist__run_on").values_list("account_id", "suspensionlist__run_on"))


def is_confirmed(finding: Finding, confirmed: Confirmed) -> bool:
    """Did a person confirm a list with this account on it since its answer period ended?"""
    run_on = confirmed.get(finding.account.pk)
    answer_by = finding.notice.answer_by if finding.notice else None
    return run_on is not None and answer_by is not None and run_on > answer_by


def hold_if(finding: Finding, too_many: Mapping[UUID, Brake], today: date) -> Finding:
    """The finding, held instead of suspended where the environment's brake is on."""
    brake = too_many.get(finding.account.environment_id)
    if brake is None or finding.decision.action is not Action.SUSPEND or is_confirmed(finding, brake.confirmed):
        return finding
    why = _(
        "%(due)s suspensions at once in %(environment)s; %(allowed)s go without asking. Confirm the list first.",
        due=brake.due,
        environment=finding.account.environment.name,
        allowed=brake.allowed,
    )
    return replace(finding, decision=Decision(Action.HOLD, why, HoldReason.MASS_SUSPENSION))


def keep_lists(too_many: Mapping[UUID, Brake], *, today: date, now: datetime) -> None:
    """Keep, for each braked environment, the list of this run for a person to confirm; a newer one replaces it.

    A run that is repeated on the same day and finds the same accounts leaves the list as it is.
    """
    with transaction.atomic():
        _one_at_a_time()
        waiting = SuspensionList.objects.filter(confirmed_at__isnull=True)
        of_today = waiting.filter(run_on=today, environment__in=list(too_many))
        same = {row.environment_id for row in of_today if _holds_the_same(row, too_many[row.environment_id])}
        waiting.exclude(environment__in=same).delete()
        _write({environment: brake for environment, brake in too_many.items() if environment not in same}, today, now)


def _write(too_many: Mapping[UUID, Brake], today: date, now: datetime) -> None:
    if not too_many:
        return
    lists = {
        environment: SuspensionList(environment_id=environment, run_on=today, allowed=brake.allowed, created_at=now)
        for environment, brake in too_many.items()
    }
    SuspensionList.objects.bulk_create(lists.values())
    row = SuspensionList.accounts.through
    row.objects.bulk_create(
        (row(suspensionlist_id=lists[f.account.environment_id].pk, account_id=f.account.pk)
         for f in _held(next(iter(too_many.values()))) if f.account.environment_id in lists), batch_size=500,
    )  # fmt: skip


def _held(brake: Brake) -> Iterator[Finding]:
    """Those of every environment that would be suspended and that nobody confirmed."""
    return (finding for finding in brake.suspensions() if not is_confirmed(finding, brake.confirmed))


def _holds_the_same(waiting: SuspensionList, brake: Brake) -> bool:
    """Are the accounts of the list exactly those held now? Compared by number and sum: memory does not grow."""
    listed, held = Counter[str](), Counter[str]()
    for pk in waiting.accounts.values_list("pk", flat=True).iterator():
        listed.update(number=1, sum=pk.int)
    for finding in _held(brake):
        if finding.account.environment_id == waiting.environment_id:
            held.update(number=1, sum=finding.account.pk.int)
    return listed == held


def _one_at_a_time() -> None:
    """Until the end of the transaction no other run, and nobody who confirms, touches the lists."""
    list(Environment.objects.select_for_update(no_key=True).order_by("pk"))


def confirm_list(waiting: SuspensionList, *, by: Actor, now: datetime) -> None:
    """Support confirms exactly this list; the next run suspends those on it that are still due.

    Raises NotAllowed for others, LostRace when a newer run replaced the list or somebody confirmed it first.
    """
    if not by.holds(Role.SUPPORT):
        raise NotAllowed(_("Only Support can confirm a list of suspensions."))
    with transaction.atomic():
        _one_at_a_time()
        rows = SuspensionList.objects.filter(pk=waiting.pk, confirmed_at__isnull=True)
        confirmed = rows.update(confirmed_at=now, confirmed_by=by.name)
    if not confirmed:
        raise LostRace(_("This list was confirmed already, or a newer run replaced it. Look at the newest list."))
