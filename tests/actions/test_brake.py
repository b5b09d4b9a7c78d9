"""The mass-suspension brake: too many at once in one environment, and a person is asked about exactly that list."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from accounts.actions import brake, engine
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.errors import LostRace, NotAllowed
from accounts.models import Account, PolicyNumber, SuspensionList
from tests.actions.checking import ONE_DAY, TODAY, check, due, entries, state
from tests.actions.tools import at_once, nothing_written
from tests.story import Story

TOMORROW = TODAY + ONE_DAY


@pytest.fixture
def fed(story: Story) -> Story:
    """Usage of both environments is known for years and days to come."""
    for environment in (story.test, story.production):
        story.covered(TODAY - timedelta(days=900), TODAY + timedelta(days=900), environment)
    return story


def many(story: Story, number: int, prefix: str = "due", environment: str = "test") -> list[Account]:
    return [due(story, f"{prefix}-{place:02}", environment=environment) for place in range(number)]


def busy(story: Story, number: int, *, state: str = "active") -> None:
    """So many other accounts of TEST, used lately."""
    like = story.account(client_id=f"like-{state}", last_used_on=TODAY)
    rows = [
        Account(
            client_id=f"{state}-{place}", environment=story.test, state=state, state_since=story.now, as_seller=True,
            created_at=story.now, organisation=like.organisation, owner=story.ingrid, purpose="x",
            activated_on=TODAY, last_used_on=TODAY,
        )
        for place in range(number - (state == "active"))
    ]  # fmt: skip
    engine.begin(rows, "import", by=SYSTEM, now=story.now)


def names(accounts: list[Account], reason: str = "") -> list[str]:
    return sorted(f"{account.client_id}{reason}" for account in accounts)


def held(accounts: list[Account]) -> dict[str, list[str]]:
    return {"held": names(accounts, ": mass_suspension")}


def confirm(story: Story, who: str = "support", waiting: SuspensionList | None = None) -> None:
    waiting = waiting or SuspensionList.objects.get(confirmed_at=None)
    brake.confirm_list(waiting, by=story.actor(who), now=story.now)


def test_ten_of_a_small_environment_go_without_asking(fed: Story) -> None:
    accounts = many(fed, 10)
    assert check(TODAY) == {"suspended": names(accounts)}
    assert not SuspensionList.objects.exists()


def test_eleven_of_a_small_environment_are_held_all_of_them(fed: Story) -> None:
    accounts = many(fed, 11)
    assert check(TODAY) == held(accounts)
    assert {state(account) for account in accounts} == {"notified"}
    waiting = SuspensionList.objects.get()
    assert (waiting.environment, waiting.run_on, waiting.allowed) == (fed.test, TODAY, 10)
    assert (waiting.confirmed_at, set(waiting.accounts.all())) == (None, set(accounts))


def test_held_says_how_many_and_what_to_do(fed: Story) -> None:
    many(fed, 11)
    sentences = {str(entry.detail) for entry in entries(TODAY)}
    assert sentences == {"11 suspensions at once in TEST; 10 go without asking. Confirm the list first."}


@pytest.mark.parametrize(("number", "goes"), [(20, True), (21, False)])
def test_five_percent_of_a_larger_environment(fed: Story, number: int, goes: bool) -> None:
    """20 of 400 active and notified accounts are 5 %; suspended and closed ones do not count."""
    accounts = many(fed, number)
    busy(fed, 400 - number)
    busy(fed, 50, state="suspended")
    Account.objects.filter(client_id="like-suspended").update(state="closed")
    assert check(TODAY) == ({"suspended": names(accounts)} if goes else held(accounts))
    if not goes:
        assert SuspensionList.objects.get().allowed == 20


def test_only_the_environment_with_too_many_is_braked(fed: Story) -> None:
    stopped, going = many(fed, 11), many(fed, 3, "prod", "production")
    assert check(TODAY) == {**held(stopped), "suspended": names(going)}


def test_the_policy_says_how_many(fed: Story) -> None:
    PolicyNumber.objects.create(name="mass_suspension_least", value=2)
    accounts = many(fed, 3)
    assert check(TODAY) == held(accounts)
    PolicyNumber.objects.create(name="mass_suspension_percent", value=100)
    assert check(TODAY) == {"suspended": names(accounts)}


def test_those_who_are_not_suspended_anyway_do_not_count(fed: Story) -> None:
    """Used, answered in time, or held for another reason: ten are left."""
    accounts = many(fed, 14)
    Account.objects.filter(pk__in=[account.pk for account in accounts[:2]]).update(last_used_on=TODAY)
    for account in accounts[2:4]:
        fed.do(account, "keep", "ingrid", comment="Needed.")
    assert check(TODAY) == {"cleared": names(accounts[:2]), "suspended": names(accounts[4:])}


def test_the_next_run_after_the_confirmation_suspends_them(fed: Story) -> None:
    accounts = many(fed, 11)
    check(TODAY)
    confirm(fed)
    kept = SuspensionList.objects.get()
    assert (kept.confirmed_at, kept.confirmed_by) == (fed.now, "Marte Lunde")
    assert {state(account) for account in accounts} == {"notified"}, "confirming suspends nobody by itself"
    assert check(TOMORROW) == {"suspended": names(accounts)}


def test_only_those_on_the_list_and_still_due(fed: Story) -> None:
    accounts = many(fed, 12)
    check(TODAY)
    confirm(fed)
    fed.do(accounts[0], "keep", "ingrid", comment="Needed.")
    Account.objects.filter(pk=accounts[1].pk).update(last_used_on=TODAY)
    others = many(fed, 11, "new")
    found = check(TOMORROW)
    assert found == {
        "cleared": names(accounts[1:2]),
        "suspended": names(accounts[2:]),
        "held": names(others, ": mass_suspension"),
    }
    assert set(SuspensionList.objects.get(confirmed_at=None).accounts.all()) == set(others)


def test_a_confirmation_is_for_one_round_of_the_procedure(fed: Story) -> None:
    """Who was confirmed, then kept, then silent for another year, is asked about anew."""
    accounts = many(fed, 11)
    check(TODAY)
    confirm(fed)
    for account in accounts:
        fed.do(Account.objects.get(pk=account.pk), "keep", "ingrid", comment="Needed.")
    next_year = TODAY.replace(year=TODAY.year + 1) + ONE_DAY
    assert check(next_year) == {"notified": names(accounts)}
    for account in accounts:
        fed.deliver(account, on=next_year)
    check(next_year + timedelta(days=30))
    assert check(next_year + timedelta(days=31)) == held(accounts)


def test_lists_of_rounds_that_are_over_are_not_read_any_more(fed: Story) -> None:
    accounts = many(fed, 11)
    check(TODAY)
    confirm(fed)
    assert brake.confirmed_accounts() == dict.fromkeys((account.pk for account in accounts), TODAY)
    check(TOMORROW)
    assert brake.confirmed_accounts() == {}


def test_a_newer_run_replaces_the_list(fed: Story) -> None:
    accounts = many(fed, 11)
    check(TODAY)
    older = SuspensionList.objects.get()
    more = many(fed, 2, "more")
    assert check(TOMORROW) == held(accounts + more)
    newer = SuspensionList.objects.get()
    assert (newer.run_on, newer.accounts.count()) == (TOMORROW, 13)
    with nothing_written(), pytest.raises(LostRace, match="a newer run replaced it"):
        confirm(fed, waiting=older)


def test_a_second_run_on_the_same_day_keeps_the_list_that_somebody_is_reading(fed: Story) -> None:
    accounts = many(fed, 11)
    check(TODAY)
    reading = SuspensionList.objects.get()
    with nothing_written():
        assert check(TODAY) == held(accounts)
    confirm(fed, waiting=reading)


def test_a_second_run_on_the_same_day_that_finds_others_makes_a_new_list(fed: Story) -> None:
    accounts = many(fed, 11)
    check(TODAY)
    Account.objects.filter(pk=accounts[0].pk).update(last_used_on=TODAY)
    accounts = accounts[1:] + many(fed, 1, "other")
    found = check(TODAY)
    assert found["held"] == names(accounts, ": mass_suspension")
    assert set(SuspensionList.objects.get().accounts.all()) == set(accounts)


def test_a_list_that_is_not_needed_any_more_goes_away(fed: Story) -> None:
    accounts = many(fed, 11)
    check(TODAY)
    fed.do(accounts[0], "keep", "ingrid", comment="Needed.")
    assert check(TOMORROW) == {"suspended": names(accounts[1:])}
    assert not SuspensionList.objects.exists()


@pytest.mark.parametrize("who", ["ingrid", "stranger", "cegal", "responsible", "administrator"])
def test_only_support_confirms(fed: Story, who: str) -> None:
    many(fed, 11)
    check(TODAY)
    with nothing_written(), pytest.raises(NotAllowed, match="Only Support"):
        confirm(fed, who)


def test_confirmed_once(fed: Story) -> None:
    many(fed, 11)
    check(TODAY)
    waiting = SuspensionList.objects.get()
    confirm(fed, waiting=waiting)
    with nothing_written(), pytest.raises(LostRace, match="confirmed already"):
        confirm(fed, "colleague", waiting)


def test_a_preview_shows_the_brake_and_keeps_no_list(fed: Story) -> None:
    accounts = many(fed, 11)
    with nothing_written():
        assert check(TODAY, dry_run=True) == held(accounts)


def test_a_preview_does_not_replace_the_list(fed: Story) -> None:
    many(fed, 11)
    check(TODAY)
    with nothing_written():
        check(TOMORROW, dry_run=True)


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_keep_one_list() -> None:
    story = Story()
    story.covered(TODAY - timedelta(days=900), date(2027, 12, 31))
    accounts = many(story, 11)
    results = at_once(3, lambda _place: check(TODAY))
    assert results == [held(accounts)] * 3
    assert set(SuspensionList.objects.get().accounts.all()) == set(accounts)


@pytest.mark.django_db(transaction=True)
def test_a_confirmation_is_never_lost_to_a_run_at_the_same_moment() -> None:
    """Either the list was confirmed, and is kept, or the person is told that a newer run replaced it."""
    story = Story()
    story.covered(TODAY - timedelta(days=900), date(2027, 12, 31))
    accounts = many(story, 11)
    check(TODAY)
    waiting = SuspensionList.objects.get()
    by = story.actor("support")

    def work(place: int) -> object:
        return check(TOMORROW) if place else brake.confirm_list(waiting, by=by, now=story.now)

    said, _checked = at_once(2, work)
    confirmed = SuspensionList.objects.filter(pk=waiting.pk, confirmed_at__isnull=False).exists()
    assert confirmed == (said is None)
    if confirmed:
        assert set(SuspensionList.objects.get(pk=waiting.pk).accounts.all()) == set(accounts)


def test_one_more_beside_a_confirmed_list_is_held_until_somebody_confirms_it_too(fed: Story) -> None:
    accounts = many(fed, 11)
    check(TODAY)
    confirm(fed)
    late = many(fed, 1, prefix="late")
    assert check(TOMORROW) == {"suspended": names(accounts), **held(late)}
    assert list(SuspensionList.objects.get(confirmed_at=None).accounts.all()) == late
