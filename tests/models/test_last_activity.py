"""The database works out an account's last activity: the latest day, and NULLs do not hide the others."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from accounts.models import Account
from tests.story import Story

EARLY, MIDDLE, LATE = date(2024, 2, 29), date(2025, 6, 1), date(2026, 11, 1)
OTHERS = ("last_used_on", "watched_from", "kept_on", "reactivated_on")


def stored(account: Account) -> date | None:
    return Account.objects.values_list("last_activity_on", flat=True).get(pk=account.pk)


def test_activation_alone_is_activity(story: Story) -> None:
    assert stored(story.account(activated_on=EARLY)) == EARLY


@pytest.mark.parametrize("column", OTHERS)
def test_each_of_the_days_counts_when_it_is_the_latest(story: Story, column: str) -> None:
    assert stored(story.account(activated_on=EARLY, **{column: LATE})) == LATE
    assert stored(story.account(activated_on=LATE, **{column: EARLY})) == LATE


def test_every_mixture_of_days_and_nulls_gives_the_latest(story: Story) -> None:
    account = story.account(activated_on=MIDDLE)
    for days in product((None, EARLY, LATE), repeat=len(OTHERS)):
        Account.objects.filter(pk=account.pk).update(**dict(zip(OTHERS, days, strict=True)))
        assert stored(account) == max(day for day in (*days, MIDDLE) if day), days


def test_an_account_that_is_not_active_yet_has_no_last_activity(story: Story) -> None:
    pending = story.account_in("pending")
    assert pending.activated_on is None
    assert stored(pending) is None
    assert not Account.objects.filter(pk=pending.pk).active_past(date.max).exists()


def test_active_past_is_the_index_range_of_the_check(story: Story) -> None:
    before = story.account(activated_on=date(2024, 1, 1), last_used_on=date(2025, 11, 22))
    story.account(activated_on=date(2024, 1, 1), last_used_on=date(2025, 11, 23))
    notified = story.account(activated_on=date(2024, 1, 1))
    Account.objects.filter(pk=notified.pk).update(state="notified")
    found = Account.objects.active_past(date(2025, 11, 23))
    assert list(found) == [before]
    assert notified not in found


@pytest.mark.parametrize(
    ("last_used_on", "watched_from", "unknown"),
    [(None, MIDDLE, True), (None, None, False), (LATE, MIDDLE, False), (LATE, None, False)],
)
def test_unknown_is_not_never(
    story: Story, last_used_on: date | None, watched_from: date | None, unknown: bool
) -> None:
    account = story.account(activated_on=EARLY, last_used_on=last_used_on, watched_from=watched_from)
    assert account.last_use_is_unknown is unknown
