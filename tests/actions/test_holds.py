"""Holds by Support: set, announced, lifted, ended by themselves; a held account is left alone, then asked anew."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from accounts.actions import holds
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.models import Account, Event, Hold, Notice, PolicyNumber
from accounts.readers import holds as holds_reader
from tests.actions.checking import ANSWER_BY, ONE_DAY, TODAY, at, check, state
from tests.actions.tools import INGRID, SUPPORT, at_once, history, nothing_written, told
from tests.story import Story

UNTIL = TODAY + timedelta(days=60)
SILENT = {"client_id": "quiet", "last_used_on": TODAY - timedelta(days=400)}


@pytest.fixture
def fed(story: Story) -> Story:
    story.covered(TODAY - timedelta(days=900), date(2028, 12, 31))
    return story


def hold(story: Story, account: Account, until: date = UNTIL, who: str = "support") -> Event:
    by = story.actor(who)
    return holds.set_hold(account, until=until, by=by, now=at(TODAY, 12), comment="They move in spring.")


def end(day: date) -> dict[str, int]:
    return holds.end_holds(today=day, now=at(day, 5, 30), by=SYSTEM)


def fresh(account: Account) -> Account:
    return Account.objects.get(pk=account.pk)


def test_a_held_account_is_listed_and_left_alone_through_its_last_day(fed: Story) -> None:
    account = fed.account(**SILENT)
    event = hold(fed, account)
    assert (event.verb, event.data) == ("hold", {"until": "2027-01-22"})
    assert told(event) == {"account_held": {INGRID}}
    with nothing_written():
        assert check(TODAY) == check(UNTIL) == {"held": ["quiet: hold_by_support"]}
    assert check(UNTIL + ONE_DAY) == {"notified": ["quiet"]}, "the last day decides, not whether a job came by"


def test_an_account_that_is_in_use_is_not_listed_as_held(fed: Story) -> None:
    hold(fed, fed.account(last_used_on=TODAY))
    assert check(TODAY) == {}


def test_an_open_notice_ends_and_a_whole_new_one_opens_after_the_hold(fed: Story) -> None:
    account = fed.account_in("notified", client_id="quiet")
    hold(fed, account)
    assert state(account) == "active"
    (first,) = Notice.objects.filter(account=account)
    assert (first.outcome, first.closed_at, first.answered_by) == ("held", at(TODAY, 12), "Marte Lunde")
    assert check(ANSWER_BY + ONE_DAY) == {"held": ["quiet: hold_by_support"]}
    assert end(UNTIL + ONE_DAY) == {"ended": 1, "announced": 0}
    assert check(UNTIL + ONE_DAY) == {"notified": ["quiet"]}
    notice = fed.deliver(account, on=UNTIL + ONE_DAY)
    assert check(notice.answer_by) == {"reminded": ["quiet"]}
    assert check(notice.answer_by + ONE_DAY) == {"suspended": ["quiet"]}


def test_the_end_is_announced_once_to_support_and_the_owner_and_comes_by_itself_once(fed: Story) -> None:
    account = fed.account(**SILENT)
    hold(fed, account)
    first = UNTIL - timedelta(days=7)
    assert end(first - ONE_DAY) == {"ended": 0, "announced": 0}
    assert end(first) == {"ended": 0, "announced": 1}
    event = Event.objects.get(verb="announce_hold_end")
    assert told(event) == {"hold_ends_soon": {INGRID}, "hold_ends_soon_copy": SUPPORT}
    assert Hold.objects.get().announced_on == first
    with nothing_written():
        assert end(first) == end(UNTIL) == {"ended": 0, "announced": 0}
    assert end(UNTIL + timedelta(days=3)) == {"ended": 1, "announced": 0}, "a missed day is made up for"
    with nothing_written():
        assert end(UNTIL + timedelta(days=3)) == {"ended": 0, "announced": 0}
    kept = Hold.objects.get()
    assert (kept.ended_at, kept.ended_by) == (at(UNTIL + timedelta(days=3), 5, 30), SYSTEM.name)
    assert history(account) == ["import", "hold", "announce_hold_end", "end_hold"]
    assert state(account) == "active"


def test_a_hold_ends_also_when_the_check_was_first_and_notified_the_account(fed: Story) -> None:
    account = fed.account(**SILENT)
    hold(fed, account)
    day = UNTIL + ONE_DAY
    assert check(day) == {"notified": ["quiet"]}
    assert end(day) == {"ended": 1, "announced": 0}
    assert Hold.objects.get().ended_by == SYSTEM.name
    assert state(account) == "notified"
    assert Notice.objects.get(account=account).outcome == "open"
    assert history(account)[-2:] == ["notify", "end_hold"]
    with nothing_written():
        assert end(day) == {"ended": 0, "announced": 0}


def test_a_hold_that_no_job_has_ended_yet_is_shown_as_over(fed: Story) -> None:
    hold(fed, fed.account(**SILENT))

    def shown(day: date) -> list[int]:
        lists = [
            holds_reader.by_support({}, today=day, ended=ended, text="", environment="") for ended in (False, True)
        ]
        return [holds_reader.running(day), *(len(page.rows) for page in lists)]

    assert shown(UNTIL) == [1, 1, 0]
    assert shown(UNTIL + ONE_DAY) == [0, 0, 1]


def test_lifted_with_a_reason(fed: Story) -> None:
    account = fed.account(**SILENT)
    hold(fed, account)
    with nothing_written(), pytest.raises(NotReady, match="Write a reason"):
        holds.lift_hold(account, by=fed.actor("support"), now=at(TODAY, 13), comment=" ")
    event = holds.lift_hold(account, by=fed.actor("colleague"), now=at(TODAY, 13), comment="Moved.")
    assert told(event) == {"hold_lifted": {INGRID}}
    assert Hold.objects.get().ended_by == "Jonas Eide"
    assert check(TODAY) == {"notified": ["quiet"]}
    other = fed.account()
    with nothing_written(), pytest.raises(NotReady, match="nothing to lift"):
        holds.lift_hold(other, by=fed.actor("support"), now=at(TODAY, 13), comment="x")


def test_a_new_hold_takes_the_place_of_the_one_that_is_there(fed: Story) -> None:
    account = fed.account(**SILENT)
    hold(fed, account)
    hold(fed, account, UNTIL + timedelta(days=30))
    assert Hold.objects.filter(ended_at__isnull=True).get().until == UNTIL + timedelta(days=30)
    assert check(UNTIL + ONE_DAY) == {"held": ["quiet: hold_by_support"]}


@pytest.mark.parametrize(
    ("until", "why"),
    [
        (TODAY, "later than today"),
        (TODAY - ONE_DAY, "later than today"),
        (TODAY + timedelta(days=366), "2027-11-23 is the latest"),
    ],
)
def test_a_day_that_cannot_be(fed: Story, until: date, why: str) -> None:
    account = fed.account(**SILENT)
    with nothing_written(), pytest.raises(NotReady, match=why):
        hold(fed, account, until)


def test_the_longest_hold_is_a_number_of_the_policy(fed: Story) -> None:
    account = fed.account(**SILENT)
    PolicyNumber.objects.create(name="hold_max_days", value=10)
    with pytest.raises(NotReady, match="at most 10 days"):
        hold(fed, account, TODAY + timedelta(days=11))
    hold(fed, account, TODAY + timedelta(days=10))


@pytest.mark.parametrize("who", ["ingrid", "responsible", "cegal", "administrator", "stranger"])
def test_support_alone_holds(fed: Story, who: str) -> None:
    account = fed.account(**SILENT)
    with nothing_written(), pytest.raises(NotAllowed):
        hold(fed, account, who=who)


@pytest.mark.parametrize("other", ["pending", "suspended", "closed"])
def test_only_an_account_that_could_be_notified_or_suspended(fed: Story, other: str) -> None:
    account = fed.account_in(other)
    with nothing_written(), pytest.raises(NotReady):
        hold(fed, account)


@pytest.mark.parametrize("verb", ["suspend", "close"])
def test_a_suspension_or_a_closing_ends_the_hold(fed: Story, verb: str) -> None:
    account = fed.account(**SILENT)
    hold(fed, account)
    fed.do(fresh(account), verb, "support", comment="A leaked secret.")
    assert Hold.objects.get().ended_by == "Marte Lunde"
    with nothing_written():
        assert end(UNTIL + ONE_DAY) == {"ended": 0, "announced": 0}


def test_many_holds_end_in_one_run(fed: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holds, "CHUNK", 2)
    for _number in range(5):
        hold(fed, fed.account(last_used_on=TODAY - timedelta(days=400)))
    assert end(UNTIL) == {"ended": 0, "announced": 5}
    assert end(UNTIL + ONE_DAY) == {"ended": 5, "announced": 0}


# --- two at once


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("found", ["notify", "suspend"])
def test_a_hold_set_while_the_check_runs_is_never_run_over(found: str) -> None:
    """Whoever is first wins; what never comes about is a held account that is notified or suspended."""
    story = Story()
    story.covered(TODAY - timedelta(days=900), date(2028, 12, 31))
    day = TODAY if found == "notify" else ANSWER_BY + ONE_DAY
    accounts = [story.account(last_used_on=TODAY - timedelta(days=400)) for _number in range(6)]
    if found == "suspend":
        check(TODAY)
        for account in accounts:
            story.deliver(account)
    accounts = [fresh(account) for account in accounts]

    def work(place: int) -> object:
        if place == 0:
            return check(day)
        by = story.actor("support")
        return holds.set_hold(accounts[place], until=day + ONE_DAY, by=by, now=at(day), comment="They called.")

    results = at_once(6, work)
    for account, said in zip(accounts[1:], results[1:], strict=True):
        held = Hold.objects.filter(account=account, ended_at__isnull=True).exists()
        assert held == (not isinstance(said, str))
        assert not held or state(account) == "active"
        assert not held or not Notice.objects.filter(account=account, outcome="open").exists()
    assert state(accounts[0]) == ("notified" if found == "notify" else "suspended")


@pytest.mark.django_db(transaction=True)
def test_two_at_once_set_one_hold_and_the_other_is_told() -> None:
    story = Story()
    account = story.account(**SILENT)
    results = at_once(2, lambda place: hold(story, fresh(account), UNTIL + place * ONE_DAY))
    refused = [said for said in results if isinstance(said, str)]
    assert Hold.objects.filter(ended_at__isnull=True).count() == 1
    assert len(refused) == 2 - Event.objects.filter(verb="hold").count()


def test_a_stale_page_is_told_who_was_first(fed: Story) -> None:
    account = fed.account(**SILENT)
    stale = fresh(account)
    hold(fed, account)
    with nothing_written(), pytest.raises(LostRace, match="Marte Lunde left the account alone"):
        hold(fed, stale, who="colleague")


def test_the_guarded_update_itself_asks_whether_there_is_a_hold(fed: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even a check that decided without knowing of the hold notifies nobody who is held."""
    hold(fed, fed.account(**SILENT))
    monkeypatch.setattr("accounts.actions.inactivity._held", lambda _chunk, _run: {})
    with nothing_written():
        assert check(TODAY) == {}
