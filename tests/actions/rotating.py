"""What the tests of secret rotation share: an account with a secret, and each step of the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.actions import credentials, overlaps, provider, rotation
from accounts.gateways import loop
from accounts.gateways.loop import Outcome, TokenCheck
from accounts.lifecycle.actor import SYSTEM
from accounts.models import Account, Credential, Order, Task
from tests.story import Story

FIRST, SECOND, THIRD = "the-first-secret-is-abc", "the-second-secret-is-xyz", "the-third-secret-is-qrs"
EXPIRES = date(2028, 11, 23)

Works = Callable[..., None]


@pytest.fixture
def works(monkeypatch: pytest.MonkeyPatch) -> Works:
    """Say which secrets the token URL accepts from now on; at first the three of these tests."""

    def accept(*right: str) -> None:
        def check_token(_url: str, _client_id: str, secret: str, **_how: object) -> TokenCheck:
            ok = secret in right
            return TokenCheck(Outcome.OK if ok else Outcome.WRONG_SECRET, "It answered.", elapsed_ms=12)

        monkeypatch.setattr(loop, "check_token", check_token)

    accept(FIRST, SECOND, THIRD)
    return accept


def account_with_secret(story: Story, secret: str = FIRST, expires_on: date | None = None) -> Account:
    """An active account whose owner has collected its first secret."""
    order = story.order_in("cegal_setup")
    given = story.data_for(order, "complete_setup") | {"client_secret__TEST": secret}
    if expires_on:
        given["expires_on__TEST"] = expires_on.isoformat()
    story.do(order, "complete_setup", "cegal", **given)
    story.do(order, "issue_credentials", "support", **story.data_for(order, "issue_credentials"))
    account = order.accounts.get()
    credentials.reveal(account.credentials.get(), by=story.actor("ingrid"), now=story.now)
    return Account.objects.select_related("owner", "environment").get(pk=account.pk)


def asked(story: Story, account: Account, who: str = "ingrid", **said: str) -> Order:
    return rotation.ask(account, by=story.actor(who), now=story.now, **said)


def entered(story: Story, order: Order, secret: str = SECOND, expires_on: date = EXPIRES) -> Credential:
    """Cegal adds the second secret; nothing has looked at it yet."""
    later(story, minutes=1)
    order = Order.objects.select_related("concerns").get(pk=order.pk)
    story.do(order, "complete_setup", "cegal", client_secret=secret, expires_on=expires_on.isoformat(), key_id="k-2")
    return Credential.objects.get(rotation=order, destroyed_at=None)


def verify(story: Story) -> None:
    """A worker asks the token URL until the round is over."""
    while credentials.verify_new(clock=lambda: story.now, by=SYSTEM).get("again"):
        later(story, seconds=30)


def collect(story: Story, new: Credential) -> Credential:
    issued = Credential.objects.get(pk=new.pk)
    credentials.reveal(issued, by=story.actor("ingrid"), now=story.now)
    return Credential.objects.get(pk=new.pk)


def collected(story: Story, account: Account, secret: str = SECOND) -> Credential:
    """The whole way until the owner has the second secret."""
    new = entered(story, asked(story, account), secret)
    verify(story)
    return collect(story, new)


def later(story: Story, **delta: int) -> datetime:
    story.now += timedelta(**delta)
    return story.now


def daily(story: Story) -> dict[str, int]:
    return overlaps.end_overlaps(today=timezone.localdate(story.now), now=story.now, by=SYSTEM)


def days(story: Story, number: int) -> None:
    """So many days pass, with the daily run on each."""
    for _day in range(number):
        later(story, days=1)
        daily(story)


def to_remove(account: Account) -> list[Credential | None]:
    tasks = Task.objects.filter(account=account, kind="remove_secret", done_at=None).order_by("opened_at", "pk")
    return [task.credential for task in tasks.select_related("credential")]


def remove_all(story: Story, account: Account) -> None:
    """Cegal confirms every removal that is owed."""
    for task in Task.objects.filter(account=account, kind="remove_secret", done_at=None):
        provider.confirm(task, by=story.actor("cegal"), now=story.now)
