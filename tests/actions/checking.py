"""Running the daily check in tests: on a day, at six in the morning, and reading what it says it did."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from accounts.actions import inactivity
from accounts.actions.inactivity import Entry
from accounts.lifecycle.actor import SYSTEM, Actor
from accounts.models import Account, Message, MessageState, Notice
from tests.story import Story

OSLO = ZoneInfo("Europe/Oslo")
TODAY = date(2026, 11, 23)
ANSWER_BY = date(2026, 12, 23)
AFTER = date(2026, 12, 24)
ONE_DAY = timedelta(days=1)


def at(day: date, hour: int = 6, minute: int = 0) -> datetime:
    """That hour in Oslo, in UTC."""
    return datetime.combine(day, time(hour, minute), OSLO).astimezone(UTC)


def entries(day: date, *, dry_run: bool = False, by: Actor = SYSTEM) -> list[Entry]:
    """What the check of ``day`` says it did."""
    return list(inactivity.check(today=day, now=at(day), by=by, dry_run=dry_run))


def check(day: date, *, dry_run: bool = False) -> dict[str, list[str]]:
    """The client ids of the check's entries by kind, sorted; held ones with their reason."""
    found: dict[str, list[str]] = {}
    for entry in entries(day, dry_run=dry_run):
        name = f"{entry.client_id}: {entry.reason}" if entry.reason else entry.client_id
        found.setdefault(entry.kind, []).append(name)
    return {kind: sorted(names) for kind, names in found.items()}


def state(account: Account) -> str:
    """The account's state in the database."""
    return Account.objects.values_list("state", flat=True).get(pk=account.pk)


def notice_of(account: Account) -> Notice:
    """The account's only notice."""
    return Notice.objects.get(account=account)


def give_up(account: Account) -> None:
    """The mail server refused every mail of the account's notice."""
    Message.objects.filter(notice__account=account).update(state=MessageState.GIVEN_UP.value)


def due(story: Story, name: str, *, environment: str = "test", day: date = TODAY) -> Account:
    """An account whose answer period ended yesterday without an answer; its feed is covered through today."""
    last = day - timedelta(days=400)
    where = getattr(story, environment)
    account = story.account(client_id=name, environment=where, last_used_on=last, activated_on=last, stated_through=day)
    Account.objects.filter(pk=account.pk).update(state="notified")
    opened = day - timedelta(days=31)
    Notice.objects.create(
        account=account, opened_on=opened, last_activity_on=last, delivered_on=opened,
        answer_by=opened + timedelta(days=30), reminded_on=opened + timedelta(days=27),
    )  # fmt: skip
    return Account.objects.get(pk=account.pk)
