"""The inactivity procedure at a glance: how fresh each feed is, what runs, what is braked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Max

from accounts.lifecycle.explained import verdict
from accounts.lifecycle.explanation import Explanation
from accounts.lifecycle.inactivity import feed_is_current, reminder_due
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import AccountState, NoticeOutcome
from accounts.models import Account, Coverage, Environment, Notice, SuspensionList
from accounts.readers import paging, verdicts

SHOWN = 25
BY_NAME = paging.Order("client_id")


@dataclass(frozen=True)
class Feed:
    """One environment's usage: covered through a day, received at a time; None where nothing was ever received."""

    environment: Environment
    through: date | None
    received_at: datetime | None
    is_current: bool

    @property
    def state(self) -> str:
        """current, stale or never."""
        if self.through is None:
            return "never"
        return "current" if self.is_current else "stale"


@dataclass(frozen=True)
class Running:
    """An open notice and what comes next: remind or suspend on a day, or deliver; "nobody" when it reached nobody.

    ``held``: the account is held, and ``why`` says for what reason, as its own page does.
    """

    notice: Notice
    next: str
    on: date | None = None
    why: Mapping[str, Any] | None = None

    @property
    def account(self) -> Account:
        return self.notice.account


def feeds(policy: Policy, today: date) -> list[Feed]:
    """How far each environment's usage is known on ``today``. Two queries."""
    fed = Coverage.objects.filter(accepted_by="").order_by().values_list("environment")
    found = {pk: (through, at) for pk, through, at in fed.annotate(Max("last_day"), Max("received_at"))}
    return [_feed(environment, *found.get(environment.pk, (None, None)), policy, today)
            for environment in Environment.objects.all()]  # fmt: skip


def numbers() -> dict[str, int]:
    """How many accounts are notified and suspended, and how many notices have not been delivered. Two queries."""
    states = [AccountState.NOTIFIED.value, AccountState.SUSPENDED.value]
    found = dict(Account.objects.filter(state__in=states).order_by().values_list("state").annotate(Count("pk")))
    undelivered = Notice.objects.filter(outcome=NoticeOutcome.OPEN.value, delivered_on__isnull=True).count()
    return {state: found.get(state, 0) for state in states} | {"undelivered": undelivered}


def running(policy: Policy, today: date) -> list[Running]:
    """The first open notices: those that reached nobody, those not delivered yet, then the earliest to answer."""
    found = Notice.objects.filter(outcome=NoticeOutcome.OPEN.value)
    found = found.select_related("account__environment", "account__organisation")
    ordered = found.order_by(
        F("undeliverable_at").asc(nulls_last=True), F("answer_by").asc(nulls_first=True), "opened_on", "pk"
    )
    shown = list(ordered[:SHOWN])
    held = verdicts.held([(notice.account, notice) for notice in shown], policy, today)
    return [_running(notice, held.get(notice.account_id), policy, today) for notice in shown]


def waiting_lists() -> list[SuspensionList]:
    """The lists that the brake holds until a person confirms them, each with ``number`` of accounts. One query."""
    held = SuspensionList.objects.filter(confirmed_at__isnull=True).select_related("environment")
    return list(held.annotate(number=Count("accounts")).order_by("environment__position"))


def accounts_on(held: SuspensionList, asked: Mapping[str, str]) -> paging.Page[Account]:
    """One page of the accounts on a list, by client id. One query."""
    return paging.page(held.accounts.select_related("environment", "organisation", "owner"), BY_NAME, asked)


def _feed(
    environment: Environment, through: date | None, received_at: datetime | None, policy: Policy, today: date
) -> Feed:
    return Feed(environment, through, received_at, feed_is_current(through, policy, today))


def _running(notice: Notice, held: Explanation | None, policy: Policy, today: date) -> Running:
    if notice.delivered_on is None or notice.answer_by is None:
        return Running(notice, "nobody" if notice.undeliverable_at else "deliver")
    if held is not None:
        return Running(notice, "held", why=verdict(held).plain())
    if reminder_due(notice.facts(undeliverable=False), policy, today):
        return Running(notice, "remind", today)
    coming = [notice.answer_by - timedelta(days=days) for days in policy.reminder_days]
    reminder = next((day for day in coming if day > today), None)
    if reminder is not None:
        return Running(notice, "remind", reminder)
    return Running(notice, "suspend", notice.answer_by + timedelta(days=1))
