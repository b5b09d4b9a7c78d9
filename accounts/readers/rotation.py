"""How far the replacement of an account's secret is: which secrets work, what comes next, when the last one expires."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from accounts.lifecycle import rotation as rule
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import OrderKind, OrderState
from accounts.models import Account, Credential, Order, Task
from accounts.models.rotation import removals, second_secret
from accounts.words import say


@dataclass(frozen=True)
class Rotation:
    """The secrets of one account on ``today``; never a secret.

    ``order`` asks for a second secret and has not ended. ``new`` is the second secret beside the old one, and
    ``removing`` says that the old one's removal is asked for. ``goes_after`` is the last day of the old one if nobody
    says anything, ``stays`` why it stays instead. ``expires_on`` is the day on which the last working secret expires.
    """

    account: Account
    today: date
    secrets: tuple[Credential, ...] = ()
    order: Order | None = None
    new: Credential | None = None
    removing: bool = False
    goes_after: date | None = None
    stays: str = ""
    expires_on: date | None = None

    @property
    def old(self) -> tuple[Credential, ...]:
        """The secrets that the new one takes the place of, as far as the portal knows them."""
        return tuple(one for one in self.secrets if self.new is not None and one.entered_at < self.new.entered_at)

    @property
    def under_way(self) -> bool:
        """Is there more than one secret to tell of?"""
        return self.order is not None or self.new is not None or self.to_collect

    @property
    def at_cegal(self) -> bool:
        """Does Cegal add the second secret now? Otherwise it is being verified, or Support has the order."""
        return self.order is not None and self.order.state == OrderState.CEGAL_SETUP.value

    @property
    def to_collect(self) -> bool:
        """Does the second secret wait for the owner?"""
        return any(one.is_collectable and one.rotation_id for one in self.secrets)

    @property
    def expires_in(self) -> int | None:
        """Days until the last working secret expires; 0 or less when it has."""
        return (self.expires_on - self.today).days if self.expires_on else None

    @property
    def proposes(self) -> bool:
        """Is it time to ask for a new secret, and nobody did?"""
        usable = self.account.state in rule.IN_USE and self.order is None and not self.to_collect
        return usable and near(self.expires_on, self.today) is not None


def rotation_of(account: Account, policy: Policy, today: date) -> Rotation:
    """How far the replacement of the secret of ``account`` is. At most five queries."""
    secrets = tuple(
        Credential.objects.working().filter(account=account).defer("sealed_secret").order_by("-entered_at", "-pk")
    )
    order = Order.objects.asking_for(account.pk, OrderKind.SECRET_ROTATION).first()
    new = next((one for one in secrets if one.overlap_until is not None), None)
    removing = new is not None and removals(account).filter(done_at__isnull=True).exists()
    known = Rotation(account, today, secrets, order, expires_on=_last(secrets))
    if new is None or new.overlap_until is None or (new.overlap_ended_at is not None and not removing):
        return known
    new.account = account
    refusal = rule.removal_refusal(second_secret(new, today))
    if refusal is not None:
        return replace(known, new=new, removing=removing, stays=say(refusal))
    goes_after = rule.last_day(
        new.overlap_until, new.overlap_announced_on or new.overlap_until - rule.warning(policy), policy
    )
    return replace(known, new=new, removing=removing, goes_after=goes_after)


def secrets_in_place(order: Order) -> list[Credential]:
    """The secrets that stay where they are while a second one is added; empty for an order of another kind."""
    if order.rotates is None:
        return []
    held = Credential.objects.in_place().filter(account=order.rotates).defer("sealed_secret")
    return list(held.order_by("-entered_at", "-pk"))


def removal_of(task: Task) -> tuple[Credential | None, list[Credential]]:
    """Of a task to remove a secret: the one that goes (None: whatever is there besides), and those that stay."""
    going = Task.objects.open().filter(account=task.account_id, credential__isnull=False).values("credential")
    stays = Credential.objects.working().filter(account=task.account_id).exclude(pk__in=going).defer("sealed_secret")
    return task.credential, list(stays.order_by("-entered_at", "-pk"))


def expiring(accounts: Iterable[Account]) -> dict[UUID, date]:
    """The day on which the last working secret of each account expires, where that is known. One query."""
    rows = Credential.objects.working().filter(account__in=list(accounts)).defer("sealed_secret")
    held: dict[UUID, list[Credential]] = {}
    for row in rows:
        held.setdefault(row.account_id, []).append(row)
    found = {account: _last(secrets) for account, secrets in held.items()}
    return {account: day for account, day in found.items() if day is not None}


def near(expires_on: date | None, today: date) -> date | None:
    """The day, if it is time to speak of it."""
    soon = expires_on is not None and (expires_on - today).days <= rule.PROPOSAL_DAYS[0]
    return expires_on if soon else None


def _last(secrets: Iterable[Credential]) -> date | None:
    """None where one of them does not expire, as far as is known, or there is none."""
    days = [one.expires_on for one in secrets]
    known = [day for day in days if day is not None]
    return max(known) if known and len(known) == len(days) else None
