"""Proposals before a secret expires: each step once, to both contacts and Support, nothing where none is needed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actions import credentials, proposals
from accounts.lifecycle.actor import SYSTEM
from accounts.models import Account, Credential, Event, Message
from tests.actions import rotating
from tests.actions.rotating import account_with_secret, asked, collected
from tests.actions.tools import INGRID, SUPPORT, TOR, history, nothing_written, told
from tests.story import Story

works = rotating.works
EXPIRES = date(2027, 6, 1)
pytestmark = pytest.mark.usefixtures("works")


@pytest.fixture
def account(story: Story) -> Account:
    return account_with_secret(story, expires_on=EXPIRES)


def on(story: Story, days_left: int) -> int:
    """The daily run, so many days before the secret expires."""
    today = EXPIRES - timedelta(days=days_left)
    story.now = story.now.replace(year=today.year, month=today.month, day=today.day)
    return proposals.propose(today=timezone.localdate(story.now), now=story.now, by=SYSTEM)["proposed"]


def last(account: Account) -> Event:
    return Event.objects.filter(subject_id=account.pk).latest("seq")


def test_each_step_once_to_both_contacts_and_one_mail_to_support(story: Story, account: Account) -> None:
    assert [on(story, left) for left in (61, 60, 59, 31, 30, 30, 14, 7, 2, 1, 0, -1, -30)] == [
        0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 1, 0, 0,
    ]  # fmt: skip
    assert history(account).count("propose_rotation") == 5
    assert last(account).verb == "secret_expired"
    assert told(last(account)) == {"secret_expired": {INGRID, TOR}, "secrets_expire_copy": SUPPORT}
    first = Event.objects.filter(verb="propose_rotation").earliest("seq")
    assert told(first) == {"secret_expires": {INGRID, TOR}, "secrets_expire_copy": SUPPORT}
    assert first.data == {"day": "2027-06-01", "days": 60, "number": 1}


def test_several_missed_are_one(story: Story, account: Account) -> None:
    assert [on(story, 5), on(story, 5)] == [1, 0]
    assert last(account).data["days"] == 5
    assert on(story, -3) == 1


def test_a_new_one_that_is_asked_for_silences_only_the_early_steps(story: Story, account: Account) -> None:
    asked(story, account)
    assert [on(story, left) for left in (60, 30, 15, 14, 7, 1, 0, -1)] == [0, 0, 0, 1, 1, 1, 1, 0]
    assert last(account).verb == "secret_expired"


def test_a_new_one_that_nobody_has_collected_silences_only_the_early_steps(story: Story, account: Account) -> None:
    new = rotating.entered(story, asked(story, account))
    assert on(story, 30) == 0, "it is not issued yet"
    rotating.verify(story)
    assert Credential.objects.get(pk=new.pk).is_collectable
    old = account.credentials.exclude(pk=new.pk).get()
    assert list(Credential.objects.last_working().filter(account=account)) == [old]
    assert [on(story, left) for left in (29, 13, 7)] == [0, 1, 1]
    assert last(account).data["day"] == EXPIRES.isoformat()
    rotating.collect(story, new)
    assert on(story, 1) == 0


def test_a_first_secret_that_waits_to_be_collected_is_spoken_of_at_every_step(story: Story) -> None:
    order = story.order_in("cegal_setup")
    given = story.data_for(order, "complete_setup") | {"expires_on__TEST": EXPIRES.isoformat()}
    story.do(order, "complete_setup", "cegal", **given)
    story.do(order, "issue_credentials", "support", **story.data_for(order, "issue_credentials"))
    assert [on(story, 60), on(story, 30)] == [1, 1]


def test_what_nobody_collected_is_gone_and_an_account_not_in_use_is_left_alone(story: Story, account: Account) -> None:
    new = rotating.entered(story, asked(story, account))
    rotating.verify(story)
    story.now += timedelta(days=20)
    credentials.destroy_uncollected(today=timezone.localdate(story.now), now=story.now, by=SYSTEM)
    assert on(story, 30) == 1, "the old one still expires"
    assert Credential.objects.get(pk=new.pk).expiry_told is None
    story.do(Account.objects.get(pk=account.pk), "suspend", "support", comment="A leak.")
    assert on(story, 1) == 0


def test_nothing_when_another_secret_lives_longer(story: Story, account: Account) -> None:
    collected(story, account)
    assert on(story, 30) == 0


def test_a_secret_that_is_not_known_to_expire_is_not_spoken_of(story: Story) -> None:
    account_with_secret(story)
    assert on(story, 0) == 0


def test_one_mail_to_support_and_the_same_number_of_queries_for_many(story: Story) -> None:
    def run(number: int) -> int:
        for _one in range(number):
            account_with_secret(story, expires_on=EXPIRES)
        with CaptureQueriesContext(connection) as caught:
            assert on(story, 60) == number
        return len(caught)

    one, many = run(1), run(4)
    assert many <= one + 3, "for many there is a savepoint, and their events are read back"
    assert Message.objects.filter(kind="secrets_expire_copy").count() == 2 * len(SUPPORT)
    assert {event.data["number"] for event in Event.objects.filter(verb="propose_rotation")} == {1, 4}


def test_somebody_who_was_first_is_not_written_over(story: Story, account: Account) -> None:
    on(story, 60)
    with nothing_written():
        on(story, 60)
