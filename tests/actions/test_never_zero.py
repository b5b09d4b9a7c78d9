"""Never zero working secrets by our doing: every order of events in which the old secret must stay, or may go."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.actions import credentials, new_secret, overlaps, rotation
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.errors import NotReady
from accounts.models import Account, Credential, Event, Order, PolicyNumber
from tests.actions import rotating
from tests.actions.rotating import FIRST, SECOND, THIRD, Works, account_with_secret, asked, collected, days, entered
from tests.actions.tools import INGRID, SUPPORT, TOR, history, nothing_written, told
from tests.story import Story

works = rotating.works
pytestmark = pytest.mark.usefixtures("works")


@pytest.fixture
def account(story: Story) -> Account:
    return account_with_secret(story)


def of(account: Account, verb: str) -> Event:
    return Event.objects.get(subject_id=account.pk, verb=verb)


def test_after_the_overlap_it_goes_by_itself_and_was_announced(story: Story, account: Account) -> None:
    old = account.credentials.get()
    collected(story, account)
    days(story, 10)
    assert "announce_removal" not in history(account)
    days(story, 1)
    warned = of(account, "announce_removal")
    assert told(warned) == {"old_secret_goes_soon": {INGRID, TOR}}
    assert warned.data == {"until": "2026-12-07"}
    days(story, 3)
    assert rotating.to_remove(account) == []
    days(story, 1)
    assert rotating.to_remove(account) == [old]
    assert of(account, "end_overlap").actor_kind == "system"
    days(story, 5)
    assert rotating.to_remove(account) == [old]


def test_a_run_that_was_missed_shortens_nobodys_time(story: Story, account: Account) -> None:
    collected(story, account)
    rotating.later(story, days=30)
    assert rotating.daily(story) == {"announced": 1, "asked": 0}
    assert of(account, "announce_removal").data == {"until": "2026-12-26"}
    assert rotating.daily(story) == {"announced": 0, "asked": 0}, "and the same run again does nothing"
    days(story, 3)
    assert rotating.to_remove(account) == []
    days(story, 1)
    assert len(rotating.to_remove(account)) == 1


def test_not_collected_it_is_destroyed_and_the_old_one_stays(story: Story, account: Account) -> None:
    entered(story, asked(story, account))
    rotating.verify(story)
    rotating.later(story, days=15)
    credentials.destroy_uncollected(today=timezone.localdate(story.now), now=story.now, by=SYSTEM)
    gone = of(account, "destroy_secret")
    assert told(gone) == {"secret_not_collected": {INGRID}, "secret_not_collected_copy": SUPPORT}
    days(story, 60)
    assert rotating.to_remove(account) == []
    with nothing_written(), pytest.raises(NotReady, match="no new secret whose old one waits"):
        rotation.confirm_in_use(account, by=story.actor("ingrid"), now=story.now)
    lost = Credential.objects.get(account=account, rotation__isnull=False)
    collected(story, account, THIRD)
    rotation.confirm_in_use(account, by=story.actor("ingrid"), now=story.now)
    assert lost in rotating.to_remove(account), "the next rotation also clears away what nobody ever had"


def test_issued_without_being_verified_only_the_owners_own_test_lets_the_old_one_go(
    story: Story, account: Account, works: Works
) -> None:
    works(FIRST)
    order = asked(story, account)
    new = entered(story, order)
    rotating.verify(story)
    order = Order.objects.select_related("concerns").get(pk=order.pk)
    story.do(order, "issue_credentials", "support", override="on", comment="The token URL is down.")
    rotating.collect(story, new)
    days(story, 60)
    assert rotating.to_remove(account) == []
    assert "announce_removal" not in history(account)
    by = story.actor("ingrid")
    with nothing_written(), pytest.raises(NotReady, match="Test it first"):
        rotation.confirm_in_use(account, by=by, now=story.now)
    works(FIRST, SECOND)
    rotation.test_new_secret(account, SECOND, by=by, now=story.now)
    assert len(rotating.to_remove(account)) == 1


def test_a_second_secret_that_was_never_issued_goes_with_the_next_one_where_the_provider_has_it(
    story: Story, account: Account, works: Works
) -> None:
    first = account.credentials.get()
    works(FIRST, THIRD)
    wrong = entered(story, asked(story, account))
    rotating.verify(story)
    mine = Account.objects.get(pk=account.pk)
    new_secret.ask_for_new_secret(mine, by=story.actor("support"), now=story.now)
    rotating.later(story, minutes=1)
    new_secret.enter_new_secret(mine, client_secret=THIRD, by=story.actor("cegal"), now=story.now)
    rotating.verify(story)
    rotating.collect(story, account.credentials.get(destroyed_at=None))
    rotation.confirm_in_use(account, by=story.actor("ingrid"), now=story.now)
    assert set(rotating.to_remove(account)) == {first, wrong}


@pytest.mark.parametrize("verb", ["suspend", "close"])
def test_suspended_or_closed_meanwhile_the_order_ends_and_nothing_is_removed(
    story: Story, account: Account, verb: str
) -> None:
    order = asked(story, account)
    new = entered(story, order)
    story.do(Account.objects.get(pk=account.pk), verb, "support", comment="A leak.")
    rotating.verify(story)
    assert Order.objects.get(pk=order.pk).state == "credential_issue", "it is not handed over any more"
    assert overlaps.end_stranded(now=story.now, by=SYSTEM) == {"ended": 1}
    assert Order.objects.get(pk=order.pk).state == "withdrawn"
    assert told(Event.objects.get(subject_id=order.pk, verb="end_rotation")) == {"rotation_ended": {INGRID}}
    assert Credential.objects.get(pk=new.pk).sealed_secret == ""
    assert overlaps.end_stranded(now=story.now, by=SYSTEM) == {"ended": 0}
    days(story, 60)
    assert rotating.to_remove(account) == []


@pytest.mark.parametrize("verb", ["suspend", "close"])
def test_suspended_or_closed_in_the_overlap_both_stay_as_they_are(story: Story, account: Account, verb: str) -> None:
    collected(story, account)
    story.do(Account.objects.get(pk=account.pk), verb, "support", comment="A leak.")
    days(story, 60)
    assert rotating.to_remove(account) == []
    with nothing_written(), pytest.raises(NotReady, match="not active"):
        rotation.confirm_in_use(account, by=story.actor("ingrid"), now=story.now)


def test_cegal_does_not_add_a_secret_to_an_account_that_was_suspended(story: Story, account: Account) -> None:
    order = asked(story, account)
    story.do(Account.objects.get(pk=account.pk), "suspend", "support", comment="A leak.")
    with nothing_written(), pytest.raises(NotReady, match="not in use any more"):
        entered(story, order)


@pytest.mark.parametrize("column", ["expires_on", "removed_at"])
def test_a_new_secret_that_does_not_work_any_more_takes_no_place(story: Story, account: Account, column: str) -> None:
    new = collected(story, account)
    gone = {"expires_on": timezone.localdate(story.now), "removed_at": story.now}[column]
    Credential.objects.filter(pk=new.pk).update(**{column: gone})
    days(story, 60)
    assert rotating.to_remove(account) == []
    with nothing_written(), pytest.raises(NotReady):
        rotation.confirm_in_use(account, by=story.actor("ingrid"), now=story.now)


def test_a_second_rotation_in_the_overlap_leaves_both_until_the_third_secret_is_in_use(
    story: Story, account: Account
) -> None:
    """The owner lost the new secret: the old one must not go before they have another."""
    first, second = account.credentials.get(), collected(story, account)
    order = asked(story, account)
    days(story, 60)
    assert rotating.to_remove(account) == []
    third = entered(story, order, THIRD)
    rotating.verify(story)
    days(story, 10)
    assert rotating.to_remove(account) == []
    rotating.collect(story, third)
    days(story, 14)
    assert rotating.to_remove(account) == []
    days(story, 1)
    assert set(rotating.to_remove(account)) == {first, second}
    assert set(Credential.objects.working().filter(account=account)) == {first, second, third}
    rotating.remove_all(story, account)
    assert list(Credential.objects.working().filter(account=account)) == [third]


def test_the_policy_says_how_long_both_stay_and_a_collected_one_keeps_its_day(story: Story, account: Account) -> None:
    PolicyNumber.objects.create(name="rotation_overlap_days", value=5)
    new = collected(story, account)
    assert new.overlap_until == timezone.localdate(story.now) + timedelta(days=5)
    PolicyNumber.objects.update(value=90)
    days(story, 6)
    assert len(rotating.to_remove(account)) == 1
